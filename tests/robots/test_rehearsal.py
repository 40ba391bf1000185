"""Stories of one card as it would be (`try`): supposed, told, and never remembered."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from robots import decision, rehearsal
from robots import look as looks
from tests.robots import builders, rules

OLD = looks.Activation(builders.NOW - timedelta(days=30), card=1, row=1)


def tried(known: decision.Rules, *said: str, **card: Any) -> list[str]:
    seen = builders.look(card=builders.card(created=builders.NOW - timedelta(days=3), **card))
    rules_: list[Any] = [*known.robots, *known.gates]
    activations = {one.id: OLD for one in rules_}
    seen = dataclasses.replace(seen, before=seen.card, accepted=seen.visit, activations=activations)
    seen = dataclasses.replace(seen, clients=(), duplicates=looks.Duplicates(()))
    there = rehearsal.supposed(seen, [rehearsal.parse(one) for one in said], builders.NOW)
    made = decision.decide(known, there, builders.NOW)
    return list(rehearsal.lines(made, there, "Europe/Moscow"))


TASKS = decision.Rules(robots=(rules.stage_robot("Сделали предложение", "Получить ответ на КП"),))


def test_a_supposed_stage_is_entered_now() -> None:
    """The task with its text and people, as its manager would meet it."""
    assert tried(TASKS, "Стадия: сделали предложение") == [
        "Роботы сделали бы: 1 действие",
        "  Продажи/Сделали предложение/task  [romashka.yaml:1:1]",
        "      задача «Получить ответ на КП» → Иванов Пётр, от: Петрова Анна",
    ]


def test_a_standing_card_has_nothing_coming() -> None:
    """Nothing is supposed, nothing happened."""
    assert tried(TASKS) == ["Роботы ничего бы не сделали."]


def test_a_gate_answers_with_the_managers_own_words() -> None:
    """What is missing, the return, and the message as the phone shows it; filled in, the card passes."""
    gates = dataclasses.replace(TASKS, gates=(rules.gate("Новый лид", leave=("Требования",)),))
    refused = "\n".join(tried(gates, "стадия: Сделали предложение"))
    assert "вернуть в «Новый лид»" in refused
    assert "сообщение → Иванов Пётр:\n        Сделка «" in refused
    passed = "\n".join(tried(gates, "стадия: Сделали предложение", "Требования: окно"))
    assert "вернуть" not in passed
    assert "задача «Получить ответ на КП»" in passed


def test_a_supposed_person_is_found_by_name() -> None:
    """The task goes to whoever would be responsible."""
    said = tried(TASKS, "Ответственный: Сидорова Ольга", "стадия: Сделали предложение")
    assert "      задача «Получить ответ на КП» → Сидорова Ольга, от: Петрова Анна" in said


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Договор", "не понимаю «Договор»"),
        ("стадия: Договоррр", "нет такого: «Договоррр»"),
        ("стадия: Сделали предложене", "может быть, «Сделали предложение»?"),
        ("Сума: 5", "нет такого: «Сума»"),
        ("Сумма: много", "«Сумма»: не понимаю значение «много»"),
        ("РОП: Никто", "нет такого: «Никто»"),
    ],
)
def test_what_is_not_understood_is_said(said: str, answer: str) -> None:
    """One sentence with the likest name, never a guess."""
    with pytest.raises(rehearsal.Unclear, match=r".") as told:
        tried(TASKS, said)
    assert answer in str(told.value)
