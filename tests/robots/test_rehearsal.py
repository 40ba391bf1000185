"""Stories of one card as it would be (`try`): supposed, told, and never remembered."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from robots import decision, intents, model, rehearsal
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
    ("said", "code", "value"),
    [
        ("Количество: 1 200,5", "UF_CRM_COUNT", Decimal("1200.5")),
        ("сумма: 100 000", "opportunity", model.Money(Decimal(100_000), "RUB")),
        ("Предполагаемая дата закрытия: 2026-03-20", "closedate", date(2026, 3, 20)),
        ("Роботы не трогают: да", str(builders.HANDS_OFF), True),
        ("Роботы не трогают: нет", str(builders.HANDS_OFF), False),
        ("Способ доставки: самовывоз", str(builders.DELIVERY_WAY), builders.PICKUP),
        ("РОП: Анна Петрова", str(builders.ROP), builders.PETROVA),
        ("Требования: пусто", str(builders.DEMANDS), None),
        ("UF_CRM_TAGS: Розы", "UF_CRM_TAGS", 1),
    ],
)
def test_a_supposed_value_is_read_by_its_field(said: str, code: str, value: model.Value) -> None:
    """Numbers as people write them, list values and people by name; the value counts as changed."""
    seen = rehearsal.supposed(builders.look(), [rehearsal.parse(said)], builders.NOW)
    assert seen.card.fields[model.FieldCode(code)] == value
    assert code in seen.changed


def shown(act: intents.Act) -> list[str]:
    return list(rehearsal.deed(act, builders.look(), "Europe/Moscow"))


def test_acts_are_told_with_their_texts() -> None:
    """By the names the portal shows, people and list values included; a drawn person isn't drawn yet."""
    new, offer = builders.stage("Новый лид").id, builders.stage("Сделали предложение").id
    values = {
        builders.ROP: int(builders.PETROVA),
        builders.DELIVERY_WAY: builders.PICKUP,
        builders.DEMANDS: None,
        model.FieldCode("opportunity"): builders.rub(5),
        model.FieldCode("UF_CRM_TAGS"): (1, 2),
        model.FieldCode("UF_CRM_GONE"): "текст",
    }
    task = intents.SetTask("Позвонить", "", None, intents.DRAWN, builders.NOW, ("Спросить", "Записать"))
    assert {str(type(act).__name__): shown(act) for act in (task, intents.SetFields(values, {}))} == {
        "SetTask": [
            f"задача «Позвонить» → {intents.DRAWN_NAME}, от: никто",
            "срок: 02.03 10:00",
            "☐ Спросить",
            "☐ Записать",
        ],
        "SetFields": [
            "записать «РОП»: Петрова Анна",
            "записать «Способ доставки»: Самовывоз",
            "записать «Требования»: пусто",
            "записать «Сумма»: 5 RUB",
            "записать «Интересы»: Розы, Тюльпаны",
            "записать «UF_CRM_GONE»: текст",
        ],
    }
    assert shown(intents.MoveStage(builders.SALES, offer, new)) == ["перевести в «Сделали предложение»"]
    assert shown(intents.Say("chat58", "Пришла\nсделка")) == ["сообщение в chat58:", "  Пришла", "  сделка"]
    document = intents.MakeDocument(3, "Счёт", {"Memo": "окна"})
    assert shown(document) == ["документ по шаблону «Счёт»", "  Memo: окна"]
    assert shown(intents.Comment("Готово")) == ["запись в карточке: Готово"]


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
