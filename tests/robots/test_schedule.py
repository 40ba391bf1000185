"""Durations in words and working time: examples by the calendar on the wall, and laws."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from robots import model, schedule
from tests.robots import builders as b

Unit = schedule.Unit
OFFICE = b.calendar(short_days={"2026-03-06": ("09:00", "12:00")})
"""09–13, 14–18; Friday 06.03 till 12, Monday 09.03 off."""
NEW_YORK = ZoneInfo("America/New_York")
NIGHTLY = model.WorkCalendar("America/New_York", (b.work_day(("01:00", "02:30"), ("02:30", "00:00")),) * 7)
"""At work over both jumps of the clocks: 08.03.2026 and 01.11.2026 at two in the night."""


def _later(start: str, amount: int, unit: schedule.Unit, calendar: model.WorkCalendar = OFFICE) -> str:
    zone = ZoneInfo(calendar.timezone)
    moment = datetime.fromisoformat(start).replace(tzinfo=zone)
    made = schedule.after(moment, schedule.Duration(amount, unit), calendar)
    assert made.tzinfo is UTC
    return f"{made.astimezone(zone):%Y-%m-%d %H:%M}"


def _due(start: str, amount: int, unit: schedule.Unit = Unit.WORK_DAYS) -> str:
    made = schedule.deadline(b.at(start), schedule.Duration(amount, unit), OFFICE)
    return f"{made.astimezone(b.MOSCOW):%Y-%m-%d %H:%M}"


# --- words ---


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("30 work minutes", 30, Unit.WORK_MINUTES),
        ("2 рабочих часа", 2, Unit.WORK_HOURS),
        ("3 work days", 3, Unit.WORK_DAYS),
        ("1 work day", 1, Unit.WORK_DAYS),
        ("5 дней", 5, Unit.DAYS),
        ("1 день", 1, Unit.DAYS),
        ("2 minutes", 2, Unit.MINUTES),
        ("30 минут", 30, Unit.MINUTES),
        ("  2   Рабочих  Дня ", 2, Unit.WORK_DAYS),
        ("21 рабочий день", 21, Unit.WORK_DAYS),
        ("1 рабочую минуту", 1, Unit.WORK_MINUTES),
        ("4 business hours", 4, Unit.WORK_HOURS),
        ("3 раб. дня", 3, Unit.WORK_DAYS),
        ("10 мин.", 10, Unit.MINUTES),
        ("2ч", 2, Unit.HOURS),
        ("90m", 90, Unit.MINUTES),
        ("час", 1, Unit.HOURS),
        ("рабочий день", 1, Unit.WORK_DAYS),
        ("полчаса", 30, Unit.MINUTES),
        ("1,5 часа", 90, Unit.MINUTES),
        ("2.25 рабочих часа", 135, Unit.WORK_MINUTES),
        ("3.0 дня", 3, Unit.DAYS),
        ("2 недели", 14, Unit.DAYS),
        ("0 minutes", 0, Unit.MINUTES),
    ],
)
def test_durations_in_words(text: str, amount: int, unit: schedule.Unit) -> None:
    """English or Russian, any plural, short forms."""
    assert schedule.parse_duration(text) == schedule.Duration(amount, unit)


_HELP = "пишите так: «30 work minutes», «2 рабочих часа», «3 work days», «5 дней»"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("скоро", f"не понимаю срок «скоро»: {_HELP}"),
        ("", f"не понимаю срок «»: не сказано, чего: минут, часов или дней; {_HELP}"),
        ("5", f"не понимаю срок «5»: не сказано, чего: минут, часов или дней; {_HELP}"),
        ("2 месяца", f"не понимаю срок «2 месяца»: месяцы и годы бывают разной длины, пишите днями; {_HELP}"),
        ("1 час 30 минут", f"не понимаю срок «1 час 30 минут»: одно число и одна единица; {_HELP}"),
        ("-5 дней", f"не понимаю срок «-5 дней»: {_HELP}"),
        ("2 work work days", f"не понимаю срок «2 work work days»: {_HELP}"),
        (
            "1 рабочая неделя",
            f"не понимаю срок «1 рабочая неделя»: рабочие недели пишите рабочими днями; {_HELP}",
        ),
        ("1,5 дня", f"срок «1,5 дня»: дробными бывают только часы; {_HELP}"),
        ("9999999999 minutes", "срок «9999999999 minutes» длиннее десяти лет"),
        ("4000 дней", "срок «4000 дней» длиннее десяти лет"),
    ],
)
def test_what_is_no_duration_is_answered_helpfully(text: str, problem: str) -> None:
    """The admin reads how to write it instead."""
    assert schedule.parse_duration(text) == problem


@given(st.integers(0, 3000), st.sampled_from(list(Unit)))
def test_words_are_read_back(amount: int, unit: schedule.Unit) -> None:
    """What the program says about a duration may be pasted into the YAML; English keys too."""
    duration = schedule.Duration(amount, unit)
    assert schedule.parse_duration(schedule.words(duration)) == duration
    assert schedule.parse_duration(f"{amount} {unit}") == duration


@given(st.text(alphabet="0123456789.,- часдньwork minutesраб", max_size=20))
def test_any_text_is_a_duration_or_a_sentence(text: str) -> None:
    """Nothing raises, and nothing is refused without a word."""
    assert schedule.parse_duration(text)


# --- examples ---


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-03-02 10:00", 2, Unit.WORK_HOURS, "2026-03-02 12:00"),
        ("2026-03-02 12:00", 2, Unit.WORK_HOURS, "2026-03-02 15:00"),
        ("2026-03-02 17:00", 2, Unit.WORK_HOURS, "2026-03-03 10:00"),
        ("2026-03-02 17:00", 1, Unit.WORK_HOURS, "2026-03-02 18:00"),
        ("2026-03-06 11:30", 1, Unit.WORK_HOURS, "2026-03-10 09:30"),
        ("2026-03-07 12:00", 30, Unit.WORK_MINUTES, "2026-03-10 09:30"),
        ("2026-03-02 13:30", 0, Unit.WORK_MINUTES, "2026-03-02 14:00"),
        ("2026-03-02 10:00", 2, Unit.WORK_DAYS, "2026-03-04 10:00"),
        ("2026-03-02 13:30", 1, Unit.WORK_DAYS, "2026-03-03 14:00"),
        ("2026-03-02 07:00", 1, Unit.WORK_DAYS, "2026-03-03 09:00"),
        ("2026-03-02 20:00", 1, Unit.WORK_DAYS, "2026-03-04 09:00"),
        ("2026-03-05 16:00", 1, Unit.WORK_DAYS, "2026-03-10 09:00"),
        ("2026-03-06 10:00", 1, Unit.WORK_DAYS, "2026-03-10 10:00"),
        ("2026-03-07 10:00", 1, Unit.WORK_DAYS, "2026-03-11 09:00"),
        ("2026-03-02 20:00", 0, Unit.WORK_DAYS, "2026-03-03 09:00"),
        ("2026-03-02 22:00", 2, Unit.HOURS, "2026-03-03 00:00"),
        ("2026-03-02 22:00", 5, Unit.DAYS, "2026-03-07 22:00"),
        ("2026-03-02 22:00", 90, Unit.MINUTES, "2026-03-02 23:30"),
    ],
)
def test_when_so_much_has_passed(start: str, amount: int, unit: schedule.Unit, expected: str) -> None:
    """Lunch, evenings, a short Friday, a holiday on Monday."""
    assert _later(start, amount, unit) == expected


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-03-02 10:00", 2, "2026-03-04 18:00"),
        ("2026-03-02 20:00", 1, "2026-03-03 18:00"),
        ("2026-03-05 17:00", 1, "2026-03-06 12:00"),
        ("2026-03-06 10:00", 1, "2026-03-10 18:00"),
        ("2026-03-07 10:00", 1, "2026-03-10 18:00"),
        ("2026-03-02 10:00", 0, "2026-03-02 18:00"),
        ("2026-03-07 10:00", 0, "2026-03-10 18:00"),
    ],
)
def test_a_deadline_in_work_days_is_the_end_of_the_day(start: str, amount: int, expected: str) -> None:
    """Nobody's task is overdue at 10:00 because the deal moved at 10:00."""
    assert _due(start, amount) == expected


