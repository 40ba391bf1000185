"""What the manager is told by a gate: a first line that a phone shows whole, then what to do and where (users.md F2, F14)."""

from __future__ import annotations

import dataclasses

import pytest

from robots import conditions, decision, gate_words, gates, intents, model
from robots import robot as r
from tests.robots import builders, rules
from tests.robots.world import World

PICKUP = "Для самовывоза эта стадия не нужна: переведите сделку сразу в «Клиент получил заказ»."


def told_of_a_return(text: str, *shown: str, leave: tuple[str, ...] = (), title: str = "") -> list[str]:
    """The notice's lines where pickup is sent back from «Отправили заказ» by a gate with a text of its own."""
    wanted = conditions.Test(builders.path("Способ доставки"), conditions.Op.EQUALS, builders.BY_COURIER)
    own = tuple(r.Requirement(wanted, one, text) for one in shown or ("Способ доставки",))
    enter = (*own, *(rules.filled(name) for name in leave))
    gate = dataclasses.replace(rules.gate("Отправили заказ"), to_enter=enter)
    world = World(
        decision.Rules((), (gate,)), title=title or "Окна для Марии", fields={"Способ доставки": "Самовывоз"}
    ).look()
    world.after(minutes=5).move("Отправили заказ").look()
    notice = next(row.wish.act for row in world.ledger.values() if isinstance(row.wish.act, intents.Notify))
    return notice.text.splitlines()


def test_a_text_of_its_own_replaces_the_words() -> None:
    """S2.11: pickup needs no «Отправили заказ»; a phone's push says so by itself (F14), then the text, once."""
    assert told_of_a_return(PICKUP) == [
        "Сделка «Окна для Марии» вернулась. Для самовывоза эта стадия не нужна",
        f"{PICKUP} Открыть сделку: https://romashka.bitrix24.ru/crm/deal/details/4711/",
    ]
    assert told_of_a_return(PICKUP, "Способ доставки", "Склад")[1].startswith(f"{PICKUP} Открыть сделку")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Нужен договор. Попросите его у юристов.", "Нужен договор"),
        ("Нужен договор!", "Нужен договор!"),
        ("Без договора\nдальше нельзя", "Без договора"),
        ("Сумма от 1.5 млн только с визой. Спросите РОПа.", "Сумма от 1.5 млн только с визой"),
        ("Договор №1: с ИП. Петров: нет. " + "Очень длинно " * 20, "Договор №1: с ИП"),
        ("Слишком длинное предложение " * 9, "Слишком длинное предложение Слишком длинное предложение…"),
        ("Ы" * 300, "Ы" * 56 + "…"),
    ],
)
def test_the_first_line_tells_the_reason_in_90_characters(text: str, reason: str) -> None:
    """F14: the text's own first sentence; a long one up to its colon; a longer one up to a word."""
    first, second = told_of_a_return(text, title="Очень длинное название сделки " * 5)[:2]

    assert len(first) <= gate_words.FIRST_LINE
    assert first.startswith("Сделка «Очень длинн")
    assert first.partition("» вернулась. ")[2] == reason
    assert second.startswith((text.splitlines()[0].strip(), "Открыть сделку: "))


def test_a_reason_told_whole_is_not_told_twice() -> None:
    """One short sentence fits the first line."""
    assert told_of_a_return("Нужен договор.") == [
        "Сделка «Окна для Марии» вернулась. Нужен договор",
        "Открыть сделку: https://romashka.bitrix24.ru/crm/deal/details/4711/",
    ]


def test_missing_fields_go_before_a_text_of_its_own() -> None:
    """F2: what to fill is named first, the admin's words follow."""
    first, own, how = told_of_a_return(PICKUP, leave=("Требования",))

    assert first == "Сделка «Окна для Марии» вернулась: не заполнено «Требования»"
    assert own == PICKUP
    assert how.startswith("Чтобы перевести её в «Отправили заказ», заполните это поле и передвиньте ещё раз.")


