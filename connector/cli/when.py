"""Moments as people type them: «18:00», «пт 18:00», «вчера 14:00», «20.11 9:00», «2026-11-20», «2 часа», `30m`. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EXAMPLES = "18:00, «пт 18:00», «вчера 14:00», 20.11.2026, «20.11.2026 09:00», 2h, «3 дня»"
_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
_SPANS = (
    (re.compile(r"(\d{1,4}) ?(?:m|min|мин|минут[аыу]?)"), timedelta(minutes=1)),
    (re.compile(r"(\d{1,4}) ?(?:h|ч|час|часа|часов|hours?)"), timedelta(hours=1)),
    (re.compile(r"(\d{1,4}) ?(?:d|д|дн|день|дня|дней|days?)"), timedelta(days=1)),
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.(\d{4}))?")


def span(text: str) -> timedelta | None:
    said = " ".join(text.casefold().split())
    for pattern, unit in _SPANS:
        if found := pattern.fullmatch(said):
            return int(found[1]) * unit
    return None


def past(text: str, now: datetime, zone: str) -> datetime | None:
    """The last such moment that isn't after now; None: not understood, or yet to come."""
    if (long := span(text)) is not None:
        return now - long
    found = _moment(text, now, zone, ahead=False)
    return found if found is not None and found <= now else None


def future(text: str, now: datetime, zone: str) -> datetime | None:
    """The next such moment; a span counts from now. None: not understood, or over already."""
    if (long := span(text)) is not None:
        return now + long
    found = _moment(text, now, zone, ahead=True)
    return found if found is not None and found > now else None


def _moment(text: str, now: datetime, zone: str, *, ahead: bool) -> datetime | None:
    said = " ".join(text.casefold().split())
    here = now.astimezone(ZoneInfo(zone))
    clock = _CLOCK.search(said)
    rest = said.replace(clock[0], "").strip() if clock else said
    try:
        at = time(int(clock[1]), int(clock[2])) if clock else time()
        found = _day(rest, here, at, ahead=ahead) if rest else None
    except ValueError:
        return None
    if rest:
        return datetime.combine(found, at, here.tzinfo) if found is not None else None
    today = datetime.combine(here.date(), at, here.tzinfo)
    if ahead:
        return today if today > here else today + timedelta(days=1)
    return today if today <= here else today - timedelta(days=1)


def _day(rest: str, here: datetime, at: time, *, ahead: bool) -> date | None:
    today = here.date()
    near = {"сегодня": 0, "вчера": -1, "позавчера": -2, "завтра": 1}
    if rest in near:
        return today + timedelta(days=near[rest])
    if rest[:2] in _DAYS and rest.isalpha():
        away = (_DAYS.index(rest[:2]) - today.weekday()) % 7
        day = today + timedelta(days=away if ahead or away == 0 else away - 7)
        passed = datetime.combine(day, at, here.tzinfo) <= here
        if ahead and passed:
            return day + timedelta(days=7)
        return day if ahead or passed else day - timedelta(days=7)
    if found := _DOTTED.fullmatch(rest):
        day = date(int(found[3] or today.year), int(found[2]), int(found[1]))
        passed = datetime.combine(day, at, here.tzinfo) <= here
        if found[3] or ahead is not passed:
            return day
        return day.replace(year=day.year + (1 if ahead else -1))
    return date.fromisoformat(rest)
