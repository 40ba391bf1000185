"""A file of rehearsals as stories to play. Everything wrong in it is a problem with its place, as in the YAML of robots.

config: ../romashka.yaml        portal: snapshot.json        clock: 2026-03-02T16:30+03:00
deals: {d1: {…}}                leads: {l1: {…}}             tests: [{name, deal | lead, steps: […]}]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from robots import attempts, model, robot, schedule
from robots import look as looks
from robots.config import context, loader, names, nodes, problems, shape_checks
from robots.playing import cards, props

FILE = frozenset({"config", "portal", "clock", "deals", "leads", "tests"})
_TEST = frozenset({"name", "deal", "lead", "duplicates", "steps"})
_STEP = frozenset({"at", "set", "move", "by", "close_task", "tried", "deliver", "expect"})
EXPECTED = frozenset({"acts", "tasks", "messages", "stage", "fields", "robots", "count"})
_SHORT = re.compile(r"(\d{1,6})\s*(m|h|d|м|ч|д)")
_UNITS = {"m": "minutes", "м": "minutes", "h": "hours", "ч": "hours", "d": "days", "д": "days"}
_REACHED = {word: how for how, word in attempts.NAMES.items()}
_TIMES = re.compile(r"(\d{1,2})(\s*(times?|раза?))?")


@dataclass(frozen=True, slots=True)
class Step:
    mark: robot.Mark
    at: datetime
    shown: str
    """The moment as it is written."""
    values: cards.Written = field(default_factory=lambda: cards.Written({}))
    move: model.Stage | None = None
    pipeline: model.PipelineId | None = None
    by: model.UserId | None = None
    close_task: str = ""
    tried: tuple[tuple[looks.Reached, str], ...] = ()
    deliver: int = 1
    expect: nodes.Mapping | None = None


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    mark: robot.Mark
    given: props.Given
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a file names before anything of the portal is known."""

    config: str
    portal: str
    clock: datetime | None
    root: nodes.Mapping | None
    problems: tuple[problems.Problem, ...]


def head(text: str, file: str) -> Head:
    """`config` and `portal` are paths as written, seen from the file's folder."""
    tree = loader.load(text, file)
    found = context.Context(None, {}, list(tree.problems))
    root = tree.root if isinstance(tree.root, nodes.Mapping) else None
    if root is None:
        return Head("", "", None, None, tuple(found.found))
    _only(root, FILE, found)
    for key, example in (("config", "../romashka.yaml"), ("portal", "snapshot.json"), ("tests", "[…]")):
        if root.get(key) is None:
            found.error(root, "V018", f"нет ключа «{key}»", f"{key}: {example}")
            root.faulty = False
    return Head(
        nodes.text(root.get("config")),
        nodes.text(root.get("portal")),
        _clock(root, found),
        root,
        tuple(found.found),
    )


def _clock(root: nodes.Mapping, found: context.Context) -> datetime | None:
    node = root.get("clock")
    if node is not None:
        try:
            made = datetime.fromisoformat(nodes.text(node))
        except ValueError:
            made = None
        if made is not None and made.tzinfo is not None:
            return made
    found.error(node or root, "V018", "нужно, когда начинается история", "clock: 2026-03-02T10:00+03:00")
    return None


def stories(read: Head, directory: model.Directory) -> tuple[tuple[Story, ...], tuple[problems.Problem, ...]]:
    """The stories of a file whose head is sound."""
    known = context.Context(directory, {}, [])
    made: list[Story] = []
    if read.root is not None and read.clock is not None:
        for node in nodes.items(read.root.get("tests")):
            one = _Story(read.root, node, cards.Reader(known, directory), read.clock).made()
            if one is not None:
                made.append(one)
    return tuple(made), problems.tidy(known.found)


