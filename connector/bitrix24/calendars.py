"""The portal's working time as a WorkCalendar: pure.

`calendar.settings.get` knows hours, days off of the week and of the year; the year's days bear no year, so they are laid
out for the years around now. The zone is known as an offset only; its usual name is taken, the settings may say better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from connector import errors
from robots import model

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})")
_ZONES: Mapping[int, str] = {
    2: "Europe/Kaliningrad",
    3: "Europe/Moscow",
    4: "Europe/Samara",
    5: "Asia/Yekaterinburg",
    6: "Asia/Omsk",
    7: "Asia/Krasnoyarsk",
    8: "Asia/Irkutsk",
    9: "Asia/Yakutsk",
    10: "Asia/Vladivostok",
    11: "Asia/Magadan",
    12: "Asia/Kamchatka",
}
_YEARS = range(-1, 3)


def read(raw: Any, now: datetime) -> model.WorkCalendar | None:
    """None where the portal said nothing; raises Unreadable for hours that nobody can read."""
    if not isinstance(raw, Mapping):
        return None
    start, end = _clock(raw.get("work_time_start")), _clock(raw.get("work_time_end"))
    working = model.WorkDay(((start, end),) if start < end else ())
    off = {str(one).upper() for one in _several(raw.get("week_holidays"))}
    years = [now.year + shift for shift in _YEARS]
    exceptions = dict.fromkeys(_dates(raw.get("year_holidays"), years), model.WorkDay())
    exceptions.update(dict.fromkeys(_dates(raw.get("year_workdays"), years), working))
    return model.WorkCalendar(
        timezone=zone_name(now.utcoffset() or timedelta(0)),
        week=tuple(model.WorkDay() if day in off else working for day in _DAYS),
        exceptions=exceptions,
    )


def zone_name(offset: timedelta) -> str:
    hours = round(offset.total_seconds() / 3600)
    return _ZONES.get(hours) or (f"Etc/GMT{-hours:+d}" if hours else "UTC")


def _clock(value: Any) -> time:
    """ "9", "9.30", "18:00", 9 -> a moment of the day; 24 is its last minute."""
    hours, _, minutes = str(value).strip().replace(":", ".").partition(".")
    if not hours.isdigit() or (minutes and not minutes.isdigit()):
        raise errors.Unreadable("рабочее время портала не читается", method="calendar.settings.get")
    if int(hours) >= 24:
        return time(23, 59)
    return time(int(hours), min(59, int((minutes or "0").ljust(2, "0")[:2])))


def _several(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else str(value or "").split(",")


def _dates(value: Any, years: Iterable[int]) -> list[date]:
    found = []
    for text in _several(value):
        match = _DAY.match(str(text).strip())
        for year in years if match else ():
            day, month = (int(part) for part in match.groups()) if match else (0, 0)
            try:
                found.append(date(year, month, day))
            except ValueError:
                continue  # 29.02 of a common year
    return found
