"""Gates: what must hold for a card to leave a stage or to enter one (S2.8, S2.9, S2.11; users.md F2).

Judged before every robot, once per move: from the accepted stay to the present one, on present values. A move backwards
is never judged. A gate that says no either tells, or sends the card back to the accepted stage and tells; then the
refused stay has no robots. There is nothing to send back to for a card created in the stage or come from another pipeline:
then the gate only tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from robots import conditions, intents, look, model, paths, people, robot

STUCK_AFTER = timedelta(minutes=10)
"""A return that was made and isn't seen for so long is believed undone: the card stays where it is."""

FIRST_LINE = 90
"""A phone's push shows so many characters (users.md F14)."""
TITLE_LEAST, STAGE_ROOM = 12, 30
"""Of the first line: what is left of a long name of a card, and of the stage it went to."""


@dataclass(frozen=True, slots=True)
class Missing:
    gate: robot.Gate
    requirement: robot.Requirement
    leaving: bool


@dataclass(frozen=True, slots=True)
class Pass:
    notes: tuple[tuple[intents.RobotId, str], ...] = ()
    """Requirements that could not be evaluated: no «no», but told."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something is missing, and the manager has until then to write it."""

    gate: robot.Gate
    until: datetime
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """The card goes back to `to`."""

    gate: robot.Gate
    missing: tuple[Missing, ...]
    to: model.Visit


@dataclass(frozen=True, slots=True)
class Tell:
    """The card stays; the manager is told. `overruled` says why it isn't sent back although the rule says so."""

    gate: robot.Gate
    missing: tuple[Missing, ...]
    overruled: str = ""


Verdict = Pass | Wait | Refuse | Tell


def judge(gates: Sequence[robot.Gate], seen: look.Look, now: datetime) -> Verdict:
    """The verdict about the present stay. Raises NotGathered for requirements on clients."""
    missing: list[Missing] = []
    notes: list[tuple[intents.RobotId, str]] = []
    for gate, requirement, leaving in _asked(gates, seen):
        match conditions.evaluate(requirement.condition, seen, now):
            case conditions.No():
                missing.append(Missing(gate, requirement, leaving))
            case conditions.Cannot() as cannot:
                notes.append((gate.id, f"не могу проверить «{requirement.shown}»: {cannot.why}"))
            case conditions.Yes():
                pass
    if not missing:
        return Pass(tuple(notes))
    gate = missing[0].gate
    until = seen.visit.entered + timedelta(seconds=gate.policy.wait_seconds)
    if now < until:
        return Wait(gate, until, tuple(missing))
    return _sentence(gate, tuple(missing), seen, now)


def _sentence(gate: robot.Gate, missing: tuple[Missing, ...], seen: look.Look, now: datetime) -> Verdict:
    policy = gate.policy
    hard = policy.do is robot.GateDoes.MOVE_BACK
    if not hard and policy.then_from is not None and now.date() >= policy.then_from:
        hard = policy.then_do is robot.GateDoes.MOVE_BACK
    if not hard:
        return Tell(gate, missing)
    if seen.accepted is None:
        return Tell(gate, missing, "карточка создана сразу на этой стадии, возвращать некуда")
    if seen.accepted.pipeline != seen.visit.pipeline:
        return Tell(gate, missing, "карточка пришла из другой воронки, возвращать некуда")
    if returns_today(seen, now) >= policy.at_most_per_day:
        return Tell(
            gate, missing, f"сегодня уже возвращали {policy.at_most_per_day} раза: возвраты не помогают"
        )
    return Refuse(gate, missing, seen.accepted)


def returns_today(seen: look.Look, now: datetime) -> int:
    """Returns of this card in the last 24 hours."""
    return sum(
        isinstance(row.wish.act, intents.MoveStage)
        and row.wish.act.back
        and now - row.wished_at < timedelta(days=1)
        and row.state is not intents.WishState.DRY_RUN
        for row in seen.past
    )


