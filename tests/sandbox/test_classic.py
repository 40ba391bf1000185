"""The classic CRM methods of the sandbox: strings, masks, multifields, bindings, product rows (reference §5.2, §5.3)."""

from __future__ import annotations

import pytest

from sandbox.bitrix24 import clock, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import calls


@pytest.fixture
def portal() -> portals.Portal:
    return seed.rop_funnel(clock.Clock(start=1_790_000_000, speed=0))


@pytest.fixture
def call(portal: portals.Portal) -> calls.Caller:
    return calls.Caller(portal)


def test_a_deal_in_strings(call: calls.Caller) -> None:
    """Ids, money and flags are strings; an update answers true; the pipeline cannot be changed this way."""
    deal_id = call(
        "crm.deal.add",
        fields={"TITLE": "Насос", "OPPORTUNITY": "15000", "CATEGORY_ID": 2, seed.HANDS_OFF: "Y"},
    )
    assert call("crm.deal.update", id=deal_id, fields={"STAGE_ID": "C2:WON", "CATEGORY_ID": 3}) is True
    deal = call("crm.deal.get", id=deal_id)
    names = "ID TITLE OPPORTUNITY CATEGORY_ID STAGE_ID STAGE_SEMANTIC_ID CLOSED COMPANY_ID ASSIGNED_BY_ID DATE_CREATE"
    assert {name: deal[name] for name in names.split()} == {
        "ID": "1", "TITLE": "Насос", "OPPORTUNITY": "15000.00", "CATEGORY_ID": "2", "STAGE_ID": "C2:WON",
        "STAGE_SEMANTIC_ID": "S", "CLOSED": "Y", "COMPANY_ID": "0", "ASSIGNED_BY_ID": "6",
        "DATE_CREATE": "2026-09-21T17:13:20+03:00",
    }  # fmt: skip
    assert deal[seed.HANDS_OFF] is True
    assert call("crm.deal.delete", id=deal_id) is True


def test_refusals_have_texts_and_no_codes(call: calls.Caller) -> None:
    """An empty code with one of the classic sentences."""
    assert [
        call.refused("crm.deal.get", id=5),
        call.refused("crm.deal.get"),
        call.refused("crm.deal.add", fields="x"),
        call.refused("crm.deal.add", fields={"STAGE_ID": "NOPE"}),
        call.refused("crm.contact.add", fields={"EMAIL": [{"VALUE": "кривой", "VALUE_TYPE": "WORK"}]})[:2],
    ] == [
        (400, "", "Not found"),
        (400, "", "ID is not defined or invalid."),
        (400, "", "Parameter 'fields' must be array."),
        (400, "", 'Недопустимое значение поля "Стадия"'),
        (400, "ERROR_CORE"),
    ]


