"""Numbers, plurals, money and moments as a Russian reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import model, words


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 сделок"),
        (1, "1 сделка"),
        (2, "2 сделки"),
        (5, "5 сделок"),
        (11, "11 сделок"),
        (14, "14 сделок"),
        (21, "21 сделка"),
        (22, "22 сделки"),
        (111, "111 сделок"),
        (112, "112 сделок"),
        (1001, "1001 сделка"),
    ],
)
def test_a_count_takes_the_right_form(number: int, shown: str) -> None:
    """Eleven to fourteen are the exception that naive code forgets."""
    assert words.count(number, "сделка", "сделки", "сделок") == shown


@given(st.integers(0, 10_000))
def test_plurals_repeat_every_hundred(number: int) -> None:
    """Only the last two digits decide."""
    assert words.plural(number, "а", "б", "в") == words.plural(number + 100, "а", "б", "в")


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("1000000", "RUB", "1 000 000 ₽"),
        ("1000.5", "RUB", "1 000,50 ₽"),
        ("0", "RUB", "0 ₽"),
        ("-0.001", "RUB", "0 ₽"),
        ("-5000", "USD", "−5 000 $"),
        ("12", "THB", "12 THB"),
        ("1E+30", "RUB", "1 000 000 000 000 000 000 000 000 000 000 ₽"),
    ],
)
def test_money(amount: str, currency: str, shown: str) -> None:
    """Kopecks are shown only where there are any; an unknown currency keeps its code."""
    assert words.money(model.Money(Decimal(amount), currency)) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(12, "12"), (Decimal("12.50"), "12,5"), (Decimal("-0.0"), "0"), (Decimal("1E+3"), "1000"), (100, "100")],
)
def test_numbers(value: int | Decimal, shown: str) -> None:
    """A decimal comma and no empty zeros; whole tens keep theirs."""
    assert words.number(value) == shown


def test_moments_stand_on_the_reader_clock() -> None:
    """The zone may be a name or an object; without one the moment keeps its own offset."""
    noon = datetime(2026, 2, 20, 11, 10, tzinfo=UTC)
    assert words.moment(noon, "Europe/Moscow") == "20.02 14:10"
    assert words.moment(noon, UTC) == "20.02 11:10"
    assert words.full_moment(noon, None) == "20.02.2026 11:10"
    assert words.day(date(2026, 2, 20)) == "20.02.2026"


@pytest.mark.parametrize(
    ("passed", "shown"),
    [
        (timedelta(seconds=20), "меньше минуты"),
        (timedelta(minutes=45), "45 мин"),
        (timedelta(hours=2, minutes=5), "2 ч 5 мин"),
        (timedelta(days=2, hours=3, minutes=59), "2 дня 3 ч"),
        (timedelta(days=-1), "1 день"),
    ],
)
def test_elapsed_time_in_its_two_greatest_units(passed: timedelta, shown: str) -> None:
    """Minutes of a two days' delay interest nobody."""
    assert words.duration(passed) == shown


def test_names_are_quoted_one_by_one() -> None:
    """Each field in its own quotes, as the return's text has them."""
    assert words.quoted(["Сумма", "Способ доставки"]) == "«Сумма», «Способ доставки»"