def test_a_deadline_in_hours_is_the_moment() -> None:
    """Only days are rounded to their end."""
    assert _due("2026-03-02 10:00", 2, Unit.WORK_HOURS) == "2026-03-02 12:00"


@pytest.mark.parametrize(
    ("moment", "working", "opening"),
    [
        ("2026-03-02 08:59", False, "2026-03-02 09:00"),
        ("2026-03-02 09:00", True, "2026-03-02 09:00"),
        ("2026-03-02 13:00", False, "2026-03-02 14:00"),
        ("2026-03-02 17:59", True, "2026-03-02 17:59"),
        ("2026-03-06 12:00", False, "2026-03-10 09:00"),
    ],
)
def test_working_hours_include_their_start_and_not_their_end(
    moment: str, working: bool, opening: str
) -> None:
    """At six sharp the office is closed."""
    assert schedule.is_working(b.at(moment), OFFICE) is working
    assert schedule.next_opening(b.at(moment), OFFICE) == b.at(opening)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2026-03-07 12:00", 1, Unit.DAYS, "2026-03-08 12:00"),
        ("2026-03-07 02:30", 1, Unit.DAYS, "2026-03-08 03:00"),
        ("2026-10-31 01:30", 1, Unit.DAYS, "2026-11-01 01:30"),
        ("2026-03-08 01:30", 60, Unit.WORK_MINUTES, "2026-03-08 03:30"),
        ("2026-03-07 02:45", 1, Unit.WORK_DAYS, "2026-03-08 03:00"),
    ],
)
def test_clocks_that_jump(start: str, amount: int, unit: schedule.Unit, expected: str) -> None:
    """Days keep the wall clock, hours are real; half past two that isn't is the moment of the jump."""
    assert _later(start, amount, unit, NIGHTLY) == expected


