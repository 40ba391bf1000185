"""Occasions that no change of the card makes, but time or news: a date has come, a slot of a timetable, a call; what
became of a task.

They are asked at every look. Before its moment a robot answers when it will be; the nearest such answer wakes the card, so
a date that a person puts off is waited for anew and nothing of the old one is left. The cause is the value waited for, or
the slot: once for each. What was due before the robot was, or longer ago than LATE, is past.

A slot is judged by the first look after it and by no other: a card to which its condition comes true at noon isn't one
of those of ten o'clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from robots import dates, happenings, intents, model, occasions, robot, schedule, slots, task_care, words
from robots import look as looks
from robots.kinds import base

LATE = timedelta(days=3)
"""A weekend of which nobody knew is made up for; an older date is not."""
SLOT_LATE = timedelta(days=1)


def asked(
    timetable: occasions.Timetable, seen: looks.Look, visit: model.Visit, now: datetime
) -> Iterator[occasions.Occasion]:
    for duty in (*timetable.told, *timetable.timed):
        each = duty.robot
        if each.card is not seen.card.ref.kind or each.pipeline not in (None, seen.card.pipeline):
            continue
        activation = seen.activations.get(each.id)
        if activation is None:
            continue
        match each.trigger:
            case robot.Reached() as trigger:
                yield _of_date(duty, trigger, seen, visit, activation.at, now)
            case robot.Scheduled() as trigger:
                yield from _of_slot(duty, trigger, seen, visit, activation.at, now)
            case robot.TaskIs() as trigger:
                yield from _of_tasks(duty, trigger, seen, visit, activation.at, now)
            case robot.Happened(source):
                for cause in happenings.fresh(source, seen, activation.at, now):
                    yield occasions.Occasion(duty, cause, visit)
            case _:
                pass


def _of_date(
    duty: occasions.Duty,
    trigger: robot.Reached,
    seen: looks.Look,
    visit: model.Visit,
    began: datetime,
    now: datetime,
) -> occasions.Occasion:
    value = seen.card.value(trigger.code)
    calendar = seen.directory.calendar or schedule.round_the_clock("UTC")
    if not isinstance(value, date):
        return _not(duty, visit, f"дата не указана: «{trigger.shown}»")
    if seen.card.closed and not trigger.closed:
        return _not(duty, visit, "карточка закрыта")
    try:
        due = dates.due(value, trigger.shift, trigger.at, calendar, earlier=trigger.earlier)
    except (ValueError, OverflowError) as cannot:
        return _not(duty, visit, f"«{trigger.shown}»: такого дня не найти: {cannot}")
    shown = f"«{trigger.shown}»: {words.full_moment(due, calendar.timezone)}"
    occasion = occasions.Occasion(duty, f"{trigger.code} {_written(value)}", visit)
    return _if_due(occasion, due, shown, seen, began, now)


def _of_tasks(
    duty: occasions.Duty,
    trigger: robot.TaskIs,
    seen: looks.Look,
    visit: model.Visit,
    began: datetime,
    now: datetime,
) -> Iterator[occasions.Occasion]:
    zone = (seen.directory.calendar or schedule.round_the_clock("UTC")).timezone
    for row in seen.past:
        task = seen.tasks.get(model.TaskId(row.made)) if row.made is not None else None
        if task is None or not isinstance(row.wish.act, intents.SetTask):
            continue
        due = task.deadline if trigger.overdue else task.closed
        if due is None or task.open is not trigger.overdue or trigger.title not in task.title.casefold():
            continue
        if not trigger.overdue and task_care.closed_by_us(seen, row):
            continue
        word = "срок" if trigger.overdue else "закрыта"
        shown = f"задача «{task.title}»: {word} {words.full_moment(due, zone)}"
        occasion = occasions.Occasion(duty, f"task {task.id} {word} {int(due.timestamp())}", visit)
        yield _if_due(occasion, due, shown, seen, began, now)


def _if_due(
    occasion: occasions.Occasion,
    due: datetime,
    shown: str,
    seen: looks.Look,
    began: datetime,
    now: datetime,
) -> occasions.Occasion:
    """The occasion itself, or why it is none yet, or no more."""
    duty, cause, visit = occasion.duty, occasion.cause, occasion.visit
    if due > now:
        return _not(duty, visit, f"жду, {shown}", base.Outcome.WAITING, due)
    if due <= began:
        return _not(duty, visit, f"{shown} — до того, как робот начал работать")
    if due > now - LATE:
        return occasion
    if any(row.wish.robot == duty.robot.id and row.wish.cause == cause for row in seen.past):
        return _not(duty, visit, shown, base.Outcome.ALREADY_DONE)
    return _not(duty, visit, f"{shown}, прошло больше трёх дней", base.Outcome.TOO_LATE)


def _of_slot(
    duty: occasions.Duty,
    trigger: robot.Scheduled,
    seen: looks.Look,
    visit: model.Visit,
    began: datetime,
    now: datetime,
) -> Iterator[occasions.Occasion]:
    if seen.card.closed and not trigger.closed:
        yield _not(duty, visit, "карточка закрыта")
        return
    calendar = seen.directory.calendar or schedule.round_the_clock("UTC")
    since = max(began, seen.card.created, seen.judged or began)
    came = slots.latest(trigger.slots, now, calendar)
    if came is not None and came > since:
        if came > now - SLOT_LATE:
            yield occasions.Occasion(duty, f"slot {came.isoformat()}", visit)
        else:
            why = f"было {words.full_moment(came, calendar.timezone)}"
            yield _not(duty, visit, why, base.Outcome.TOO_LATE)
    ahead = slots.following(trigger.slots, now, calendar)
    if ahead is not None:
        why = f"жду {words.full_moment(ahead, calendar.timezone)}"
        yield _not(duty, visit, why, base.Outcome.WAITING, ahead)


def _not(
    duty: occasions.Duty,
    visit: model.Visit,
    why: str,
    outcome: base.Outcome = base.Outcome.NOT_TRIGGERED,
    wake_at: datetime | None = None,
) -> occasions.Occasion:
    return occasions.Occasion(duty, "", visit, base.Line(outcome, why, wake_at))


def _written(value: date | datetime) -> str:
    """One text for one moment, whatever offset the portal wrote it with."""
    return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat()
