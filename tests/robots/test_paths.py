"""How a look answers a path, what counts as filled, and what people see of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import look as robots_look
from robots import model, paths
from tests.robots import builders as b

LEAD = model.CardKind.LEAD


def _read(shown: str, look: robots_look.Look) -> model.Value | paths.Missing:
    return paths.read(b.path(shown, kind=look.card.ref.kind.value), look)


def _display(shown: str, value: model.Value, **changes: Any) -> str:
    return paths.display(b.path(shown), value, b.directory(**changes))


# --- reading ---


def test_fields_are_read_in_the_portal_terms() -> None:
    """List values and people are ids; a field nobody filled is None, known from the directory alone."""
    look = b.look(card=b.card(fields={"Способ доставки": "Самовывоз", "РОП": b.PETROVA}))
    assert _read("Способ доставки", look) == b.PICKUP
    assert _read("РОП", look) == b.PETROVA
    assert _read("Требования", look) is None


def test_a_field_of_another_kind_of_card_is_missing() -> None:
    """«Missing» isn't «empty»: a lead has no РОП to fill."""
    assert paths.read(b.path("РОП"), b.look(card=b.card(kind=LEAD))) == paths.Missing(
        "у лидов нет поля «РОП»"
    )
    gone = paths.Path(paths.Owner.CONTACT, model.FieldCode("UF_CRM_GONE"), "Контакт / Пол")
    assert paths.read(gone, b.look()) == paths.Missing("у контактов нет поля «Контакт / Пол»")


def test_what_the_card_itself_is() -> None:
    """Stage, pipeline, responsible, id, link, sum, title."""
    look = b.look(card=b.card(stage="Дорого", fields={"Сумма": b.rub(500)}))
    names = ("Стадия", "Воронка", "Ответственный", "ID", "Сумма", "Ссылка")
    assert {name: _read(name, look) for name in names} == {
        "Стадия": "C1:PRICE",
        "Воронка": b.SALES,
        "Ответственный": b.IVANOV,
        "ID": 4711,
        "Сумма": b.rub(500),
        "Ссылка": "https://romashka.bitrix24.ru/crm/deal/details/4711/",
    }
    assert paths.read(paths.Path(paths.Owner.CARD, paths.Virtual.NAME, "Сделка"), look) == "Окна для Марии"


def test_the_contact_and_the_company_answer_for_themselves() -> None:
    """F15: «Контакт / Имя» is the first name, «Компания / Название» the title."""
    maria = b.contact(last_name="Сергеева", responsible=b.PETROVA, fields={model.FieldCode("UF_CRM_PAYS"): 2})
    look = b.look(clients=(maria, b.company()))
    names = (
        "Контакт / Имя",
        "Контакт / Полное имя",
        "Контакт / Телефон",
        "Контакт / E-mail",
        "Контакт / Как платит",
    )
    assert [_read(name, look) for name in names] == [
        "Мария",
        "Мария Сергеева",
        "+79160000001",
        "maria@mail.ru",
        2,
    ]
    assert [_read(name, look) for name in ("Компания / Название", "Компания / Телефон", "Клиент")] == [
        "ООО «Лютик»",
        "+74950000002",
        "Мария Сергеева",
    ]
    of_contact = {
        code: paths.read(paths.Path(paths.Owner.CONTACT, code, "К"), look) for code in paths.Virtual
    }
    assert of_contact[paths.Virtual.LINK] == "https://romashka.bitrix24.ru/crm/contact/details/21/"
    assert (of_contact[paths.Virtual.RESPONSIBLE], of_contact[paths.Virtual.ID]) == (b.PETROVA, 21)
    assert of_contact[paths.Virtual.STAGE] == paths.Missing("у контактов нет такого поля: stage")


def test_without_a_contact_the_company_phone_counts() -> None:
    """F15; with a contact bound its own phone is asked for, even if it has none."""
    assert _read("Контакт / Телефон", b.look(clients=(b.company(),))) == "+74950000002"
    assert _read("Контакт / Телефон", b.look(clients=(b.contact(phones=()), b.company()))) is None
    assert _read("Компания / Телефон", b.look(clients=(b.contact(),))) is None
    gone = b.look(card=b.card(contacts=(21,)), clients=())
    assert _read("Контакт / Телефон", gone) is None