def test_more_fields_than_a_push_can_hold_are_counted_there_and_named_below() -> None:
    """F14, F2: nothing that is to be filled is lost."""
    names = ("Требования", "Предмет сделки", "Сумма", "Комментарий при провале", "Способ доставки", "РОП")
    world = World(
        decision.Rules((), (rules.gate("Новый лид", leave=names),)), title="Окна для Марии и её соседей"
    ).work()
    world.after(minutes=5).move("Обрабатываем запрос").look()
    notice = next(row.wish.act for row in world.ledger.values() if isinstance(row.wish.act, intents.Notify))
    first, how = notice.text.splitlines()[:2]

    assert len(first) <= gate_words.FIRST_LINE
    assert (
        first == "Сделка «Окна для Марии и…» вернулась: не заполнено «Требования», «Предмет сделки» и ещё 4"
    )
    assert how.startswith(
        "Чтобы перевести её в «Обрабатываем запрос», заполните «Требования», «Предмет сделки», «Сумма», "
        "«Комментарий при провале», «Способ доставки», «РОП» и передвиньте ещё раз."
    )


def spoken(do: r.GateDoes, text: str) -> str:
    """What the manager of a lead is told."""
    visit = builders.visit(pipeline=model.LEADS, stage="В работе")
    card = builders.card(kind=model.CardKind.LEAD, stage="В работе")
    seen = builders.look(card=card, visit=visit)
    missing = (
        gates.Missing(
            rules.gate("Новый лид"), dataclasses.replace(rules.filled("Требования"), text=text), True
        ),
    )
    if do is r.GateDoes.TELL:
        return gate_words.tell_text(gates.Tell(missing[0].gate, missing), seen)
    return gate_words.refusal_text(gates.Refuse(missing[0].gate, missing, visit), seen)


def test_a_lead_is_spoken_of_as_a_lead() -> None:
    """F34: «лид» only for the lead, and then in every line."""
    texts = [spoken(do, text) for do in (r.GateDoes.MOVE_BACK, r.GateDoes.TELL) for text in ("", PICKUP)]

    assert [line for text in texts for line in text.splitlines()] == [
        "Лид «Окна для Марии» вернулся: не заполнено «Требования»",
        "Чтобы перевести его в «В работе», заполните это поле и передвиньте ещё раз. "
        "Открыть лид: https://romashka.bitrix24.ru/crm/lead/details/4711/",
        "Лид «Окна для Марии» вернулся. Для самовывоза эта стадия не нужна",
        f"{PICKUP} Открыть лид: https://romashka.bitrix24.ru/crm/lead/details/4711/",
        "Лид «Окна для Марии» ушёл в «В работе» без полей «Требования»",
        "Открыть лид: https://romashka.bitrix24.ru/crm/lead/details/4711/",
        "Лид «Окна для Марии» ушёл в «В работе». Для самовывоза эта стадия не нужна",
        PICKUP,
        "Открыть лид: https://romashka.bitrix24.ru/crm/lead/details/4711/",
    ]


def test_a_long_title_gives_way_to_what_the_push_must_say() -> None:
    """F14: 90 characters of a phone."""
    world = World(rules.funnel(), title="Очень длинное название сделки " * 5).work()
    world.after(minutes=5).move("Обрабатываем запрос").work()
    line = next(act for act in world.acts() if act.startswith("tell")).removeprefix("tell Иванов Пётр: ")

    assert len(line) <= gate_words.FIRST_LINE
    assert line.endswith("…» вернулась: не заполнено «Требования»")


def test_the_story_keeps_every_reason_once() -> None:
    """For `why`: what is not filled, then each text of the gate's own."""
    gate = rules.gate("Новый лид")
    needs = [dataclasses.replace(rules.filled("Сумма"), text=text) for text in ("", PICKUP, PICKUP)]

    missing = [gates.Missing(gate, need, True) for need in needs]
    assert gate_words.because(missing) == f"не заполнено «Сумма»; {PICKUP}"
    assert gate_words.because(missing[1:]) == PICKUP