def test_select_masks_and_filters_of_lists(call: calls.Caller) -> None:
    """`*` without user fields and multifields, `UF_*`, names; unknown filter keys ignored, OR not understood."""
    for title in ("а", "б"):
        call("crm.lead.add", fields={"TITLE": title, "PHONE": [{"VALUE": "+7 1", "VALUE_TYPE": "WORK"}]})
    found = call("crm.lead.list", select=["ID", "PHONE"], filter={"@ID": [1], "NOPE": 5})
    assert found == [
        {"ID": "1", "PHONE": [{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": "+7 1", "TYPE_ID": "PHONE"}]}
    ]
    assert "PHONE" not in call("crm.lead.list", select=["*"])[0]
    assert [row["ID"] for row in call("crm.lead.list", filter={"0": {"LOGIC": "OR", "0": {"ID": 1}}})] == [
        "1",
        "2",
    ]
    assert [
        row["TITLE"] for row in call("crm.lead.list", filter={"STATUS_ID": "NEW"}, order={"TITLE": "DESC"})
    ] == ["б", "а"]
    assert set(call("crm.deal.fields")) >= {"STAGE_ID", seed.ROP}


def test_phones_are_filtered_exactly(call: calls.Caller) -> None:
    """PHONE finds the number as written and no other spelling of it."""
    call("crm.contact.add", fields={"NAME": "Мария", "PHONE": [{"VALUE": "+7 495 1", "VALUE_TYPE": "WORK"}]})
    call("crm.contact.add", fields={"NAME": "Пётр", "PHONE": [{"VALUE": "84951", "VALUE_TYPE": "WORK"}]})
    found = [[row["ID"] for row in call("crm.contact.list", filter={"PHONE": text}, select=["ID"])]
             for text in ("+7 495 1", "+74951", "84951")]  # fmt: skip
    assert found == [["1"], [], ["2"]]


def test_multifields_change_and_go_by_their_ids(call: calls.Caller) -> None:
    """With ID they change; DELETE, an empty or a missing VALUE deletes; without ID they are added; none left, no key."""
    phones = [{"VALUE": str(at), "VALUE_TYPE": "WORK"} for at in range(1, 5)]
    call("crm.contact.add", fields={"NAME": "Мария", "PHONE": phones})
    change = [
        {"ID": 1, "VALUE": "9", "VALUE_TYPE": "MOBILE"},
        {"ID": 2, "DELETE": "Y"},
        {"ID": "3", "VALUE": ""},
        {"ID": 4},
        {"VALUE": "8"},
    ]
    call("crm.contact.update", id=1, fields={"PHONE": change})
    assert [(row["ID"], row["VALUE"]) for row in call("crm.contact.get", id=1)["PHONE"]] == [
        ("1", "9"),
        ("5", "8"),
    ]
    call("crm.contact.update", id=1, fields={"PHONE": [{"ID": 1}, {"ID": 5}]})
    assert "PHONE" not in call("crm.contact.get", id=1)


def test_deal_contacts(portal: portals.Portal, call: calls.Caller) -> None:
    """Bound, doubled, replaced, unbound: none of it is an event or a change of the card."""
    for name in "абв":
        call("crm.contact.add", fields={"NAME": name})
    call("crm.deal.add", fields={"CONTACT_IDS": [1]})
    seen = calls.events_of(portal)
    assert call("crm.deal.contact.add", id=1, fields={"CONTACT_ID": 2, "IS_PRIMARY": "Y"}) is True
    assert call("crm.deal.contact.add", id=1, fields={"CONTACT_ID": 2}) is False
    assert [(row["CONTACT_ID"], row["IS_PRIMARY"]) for row in call("crm.deal.contact.items.get", id=1)] == [
        (1, "N"),
        (2, "Y"),
    ]
    call(
        "crm.deal.contact.items.set",
        id=1,
        items=[{"CONTACT_ID": 3, "SORT": 100}, {"CONTACT_ID": 1, "SORT": 50}],
    )
    assert call("crm.deal.contact.items.get", id=1) == [
        {"CONTACT_ID": 1, "SORT": 50, "ROLE_ID": 0, "IS_PRIMARY": "Y"},
        {"CONTACT_ID": 3, "SORT": 100, "ROLE_ID": 0, "IS_PRIMARY": "N"},
    ]
    assert call("crm.deal.contact.delete", id=1, fields={"CONTACT_ID": 1}) is True
    assert call("crm.item.get", entityTypeId=2, id=1)["item"]["contactIds"] == [3]
    assert (
        call.refused("crm.deal.contact.items.get", id=0)[2]
        == "The parameter ownerEntityID is invalid or not defined."
    )
    assert seen == []


def test_a_company_and_its_contacts_from_both_sides(call: calls.Caller) -> None:
    """What crm.contact.company.* binds, the company's card shows, and the other way round."""
    call("crm.company.add", fields={"TITLE": "ООО"})
    for name in "аб":
        call("crm.contact.add", fields={"NAME": name})
    call("crm.contact.company.add", id=1, fields={"COMPANY_ID": 1})
    call("crm.company.contact.add", id=1, fields={"CONTACT_ID": 2})
    assert call("crm.item.get", entityTypeId=4, id=1)["item"]["contactIds"] == [1, 2]
    assert call("crm.item.get", entityTypeId=3, id=2)["item"]["companyId"] == 1
    call("crm.item.update", entityTypeId=4, id=1, fields={"contactIds": [2]})
    assert call("crm.contact.get", id=1)["COMPANY_ID"] == "0"


def test_product_rows_make_the_deal_s_sum(call: calls.Caller) -> None:
    """Rows are set, listed and changed; the sum follows unless it is manual."""
    call("crm.deal.add", fields={"TITLE": "x"})
    rows = [{"productName": "Насос", "price": 100, "quantity": 2}, {"productName": "Труба", "price": "50.5"}]
    made = call("crm.item.productrow.set", ownerType="D", ownerId=1, productRows=rows)["productRows"]
    assert [(row["id"], row["price"], row["quantity"]) for row in made] == [(1, 100, 2), (2, 50.5, 1)]
    assert call("crm.deal.get", id=1)["OPPORTUNITY"] == "250.50"
    call("crm.deal.update", id=1, fields={"IS_MANUAL_OPPORTUNITY": "Y"})
    call("crm.item.productrow.update", id=1, fields={"quantity": 5})
    listed = call("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": 1})["productRows"]
    assert [(row["productName"], row["quantity"]) for row in listed] == [("Насос", 5), ("Труба", 1)]
    assert call("crm.deal.get", id=1)["OPPORTUNITY"] == "250.50"
    assert call.refused("crm.item.productrow.set", ownerType="D", ownerId=9)[1] == "OWNER_NOT_FOUND"
