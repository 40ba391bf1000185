"""Slots: moments that a timetable names, on the clock of the portal's calendar. Written in words or as a cron line.

A cron line has five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday); where both kinds of
day are named, either will do, as cron has it. A clock that summer time skips is the instant of the jump, one that it repeats
is the first.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from robots import model, schedule

MOST = 24
"""Slots a day: each of them wakes every card concerned."""
FAR = 366 * 5
"""Days: 29 February comes within them."""
LAST = 0
"""Among the days of a month: the last one, whatever its number."""


@dataclass(frozen=True, slots=True)
class Slots:
    times: tuple[time, ...]
    """Of one day, ascending."""
    weekdays: frozenset[int] = frozenset()
    """Monday is 0; empty: any."""
    days: frozenset[int] = frozenset()
    """Of the month; empty: any."""
    months: frozenset[int] = frozenset()
    work_days: bool = False
    """Only days with working hours."""


def following(slots: Slots, moment: datetime, calendar: model.WorkCalendar) -> datetime | None:
    """The first slot after the moment. UTC. None: there is none for years."""
    today = moment.astimezone(ZoneInfo(calendar.timezone)).date()
    ahead = (today + timedelta(days=one) for one in range(-1, FAR))
    return next((slot for slot in _on(slots, ahead, slots.times, calendar) if slot > moment), None)


def latest(slots: Slots, moment: datetime, calendar: model.WorkCalendar) -> datetime | None:
    """The last slot that has come, the moment itself counted in. UTC."""
    today = moment.astimezone(ZoneInfo(calendar.timezone)).date()
    behind = (today - timedelta(days=one) for one in range(-1, FAR))
    times = tuple(reversed(slots.times))
    return next((slot for slot in _on(slots, behind, times, calendar) if slot <= moment), None)


def _on(
    slots: Slots, days: Iterator[date], times: tuple[time, ...], calendar: model.WorkCalendar
) -> Iterator[datetime]:
    for day in days:
        if _fits(slots, day, calendar):
            yield from (schedule.at_clock(day, clock, calendar) for clock in times)


def _fits(slots: Slots, day: date, calendar: model.WorkCalendar) -> bool:
    if slots.months and day.month not in slots.months:
        return False
    if slots.work_days and not schedule.is_work_day(day, calendar):
        return False
    last = (day + timedelta(days=1)).day == 1
    of_month = day.day in slots.days or (last and LAST in slots.days)
    of_week = day.weekday() in slots.weekdays
    if slots.days and slots.weekdays:
        return of_month or of_week
    return (of_month or not slots.days) and (of_week or not slots.weekdays)


# --- cron

_PART = re.compile(r"(\*|\d{1,2}(?:-\d{1,2})?)(?:/(\d{1,2}))?")
_FIELDS = (("минуты", 0, 59), ("часы", 0, 23), ("числа", 1, 31), ("месяцы", 1, 12), ("дни недели", 0, 7))


def cron(text: str) -> Slots | str:
    """The slots, or in plain Russian what is wrong with the line."""
    written = text.split()
    if len(written) != len(_FIELDS):
        return "в строке cron пять полей: минута, час, число, месяц, день недели"
    fields: list[frozenset[int]] = []
    for part, (name, low, high) in zip(written, _FIELDS, strict=True):
        found = _field(part, low, high)
        if found is None:
            return f"{name}: не понимаю «{part}», здесь от {low} до {high}"
        fields.append(found)
    minutes, hours, days, months, weekdays = fields
    times = tuple(time(hour, minute) for hour, minute in itertools.product(sorted(hours), sorted(minutes)))
    if len(times) > MOST:
        return (
            f"это {len(times)} раз в день, а можно не чаще {MOST}: каждый раз читаются все карточки воронки"
        )
    return Slots(
        times,
        frozenset((one - 1) % 7 for one in weekdays) if written[4] != "*" else frozenset(),
        days if written[2] != "*" else frozenset(),
        months if written[3] != "*" else frozenset(),
    )


def _field(text: str, low: int, high: int) -> frozenset[int] | None:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        span, step = match[1], int(match[2] or 1)
        first, _, end = (f"{low}-{high}" if span == "*" else span).partition("-")
        # As cron has it, «5/15» goes on to the end.
        last = int(end or (high if match[2] else first))
        if step == 0 or not low <= int(first) <= last <= high:
            return None
        found.update(range(int(first), last + 1, step))
    return frozenset(found)
