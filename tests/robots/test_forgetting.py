"""Stories of a person who asked to be forgotten (R15): the name goes in any case and order, phones and e-mails in any
spelling, and all that is said of others stays as it was."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import forgetting, intents, look, model
from tests.robots import builders

KEY = b"k" * 32
PHONE, EMAIL = "+79161234567", "maria@mail.ru"
MARIA = model.ClientRef(model.ClientKind.CONTACT, 7)
PAVEL = model.ClientRef(model.ClientKind.CONTACT, 8)
HERS = forgetting.marks(
    {
        "contact:7",
        *(f"c:{forgetting.comm_hash(one, KEY)}" for one in (PHONE, EMAIL)),
        *forgetting.name_marks(["Мария", "Канарейкина"], {"канарейкина", "канарейкиной"}, KEY),
    },
    KEY,
)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Звонила Мария Канарейкина.", "Звонила клиент."),
        ("Написать Марии Канарейкиной", "Написать клиент"),
        ("КАНАРЕЙКИНА, Мария — ждёт", "клиент — ждёт"),
        ("Ответ Канарейкиной", "Ответ клиент"),
        ("Мария из бухгалтерии", "Мария из бухгалтерии"),
        ("Канарейкин Павел", "Канарейкин Павел"),
        ("Мария! Была вчера. Канарейкина", "Мария! Была вчера. клиент"),
        ("8 (916) 123-45-67 после шести", "клиент после шести"),
        ("тел.+7 916 123 45 67, доб. 3", "тел.клиент, доб. 3"),
        ("9161234567", "клиент"),
        ("007 916 123-45-67", "клиент"),
        ("договор 5 79161234567", "договор 5 клиент"),
        ("8 916 123-45-68", "8 916 123-45-68"),
        ("Пишите: MARIA@mail.ru.", "Пишите: клиент."),
        ("maria@mail.ru.com", "maria@mail.ru.com"),
    ],
)
def test_a_text_without_her(said: str, left: str) -> None:
    """Her alone: a first name many people have, a neighbour's number and another's address are left."""
    assert HERS.text(said) == left


PLAIN = st.text("абвгд жз,.-+()", max_size=12)
SPELLINGS = ("Мария Канарейкина", "Канарейкиной Марии", "8(916)123-45-67", "+79161234567", "Maria@Mail.ru")


@given(st.lists(st.tuples(PLAIN, st.sampled_from(SPELLINGS)), max_size=4), PLAIN)
def test_twice_is_once(pieces: list[tuple[str, str]], end: str) -> None:
    """A scrubbed card equals the scrubbed copy of it, so that no robot sees a change."""
    text = "; ".join([f"{plain} {her} " for plain, her in pieces] + [end])
    once = HERS.text(text)
    assert HERS.text(once) == once
    assert not [her for _, her in pieces if her in once]


@given(PLAIN)
def test_nobody_forgotten_nothing_changed(text: str) -> None:
    """No marks, no work."""
    assert forgetting.Marks().text(text) == text
    assert not forgetting.Marks()
    assert bool(HERS)


def test_a_deal_goes_on_by_its_ids() -> None:
    """Its title and texts lose her; numbers, days and stages stay."""
    deal = builders.card(title="Канарейкина, окна", fields={"Требования": "звонить 89161234567", "Сумма": 5})
    left = HERS.card(deal)
    assert left.title == "клиент, окна"
    assert left.fields[builders.DEMANDS] == "звонить клиент"
    assert left.fields[model.FieldCode("opportunity")] == deal.fields[model.FieldCode("opportunity")]
    assert (left.ref, left.stage, left.contacts) == (deal.ref, deal.stage, deal.contacts)


def test_a_lead_that_is_her_keeps_nothing_personal() -> None:
    """Known by her number though nobody named its id: what was filled stays filled, days go."""
    code = model.FieldCode
    lead = dataclasses.replace(
        builders.card(),
        ref=model.CardRef(model.CardKind.LEAD, 5),
        title="Заявка с сайта",
        fields={
            code("phone"): ("8 916 123-45-67",),
            code("name"): "Маша",
            code("lastName"): "",
            code("birthdate"): date(1990, 5, 1),
            code("sourceId"): "WEB",
        },
    )
    left = HERS.card(lead)
    assert left.title == "клиент"
    assert left.fields == {
        "phone": ("клиент",),
        "name": "клиент",
        "lastName": "",
        "birthdate": None,
        "sourceId": "WEB",
    }
    other = dataclasses.replace(lead, fields={code("phone"): ("8 916 765-43-21",), code("name"): "Маша"})
    assert HERS.card(other) == other


def test_a_client_stays_filled() -> None:
    """Where there was a phone there is a word, so that no gate asks for it anew; of others only the mentions go."""
    segment = {model.FieldCode("UF_CRM_SEGMENT"): "Мария Канарейкина рекомендовала"}
    her = model.Client(MARIA, "Мария", "Канарейкина", phones=(PHONE,), fields=segment)
    left = HERS.client(her)
    assert (left.name, left.last_name, left.phones, left.emails) == ("клиент", "", ("клиент",), ())
    assert left.fields == {"UF_CRM_SEGMENT": "клиент"}
    pavel = model.Client(PAVEL, "Павел", "Канарейкин", phones=("+79160000001",), fields=segment)
    kept = HERS.client(pavel)
    assert (kept.name, kept.last_name, kept.phones) == ("Павел", "Канарейкин", ("+79160000001",))
    assert kept.fields == {"UF_CRM_SEGMENT": "клиент рекомендовала"}
    assert HERS.is_erased(dataclasses.replace(pavel, emails=("MARIA@mail.ru",)))


def test_found_duplicates_forget_her() -> None:
    """Her number is no longer looked for, a match of hers has no title, another's keeps it."""
    deal = model.CardRef(model.CardKind.DEAL, 3)
    hers = look.Match(MARIA, "Мария Канарейкина", builders.IVANOV, via=PHONE)
    other = look.Match(deal, "Окна Канарейкиной", builders.IVANOV, client=PAVEL, via="+79160000001")
    left = HERS.duplicates(look.Duplicates((PHONE, "+79160000001"), (hers, other)))
    assert left == look.Duplicates(
        ("+79160000001",),
        (
            dataclasses.replace(hers, title="клиент", via=""),
            dataclasses.replace(other, title="Окна клиент"),
        ),
    )


