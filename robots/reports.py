"""`reports:` of the YAML (users.md F22): what is sent to whom, and at which moments. Pure.

Law: a report has one slot for each of its days; a slot goes once, named by its day, at its moment or, after a stop, as soon
as people work again. Of several missed slots the last one goes alone: it has the newer numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from robots import intents, model, notices, people, schedule

ROBOT = notices.REPORT
LATE, PROMPT = timedelta(days=2), timedelta(minutes=30)
"""A slot missed for longer isn't sent any more; what is later than `PROMPT` waits for working hours."""
_BACK = 21
"""Days looked back for a slot: longer than any holidays that may put one off."""


class Section(StrEnum):
    """The value is the YAML's word."""

    DAY = "итоги дня"
    WEEK = "итоги недели"
    MONTH = "итоги месяца"
    PLAN = "план оплат"
    OVERDUE = "просрочено"
    NO_TASK = "без задачи"
    PUT_OFF = "перенесено"
    SKIPPED = "прощёлкано"
    SILENT = "без движения"
    RETURNS = "возвраты"
    ROBOTS = "роботы"
    CALLS = "звонки"
    TODAY = "сегодня"
    WATCHED = "наблюдение"


DEFAULT = (Section.WEEK, Section.PLAN)
OF_TASKS = frozenset({Section.OVERDUE, Section.NO_TASK, Section.PUT_OFF, Section.TODAY})
OF_LEDGER = frozenset({Section.RETURNS, Section.ROBOTS}) | OF_TASKS


@dataclass(frozen=True, slots=True)
class When:
    clock: time
    """Of the portal's zone."""
    weekdays: frozenset[int] = frozenset()
    """Monday is 0."""
    of_month: int | None = None
    """Which day of the month; neither: every work day."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Which calls are worth hearing (S3.8)."""

    per_person: int = 3
    at_least: int = 30
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    to: tuple[people.Person, ...]
    """Each reader sees the cards for which he is that person; one named by name sees all of them."""
    when: When
    show: tuple[Section, ...] = DEFAULT
    sample: Sample = Sample()
    as_file: bool = False
    """As an XLSX book beside its text."""


def morning(to: tuple[people.Person, ...], clock: time) -> Report:
    """The list that comes with the digest (users.md F14): one to a person, whatever he is on which card, and none where there
    is nothing to say."""
    return Report(f"утро {clock:%H:%M}", to, When(clock), (Section.TODAY,))


def watching(to: people.Person) -> Report:
    """The week of the robots that only watch (users.md F5): on Monday, where they would have done anything."""
    return Report("Неделя наблюдения", (to,), When(time(9), weekdays=frozenset({0})), (Section.WATCHED,))


@dataclass(frozen=True, slots=True)
class Slot:
    day: date
    """By this it is known, whenever it goes."""
    moment: datetime


def due(report: Report, after: datetime, now: datetime, manners: notices.Manners,
        calendar: model.WorkCalendar) -> Slot | None:  # fmt: skip
    """The last slot in (after, now], if it may go now; None: nothing is due, or not yet."""
    found = [slot for slot in _slots(report.when, now, manners, calendar) if after < slot.moment <= now]
    if not found:
        return None
    last = max(found, key=lambda slot: (slot.moment, slot.day))
    waits = now - last.moment > PROMPT and schedule.next_opening(now, calendar) > now
    return None if waits or notices.loud(now, manners.quiet, calendar) > now else last


def too_late(slot: Slot, now: datetime) -> bool:
    return now - slot.moment > LATE


def _slots(
    when: When, now: datetime, manners: notices.Manners, calendar: model.WorkCalendar
) -> Iterator[Slot]:
    zone = ZoneInfo(calendar.timezone)
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=back) for back in range(_BACK)):
        opens = schedule.next_opening(datetime.combine(day, time(), zone), calendar)
        works = opens.astimezone(zone).date() == day
        if not _named(when, day, works=works):
            continue
        # On a day off nobody is asked to read: the next work morning.
        moment = datetime.combine(day, when.clock, zone) if works else opens
        yield Slot(day, notices.loud(moment, manners.quiet, calendar))


def _named(when: When, day: date, *, works: bool) -> bool:
    if when.weekdays:
        return day.weekday() in when.weekdays
    if when.of_month is not None:
        last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return day.day == min(when.of_month, last.day)
    return works


def wish(
    report: Report, slot: Slot, to: model.UserId, text: str, tables: tuple[intents.Table, ...] = ()
) -> intents.Wish:
    """One report to one reader; its key is the same whoever writes it again."""
    key = f"{ROBOT}/{report.name}/{slot.day:%Y%m%d}/{to}"
    act: intents.Act = intents.Notify(to, text, tag=key[:200], urgent=True)
    if report.as_file:
        act = intents.SendFile(to, text, f"{report.name} {slot.day:%d.%m.%Y}", tables)
    return intents.Wish(
        key=intents.WishKey(key),
        robot=ROBOT,
        digest="",
        card=notices.nobodys(to),
        cause=f"{slot.day:%Y%m%d}",
        act=act,
        because=f"отчёт «{report.name}» за {slot.day:%d.%m.%Y}",
    )
