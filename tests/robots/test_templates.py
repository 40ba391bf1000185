"""Placeholders: what is refused at load, and what a card's text becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import look as robots_look
from robots import model, paths, templates
from tests.robots import builders as b

MARIA = b.look(clients=(b.contact(),))
NOBODY = b.look()


def _rendered(text: str, look: robots_look.Look = MARIA) -> str:
    return templates.render(b.template(text), look)


def _problems(text: str) -> list[tuple[str, str]]:
    """(the text underlined, the message) of each mistake."""
    with pytest.raises(templates.BadTemplate) as caught:
        b.template(text)
    return [(text[one.offset : one.offset + one.length], one.message) for one in caught.value.problems]


# --- grammar ---


def test_a_placeholder_is_written_as_the_portal_writes_it() -> None:
    """Spaces inside don't matter; the path is resolved once, at load."""
    slot = templates.Slot((b.path("Контакт: Имя"),), "{{ Контакт:  Имя }}")
    assert b.template("{{ Контакт:  Имя }}. Ответ") == templates.Template((slot, ". Ответ"))


def test_alternatives_and_literals() -> None:
    """`| иначе:` names the next field or a text in any quotes."""
    template = b.template(
        """{{Контакт: Имя | иначе: Компания: Название|else: "Клиент | друг"}}{{ID | иначе: «№»}}"""
    )
    names = (b.path("Контакт: Имя"), b.path("Компания: Название"))
    assert [slot.options for slot in template.parts if isinstance(slot, templates.Slot)] == [
        (*names, "Клиент | друг"),
        (b.path("ID"), "№"),
    ]
    assert templates.paths_of(template) == (*names, b.path("ID"))


def test_a_quote_inside_a_name_belongs_to_the_name() -> None:
    """Fields may be called «Номер "1С"»: only a quote at the beginning opens a text."""
    seen: list[str] = []

    def resolve(name: str) -> paths.Path:
        seen.append(name)
        return b.path("ID")

    templates.parse("""{{Номер "1С" | иначе: Договор 'А'}}""", resolve)
    assert seen == ['Номер "1С"', "Договор 'А'"]


def test_text_without_placeholders() -> None:
    """Single braces are just text."""
    assert b.template("Код {x} и }") == templates.literal("Код {x} и }")
    assert b.template("").parts == templates.literal("").parts == ()
    assert b.template("просто").literal
    assert not b.template("{{ID}}").literal


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    """The admin repairs a text in one go."""
    text = "{{Контакт: Имья}}, {{}} и {{ID | Сумма}} и {{ID | иначе: }} и }} и {{Сумма"
    assert _problems(text) == [
        ("Контакт: Имья", "нет поля «Контакт: Имья»"),
        ("{{}}", "пустые скобки: впишите имя поля, например {{Контакт: Имя}}"),
        (" Сумма", "после «|» нужно «иначе: …», а тут «Сумма»"),
        ("}", "после «|» или «иначе:» пусто: впишите поле или текст в кавычках"),
        ("}}", "лишние скобки «}}»: перед ними нет «{{»"),
        ("{{Сумма", "скобки не закрыты: «{{Сумма», нужно «}}»"),
    ]


def test_a_brace_opened_twice_is_closed_once() -> None:
    """The first of two openings is the forgotten one."""
    assert _problems("{{Сумма и {{ID}}") == [("{{Сумма и ", "скобки не закрыты: «{{Сумма и », нужно «}}»")]
    assert _problems("""{{ID | иначе: "Клиент}}""") == [('"Клиент', 'кавычки не закрыты: "Клиент')]


def test_an_unknown_name_is_kept_for_the_did_you_mean() -> None:
    """The loader looks for a similar name; the resolver may explain in its own words."""

    def resolve(name: str) -> paths.Path:
        raise templates.UnknownName(name, "в портале нет такого")

    with pytest.raises(templates.BadTemplate, match="в портале нет такого") as caught:
        templates.parse("{{Имья}}", resolve)
    assert [problem.name for problem in caught.value.problems] == ["Имья"]


# --- rendering ---


