"""Arithmetic on fields: what is counted, and what is refused in plain words."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from robots import formulas, templates
from tests.robots import builders

FIELDS = {
    "Сумма": builders.rub(1000),
    "Количество": Decimal("2.5"),
    "Предмет сделки": " 1 250,5 ",
    "Требования": "окно",
    "Предполагаемая дата закрытия": date(2026, 3, 10),
    "Дата создания": builders.at("2026-03-02 10:00"),
}


def counted(text: str, **fields: Any) -> Any:
    """The result, or why there is none."""
    look = builders.look(card=builders.card(fields={**FIELDS, **fields}))
    try:
        return formulas.count(formulas.parse(builders.template(text)), look)
    except (formulas.Cannot, formulas.BadFormula) as why:
        return str(why)


def test_what_people_count() -> None:
    """Numbers with a comma, money with its currency, days between dates."""
    texts = ("2 + 2 * 2", "(2 + 2) × 2", "-3 − 1", "7 / 2", "{{Количество}} * 1500", "{{Сумма}} * 0,1 + {{Сумма}}",
             "{{Сумма}} / {{Сумма}}", "{{Предмет сделки}} + 1", "{{Предполагаемая дата закрытия}} + 30",
             "{{Предполагаемая дата закрытия}} - {{Дата создания}}")  # fmt: skip
    assert {text: counted(text) for text in texts} == {
        "2 + 2 * 2": 6,
        "(2 + 2) × 2": 8,
        "-3 − 1": -4,
        "7 / 2": Decimal("3.5"),
        "{{Количество}} * 1500": 3750,
        "{{Сумма}} * 0,1 + {{Сумма}}": builders.rub(1100),
        "{{Сумма}} / {{Сумма}}": 1,
        "{{Предмет сделки}} + 1": Decimal("1251.5"),
        "{{Предполагаемая дата закрытия}} + 30": date(2026, 4, 9),
        "{{Предполагаемая дата закрытия}} - {{Дата создания}}": 8,
    }


def test_what_makes_no_sense_is_said() -> None:
    """Never a guess; an empty number is 0, an empty date isn't."""
    usd = builders.model.Money(Decimal(5), "USD")
    assert counted("{{Количество}} + 1", Количество=None) == 1
    assert counted("{{Предполагаемая дата закрытия}} + 1", **{"Предполагаемая дата закрытия": None}) == (
        "дата «Предполагаемая дата закрытия» не заполнена"
    )
    assert counted("1 / {{Количество}}", Количество=Decimal(0)) == "деление на ноль или слишком большое число"
    assert counted("{{Сумма}} + 1") == builders.rub(1001)
    assert counted("{{Сумма}} + {{Количество}}", Количество=usd) == "разные валюты: RUB и USD"
    assert counted("{{Требования}} + 1") == "«Требования» — не число: «окно»"
    assert counted("{{Сумма}} * {{Сумма}}") == "так не считают: деньги * деньги"
    assert counted("{{Предполагаемая дата закрытия}} * 2") == "так не считают: дата * число"
    assert counted("{{Предполагаемая дата закрытия}} + 99999999") == "дата ушла бы дальше чем на сто лет"
    assert counted("{{Сумма}} - {{Сумма}}", Сумма=usd) == builders.model.Money(Decimal(0), "USD")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 +", "формула обрывается"),
        ("", "формула обрывается"),
        ("(2 + 2", "не хватает закрывающей скобки"),
        ("2 2", "лишнее в формуле: «2»"),
        ("* 2", "«*» стоит не на месте"),
        ("2 ^ 2", "не понимаю «^ 2»: можно + − * / ( ), числа и {{поля}}"),
        ("{{Сумма | иначе: 5}} + 1", None),
        ("(" * 40 + "1" + ")" * 40, "слишком много скобок"),
    ],
)
def test_slips_in_a_formula(text: str, said: str | None) -> None:
    """Read once, at load."""
    try:
        found = counted(text)
    except templates.BadTemplate:
        found = None
    assert found == said


_LEAVES = st.integers(0, 99).map(str)
_TEXTS = st.recursive(
    _LEAVES,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda x: f"({x[0]} {x[1]} {x[2]})"),
    max_leaves=12,
)


@hypothesis.given(_TEXTS)
def test_it_counts_as_python_does(text: str) -> None:
    """Brackets, order, signs: exactly, in whole numbers."""
    assert Fraction(counted(text)) == Fraction(eval(text))


@hypothesis.given(st.text("0123456789.,+-*/() {}абв", max_size=20))
def test_whatever_is_written_has_an_answer(text: str) -> None:
    """A result, or words."""
    with contextlib.suppress(templates.BadTemplate):
        assert counted(text) is not None
