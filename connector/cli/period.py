"""`--period` in words people use: a month, a year, two dates, «неделя», `30d`. Pure: `today` is given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from robots import words
from robots.insight import rows

_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_DAYS = re.compile(r"(\d{1,4}) ?(?:d|д|дн|дней|days?)")
EXAMPLES = "2026-02, 2026, 2026-02-23..2026-03-01, день, неделя, месяц, 30d"


@dataclass(frozen=True, slots=True)
class Days:
    """Both days are in it."""

    first: date
    last: date

    def seconds(self, zone: str) -> rows.Period:
        return rows.Period(midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone))

    def __str__(self) -> str:
        return f"{words.day(self.first)}–{words.day(self.last)}"


def midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp())


def read(text: str, today: date) -> Days | None:
    """None: not understood. A month or a year not over yet ends at its own end."""
    said = text.strip().casefold()
    if said in ("day", "день", "сегодня", "today"):
        return Days(today, today)
    if said in ("week", "неделя"):
        monday = today - timedelta(days=today.weekday())
        return Days(monday, monday + timedelta(days=6))
    if said in ("month", "месяц"):
        return month(today.year, today.month)
    if counted := _DAYS.fullmatch(said):
        return Days(today - timedelta(days=max(1, int(counted[1])) - 1), today)
    try:
        return _dated(said)
    except ValueError:
        return None


def month(year: int, number: int) -> Days:
    first = date(year, number, 1)
    return Days(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def _dated(said: str) -> Days | None:
    """Raises ValueError for a day that isn't in the calendar."""
    if found := _MONTH.fullmatch(said):
        return month(int(found[1]), int(found[2]))
    if re.fullmatch(r"\d{4}", said):
        return Days(date(int(said), 1, 1), date(int(said), 12, 31))
    first, dots, last = said.partition("..")
    start = date.fromisoformat(first)
    end = date.fromisoformat(last) if dots else start
    return Days(start, end) if start <= end else None