@pytest.mark.parametrize(
    ("text", "with_maria", "with_nobody"),
    [
        ("{{Контакт: Имя}}. Получить ответ на КП", "Мария. Получить ответ на КП", "Получить ответ на КП"),
        ("Позвонить: {{Контакт: Имя}}, срочно", "Позвонить: Мария, срочно", "Позвонить: срочно"),
        ("{{Контакт: Имя}} — перезвонить", "Мария — перезвонить", "перезвонить"),
        ("{{Контакт: Имя}} {{Контакт: Телефон}}. Звонок", "Мария +79160000001. Звонок", "Звонок"),
        ("Имя: {{Контакт: Имя}}\nСумма", "Имя: Мария\nСумма", "Имя:\nСумма"),
        ("{{Контакт: Имя}}-клиент", "Мария-клиент", "клиент"),
        ("{{Контакт: Имя}} -5 %", "Мария -5 %", "-5 %"),
        ("{{Контакт: Имя}}. - Звонок", "Мария. - Звонок", "Звонок"),
        ("Ждём ответа от {{Контакт: Имя}}", "Ждём ответа от Мария", "Ждём ответа от"),
        ("{{Контакт: Имя | иначе: Компания: Название | иначе: 'Клиент'}}!", "Мария!", "Клиент!"),
        ("{{Контакт: Имя | иначе: ''}}. Да", "Мария. Да", "Да"),
        ("{{Сделка: Название}} ({{ID}})", "Окна для Марии (4711)", "Окна для Марии (4711)"),
    ],
)
def test_an_empty_placeholder_takes_its_punctuation_along(
    text: str, with_maria: str, with_nobody: str
) -> None:
    """F30: no «. Получить ответ на КП» for a deal without a contact."""
    assert (_rendered(text), _rendered(text, NOBODY)) == (with_maria, with_nobody)


def test_values_are_shown_as_people_call_them() -> None:
    """Money, list values, names; a sum of 0 is empty, «нет» in a box isn't."""
    fields = {
        "Сумма": b.rub(1_000_000),
        "Способ доставки": "Самовывоз",
        "РОП": b.PETROVA,
        "Роботы не трогают": False,
    }
    look = b.look(card=b.card(fields=fields))
    assert _rendered("{{Сумма}} · {{Способ доставки}} · {{РОП}} · {{Роботы не трогают}}", look) == (
        "1 000 000 ₽ · Самовывоз · Петрова Анна · нет"
    )
    free = b.look(card=b.card(fields={"Сумма": b.rub(0)}))
    assert _rendered("Сумма: {{Сумма | иначе: 'не указана'}}", free) == "Сумма: не указана"


def test_what_a_client_typed_cannot_bend_the_text() -> None:
    """No line breaks, control or direction marks out of a card; its braces are only text."""
    naughty = b.look(clients=(b.contact(name="Ма\u202eри\nя\x00 {{ID}}\ud800\x1b[b]"),))
    assert _rendered("{{Контакт: Имя}}, здравствуйте", naughty) == "Мари я {{ID}}[b], здравствуйте"


@pytest.mark.parametrize("name", [".", " ", "-", "...", "?"])
def test_a_name_of_dots_is_no_name(name: str) -> None:
    """«.. Получить ответ» would be worse than none."""
    assert (
        _rendered("{{Контакт: Имя}}. Получить ответ", b.look(clients=(b.contact(name=name),)))
        == "Получить ответ"
    )


def test_a_field_of_another_kind_of_card_leaves_a_gap() -> None:
    """One text may serve leads and deals."""
    assert _rendered("{{РОП}}, новый лид", b.look(card=b.card(kind=model.CardKind.LEAD))) == "новый лид"


def test_facts_not_gathered_are_asked_for() -> None:
    """A text with the contact's name isn't rendered half."""
    with pytest.raises(robots_look.NotGathered):
        _rendered("{{Контакт: Имя}}", b.look(card=b.card(contacts=(21,))))


@given(st.text(alphabet="{}|\"'«» аИ:Dиначе\n", max_size=40))
def test_any_text_is_parsed_or_explained(text: str) -> None:
    """No text raises anything but its own list of mistakes, each inside the text."""
    problems: tuple[templates.Problem, ...] = ()
    template = templates.literal(text)
    try:
        template = templates.parse(text, lambda _: b.path("ID"))
    except templates.BadTemplate as bad:
        problems = bad.problems
    sources = (part if isinstance(part, str) else part.source for part in template.parts)
    assert "".join(sources) == text
    assert all(0 <= one.offset <= len(text) and one.message for one in problems)
    assert templates.render(template, NOBODY) == templates.render(template, NOBODY).strip()


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_value_never_adds_a_line(name: str, rest: str) -> None:
    """Whatever the contact is called, a title stays one line."""
    rendered = _rendered("{{Контакт: Имя}}. Ответ", b.look(clients=(b.contact(name=name + rest),)))
    assert rendered.endswith("Ответ")
    assert "\n" not in rendered
