"""What people do with a stage's task while its card stays where it is (users.md F21, S5.4).

A task ticked off by hand, and a deadline put off again and again. Both are seen by looking at the task as it stands:
who put it off, and by what road, the portal doesn't tell. Each later deadline is remembered in the ledger, for the task
itself shows the last one alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from robots import intents, life, look, model, paths, schedule, words

NEAR = timedelta(minutes=1)
"""The portal's moments are whole seconds; a deadline this little later is the same one."""
_PUT_OFF = "put off "
"""Begins the tail of a deadline remembered: the moment in seconds follows."""
_THERE = {
    model.CardKind.DEAL: ("сделка", "на месте", "её"),
    model.CardKind.LEAD: ("лид", "на месте", "его"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """One thing owed: the key's tail, the act, and why."""

    row: intents.Past
    tail: str
    act: intents.Act
    because: str


@dataclass(frozen=True, slots=True)
class Later:
    """It will be owed at that moment."""

    row: intents.Past
    at: datetime


def ticked_off(
    seen: look.Look, row: intents.Past, task: model.Task, accepted: model.Visit | None, now: datetime
) -> Iterator[Due | Later]:
    """The task was closed by a person, and its card stays. What is done in the card since, a call or a todo, is life."""
    act = row.wish.act
    if not isinstance(act, intents.SetTask) or act.by_hand is None or task.closed is None:
        return
    stays = accepted is not None and accepted.id == seen.visit.id == row.wish.while_visit
    if not stays or seen.card.closed or closed_by_us(seen, row) or _lively(seen, task.closed, task):
        return
    calendar = _calendar(seen)
    term = schedule.Duration(act.by_hand.amount, schedule.Unit(act.by_hand.unit))
    due = schedule.after(task.closed, term, calendar)
    if due > now:
        yield Later(row, due)
        return
    closed = words.moment(task.closed, calendar.timezone)
    for user in act.by_hand.to:
        tag = f"{seen.card.ref}/{row.wish.robot}/closed/{user}"
        tail = f"closed {int(task.closed.timestamp())}/{user}"
        yield Due(
            row,
            tail,
            intents.Notify(user, _ticked_text(seen, task, closed), tag),
            f"задача «{task.title}» закрыта {closed}, а карточка на месте",
        )


def _ticked_text(seen: look.Look, task: model.Task, closed: str) -> str:
    what, there, it = _THERE[seen.card.ref.kind]
    stage = seen.directory.stage(seen.card.pipeline, seen.card.stage)
    where = f"«{stage.name}»" if stage is not None else "прежней стадии"
    return (
        f"«{seen.card.title}»: задача закрыта, а {what} {there}\n"
        f"«{task.title}» закрыта {closed}, {what} стоит на {where}. Клиент ответил? "
        f"Передвиньте {it} дальше или поставьте дело. {paths.link(seen.card, seen.directory)}"
    )


def closed_by_us(seen: look.Look, row: intents.Past) -> bool:
    return any(
        isinstance(past.wish.act, intents.CloseTask) and past.wish.act.set_by == row.wish.key
        for past in seen.past
    )


def _lively(seen: look.Look, closed: datetime, task: model.Task) -> bool:
    by = seen.card.value(life.ACTIVE_BY)
    if by is None or by not in (seen.card.responsible, task.responsible):
        return False
    moved = life.activity(seen)
    return moved is not None and moved > closed + NEAR


def times_put_off(seen: look.Look, row: intents.Past) -> int:
    """As far as it was seen."""
    return len(_deadlines(seen, row))


def put_off(seen: look.Look, row: intents.Past, task: model.Task) -> Iterator[Due]:
    """A deadline later than any before is remembered; each `times`-th is told."""
    act = row.wish.act
    if not isinstance(act, intents.SetTask) or act.deadline is None or task.deadline is None:
        return
    known = _deadlines(seen, row)
    if not (act.postponed or act.overdue_to) or task.deadline <= max((*known, act.deadline)) + NEAR:
        return
    zone, number = _calendar(seen).timezone, len(known) + 1
    times = words.count(number, "раз", "раза", "раз")
    because = f"срок задачи «{task.title}» перенесли {times}, теперь {words.moment(task.deadline, zone)}"
    stamp = int(task.deadline.timestamp())
    yield Due(row, f"{_PUT_OFF}{stamp}", intents.Remember(because), because)
    if act.postponed is None or number % act.postponed.times:
        return
    text = (
        f"«{seen.card.title}»: срок переносили {times} — {task.title}\n"
        f"Отвечает {seen.directory.user_name(task.responsible)}, первый срок был "
        f"{words.moment(act.deadline, zone)}, теперь {words.moment(task.deadline, zone)}. "
        f"{paths.link(seen.card, seen.directory)}"
    )
    for user in act.postponed.to:
        tag = f"{seen.card.ref}/{row.wish.robot}/postponed/{user}"
        yield Due(row, f"postponed {stamp}/{user}", intents.Notify(user, text, tag, can_wait=True), because)


def _deadlines(seen: look.Look, row: intents.Past) -> list[datetime]:
    head = f"{row.wish.key}/{_PUT_OFF}"
    stamps = (past.wish.key.removeprefix(head) for past in seen.past if past.wish.key.startswith(head))
    return [datetime.fromtimestamp(int(stamp), UTC) for stamp in stamps]


def _calendar(seen: look.Look) -> model.WorkCalendar:
    return seen.directory.calendar or schedule.round_the_clock("UTC")