def test_a_lead_without_clients_has_comms_of_its_own() -> None:
    """An inbound lead keeps the phone itself until it is converted."""
    fields = {model.FieldCode("phone"): ("+79160000009",), model.FieldCode("email"): ()}
    lead = b.card(kind=LEAD)
    look = b.look(card=model.Card(**{**{k: getattr(lead, k) for k in lead.__slots__}, "fields": fields}))
    own = {code: paths.read(paths.Path(paths.Owner.CARD, code, "Лид"), look) for code in paths._OWN_COMMS}
    assert own == {paths.Virtual.PHONE: "+79160000009", paths.Virtual.EMAIL: None, paths.Virtual.SITE: None}
    assert paths.read(b.path("Контакт / Телефон"), look) == "+79160000009"


def test_nobody_bound_is_empty_and_costs_nothing() -> None:
    """No client, no reading: every path through one is empty."""
    look = b.look()
    names = ("Клиент", "Контакт / Имя", "Контакт / Как платит", "Контакт / Телефон", "Компания / Название")
    assert [_read(name, look) for name in names] == [None] * 5
    virtual = (paths.Virtual.FULL_NAME, paths.Virtual.LINK, paths.Virtual.RESPONSIBLE, paths.Virtual.ID)
    assert [paths.read(paths.Path(paths.Owner.COMPANY, v, "К"), look) for v in virtual] == [None] * 4
    assert not paths.client_bound(look)


@pytest.mark.parametrize("shown", ["Клиент", "Контакт / Имя", "Контакт / Телефон", "Контакт / Как платит"])
def test_bound_clients_are_asked_for(shown: str) -> None:
    """What isn't gathered yet is not guessed: the shell gathers and asks again."""
    look = b.look(card=b.card(contacts=(21,)))
    with pytest.raises(robots_look.NotGathered):
        _read(shown, look)
    assert paths.client_bound(look)
    assert paths.needs_clients(b.path(shown))


def test_a_nameless_client_is_a_client() -> None:
    """A contact made from a call has a phone only; a deleted one is still bound."""
    assert _read("Клиент", b.look(clients=(b.contact(name=""),))) == "клиент без имени"
    assert _read("Клиент", b.look(card=b.card(company=31), clients=())) == "клиент без имени"


# --- filled ---


FILLERS = ". ... - — ? 0 нет Нет. n/a N/A x х ХХХ 1111111 аааа 11-11 нет,нет no"


@pytest.mark.parametrize("text", [*FILLERS.split(), "", " ", " - ", "0 0", "нет нет"])
def test_text_that_only_gets_past_the_field_is_empty(text: str) -> None:
    """F21: the manager who plays the system."""
    assert not paths.filled(text)


@pytest.mark.parametrize(
    "text", ["окно 2 на 2", "5", "М", "да", "нет денег", "дорого.", "+7 916 000-00-01", "00 1", "ok"]
)
def test_a_short_honest_answer_is_filled(text: str) -> None:
    """One letter may be a size, one digit a quantity."""
    assert paths.filled(text)


@pytest.mark.parametrize(
    ("shown", "value", "expected"),
    [
        ("Сумма", b.rub(0), False),
        ("Сумма", b.rub("0.01"), True),
        ("Количество", Decimal(0), True),
        ("РОП", 0, False),
        ("РОП", b.PETROVA, True),
        ("Роботы не трогают", False, False),
        ("Роботы не трогают", True, True),
        ("Источник", "11", True),
        ("Источник", "", False),
        ("Интересы", (), False),
        ("Интересы", (None, 2), True),
        ("Требования", (".", "-"), False),
        ("Предполагаемая дата закрытия", date(2026, 3, 2), True),
        ("Требования", None, False),
    ],
)
def test_filled_depends_on_the_field(shown: str, value: model.Value, expected: bool) -> None:
    """A sum, a person, a box of 0 is empty; a quantity of 0 isn't; codes of a list aren't judged as text."""
    assert paths.is_filled(b.path(shown), value, b.look()) is expected


