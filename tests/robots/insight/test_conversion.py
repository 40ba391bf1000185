"""S1.9: conversions and the diagnosis."""

from __future__ import annotations

import random

import hypothesis
from hypothesis import strategies as st

from robots import model
from robots.insight import conversion, rows
from tests.robots import builders
from tests.robots.insight import lives

C = conversion.Cut


def reached(funnel: conversion.Funnel) -> dict[str, int]:
    return {step.name: step.reached for step in funnel.steps if step.reached}


def test_a_jump_over_stages_is_no_loss() -> None:
    """One worked through, one jumped to the invoice, one lost at once: the jump counts for what it jumped over."""
    seen = [
        lives.deal(1, ("Новый лид", 0), ("Обрабатываем запрос", 1), ("Сделали предложение", 2)),
        lives.deal(2, ("Новый лид", 0), ("Отправили счёт", 1)),
        lives.deal(3, ("Новый лид", 0), ("Спам", 1)),
    ]
    (made,) = conversion.funnels(seen, lives.DIRECTORY, lives.YEAR)
    assert reached(made) == {
        "Новый лид": 3,
        "Обрабатываем запрос": 2,
        "Сделали предложение": 2,
        "Получили ответ": 1,
        "Отправили счёт": 1,
    }
    assert (made.cards, made.open, made.won, made.lost, made.left) == (3, 2, 0, 1, 0)
    assert made.steps[1].of_previous == 2 / 3


def test_only_the_cohort_of_the_period_counts() -> None:
    """A deal that came before the period and was won in it belongs to its own month."""
    seen = [
        lives.deal(1, ("Новый лид", 0), ("Клиент получил заказ", 40)),
        lives.deal(2, ("Новый лид", 35)),
    ]
    month = rows.Period(lives.day(30), lives.day(60))
    (made,) = conversion.funnels(seen, lives.DIRECTORY, month)
    assert (made.cards, made.open, made.won) == (1, 1, 0)


def test_a_card_moved_to_the_next_department_left() -> None:
    """It counts in both directions, in each from its arrival there."""
    there = lives.place("Собираем", builders.DELIVERY)
    moved = lives.deal(1, ("Новый лид", 0), ("Получили оплату", 3))
    moved = moved._replace(place=there, stays=(*moved.stays, rows.Stay(there, lives.day(5))))
    sales, delivery = conversion.funnels([moved], lives.DIRECTORY, lives.YEAR)
    assert (sales.name, sales.left, sales.open) == ("Продажи", 1, 0)
    assert (delivery.name, delivery.left, delivery.open) == ("Доставка", 0, 1)


def test_leads_become_deals() -> None:
    """By their own status, or because a deal names them; leads of another period aren't counted."""
    seen = [
        lives.lead(1, "Качественный лид"),
        lives.lead(2, "В работе"),
        lives.lead(3, "Некачественный лид", source="CALL"),
        lives.lead(4, "В работе"),
        lives.lead(5, "В работе", 400),
        lives.deal(9, ("Новый лид", 1), lead=2),
    ]
    (whole,) = conversion.leads(seen, lives.YEAR)
    assert whole == conversion.LeadConversion(None, 4, 2, 1, 1)
    assert [(one.key, one.leads, one.converted) for one in conversion.leads(seen, lives.YEAR, C.SOURCE)] == [
        ("WEB", 3, 2),
        ("CALL", 1, 0),
    ]


def crowd(number: int, *stays: tuple[str, float]) -> list[rows.Life]:
    return [lives.deal(at, *stays) for at in range(number)]


def told(seen: list[rows.Life]) -> conversion.Diagnosis:
    (made,) = conversion.funnels(seen, lives.DIRECTORY, lives.YEAR)
    return conversion.diagnosis(made)


def test_the_diagnosis() -> None:
    """S1.9: under 5 % at the first step: the leads; healthy first and lost later: the sales; few cards: nothing."""
    spam = crowd(39, ("Новый лид", 0), ("Спам", 1))
    assert told([*spam, *crowd(1, ("Новый лид", 0), ("Обрабатываем запрос", 1))]).code == "leads"
    stuck = crowd(30, ("Новый лид", 0), ("Сделали предложение", 1))
    sales = told([*stuck, *crowd(10, ("Новый лид", 0), ("Получили ответ", 1))])
    assert (sales.code, "«Получили ответ» доходят 25 %" in sales.text) == ("sales", True)
    assert told(crowd(19, ("Новый лид", 0), ("Спам", 1))).code == "few"
    assert told(crowd(30, ("Новый лид", 0), ("Клиент получил заказ", 1))).code == "healthy"


def test_exactly_the_threshold_is_healthy() -> None:
    """«Under 5 %» is under."""
    seen = [
        *crowd(38, ("Новый лид", 0), ("Спам", 1)),
        *crowd(2, ("Новый лид", 0), ("Клиент получил заказ", 1)),
    ]
    assert told(seen).code != "leads"


@hypothesis.given(lives.many(), st.sampled_from([C.PERSON, C.SOURCE]), st.randoms())
def test_parts_add_up_whatever_the_order(
    seen: list[rows.Life], cut: conversion.Cut, dice: random.Random
) -> None:
    """Sums over people or sources are the whole, step by step, and shuffled rows change nothing."""
    (whole,) = conversion.funnels(seen, lives.DIRECTORY, lives.YEAR) or (None,)
    parts = conversion.funnels(seen, lives.DIRECTORY, lives.YEAR, cut)
    assert whole is not None
    for name in ("cards", "open", "won", "lost", "left", "without_history"):
        assert sum(getattr(one, name) for one in parts) == getattr(whole, name)
    for at, step in enumerate(whole.steps):
        assert sum(one.steps[at].reached for one in parts) == step.reached
    shuffled = list(seen)
    dice.shuffle(shuffled)
    assert conversion.funnels(shuffled, lives.DIRECTORY, lives.YEAR, cut) == parts


@hypothesis.given(lives.many())
def test_steps_never_rise(seen: list[rows.Life]) -> None:
    """Nobody comes further without having come so far."""
    for made in conversion.funnels(seen, lives.DIRECTORY, lives.YEAR):
        numbers = [made.cards, *(step.reached for step in made.steps)]
        assert numbers == sorted(numbers, reverse=True)
        assert made.cards == made.open + made.won + made.lost + made.left
        assert made.pipeline == model.PipelineId(1)


def test_a_direction_counts_from_the_arrival_there() -> None:
    """A deal handed on in February is February's for the second department, though it was born in January."""
    there = lives.place("Собираем", builders.DELIVERY)
    moved = lives.deal(1, ("Новый лид", 0))
    moved = moved._replace(place=there, stays=(*moved.stays, rows.Stay(there, lives.day(35))))
    (only,) = conversion.funnels([moved], lives.DIRECTORY, rows.Period(lives.day(31), lives.day(59)))
    assert (only.name, only.cards) == ("Доставка", 1)
