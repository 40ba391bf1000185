"""The working calendar: durations in words, deadlines and next moments in working time (requirements S2.3, users F31).

`N work minutes/hours` run in working time. `N work days` = the same clock time N working days later, moved into working
hours; for a deadline the end of that day. `N days` = same wall clock, across DST. Answers are UTC.

Law: everything is reckoned on `_spans`, the working hours as UTC intervals in order; a moment is at work in [start, end).
A search that meets no working hours for `IDLE_DAYS` raises ValueError; `problems` says it at load, before any search.
"""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from robots import model
from robots import words as robots_words


class Unit(StrEnum):
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORK_MINUTES = "work minutes"
    WORK_HOURS = "work hours"
    WORK_DAYS = "work days"


@dataclass(frozen=True, slots=True)
class Duration:
    amount: int
    unit: Unit


IDLE_DAYS = 400
"""So many days off in a row mean a broken calendar, not a long holiday."""
_FARTHEST = timedelta(days=50 * 366)
_LONGEST = {"minutes": 5_270_400, "hours": 87_840, "days": 3_660}
"""Ten years."""
_Span = tuple[datetime, datetime]

# --- words -------------------------------------------------------------------------------------------------------

_FORMS = {
    Unit.MINUTES: ("минута", "минуты", "минут"),
    Unit.HOURS: ("час", "часа", "часов"),
    Unit.DAYS: ("день", "дня", "дней"),
    Unit.WORK_MINUTES: ("рабочая минута", "рабочие минуты", "рабочих минут"),
    Unit.WORK_HOURS: ("рабочий час", "рабочих часа", "рабочих часов"),
    Unit.WORK_DAYS: ("рабочий день", "рабочих дня", "рабочих дней"),
}
_UNIT_WORDS: dict[str, tuple[str, int]] = {
    **dict.fromkeys(
        ["m", "min", "mins", "minute", "minutes", "м", "мин", "минута", "минуту", "минуты", "минут"],
        ("minutes", 1),
    ),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours", "ч", "час", "часа", "часов"], ("hours", 1)),
    **dict.fromkeys(["d", "day", "days", "д", "дн", "день", "дня", "дней", "сутки", "суток"], ("days", 1)),
    **dict.fromkeys(["w", "week", "weeks", "неделя", "неделю", "недели", "недель"], ("days", 7)),
}
_WORK_WORD = re.compile(r"(?:work|working|business|раб|рабоч\w{0,3})\.?")
_AMOUNT = re.compile(r"(\d+)(?:[.,](\d+))?\s*(.*)", re.DOTALL)
_HELP = "пишите так: «30 work minutes», «2 рабочих часа», «3 work days», «5 дней»"


def words(duration: Duration) -> str:
    """«2 рабочих часа»."""
    return robots_words.count(duration.amount, *_FORMS[duration.unit])


def parse_duration(text: str) -> Duration | str:
    """The duration, or in plain Russian what is wrong with it."""
    folded = " ".join(text.casefold().replace("ё", "е").split())
    if folded == "полчаса":
        return Duration(30, Unit.MINUTES)
    match = _AMOUNT.fullmatch(folded)
    whole, fraction, rest = match.groups() if match else ("1", None, folded)
    working, unit, times = _unit(rest)
    if not unit:
        return f"не понимаю срок «{text.strip()}»: {_unknown(rest, has_number=match is not None)}{_HELP}"
    if working and times != 1:
        return f"не понимаю срок «{text.strip()}»: рабочие недели пишите рабочими днями; {_HELP}"
    amount = int(whole) * times if len(whole) <= 9 else 10**9
    if fraction and int(fraction):
        if unit != "hours" or amount > _LONGEST["hours"]:
            return f"срок «{text.strip()}»: дробными бывают только часы; {_HELP}"
        minutes = amount * 60 + round(60 * int(fraction) / 10 ** len(fraction))
        unit, amount = "minutes", minutes
    if amount > _LONGEST[unit]:
        return f"срок «{text.strip()}» длиннее десяти лет"
    return Duration(amount, Unit(f"work {unit}" if working else unit))


