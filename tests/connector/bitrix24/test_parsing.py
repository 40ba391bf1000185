"""JSON of a portal as the engine's values: examples from recorded answers, and laws under drifting types."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import errors
from connector.bitrix24 import answers, calendars, directory, parsing, values
from robots import model
from tests.connector.bitrix24 import payloads

MOSCOW = timezone(timedelta(hours=3))
DEAL, LEAD = model.CardKind.DEAL, model.CardKind.LEAD


def _field(
    code: str, kind: model.FieldType, *, multiple: bool = False
) -> tuple[model.FieldCode, model.Field]:
    return model.FieldCode(code), model.Field(model.FieldCode(code), code, kind, multiple)


CONTEXT = parsing.Context(
    zone=MOSCOW,
    fields={
        "deal": dict(
            [
                _field("UF_CRM_ROP", model.FieldType.USER),
                _field("UF_CRM_SUM", model.FieldType.MONEY),
                _field("UF_CRM_TAGS", model.FieldType.ENUMERATION, multiple=True),
                _field("UF_CRM_FLAG", model.FieldType.BOOLEAN),
                _field("closedate", model.FieldType.DATE),
                _field("begindate", model.FieldType.DATE),
            ]
        ),
        "contact": dict([_field("UF_CRM_PAYS", model.FieldType.ENUMERATION)]),
    },
    semantics={(model.PipelineId(5), model.StageId("C5:NEW")): model.Semantic.WORK},
)


def _deal(**changes: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {**payloads.load("item_deal")["result"]["item"], **changes}
    return {key: value for key, value in raw.items() if value is not ...}


def test_a_deal_as_recorded() -> None:
    """Typed values by their codes; the primary contact first; dates are dates of the portal, whichever way midnight is shifted."""
    card = parsing.card(DEAL, _deal(), CONTEXT)
    assert (card.ref, card.pipeline, card.stage, card.semantic) == (
        model.CardRef(DEAL, 901),
        5,
        "C5:NEW",
        "P",
    )
    assert (card.responsible, card.contacts, card.company, card.lead, card.origin) == (
        12,
        (56, 55),
        None,
        None,
        None,
    )
    assert {
        code: card.value(model.FieldCode(code)) for code in ("UF_CRM_ROP", "UF_CRM_TAGS", "UF_CRM_FLAG")
    } == {
        "UF_CRM_ROP": 12,
        "UF_CRM_TAGS": (1, 2),
        "UF_CRM_FLAG": True,
    }
    assert card.value(model.FieldCode("UF_CRM_SUM")) == model.Money(Decimal("100.5"), "USD")
    assert card.value(model.FieldCode("opportunity")) == model.Money(Decimal(150000), "RUB")
    assert card.value(model.FieldCode("begindate")) == date(2026, 9, 1)
    assert card.value(model.FieldCode("closedate")) == date(2026, 6, 18)


def test_a_lead_keeps_comms_of_its_own() -> None:
    """`fm` becomes `phone` and `email`; ids may be strings."""
    card = parsing.card(LEAD, payloads.load("item_lead_with_fm")["result"]["item"], CONTEXT)
    assert card.pipeline == model.LEADS
    assert card.value(model.FieldCode("phone")) == ("+7 495 000-00-01", "8 916 000 00 01")
    assert card.value(model.FieldCode("email")) == ("a@b.ru",)


def test_history_of_leads_has_names_of_its_own() -> None:
    """STATUS_ID and STATUS_SEMANTIC_ID; the meaning isn't read from TYPE_ID."""
    rows = parsing.rows_of(payloads.load("stagehistory_leads")["result"], "items")
    visits = [parsing.visit(LEAD, row, CONTEXT)[1] for row in rows]
    assert [(one.id, one.row, one.stage, one.semantic, one.created) for one in visits] == [
        ("h35", 35, "NEW", "P", True),
        ("h36", 36, "CONVERTED", "S", False),
    ]


def test_contacts_of_the_classic_list() -> None:
    """All strings; no PHONE key where there is no phone."""
    read, troubles = parsing.readable(
        parsing.rows_of(payloads.load("contact_list__strings_and_missing_phone")["result"]),
        model.ClientKind.CONTACT,
        CONTEXT,
    )
    assert troubles == []
    assert [(one.full_name, one.phones, one.company) for one in read] == [
        ("Пётр Иванов", ("+7 (916) 000-00-01",), None),
        ("Анна", (), 3),
    ]
    assert read[0].fields[model.FieldCode("UF_CRM_PAYS")] == 45
    assert parsing.normal_comms(read[0]) == ("+79160000001",)


def test_departments_with_and_without_heads() -> None:
    """UF_HEAD absent, a string, "0"."""
    rows = payloads.load("department_get__head_absent_string_zero")["result"]
    made = [directory._department(row) for row in rows]
    assert [(one.id, one.parent, one.head, one.sort) for one in made] == [
        (1, None, 2, 500),
        (5, 1, None, 100),
        (6, 1, None, 500),
    ]


