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

from robots import intents, life, model, schedule, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_CHANGE

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
    yield from climb(ask, max(since, _snoozed(ask) or since), options.steps, STILL)


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


def _snoozed(ask: base.Ask) -> datetime | None:
    """The morning of the day until which the card may rest."""
    field = ask.robot.options.snooze
    until = ask.look.card.value(field) if field is not None else None
    zone = ZoneInfo(_calendar(ask).timezone)
    if isinstance(until, datetime):
        until = until.astimezone(zone).date()
    return datetime.combine(until, time(), zone) if isinstance(until, date) else None


def _calendar(ask: base.Ask) -> model.WorkCalendar:
    return ask.look.directory.calendar or schedule.round_the_clock("UTC")
