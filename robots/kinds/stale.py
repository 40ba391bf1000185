"""A card without movement: a ladder of steps, each once for one silence (S3.7, S5.2, users.md F27).

Movement is a new stage, and what a person or the client does in the card's feed; our own acts aren't. The last movement is
remembered in the ledger, for the portal shows the last one alone: what a robot does next would hide it. Where several
steps are due at once, after a gap or on the robot's first day, only the last of them is taken: nobody is flooded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from robots import intents, life, look, model, schedule, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_CHANGE

DAY = timedelta(days=1)
GRAIN = timedelta(minutes=5)
"""A movement so soon after another is no news."""
ALIVE = "alive "
"""Begins the cause of a movement remembered: the moment in seconds follows."""


@dataclass(frozen=True, slots=True)
class Rung:
    after: schedule.Duration
    acts: tuple[base.ActSpec, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """What a ladder waits out."""

    cause: str
    why: str


STILL = Silence("still", "нет движения")


@dataclass(frozen=True, slots=True)
class Options:
    steps: tuple[Rung, ...]
    """The shortest wait first."""
    but: frozenset[model.StageId] = frozenset()
    """Stages in which silence is as it should be."""
    snooze: model.FieldCode | None = None
    """A date of the card: silence counts from that day."""
    planned: timedelta | None = None
    """An activity planned for no later than so far ahead is life until its hour (users.md F27). None: it isn't asked for."""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    activation = ask.look.activations.get(ask.robot.id)
    if ask.look.card.closed or activation is None:
        yield base.Line(base.Outcome.NOT_TRIGGERED, "карточка закрыта")
        return
    if ask.look.card.stage in options.but:
        yield base.Line(base.Outcome.FILTERED, "на этой стадии ждать можно")
        return
    since = max(ask.visit.entered, activation.at, *_remembered(ask))
    moved = life.activity(ask.look)
    if moved is not None and moved > since + GRAIN:
        since = moved
        note = f"движение {words.moment(moved, _calendar(ask).timezone)}"
        yield base.Step("seen", intents.Remember(note), note, cause=f"{ALIVE}{int(moved.timestamp())}")
    since = max(since, snoozed(ask, options.snooze) or since)
    rests = _planned(ask, since) if options.planned is not None else None
    if rests is not None and rests.until is not None and rests.until > ask.now:
        # It may be put off or taken away without a word of the portal's.
        again = min(schedule.after(rests.until, options.steps[0].after, _calendar(ask)), ask.now + DAY)
        when = words.moment(rests.until, _calendar(ask).timezone)
        yield base.Line(base.Outcome.WAITING, f"запланировано: «{rests.title}» на {when}", again)
        return
    yield from climb(ask, max(since, rests.until or since) if rests else since, options.steps, STILL)


def _planned(ask: base.Ask, since: datetime) -> look.Plan | None:
    """The last of the card's activities whose hour isn't too far ahead; a task is none: our own stands on every card. Nothing
    is asked of the portal before a step could be due."""
    options: Options = ask.robot.options
    if options.planned is None or schedule.after(since, options.steps[0].after, _calendar(ask)) > ask.now:
        return None
    far = ask.now + options.planned
    found = [
        (one.until, one)
        for one in ask.look.need_plans().ahead
        if not one.task and one.until is not None and one.until <= far
    ]
    return max(found, key=_hour)[1] if found else None


def _hour(found: tuple[datetime, look.Plan]) -> datetime:
    return found[0]


def climb(ask: base.Ask, since: datetime, steps: tuple[Rung, ...], silence: Silence) -> Iterator[base.Answer]:
    """The last step that is due, unless it was taken in this silence; and when the next one will be."""
    due = [schedule.after(since, rung.after, _calendar(ask)) for rung in steps]
    passed = [number for number, moment in enumerate(due) if moment <= ask.now]
    if passed:
        number = passed[-1]
        yield from _take(ask, steps[number], f"{silence.cause} {int(since.timestamp())}/{number}", silence)
    ahead = [moment for moment in due if moment > ask.now]
    if ahead:
        waits = words.moment(since, _calendar(ask).timezone)
        yield base.Line(base.Outcome.WAITING, f"{silence.why} с {waits}", min(ahead))


def _take(ask: base.Ask, rung: Rung, cause: str, silence: Silence) -> Iterator[base.Answer]:
    why = f"{silence.why} {schedule.words(rung.after)}"
    for spec in rung.acts:
        for answer in base.embedded(ask, spec):
            if isinstance(answer, base.Line):
                yield answer
            else:
                yield answer._replace(cause=cause, because=f"{why}: {answer.because}")


def _remembered(ask: base.Ask) -> Iterator[datetime]:
    head = f"{ask.robot.id}/{ask.look.card.ref}/{ALIVE}"
    for row in ask.look.past:
        if row.wish.key.startswith(head):
            yield datetime.fromtimestamp(int(row.wish.cause.removeprefix(ALIVE)), ask.now.tzinfo)


def snoozed(ask: base.Ask, field: model.FieldCode | None) -> datetime | None:
    """The morning of the day until which the card may rest, as its `field` says."""
    until = ask.look.card.value(field) if field is not None else None
    zone = ZoneInfo(_calendar(ask).timezone)
    if isinstance(until, datetime):
        until = until.astimezone(zone).date()
    return datetime.combine(until, time(), zone) if isinstance(until, date) else None


def _calendar(ask: base.Ask) -> model.WorkCalendar:
    return ask.look.directory.calendar or schedule.round_the_clock("UTC")