def _asked(
    gates: Sequence[robot.Gate], seen: look.Look
) -> Iterator[tuple[robot.Gate, robot.Requirement, bool]]:
    """Every requirement that this move must meet, in the board's order: leaving ones, then entering ones."""
    pipeline = seen.directory.pipeline(seen.visit.pipeline)
    if pipeline is None or not _is_judged(pipeline, seen):
        return
    left = _stages_left(pipeline, seen)
    for stage in left:
        for gate in gates:
            policy = gate.policy
            first_left = seen.accepted is not None and stage == (seen.accepted.pipeline, seen.accepted.stage)
            if (gate.pipeline, gate.stage) != stage or not (policy.all_earlier or first_left):
                continue
            if _excused(policy, seen.visit.semantic) or _by_the_trusted(gate, seen):
                continue
            yield from ((gate, requirement, True) for requirement in gate.to_leave)
    for gate in gates:
        if (gate.pipeline, gate.stage) == (seen.visit.pipeline, seen.visit.stage) and not _by_the_trusted(
            gate, seen
        ):
            yield from ((gate, requirement, False) for requirement in gate.to_enter)


def _is_judged(pipeline: model.Pipeline, seen: look.Look) -> bool:
    """Forward moves and arrivals; a lead that became CONVERTED can't be sent back and is only told about."""
    if seen.accepted is None or seen.accepted.pipeline != seen.visit.pipeline:
        return True
    return pipeline.position(seen.visit.stage) > pipeline.position(seen.accepted.stage)


def _stages_left(pipeline: model.Pipeline, seen: look.Look) -> list[tuple[model.PipelineId, model.StageId]]:
    """The accepted stage and those jumped over. On the way to a lost stage nothing is jumped over."""
    if seen.accepted is None:
        return []
    accepted = (seen.accepted.pipeline, seen.accepted.stage)
    if seen.accepted.pipeline != pipeline.id or seen.visit.semantic is model.Semantic.LOST:
        return [accepted]
    start, end = pipeline.position(seen.accepted.stage), pipeline.position(seen.visit.stage)
    between = [stage for stage in pipeline.stages[start + 1 : end] if stage.semantic is model.Semantic.WORK]
    return [accepted, *((pipeline.id, stage.id) for stage in between)]


def _excused(policy: robot.GatePolicy, into: model.Semantic) -> bool:
    lost = policy.except_lost and into is model.Semantic.LOST
    return lost or (policy.except_won and into is model.Semantic.WON)


def _by_the_trusted(gate: robot.Gate, seen: look.Look) -> bool:
    if seen.card.moved_by is None:
        return False
    trusted = (people.resolve(person, seen, {}).user_id for person in gate.policy.except_moved_by)
    return seen.card.moved_by in set(trusted)


# ---------------------------------------------------------------- words


@dataclass(frozen=True, slots=True)
class _Noun:
    """A card in the forms that the texts need."""

    card: str
    open: str
    it: str
    returned: str
    went: str


_NOUNS = {
    model.CardKind.DEAL: _Noun("Сделка", "сделку", "её", "вернулась", "ушла"),
    model.CardKind.LEAD: _Noun("Лид", "лид", "его", "вернулся", "ушёл"),
}


def refusal_text(verdict: Refuse, seen: look.Look) -> str:
    """F2: what is missing, what to do, where. F14: the first line is what a phone shows, so it names the reason."""
    noun, fields = _NOUNS[seen.card.ref.kind], _fields(verdict.missing)
    first, own = _told(seen, f" {noun.returned}", ": не заполнено ", verdict.missing)
    lines = [first, *own]
    if fields:
        what = "это поле" if len(fields) == 1 else "эти поля" if _listed(fields) in first else _listed(fields)
        into = _stage_name(seen, seen.visit)
        lines.append(f"Чтобы перевести {noun.it} в «{into}», заполните {what} и передвиньте ещё раз.")
    where = _where(seen)
    if len(lines) == 1:
        lines.append(where)
    else:
        lines[-1] += f" {where}"
    if verdict.gate.policy.admin:
        lines.append(f"Если поля нет в карточке, напишите: {verdict.gate.policy.admin}.")
    return "\n".join(lines)


