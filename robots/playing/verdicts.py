"""What a step of a story expects against what is there: lines wanted and lines got, for a diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from robots import intents, model, paths, rehearsal
from robots.config import names, nodes
from robots.playing import cards, props, stage

PASSED = "passed"
NOT_TRIGGERED = "not_triggered"
_MESSAGES = (intents.Notify, intents.Say)
_NOBODY = "никто"
_EMPTY = "пусто"
_TASK = ("title", "for", "creator", "deadline", "checklist")
_COUNTS = ("open_tasks", "tasks", "messages", "moves", "acts")


class Difference(NamedTuple):
    what: str
    """acts, tasks, messages, stage, fields, robots, count."""
    wanted: tuple[str, ...]
    got: tuple[str, ...]


def judge(
    expect: nodes.Mapping, played: stage.Stage, since: Sequence[props.Done], reader: cards.Reader
) -> Iterator[Difference]:
    """`since`: what was done after the last step that expected something. What can't be understood becomes a problem."""
    judge_ = _Judge(played, since, reader)
    for key, node in expect.pairs:
        wanted, got = judge_.of(key, node)
        if wanted != got:
            yield Difference(key.text, wanted, got)


def deeds(done: Sequence[props.Done], played: stage.Stage) -> list[str]:
    """Each act in a line, as `voronka try` tells it; what the robots only noted for themselves isn't an act."""
    return [" ".join(line.strip() for line in _lines(one, played)[:1]) for one in happened(done)]


def happened(done: Sequence[props.Done]) -> list[props.Done]:
    """Acts that were done; what the robots only noted for themselves is none."""
    return [one for one in done if not isinstance(one.wish.act, intents.Remember) and one.state.happened]


def _lines(one: props.Done, played: stage.Stage) -> list[str]:
    act = one.wish.act
    if isinstance(act, _MESSAGES):
        to = act.dialog if isinstance(act, intents.Say) else played.directory.user_name(act.to)
        return [f"сообщение → {to}: {act.text.splitlines()[0]}"]
    if isinstance(act, intents.CloseTask):
        task = played.tasks.get(act.task) if act.task is not None else None
        return [f"закрыть задачу «{task.title}»" if task is not None else "закрыть задачу"]
    if isinstance(act, intents.SetFields):
        return ["; ".join(rehearsal.deed(act, played.seen(), _zone(played)))]
    return list(rehearsal.deed(act, played.seen(), _zone(played)))


def _zone(played: stage.Stage) -> str:
    calendar = played.directory.calendar
    return calendar.timezone if calendar is not None else "UTC"