class _Story:
    def __init__(self, root: nodes.Mapping, node: nodes.Node, reader: cards.Reader, clock: datetime) -> None:
        self.root, self.node, self.reader, self.clock = root, node, reader, clock
        self.kind = model.CardKind.LEAD if nodes.get(node, "lead") is not None else model.CardKind.DEAL
        self.pipeline: model.Pipeline | None = None

    def made(self) -> Story | None:
        found = self.reader.context
        if not isinstance(self.node, nodes.Mapping):
            found.error(self.node, "V017", "здесь нужна история: name, deal или lead, steps")
            return None
        _only(self.node, _TEST, found)
        card = self._card()
        if card is None:
            return None
        given = self.reader.given(card, self.kind, self.node.get("duplicates"), self.clock)
        self.pipeline = self.reader.directory.pipeline(given.card.pipeline)
        name = nodes.text(self.node.get("name")) or "без имени"
        steps: list[Step] = []
        for one in nodes.items(self.node.get("steps")):
            step = self._step(one)
            if steps and step.at < steps[-1].at and not nodes.is_faulty(nodes.get(one, "at")):
                found.error(one, "V017", "шаги идут по времени: этот раньше предыдущего")
            steps.append(step)
        return Story(name, self.node.mark, given, tuple(steps))

    def _card(self) -> nodes.Node | None:
        """By its name under `deals:` or `leads:`, or written here."""
        key, among = ("lead", "leads") if self.kind is model.CardKind.LEAD else ("deal", "deals")
        node = nodes.get(self.node, key)
        if isinstance(node, nodes.Mapping):
            return node
        known = {one.text: value for one, value in nodes.pairs(self.root.get(among))}
        card = known.get(nodes.text(node))
        if card is None:
            missed = names.miss(
                f"нет такой карточки: «{nodes.text(node)}»", nodes.text(node), list(known), among
            )
            self.reader.context.error(node or self.node, "V012", missed.text, missed.hint, missed.notes)
        return card

    def _step(self, node: nodes.Node) -> Step:
        found = self.reader.context
        if not isinstance(node, nodes.Mapping):
            found.error(node, "V017", "шаг — это {at: 5m, …}")
            return Step(node.mark, self.clock, "")
        _only(node, _STEP, found)
        expect = node.get("expect")
        if expect is not None and not isinstance(expect, nodes.Mapping):
            found.error(expect, "V017", f"expect — это {{{', '.join(sorted(EXPECTED))}}}")
        elif expect is not None:
            _only(expect, EXPECTED, found)
        at = node.get("at")
        step = Step(node.mark, self._at(at), nodes.text(at), deliver=self._times(node.get("deliver")))
        set_ = self.reader.fields(nodes.pairs(node.get("set")), self.kind, self.pipeline)
        by, move, tried = node.get("by"), node.get("move"), nodes.items(node.get("tried"))
        if move is not None and self.pipeline is not None:
            where, target = self.reader.scope(self.kind, self.pipeline).target(move)
            step = replace(step, move=target, pipeline=where.id)
        return replace(
            step,
            values=set_,
            by=self.reader.user(by) if by is not None else None,
            close_task=nodes.text(node.get("close_task")),
            tried=tuple(one for one in map(self._reached, tried) if one is not None),
            expect=expect if isinstance(expect, nodes.Mapping) else None,
        )

    def _at(self, node: nodes.Node | None) -> datetime:
        """`0m`, `2h`, or a term of the YAML: `3 work hours` by the portal's calendar."""
        written = nodes.text(node).strip()
        short = _SHORT.fullmatch(written)
        if short:
            return self.clock + timedelta(**{_UNITS[short[2]]: int(short[1])})
        term = schedule.parse_duration(written) if written else "не сказано, когда: at: 5m"
        if isinstance(term, str):
            self.reader.context.error(node or self.node, "V019", term)
            return self.clock
        calendar = self.reader.directory.calendar or schedule.round_the_clock("UTC")
        return schedule.after(self.clock, term, calendar).astimezone(UTC)

    def _times(self, node: nodes.Node | None) -> int:
        match = _TIMES.fullmatch(nodes.text(node).strip()) if node is not None else None
        if node is not None and match is None:
            self.reader.context.error(node, "V017", "сколько раз портал сообщит: deliver: 3 times")
        return max(int(match[1]), 1) if match else 1

    def _reached(self, node: nodes.Node) -> tuple[looks.Reached, str] | None:
        """`звонок`, or `комментарий: недозвон`."""
        pair = next(iter(nodes.pairs(node)), None)
        word, text = (pair[0].text, nodes.text(pair[1])) if pair else (nodes.text(node), "")
        head_, _, tail = word.partition(":")
        made = _REACHED.get(head_.strip())
        if made is None:
            listed = ", ".join(_REACHED)
            self.reader.context.error(node, "V017", f"не знаю «{word}»", f"можно: {listed}")
            return None
        return made, text or tail.strip()


def _only(node: nodes.Node, known: frozenset[str], found: context.Context) -> None:
    for key, _ in nodes.pairs(node):
        if key.text not in known:
            guess = shape_checks.similar(key.text, sorted(known), 55)
            hint = f"может быть, «{guess}»?" if guess else f"можно: {', '.join(sorted(known))}"
            found.error(key, "V016", f"незнакомый ключ «{key.text}»", hint)