def tell_text(verdict: Tell, seen: look.Look) -> str:
    """The soft mode: said, not sent back."""
    noun, fields = _NOUNS[seen.card.ref.kind], _fields(verdict.missing)
    into = _clipped(_stage_name(seen, seen.visit), STAGE_ROOM)
    first, own = _told(seen, f" {noun.went} в «{into}»", " без полей ", verdict.missing)
    policy = verdict.gate.policy
    later = (
        f"С {policy.then_from:%d.%m.%Y} такие {_PLURAL[seen.card.ref.kind]} будут возвращаться."
        if policy.then_from is not None and policy.do is robot.GateDoes.TELL and not verdict.overruled
        else ""
    )
    every = f"Не заполнено {_listed(fields)}." if fields and _listed(fields) not in first else ""
    return "\n".join(line for line in (first, *own, every, later, _where(seen)) if line)


_PLURAL = {model.CardKind.DEAL: "сделки", model.CardKind.LEAD: "лиды"}


def because(missing: Sequence[Missing]) -> str:
    listed = _listed(_fields(missing))
    own = dict.fromkeys(m.requirement.text for m in missing if m.requirement.text)
    return "; ".join([*([f"не заполнено {listed}"] if listed else ()), *own])


def _told(
    seen: look.Look, happened: str, lacking: str, missing: Sequence[Missing]
) -> tuple[str, tuple[str, ...]]:
    """The first line, and the texts of the gate's own that it doesn't hold whole."""
    noun, fields = _NOUNS[seen.card.ref.kind].card, _fields(missing)
    own = tuple(dict.fromkeys(m.requirement.text.strip() for m in missing if m.requirement.text))
    room = FIRST_LINE - len(f"{noun} «»{happened}") - min(len(seen.card.title), TITLE_LEAST)
    if fields:
        return _first_line(noun, seen, happened + lacking + _some(fields, room - len(lacking))), own
    reason = _reason(own[0], room - len(". "))
    whole = reason == own[0].rstrip(".")
    return _first_line(noun, seen, f"{happened}. {reason}"), own[1:] if whole else own


def _fields(missing: Sequence[Missing]) -> list[str]:
    """What is told by name; requirements with a text of their own speak for themselves."""
    return list(dict.fromkeys(m.requirement.shown for m in missing if not m.requirement.text))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"«{name}»" for name in names)


def _some(names: Sequence[str], room: int) -> str:
    """As many names as there is room for, the others counted."""
    for shown in range(len(names), 0, -1):
        rest = len(names) - shown
        line = _listed(names[:shown]) + (f" и ещё {rest}" if rest else "")
        if len(line) <= room or shown == 1:
            return line
    return ""


def _reason(text: str, room: int) -> str:
    """The text's first sentence; a longer one up to its first colon or dash, or else up to a word."""
    line = text.splitlines()[0]
    sentence = _SENTENCE.match(line)
    said = (sentence.group() if sentence else line).rstrip(". ")
    if len(said) > room:
        said = _CLAUSE.split(said)[0]
    return _clipped(said, room)


_SENTENCE = re.compile(r".+?[.!?…](?=\s+[«\"(A-ZА-ЯЁ0-9]|\s*$)")
_CLAUSE = re.compile(r"[:;] | [—–-] ")


def _clipped(text: str, room: int) -> str:
    """The text, or its beginning up to a word, if that is not too little, with «…»."""
    if len(text) <= room:
        return text
    cut = text[: max(room - 1, 1)]
    word = cut[: cut.rfind(" ")] if not text[len(cut)].isspace() and " " in cut[len(cut) // 2 :] else cut
    return word.rstrip(" ,;:.—–-") + "…"


def _where(seen: look.Look) -> str:
    return f"Открыть {_NOUNS[seen.card.ref.kind].open}: {paths.link(seen.card, seen.directory)}"


def _stage_name(seen: look.Look, visit: model.Visit) -> str:
    stage = seen.directory.stage(visit.pipeline, visit.stage)
    return stage.name if stage else visit.stage


def _first_line(noun: str, seen: look.Look, rest: str) -> str:
    """The card's name gives way to what the push must say."""
    room = max(FIRST_LINE - len(f"{noun} «»{rest}"), TITLE_LEAST)
    title = seen.card.title if len(seen.card.title) <= room else seen.card.title[: room - 1].rstrip() + "…"
    return f"{noun} «{title}»{rest}"