def _unit(rest: str) -> tuple[bool, str, int]:
    """(working, «minutes» | «hours» | «days» or empty if unknown, how many of them)."""
    pieces = rest.split()
    working = [piece for piece in pieces if _WORK_WORD.fullmatch(piece)]
    left = [piece.rstrip(".") for piece in pieces if not _WORK_WORD.fullmatch(piece)]
    if len(left) != 1 or len(working) > 1:
        return False, "", 1
    unit, times = _UNIT_WORDS.get(left[0], ("", 1))
    return bool(working), unit, times


def _unknown(rest: str, *, has_number: bool) -> str:
    if not rest:
        return "не сказано, чего: минут, часов или дней; "
    if re.search(r"месяц|month|год|лет|year", rest):
        return "месяцы и годы бывают разной длины, пишите днями; "
    if has_number and re.search(r"\d", rest):
        return "одно число и одна единица; "
    return ""


# --- the calendar ------------------------------------------------------------------------------------------------


def problems(calendar: model.WorkCalendar) -> tuple[str, ...]:
    """Everything that makes a calendar unusable, in plain Russian; empty if it is fine."""
    found: list[str] = []
    try:
        _zone(calendar)
    except ValueError as error:
        found.append(str(error))
    if len(calendar.week) != 7:
        found.append(f"в неделе должно быть 7 дней, а в календаре {len(calendar.week)}")
    days = [*((_DAY_NAMES[at % 7], day) for at, day in enumerate(calendar.week))]
    days += [(robots_words.day(on), day) for on, day in sorted(calendar.exceptions.items())]
    for name, day in days:
        found.extend(f"{name}: {trouble}" for trouble in _day_problems(day))
    if not any(day.hours for day in calendar.week):
        found.append("в календаре нет ни одного рабочего часа")
    return tuple(found)


_DAY_NAMES = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")


def _day_problems(day: model.WorkDay) -> Iterator[str]:
    last: time | None = None
    for start, end in sorted(day.hours):
        shown = f"{start:%H:%M}–{end:%H:%M}"
        if end <= start and end != time(0):
            yield f"{shown}: конец раньше начала; смену через полночь запишите двумя днями"
        elif last is not None and (last == time(0) or start < last):
            yield f"{shown} пересекается с предыдущими часами"
        last = end


def is_work_day(on: date, calendar: model.WorkCalendar) -> bool:
    return bool(_day_spans(on, calendar))


def at_clock(on: date, clock: time, calendar: model.WorkCalendar) -> datetime:
    """That hour of that day, in the calendar's zone. UTC."""
    return _at_clock(on, clock, calendar)


def is_working(moment: datetime, calendar: model.WorkCalendar) -> bool:
    here = moment.astimezone(_zone(calendar))
    return any(start <= moment < end for start, end in _day_spans(here.date(), calendar))


def next_opening(moment: datetime, calendar: model.WorkCalendar) -> datetime:
    """The moment itself if it is at work, else the next start of working hours. UTC."""
    return next(_spans(moment, calendar))[0]


def after(start: datetime, duration: Duration, calendar: model.WorkCalendar) -> datetime:
    """When that much has passed. UTC. A later start or a longer duration never ends earlier, but for days counted from
    an hour that the clocks repeat in autumn: the same wall clock is what was promised."""
    match duration.unit:
        case Unit.MINUTES:
            return start.astimezone(UTC) + timedelta(minutes=duration.amount)
        case Unit.HOURS:
            return start.astimezone(UTC) + timedelta(hours=duration.amount)
        case Unit.DAYS:
            return _same_clock(start, duration.amount, calendar)
        case Unit.WORK_MINUTES:
            return _run(start, timedelta(minutes=duration.amount), calendar)
        case Unit.WORK_HOURS:
            return _run(start, timedelta(hours=duration.amount), calendar)
        case Unit.WORK_DAYS:
            return _work_days_later(start, duration.amount, calendar)


def deadline(start: datetime, duration: Duration, calendar: model.WorkCalendar) -> datetime:
    """As `after`, but work days last to the end of the last of them. UTC."""
    if duration.unit is not Unit.WORK_DAYS:
        return after(start, duration, calendar)
    today = start.astimezone(_zone(calendar)).date()
    if duration.amount == 0:
        opening = next_opening(start, calendar)
        return _day_spans(opening.astimezone(_zone(calendar)).date(), calendar)[-1][1]
    return _day_spans(_nth_work_day(today, duration.amount, calendar), calendar)[-1][1]