class _Judge:
    def __init__(self, played: stage.Stage, since: Sequence[props.Done], reader: cards.Reader) -> None:
        self.played, self.since, self.reader = played, since, reader

    def of(self, key: nodes.Scalar, node: nodes.Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(wanted, got), a line for each thing."""
        match key.text:
            case "acts":
                wanted = tuple(self._line(one) for one in nodes.items(node))
                return wanted, tuple(" ".join(line.split()) for line in deeds(self.since, self.played))
            case "tasks":
                return self._tasks(node)
            case "messages":
                return self._messages(node)
            case "stage":
                return (nodes.text(node),), (self._stage(),)
            case "fields":
                return self._fields(node)
            case "robots":
                said = [(one.text, nodes.text(value)) for one, value in nodes.pairs(node) if self._known(one)]
                return _pairs(said), _pairs([(name, self._outcome(name)) for name, _ in said])
            case _:
                return self._count(node)

    def _line(self, node: nodes.Node) -> str:
        """As printed; «от: …» without quotes is a mapping to YAML."""
        if not isinstance(node, nodes.Scalar):
            self.reader.context.error(node, "V002", "строку с двоеточием возьмите в кавычки")
        return " ".join(nodes.text(node).split())

    def _stage(self) -> str:
        card = self.played.card
        found = self.played.directory.stage(card.pipeline, card.stage)
        return found.name if found is not None else card.stage

    # --- tasks: the open ones, in the order in which they were set; only what is written is compared

    def _tasks(self, node: nodes.Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        wanted = nodes.items(node)
        there = self.played.open_tasks()
        for one in wanted:
            for key, _ in nodes.pairs(one):
                if key.text not in _TASK:
                    self.reader.context.error(
                        key, "V016", f"незнакомый ключ «{key.text}»", f"можно: {', '.join(_TASK)}"
                    )
        keys = [[key.text for key, _ in nodes.pairs(one)] for one in wanted]
        shown = [self._task(task, keys[at] if at < len(keys) else ["title"]) for at, task in enumerate(there)]
        return tuple(self._wanted_task(one) for one in wanted), tuple(shown)

    def _wanted_task(self, node: nodes.Node) -> str:
        said = {}
        for key, value in nodes.pairs(node):
            if key.text in ("for", "creator"):
                said[key.text] = self._named(value)
            elif key.text == "checklist":
                said[key.text] = " · ".join(map(nodes.text, nodes.items(value)))
            else:
                said[key.text] = nodes.text(value)
        return _task_line(said)

    def _task(self, task: model.Task, keys: Sequence[str]) -> str:
        act = self.played.wished(task)
        known = {
            "title": task.title,
            "for": self._name(task.responsible),
            "creator": self._name(task.creator),
            "deadline": self._moment(task.deadline),
            "checklist": " · ".join(act.checklist) if act is not None else "",
        }
        return _task_line({key: known[key] for key in keys if key in known})

    def _moment(self, moment: datetime | None) -> str:
        return (
            f"{moment.astimezone(ZoneInfo(_zone(self.played))):%Y-%m-%dT%H:%M}" if moment is not None else ""
        )

    def _name(self, user: model.UserId | None) -> str:
        return self.played.directory.user_name(user) if user is not None else _NOBODY

    def _named(self, node: nodes.Node) -> str:
        return _NOBODY if nodes.text(node) == _NOBODY else self._name(self.reader.user(node))

    # --- messages: to whom, and what is in the text

    def _messages(self, node: nodes.Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        acts = [one.wish.act for one in happened(self.since)]
        there = [
            (act.dialog if isinstance(act, intents.Say) else self._name(act.to), act.text)
            for act in acts
            if isinstance(act, _MESSAGES)
        ]
        wanted: list[str] = []
        got = [f"{to}: {text.splitlines()[0]}" for to, text in there]
        for at, one in enumerate(nodes.items(node)):
            to, text = nodes.get(one, "to"), nodes.text(nodes.get(one, "text"))
            chat = nodes.text(to).startswith(("chat", "sg"))
            name = nodes.text(to) if chat or to is None else self._named(to)
            line = f"{name}: {text}"
            if at < len(there) and there[at][0] == name and text in there[at][1]:
                got[at] = line
            wanted.append(line)
        return tuple(wanted), tuple(got)

    # --- fields as people see them

    def _fields(self, node: nodes.Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        card = self.played.card
        scope = self.reader.scope(card.ref.kind, self.played.directory.pipeline(card.pipeline))
        seen = self.played.seen()
        wanted, got = [], []
        for key, value in nodes.pairs(node):
            path = scope.path(key)
            if key.faulty:
                continue
            there = paths.read(path, seen)
            shown = (
                ""
                if isinstance(there, paths.Missing)
                else paths.display(path, there, seen.directory, card.ref.kind)
            )
            wanted.append((key.text, nodes.text(value) or _EMPTY))
            got.append((key.text, shown or _EMPTY))
        return _pairs(wanted), _pairs(got)

    # --- how robots and gates ended, and numbers

    def _known(self, node: nodes.Scalar) -> bool:
        rules = self.played.rules
        known = [*(str(one.id) for one in rules.robots), *(str(one.id) for one in rules.gates)]
        if node.text not in known:
            missed = names.miss(f"нет такого робота: «{node.text}»", node.text, known, "роботы")
            self.reader.context.error(node, missed.code, missed.text, missed.hint, missed.notes)
        return node.text in known

    def _outcome(self, name: str) -> str:
        """`done` of what was carried out, else the last word of its trace; a gate that says nothing lets pass."""
        states = [one.state.value for one in self.since if one.wish.robot == name]
        if states:
            return states[-1]
        said = self.played.trace.get(name)
        gate = name in [str(one.id) for one in self.played.rules.gates]
        return said or (PASSED if gate else NOT_TRIGGERED)

    def _count(self, node: nodes.Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
        acts = [one.wish.act for one in happened(self.since)]
        there = {
            "open_tasks": len(self.played.open_tasks()),
            "tasks": len(self.played.tasks),
            "messages": sum(isinstance(act, _MESSAGES) for act in acts),
            "moves": sum(isinstance(act, intents.MoveStage) for act in acts),
            "acts": len(acts),
        }
        said = []
        for key, value in nodes.pairs(node):
            if key.text in there:
                said.append((key.text, nodes.text(value)))
            else:
                self.reader.context.error(
                    key, "V016", f"незнакомый ключ «{key.text}»", f"можно: {', '.join(_COUNTS)}"
                )
        return _pairs(said), _pairs([(key, str(there[key])) for key, _ in said])


def _pairs(said: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{name}: {value}" for name, value in said)


def _task_line(said: dict[str, str]) -> str:
    words = {"for": "для", "creator": "от", "deadline": "срок", "checklist": "чек-лист"}
    rest = [f"{words[key]} {said[key]}" for key in _TASK[1:] if key in said]
    return ", ".join([f"«{said.get('title', '…')}»", *rest])