def test_midnight_ends_a_day_and_not_begins_it() -> None:
    """00:00 as an end is the next midnight, for there is no 24:00."""
    always = schedule.round_the_clock("Europe/Moscow")
    assert schedule.problems(always) == ()
    assert _later("2026-03-07 23:30", 60, Unit.WORK_MINUTES, always) == "2026-03-08 00:30"
    assert schedule.is_working(b.at("2026-03-08 00:00"), always)


# --- broken calendars ---


def test_problems_of_a_calendar_are_told_all_at_once() -> None:
    """Before any search, in the admin's words."""
    broken = model.WorkCalendar(
        "Moscow",
        (b.work_day(("22:00", "06:00")), b.work_day(("14:00", "18:00"), ("09:00", "15:00"))),
        {date(2026, 3, 9): b.work_day(("09:00", "00:00"), ("10:00", "11:00"), ("00:00", "00:00"))},
    )
    assert schedule.problems(broken) == (
        "нет такого часового пояса: «Moscow»; пишите так: Europe/Moscow",
        "в неделе должно быть 7 дней, а в календаре 2",
        "понедельник: 22:00–06:00: конец раньше начала; смену через полночь запишите двумя днями",
        "вторник: 14:00–18:00 пересекается с предыдущими часами",
        "09.03.2026: 09:00–00:00 пересекается с предыдущими часами",
        "09.03.2026: 10:00–11:00 пересекается с предыдущими часами",
    )
    assert schedule.problems(OFFICE) == ()


def test_hours_written_twice_are_worked_once() -> None:
    """Overlaps are told at load; a calendar that has them all the same isn't counted double."""
    doubled = b.calendar(hours=(("09:00", "13:00"), ("12:00", "15:00"), ("12:30", "13:00")))
    day = schedule.deadline(b.NOW, schedule.Duration(1, Unit.WORK_DAYS), doubled)
    assert day == b.at("2026-03-03 15:00")
    assert _later("2026-03-02 11:00", 3, Unit.WORK_HOURS, doubled) == "2026-03-02 14:00"
    assert _later("2026-03-02 11:00", 5, Unit.WORK_HOURS, doubled) == "2026-03-03 10:00"


IDLE = b.calendar(hours=())


def test_a_calendar_without_hours_is_refused_at_load() -> None:
    """Said once, instead of never coming to an end later."""
    assert schedule.problems(IDLE) == ("в календаре нет ни одного рабочего часа",)


@pytest.mark.parametrize("unit", [Unit.WORK_MINUTES, Unit.WORK_HOURS, Unit.WORK_DAYS])
def test_a_calendar_without_hours_never_loops(unit: schedule.Unit) -> None:
    """Whoever asks it all the same gets an error, within 400 days' search."""
    for ask in (schedule.after, schedule.deadline):
        with pytest.raises(ValueError, match="нет рабочих часов 400 дней подряд"):
            ask(b.NOW, schedule.Duration(1, unit), IDLE)
    with pytest.raises(ValueError, match="400 дней"):
        schedule.next_opening(b.NOW, IDLE)
    assert not schedule.is_working(b.NOW, IDLE)
    short_week = model.WorkCalendar("Europe/Moscow", OFFICE.week[:5])
    assert not schedule.is_working(b.NOW, short_week)


# --- laws ---

_MINUTES_2026 = st.integers(0, 365 * 24 * 60 - 1)
_MOMENTS = _MINUTES_2026.map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))
_ZONES = st.sampled_from(["Europe/Moscow", "America/New_York", "Asia/Vladivostok", "UTC"])


