"""When a robot that waits for a date is due: the field's value, so much earlier or later, at an hour of that day.

A mere date is a day of the portal's calendar. Days and work days are counted on it, hours and minutes on the moment itself.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from robots import model, schedule

MORNING = time(9)
COUNTED = frozenset({schedule.Unit.MINUTES, schedule.Unit.HOURS, schedule.Unit.DAYS, schedule.Unit.WORK_DAYS})
"""Units in which a date may be shifted."""
_CLOCKS = {schedule.Unit.MINUTES: "minutes", schedule.Unit.HOURS: "hours"}


def due(
    value: date | datetime,
    shift: schedule.Duration | None,
    at: time | None,
    calendar: model.WorkCalendar,
    *,
    earlier: bool,
) -> datetime:
    """UTC. Raises ValueError where the calendar has no such work day."""
    zone, sign = ZoneInfo(calendar.timezone), -1 if earlier else 1
    own = value.astimezone(zone) if isinstance(value, datetime) else None
    day, clock = (own.date(), at or own.time()) if own else (value, at or MORNING)
    if shift is None:
        return _at(day, clock, own if at is None else None, calendar)
    if shift.unit in _CLOCKS:
        moment = _at(day, clock, own if at is None else None, calendar)
        return moment + sign * timedelta(**{_CLOCKS[shift.unit]: shift.amount})
    if shift.unit is schedule.Unit.WORK_DAYS:
        return schedule.at_clock(_work_day(day, shift.amount, sign, calendar), clock, calendar)
    return schedule.at_clock(day + timedelta(days=sign * shift.amount), clock, calendar)


def _at(day: date, clock: time, own: datetime | None, calendar: model.WorkCalendar) -> datetime:
    """`own`: a moment that needs no clock to be found."""
    return own.astimezone(UTC) if own is not None else schedule.at_clock(day, clock, calendar)


def _work_day(day: date, amount: int, sign: int, calendar: model.WorkCalendar) -> date:
    """The so-manieth work day before or after that day; with 0 the day itself."""
    idle = 0
    while amount:
        day += timedelta(days=sign)
        idle += 1
        if schedule.is_work_day(day, calendar):
            amount, idle = amount - 1, 0
        if idle > schedule.IDLE_DAYS:
            raise ValueError(f"в рабочем календаре нет рабочих часов {schedule.IDLE_DAYS} дней подряд")
    return day