def test_empty_maps_of_a_batch_are_lists() -> None:
    """Failed commands are found all the same."""
    data = payloads.load("batch__all_failed_empty_maps_are_lists")
    raws = answers.batch(data, ["u0c0", "u1c0", "u2c0"])
    assert [(raw.present, bool(raw.error)) for raw in raws] == [(False, True), (False, True), (False, False)]


@pytest.mark.parametrize("key", ["id", "stageId", "createdTime", "updatedTime"])
@pytest.mark.parametrize("value", [..., None, "", False, [1], {"x": 1}])
def test_what_a_card_cannot_be_without_makes_it_unreadable(key: str, value: Any) -> None:
    """That one card only; nothing is guessed."""
    with pytest.raises(errors.Unreadable):
        parsing.card(DEAL, _deal(**{key: value}), CONTEXT)


def test_a_missing_meaning_of_a_stage_is_taken_from_the_dictionary() -> None:
    """And where the dictionary doesn't know the stage, the card is unreadable."""
    assert parsing.card(DEAL, _deal(stageSemanticId=None), CONTEXT).semantic is model.Semantic.WORK
    with pytest.raises(errors.Unreadable):
        parsing.card(DEAL, _deal(stageSemanticId=None, stageId="C5:X"), CONTEXT)


DRIFTS = ("id", "assignedById", "companyId", "categoryId", "movedBy", "opportunity", "UF_CRM_ROP")


@given(key=st.sampled_from(DRIFTS))
def test_a_number_written_as_a_string_is_the_same_card(key: str) -> None:
    """ "5" for 5 is no change."""
    raw = _deal()
    assert parsing.card(DEAL, {**raw, key: str(raw[key])}, CONTEXT) == parsing.card(DEAL, raw, CONTEXT)


@given(key=st.sampled_from(("assignedById", "companyId", "leadId", "movedBy", "UF_CRM_ROP")), unset=st.sampled_from((None, "", 0, "0", False)))  # fmt: skip
def test_all_spellings_of_unset_are_one(key: str, unset: Any) -> None:
    """null, "", 0, "0" and false of a link are nobody."""
    card = parsing.card(DEAL, _deal(**{key: unset}), CONTEXT)
    assert card.value(model.FieldCode(key)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(_deal())), JSON, max_size=4))
def test_no_answer_crashes_the_reader(changes: dict[str, Any]) -> None:
    """Any JSON in any field: a card or Unreadable, nothing else."""
    try:
        parsing.card(DEAL, {**_deal(), **changes}, CONTEXT)
    except errors.Unreadable:
        return


@given(
    raw=st.dictionaries(
        st.sampled_from(["ID", "NAME", "PHONE", "EMAIL", "COMPANY_ID", "UF_X", "TITLE"]), JSON
    )
)
def test_no_client_crashes_the_reader(raw: dict[str, Any]) -> None:
    """The same for clients, tasks and history rows."""
    for read in (
        lambda: parsing.client(model.ClientKind.COMPANY, raw, CONTEXT),
        lambda: parsing.task(raw, UTC),
        lambda: parsing.visit(DEAL, raw, CONTEXT),
    ):
        try:
            read()
        except errors.Unreadable:
            continue


@given(amount=st.decimals(-(10**12), 10**12, places=2))
def test_money_is_one_value_however_it_is_written(amount: Decimal) -> None:
    """15000.00, 15000 and "15000.00" compare equal and look equal."""
    spelled = {str(values.decimal(form)) for form in (str(amount), f"{amount:.4f}")}
    assert len(spelled) == 1


def test_a_task_in_a_legacy_or_shown_status_is_open() -> None:
    """-1 overdue and 1 new are ways to be open; 5 is closed; an unknown one is unreadable."""
    raw = {"id": "3", "title": "Т", "responsibleId": "5", "createdBy": "1", "deadline": None, "xmlId": None}
    assert parsing.task({**raw, "status": "-1"}, UTC).open
    assert parsing.task({**raw, "status": "1"}, UTC).open
    assert not parsing.task({**raw, "status": 5}, UTC).open
    with pytest.raises(errors.Unreadable):
        parsing.task({**raw, "status": "77"}, UTC)


def test_the_working_calendar() -> None:
    """ "9" and "18.30"; days of the year for the years around now; a worked holiday wins over the week."""
    raw = {
        "work_time_start": "9",
        "work_time_end": "18.30",
        "year_holidays": "1.01,29.02,x",
        "year_workdays": "31.12",
        "week_holidays": ["SA", "SU"],
    }
    made = calendars.read(raw, datetime(2026, 3, 2, tzinfo=MOSCOW))
    assert made is not None
    assert [len(day.hours) for day in made.week] == [1, 1, 1, 1, 1, 0, 0]
    assert str(made.week[0].hours[0][1]) == "18:30:00"
    assert made.exceptions[date(2027, 1, 1)].hours == ()
    assert made.exceptions[date(2026, 12, 31)].hours
    assert date(2028, 2, 29) in made.exceptions
    assert calendars.read(None, datetime(2026, 3, 2, tzinfo=MOSCOW)) is None
    assert calendars.zone_name(timedelta(hours=-5)) == "Etc/GMT+5"