@st.composite
def _days(draw: st.DrawFn) -> model.WorkDay:
    """Up to two spans, lunch between; sometimes to midnight, sometimes off."""
    quarters = draw(st.lists(st.integers(0, 96), min_size=4, max_size=4, unique=True).map(sorted))
    clocks = [time(at // 4 % 24, at % 4 * 15) for at in quarters]
    spans = tuple(zip(clocks[::2], clocks[1::2], strict=True))
    return model.WorkDay(spans[: draw(st.integers(0, 2))])


@st.composite
def _calendars(draw: st.DrawFn) -> model.WorkCalendar:
    week = tuple(draw(st.lists(_days(), min_size=7, max_size=7)))
    dates = st.integers(0, 400).map(lambda at: date(2026, 1, 1) + timedelta(days=at))
    calendar = model.WorkCalendar(draw(_ZONES), week, draw(st.dictionaries(dates, _days(), max_size=5)))
    assume(schedule.problems(calendar) == ())
    return calendar


_DURATIONS = st.builds(schedule.Duration, st.integers(0, 40), st.sampled_from(list(Unit)))
_WORK_UNITS = (Unit.WORK_MINUTES, Unit.WORK_HOURS, Unit.WORK_DAYS)


def _said_once(moment: datetime, calendar: model.WorkCalendar) -> bool:
    """Not in an hour that the clocks repeat: «same wall clock» has two answers there."""
    here = moment.astimezone(ZoneInfo(calendar.timezone))
    return here.replace(fold=0).utcoffset() == here.replace(fold=1).utcoffset()


@given(_calendars(), _DURATIONS, _MOMENTS, st.integers(0, 5000))
def test_who_starts_later_is_not_due_earlier(
    calendar: model.WorkCalendar, duration: schedule.Duration, start: datetime, gap: int
) -> None:
    """Monotone in the start: over lunches, weekends, holidays and jumps of the clocks."""
    later = start + timedelta(minutes=gap)
    assume(_said_once(start, calendar) and _said_once(later, calendar))
    for ask in (schedule.after, schedule.deadline):
        assert start <= ask(start, duration, calendar) <= ask(later, duration, calendar)


@given(st.integers(0, 5 * 48), st.integers(0, 96), st.integers(0, 3))
def test_over_a_long_weekend_too(half_hours: int, gap: int, amount: int) -> None:
    """The same law over one known weekend, where a wide choice of calendars would seldom look."""
    start = b.at("2026-03-05 00:00") + timedelta(minutes=30 * half_hours)
    later = start + timedelta(minutes=30 * gap)
    term = schedule.Duration(amount, Unit.WORK_DAYS)
    for ask in (schedule.after, schedule.deadline):
        assert ask(start, term, OFFICE) <= ask(later, term, OFFICE)


@given(_calendars(), st.sampled_from(list(Unit)), st.integers(0, 30), st.integers(0, 10), _MOMENTS)
def test_a_longer_term_is_not_due_earlier(
    calendar: model.WorkCalendar, unit: schedule.Unit, amount: int, more: int, start: datetime
) -> None:
    """Monotone in the amount."""
    short, long = schedule.Duration(amount, unit), schedule.Duration(amount + more, unit)
    for ask in (schedule.after, schedule.deadline):
        assert ask(start, short, calendar) <= ask(start, long, calendar)


@given(_calendars(), st.builds(schedule.Duration, st.integers(0, 40), st.sampled_from(_WORK_UNITS)), _MOMENTS)
def test_working_time_ends_in_working_hours(
    calendar: model.WorkCalendar, duration: schedule.Duration, start: datetime
) -> None:
    """At work, or at the very moment of closing."""
    for ask in (schedule.after, schedule.deadline):
        made = ask(start, duration, calendar)
        assert schedule.is_working(made, calendar) or schedule.is_working(
            made - timedelta(seconds=1), calendar
        )


@given(_calendars(), _MOMENTS)
def test_the_next_opening_is_the_first_moment_at_work(calendar: model.WorkCalendar, moment: datetime) -> None:
    """At work itself, and nothing before it is."""
    opening = schedule.next_opening(moment, calendar)
    assert schedule.is_working(opening, calendar)
    assert (opening == moment) is schedule.is_working(moment, calendar)
    between = (moment + (opening - moment) * part / 7 for part in range(7))
    assert not any(schedule.is_working(one, calendar) for one in between if one < opening)


@given(_calendars(), st.integers(0, 600), st.integers(0, 600), _MOMENTS)
def test_working_minutes_add_up(
    calendar: model.WorkCalendar, first: int, second: int, start: datetime
) -> None:
    """To work twice in a row is to work once for as long."""

    def later(moment: datetime, minutes: int) -> datetime:
        return schedule.after(moment, schedule.Duration(minutes, Unit.WORK_MINUTES), calendar)

    together = later(start, first + second)
    assert later(later(start, first), second) in (together, schedule.next_opening(together, calendar))


@settings(max_examples=40)
@given(_calendars(), st.integers(1, 300), _MOMENTS)
def test_working_minutes_are_really_worked(
    calendar: model.WorkCalendar, minutes: int, start: datetime
) -> None:
    """Counted minute by minute on the wall, there are exactly so many."""
    end = schedule.after(start, schedule.Duration(minutes, Unit.WORK_MINUTES), calendar)
    assume(end - start < timedelta(days=1))
    length = int((end - start) / timedelta(minutes=1))
    worked = sum(schedule.is_working(start + timedelta(minutes=at), calendar) for at in range(length))
    assert worked == minutes
