"""When a report goes (users.md F22): its days in the portal's zone, days off, quiet hours, what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st

from robots import notices, people, reports
from tests.robots import builders

CALENDAR = builders.calendar()
BOSS = people.Employee(builders.PETROVA)
MONDAY = reports.When(time(9), frozenset({0}))
EVENING = reports.When(time(17, 30))
FIRST = reports.When(time(9), of_month=1)


def report(when: reports.When) -> reports.Report:
    return reports.Report("Понедельник", (BOSS,), when)


def due(when: reports.When, after: str, now: str, quiet: str = notices.NONE) -> str:
    """The slot that goes now: «2026-03-02 at 09:00 02.03», the moment on Moscow's clock; empty: none."""
    manners = notices.Manners(quiet)
    slot = reports.due(report(when), builders.at(after), builders.at(now), manners, CALENDAR)
    return f"{slot.day} at {slot.moment.astimezone(builders.MOSCOW):%H:%M %d.%m}" if slot else ""


@pytest.mark.parametrize(
    ("when", "after", "now", "said"),
    [
        (MONDAY, "2026-02-27 12:00", "2026-03-02 08:59", ""),
        (MONDAY, "2026-02-27 12:00", "2026-03-02 09:00", "2026-03-02 at 09:00 02.03"),
        (MONDAY, "2026-03-02 09:00", "2026-03-02 09:01", ""),
        (EVENING, "2026-03-02 12:00", "2026-03-02 17:30", "2026-03-02 at 17:30 02.03"),
        (EVENING, "2026-02-27 17:30", "2026-02-28 17:30", ""),
        (FIRST, "2026-02-27 12:00", "2026-03-01 12:00", ""),
        (FIRST, "2026-02-27 12:00", "2026-03-02 09:00", "2026-03-01 at 09:00 02.03"),
        (reports.When(time(9), of_month=31), "2026-04-29 12:00", "2026-04-30 09:00", "2026-04-30 at 09:00 30.04"),
    ],
)  # fmt: skip
def test_a_report_goes_on_its_day_at_its_hour(when: reports.When, after: str, now: str, said: str) -> None:
    """Once for a slot; on a day off the next work morning; every day means every work day; the 31st is the last one."""
    assert due(when, after, now) == said


def test_quiet_hours_put_it_off() -> None:
    """F14 holds for reports too: asked for at six, it comes when people may be disturbed."""
    early = reports.When(time(6), frozenset({0}))
    assert due(early, "2026-02-27 12:00", "2026-03-02 08:00", notices.WORK_HOURS) == ""
    assert (
        due(early, "2026-02-27 12:00", "2026-03-02 09:00", notices.WORK_HOURS) == "2026-03-02 at 09:00 02.03"
    )


def test_of_what_was_missed_the_last_one_goes_when_people_work_again() -> None:
    """The daemon stood from Thursday noon to Saturday: of two evenings the later one comes, on Monday morning."""
    assert due(EVENING, "2026-02-26 12:00", "2026-02-28 12:00") == ""
    assert due(EVENING, "2026-02-26 12:00", "2026-03-02 09:00") == "2026-02-27 at 17:30 27.02"


def test_after_two_days_nobody_wants_it() -> None:
    """Told by the slot alone; the loop asks."""
    slot = reports.Slot(builders.at("2026-03-02 09:00").date(), builders.at("2026-03-02 09:00"))
    assert not reports.too_late(slot, slot.moment + timedelta(days=2))
    assert reports.too_late(slot, slot.moment + timedelta(days=2, seconds=1))


def test_its_key_is_the_report_the_day_and_the_reader() -> None:
    """Whatever is written, and whenever it is written again."""
    slot = reports.Slot(builders.at("2026-03-02 09:00").date(), builders.at("2026-03-02 09:00"))
    one = reports.wish(report(MONDAY), slot, builders.PETROVA, "раз")
    again = reports.wish(report(MONDAY), slot, builders.PETROVA, "два")
    assert (one.key, one.key == again.key) == ("Voronka/отчёт/Понедельник/20260302/10", True)


START = datetime(2026, 1, 1, tzinfo=UTC)
WHENS = st.one_of(
    st.builds(lambda hour, days: reports.When(time(hour), frozenset(days)), st.integers(0, 23),
              st.sets(st.integers(0, 6), min_size=1)),
    st.builds(lambda hour: reports.When(time(hour)), st.integers(0, 23)),
    st.builds(lambda hour, day: reports.When(time(hour), of_month=day), st.integers(0, 23), st.integers(1, 31)),
)  # fmt: skip


@hypothesis.given(
    WHENS, st.lists(st.integers(1, 5000), min_size=1, max_size=40), st.sampled_from(("none", "22:00-08:00"))
)
@hypothesis.settings(max_examples=60, deadline=None)
def test_however_often_it_is_asked_no_day_goes_twice(
    when: reports.When, steps: list[int], quiet: str
) -> None:
    """Asked at any moments with what was served before: each day at most once, never before its hour, never in quiet."""
    manners, served, now, days = notices.Manners(quiet), START, START, []
    for minutes in steps:
        now += timedelta(minutes=minutes)
        slot = reports.due(report(when), served, now, manners, CALENDAR)
        if slot is None:
            continue
        assert slot.moment <= now == notices.loud(now, quiet, CALENDAR)
        served = slot.moment
        days.append(slot.day)
    assert days == sorted(set(days))
