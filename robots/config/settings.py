"""What the file says once for the whole portal, compiled: values for the shell. And the working calendar it describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any

import holidays as holiday_tables

from robots import limits, model, notices, people, reports, schedule
from robots.config import needs

Span = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Portal:
    kind: str = "bitrix24"
    address: str = ""
    """`romashka.bitrix24.ru`, without a scheme unless http was written."""
    events: str = "none"
    """`webhook`: the portal rings; `none`: we look."""
    insecure_http: bool = False
    public_url: str = ""
    admin: str = ""
    sweep_seconds: int = 30


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the file says of working time; `work_calendar` lays it over the portal's own."""

    from_portal: bool = True
    timezone: str | None = None
    hours: Span | None = None
    week: Mapping[int, Span | None] = field(default_factory=dict)
    """Monday is 0; None is a day off."""
    lunch: Span | None = None
    holidays: str | None = None
    """The country whose public holidays are off, where the portal doesn't say."""
    extra_days_off: frozenset[date] = frozenset()
    extra_work_days: frozenset[date] = frozenset()
    short_days: Mapping[date, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Absence:
    who: people.Person
    first: date
    last: date
    deputy: people.Person | None = None


@dataclass(frozen=True, slots=True)
class Alerts:
    to: tuple[str, ...] = ()
    when: frozenset[str] = frozenset({"access_lost", "portal_unreachable", "stopped", "many_failures"})


@dataclass(frozen=True, slots=True)
class Settings:
    portal: Portal = field(default_factory=Portal)
    calendar: Calendar = field(default_factory=Calendar)
    notifications: notices.Manners = notices.PLAIN
    absences: tuple[Absence, ...] = ()
    alerts: Alerts = field(default_factory=Alerts)
    limits: Mapping[str, limits.Rate] = field(default_factory=lambda: limits.DEFAULT)
    card_log: str = "important"
    keep_story_days: int = 180
    needs: needs.Needs = field(default_factory=needs.Needs)
    reports: tuple[reports.Report, ...] = ()


_OFFICE: Span = (time(9), time(18))
_YEARS = range(2024, 2041)


def work_calendar(said: Calendar, portal: model.WorkCalendar | None) -> model.WorkCalendar:
    """The calendar to work by. Where the portal gives none: five days 9–18 and the public holidays of `holidays` (RU)."""
    zone = said.timezone or (portal.timezone if portal else "Europe/Moscow")
    base = portal if portal is not None and said.from_portal else _office(zone, said.holidays or "RU")
    week = tuple(_day(said, at, base.week[at]) for at in range(7))
    exceptions = dict(base.exceptions)
    if portal is not None and said.from_portal and said.holidays:
        exceptions = {**_public(said.holidays), **exceptions}
    exceptions |= dict.fromkeys(said.extra_days_off, model.WorkDay())
    plain = next((day for day in week if day.hours), model.WorkDay((_OFFICE,)))
    exceptions |= dict.fromkeys(said.extra_work_days, plain)
    exceptions |= {day: _with_lunch(span, None) for day, span in said.short_days.items()}
    return replace(base, timezone=zone, week=week, exceptions=exceptions)


def wrong_calendar(said: Calendar) -> tuple[str, ...]:
    """What makes it unusable, in plain Russian."""
    return schedule.problems(work_calendar(said, None))


def _day(said: Calendar, at: int, base: model.WorkDay) -> model.WorkDay:
    if at in said.week:
        own = said.week[at]
        return _with_lunch(own, said.lunch) if own else model.WorkDay()
    if not base.hours:
        return base
    if said.hours is not None:
        return _with_lunch(said.hours, said.lunch)
    return _with_lunch((base.hours[0][0], base.hours[-1][1]), said.lunch) if said.lunch else base


def _with_lunch(span: Span, lunch: Span | None) -> model.WorkDay:
    start, end = span
    if lunch is None or not start < lunch[0] < lunch[1] < end:
        return model.WorkDay((span,))
    return model.WorkDay(((start, lunch[0]), (lunch[1], end)))


def _office(zone: str, country: str) -> model.WorkCalendar:
    week = (model.WorkDay((_OFFICE,)),) * 5 + (model.WorkDay(),) * 2
    return model.WorkCalendar(zone, week, _public(country))


def _public(country: str) -> dict[date, model.WorkDay]:
    if country not in known_countries():
        return {}
    found: Any = holiday_tables.country_holidays(country, years=_YEARS)
    return dict.fromkeys(found, model.WorkDay())


def known_countries() -> frozenset[str]:
    return frozenset(holiday_tables.list_supported_countries())