@given(st.text(max_size=12))
def test_filled_ignores_case_spaces_and_full_stops_around(text: str) -> None:
    """Playing with blanks and dots changes nothing."""
    assert paths.filled(f"  {text}. ") == paths.filled(text)


# --- display ---


@pytest.mark.parametrize(
    ("shown", "value", "words"),
    [
        ("Способ доставки", b.PICKUP, "Самовывоз"),
        ("Способ доставки", str(b.PICKUP), "Самовывоз"),
        ("Способ доставки", 99, "99"),
        ("Источник", "WEB", "Веб-сайт"),
        ("Интересы", (1, None, 2), "Розы, Тюльпаны"),
        ("РОП", b.PETROVA, "Петрова Анна"),
        ("РОП", 0, ""),
        ("РОП", 99, "сотрудник 99"),
        ("Сумма", b.rub(1_000_000), "1 000 000 ₽"),
        ("Сумма", 1_000_000, "1 000 000 ₽"),
        ("Сделка: opportunity", 500, "500 ₽"),
        ("Предполагаемая дата закрытия", date(2026, 2, 20), "20.02.2026"),
        ("Дата создания", datetime(2026, 2, 20, 11, 10, tzinfo=UTC), "20.02.2026 14:10"),
        ("Роботы не трогают", True, "да"),
        ("Роботы не трогают", 0, "нет"),
        ("Количество", Decimal("2.50"), "2,5"),
        ("Скан договора", 71, "файл 71"),
        ("Стадия", "C1:INVOICE", "Отправили счёт"),
        ("Стадия", "C9:X", "стадия C9:X"),
        ("Воронка", b.DELIVERY, "Доставка"),
        ("Воронка", 9, "воронка 9"),
        ("Ответственный", b.IVANOV, "Иванов Пётр"),
        ("Контакт / Имя", "Мария", "Мария"),
        ("Контакт / Как платит", 2, "Онлайн"),
        ("ID", 4711, "4711"),
        ("Клиент", True, "да"),
        ("Клиент", None, ""),
        ("Требования", "", ""),
    ],
)
def test_people_see_names_not_ids(shown: str, value: model.Value, words: str) -> None:
    """Everything a text may show, as a manager calls it."""
    assert _display(shown, value) == words


def test_a_moment_without_a_calendar_keeps_its_own_offset() -> None:
    """The portal's own clock is the next best guess."""
    assert _display("Дата создания", b.at("2026-02-20 14:10"), calendar=None) == "20.02.2026 14:10"


def test_one_stage_id_means_different_things_to_leads_and_deals() -> None:
    """The first pipeline's stages and the leads' have the same ids in the portal."""
    path = b.path("Стадия")
    assert paths.display(path, "NEW", b.directory(), LEAD) == "Не обработан"
    assert paths.display(path, "NEW", b.directory()) == "стадия NEW"


def test_a_field_the_directory_forgot_is_shown_as_it_is() -> None:
    """A snapshot may be older than the card."""
    path = paths.Path(paths.Owner.CARD, model.FieldCode("UF_NEW"), "Новое")
    values: tuple[model.Value, ...] = ("текст", 5, False, date(2026, 3, 2))
    assert [paths.display(path, one, b.directory()) for one in values] == ["текст", "5", "нет", "02.03.2026"]


def test_links_lead_to_the_card() -> None:
    """Cards, their refs and clients."""
    where = b.directory()
    assert paths.link(b.card(), where) == paths.link(model.CardRef(model.CardKind.DEAL, 4711), where)
    assert paths.link(b.company().ref, where) == "https://romashka.bitrix24.ru/crm/company/details/31/"


def test_a_deal_tells_the_page_of_the_lead_it_came_of() -> None:
    """S3.5; a lead its own, a deal made by hand none."""
    path = paths.Path(paths.Owner.CARD, paths.Virtual.LEAD_LINK, "Ссылка на лид")
    cards = (b.card(lead=7), b.card(kind=LEAD, id=8), b.card())
    shown = [paths.read(path, b.look(card=card)) for card in cards]
    address = f"https://{b.look().directory.address}/crm/lead/details"
    assert shown == [f"{address}/7/", f"{address}/8/", None]