def test_a_wish_forgets_her_and_stays_the_same_wish() -> None:
    """Texts and the reason; whom, when and the key stay."""
    act = intents.SetTask(
        "Позвонить Канарейкиной", EMAIL, None, builders.IVANOV, builders.NOW, ("Мария Канарейкина",)
    )
    key = intents.WishKey("k")
    ref = model.CardRef(model.CardKind.DEAL, 3)
    wish = intents.Wish(key, intents.RobotId("r"), "d", ref, "c", act, "написала Мария Канарейкина")
    left = HERS.wish(wish)
    expected = dataclasses.replace(act, title="Позвонить клиент", description="клиент", checklist=("клиент",))
    assert left == dataclasses.replace(wish, act=expected, because="написала клиент")
    fields = intents.SetFields({builders.DEMANDS: PHONE, builders.ROP: 5}, {builders.DEMANDS: None})
    assert HERS.act(fields) == intents.SetFields(
        {builders.DEMANDS: "клиент", builders.ROP: 5}, {builders.DEMANDS: None}
    )
    stage = intents.MoveStage(builders.SALES, builders.stage("Новый лид").id, builders.stage("Новый лид").id)
    assert HERS.act(stage) == stage


def test_every_act_says_what_people_wrote_in_it() -> None:
    """A new act must be looked at: its texts are named or it has none."""
    assert set(forgetting.TEXTS) == set(get_args(intents.Act))