def _work_days_later(start: datetime, amount: int, calendar: model.WorkCalendar) -> datetime:
    here = start.astimezone(_zone(calendar))
    if amount == 0:
        return next_opening(start, calendar)
    target = _nth_work_day(here.date(), amount, calendar)
    closing = _day_spans(target, calendar)[-1][1]
    if not _day_spans(here.date(), calendar):
        # A day off is the evening of the working day before it: else Saturday's term would end before Friday evening's.
        return next_opening(closing, calendar)
    return next_opening(_at_clock(target, here.time(), calendar), calendar)


def _nth_work_day(today: date, amount: int, calendar: model.WorkCalendar) -> date:
    found, idle, on = 0, 0, today
    while found < amount:
        on += timedelta(days=1)
        idle += 1
        if _day_spans(on, calendar):
            found, idle = found + 1, 0
        if idle > IDLE_DAYS:
            raise ValueError(_NEVER)
    return on


_NEVER = f"в рабочем календаре нет рабочих часов {IDLE_DAYS} дней подряд"


def _same_clock(start: datetime, days: int, calendar: model.WorkCalendar) -> datetime:
    here = start.astimezone(_zone(calendar))
    return _at_clock(here.date() + timedelta(days=days), here.time(), calendar, fold=here.fold)


def _at_clock(on: date, clock: time, calendar: model.WorkCalendar, *, fold: int = 0) -> datetime:
    """A wall clock's moment. One skipped by DST is the instant of the jump, lest a later clock come out earlier."""
    zone = _zone(calendar)
    moment = datetime.combine(on, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).time() == clock:
        return moment
    before = datetime.combine(on, clock.replace(fold=1 - fold), tzinfo=zone).astimezone(UTC)
    return _jump(min(before, moment), max(before, moment), zone)


def _jump(low: datetime, high: datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    """The instant between two moments at which the zone's offset changes."""
    was = low.astimezone(zone).utcoffset()
    low, high = low.replace(microsecond=0), high.replace(microsecond=0) + timedelta(seconds=1)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // timedelta(seconds=2) * timedelta(seconds=1)
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == was else (low, middle)
    return high


def _run(start: datetime, needed: timedelta, calendar: model.WorkCalendar) -> datetime:
    for opens, closes in _spans(start, calendar):
        if closes - opens >= needed:
            return opens + needed
        needed -= closes - opens
    raise ValueError(_NEVER)  # pragma: no cover - `_spans` ends only by raising


def _spans(moment: datetime, calendar: model.WorkCalendar) -> Iterator[_Span]:
    """What is left of the working hours from that moment on. UTC, in order, apart. Raises, never ends."""
    on = moment.astimezone(_zone(calendar)).date()
    last, idle, farthest = moment.astimezone(UTC), 0, on + _FARTHEST
    while idle <= IDLE_DAYS and on < farthest:
        idle += 1
        for start, end in _day_spans(on, calendar):
            if end > last:
                yield max(start, last), end
                last, idle = end, 0
        on += timedelta(days=1)
    raise ValueError(_NEVER)


def _day_spans(on: date, calendar: model.WorkCalendar) -> list[_Span]:
    """One day's hours as UTC, cut where they overlap and where DST leaves nothing of them."""
    day = calendar.exceptions.get(on)
    if day is None:
        day = calendar.week[on.weekday()] if len(calendar.week) == 7 else model.WorkDay()
    spans: list[_Span] = []
    for opens, closes in sorted(day.hours):
        # 00:00 as an end is midnight; there is no 24:00 among clock times.
        ends = on + timedelta(days=1) if closes == time(0) else on
        start, end = _at_clock(on, opens, calendar), _at_clock(ends, closes, calendar)
        start = max(start, spans[-1][1]) if spans else start
        if start < end:
            spans.append((start, end))
    return spans


def _zone(calendar: model.WorkCalendar) -> zoneinfo.ZoneInfo:
    return _zone_of(calendar.timezone)


@functools.lru_cache(maxsize=64)
def _zone_of(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"нет такого часового пояса: «{name}»; пишите так: Europe/Moscow") from error


def round_the_clock(timezone: str) -> model.WorkCalendar:
    """For a portal without a calendar: plain durations need a wall clock all the same."""
    return model.WorkCalendar(timezone, (model.WorkDay(((time(0), time(0)),)),) * 7)
