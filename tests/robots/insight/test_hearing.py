"""Calls to listen to, and what was said of those before (S3.8)."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime

import pytest

from robots import model, paths, people
from robots.insight import calls, hearing, readers, rows
from tests.robots import builders
from tests.robots.insight import lives

CARD = model.CardRef(model.CardKind.DEAL, 7)
AT = int(builders.at("2026-11-02 12:05").timestamp())
PERIOD = rows.Period(AT - rows.DAY, AT + rows.DAY)
ZONE = "Europe/Moscow"
LAST = "Послушали — напишите в карточке комментарий «слушал» или «замечание: …»."


def call(number: int, card: model.CardRef | None = CARD, **rest: object) -> calls.Call:
    known = {
        "id": f"c{number}",
        "at": AT + number,
        "manager": builders.IVANOV,
        "seconds": 95,
        "record": f"rec{number}",
    }
    return calls.Call(**{**known, "card": card, **rest})  # type: ignore[arg-type]


def heard(now: list[calls.Call], before: list[calls.Call], *said: calls.Said) -> hearing.Heard:
    marks = calls.marks(before, said)
    rule = calls.Rule(per_person=2)
    return hearing.Heard(calls.listen(now, PERIOD, rule), calls.listen(before, PERIOD, rule, marks))


def lines(told: hearing.Heard, *mine: model.CardRef) -> list[str]:
    return list(hearing.said(told, mine or None, lives.DIRECTORY, ZONE))


def test_what_to_hear_and_what_became_of_the_list_before() -> None:
    """Short calls and those without a recording are left out, the rest by the rule; a remark is repeated, a «слушал» counted."""
    now = [call(1), call(2, seconds=10), call(3, record="")]
    before = [call(4), call(5, card=model.CardRef(model.CardKind.DEAL, 8))]
    remark = calls.Said(CARD, AT + 60, *calls.marked("Замечание: не назвал цену"))
    assert lines(heard(now, before, remark)) == [
        "Послушать: 1 звонок из 1, ещё 1 без записи.",
        f"— Иванов Пётр, 02.11 12:05, 1:35, карточка {paths.link(CARD, lives.DIRECTORY)}, запись rec1",
        "Из прошлого списка прослушано 1 из 2, замечаний 1.",
        f"— Иванов Пётр, 02.11 12:05, 1:35, карточка {paths.link(CARD, lives.DIRECTORY)}, запись rec4"
        " — замечание: не назвал цену",
        LAST,
    ]


def test_a_reader_of_some_cards_sees_their_calls_alone() -> None:
    """Neither calls of no card nor how many there were in all."""
    told = heard([call(1), call(2, card=None)], [])
    assert lines(told, CARD)[0] == "Послушать: 1 звонок."
    assert lines(told, model.CardRef(model.CardKind.DEAL, 99)) == [
        "Звонков с записью, которые стоит послушать, не было.",
        LAST,
    ]


def test_a_long_list_is_cut() -> None:
    """A message is read, not scrolled."""
    many = [call(number, manager=model.UserId(100 + number)) for number in range(hearing.MOST + 4)]
    told = lines(heard(many, []))
    assert (len(told), told[-2]) == (hearing.MOST + 3, "— и ещё 4")


@pytest.mark.parametrize(
    ("last", "now", "before"),
    [
        (date(2026, 11, 3), ("03.11", "04.11"), ("02.11", "03.11")),
        (date(2026, 11, 1), ("30.10", "02.11"), ("29.10", "30.10")),
    ],
)
def test_a_mondays_list_has_friday_in_it(last: date, now: tuple[str, str], before: tuple[str, str]) -> None:
    """Days without work belong to the work day before them: no call is in two lists or in none."""
    calendar = lives.DIRECTORY.calendar
    assert calendar is not None
    found = hearing.periods(last, calendar)
    zone = zoneinfo.ZoneInfo(calendar.timezone)
    shown = [
        tuple(f"{datetime.fromtimestamp(moment, zone):%d.%m}" for moment in (one.since, one.until))
        for one in found
    ]
    assert shown == [now, before]


MANAGER = people.InField(paths.Path(paths.Owner.CARD, paths.Virtual.RESPONSIBLE, "Ответственный"))
ROP = people.InField(paths.Path(paths.Owner.CARD, builders.ROP, "РОП"), otherwise=people.HeadOf(MANAGER))


def test_whose_card_is_whose() -> None:
    """By a field, by the head of whoever is responsible, by pipeline; who is named by name reads always."""
    life = lives.deal(1, ("Новый лид", 0), held=[(builders.ROP, (int(builders.SMIRNOV),))])
    bare = lives.deal(2, ("Новый лид", 0))
    by = people.ByPipeline(((builders.SALES, ROP),), otherwise=MANAGER)
    made = readers.Readers(
        [by, people.Employee(builders.PETROVA), people.Employee(builders.FIRED)], lives.DIRECTORY
    )

    assert readers.fields([by]) == {str(builders.ROP)}
    assert made.of(life) >= {builders.SMIRNOV}
    assert made.of(bare) >= {builders.PETROVA}
    assert made.of(life) is made.of(
        lives.deal(3, ("Новый лид", 5), held=[(builders.ROP, (int(builders.SMIRNOV),))])
    )
    assert made.always() == {builders.PETROVA}
