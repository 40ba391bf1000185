"""Duplicate search and merging in the sandbox (reference §5.5)."""

from __future__ import annotations

import pytest

from sandbox.bitrix24 import clock, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import calls


@pytest.fixture
def portal() -> portals.Portal:
    return seed.plain(clock.Clock(start=1_790_000_000, speed=0))


@pytest.fixture
def call(portal: portals.Portal) -> calls.Caller:
    return calls.Caller(portal)


def contact(portal: portals.Portal, type_id: int = 3, **kinds: str) -> int:
    fm = [{"typeId": kind, "valueType": "WORK", "value": value} for kind, value in kinds.items()]
    return portal.crm.add(type_id, {"name": "Мария", "fm": fm}, 1).id


@pytest.mark.parametrize(
    ("mode", "found"),
    [("digits", ["+7 (495) 111-22-33", "7 495 1112233 доб. 5"]), ("exact", ["+7 (495) 111-22-33"]),
     ("ru", ["+7 (495) 111-22-33", "8 495 111-22-33", "7 495 1112233 доб. 5", "4951112233"])],
)  # fmt: skip
def test_phones_are_compared_by_switch(
    portal: portals.Portal, call: calls.Caller, mode: str, found: list[str]
) -> None:
    """As written, by digits, or with 8 and +7 equal; an extension is ignored."""
    contact(portal, PHONE="+7 (495) 111-22-33")
    portal.switch.set("findbycomm", mode)
    asked = [
        "+7 (495) 111-22-33",
        "8 495 111-22-33",
        "7 495 1112233 доб. 5",
        "4951112233",
        "+7 (495) 111-22-34",
    ]
    hits = [phone for phone in asked if call("crm.duplicate.findbycomm", type="PHONE", values=[phone])]
    assert hits == found


def test_what_is_found_and_what_is_not(portal: portals.Portal, call: calls.Caller) -> None:
    """Ids by type, an empty array for nothing, one type on request; changed and deleted cards are forgotten."""
    ids = [contact(portal, EMAIL="A@b.ru"), contact(portal, EMAIL="a@B.RU ")]
    lead = contact(portal, 1, EMAIL="a@b.ru")
    asked = {"type": "EMAIL", "values": ["a@b.ru", "x@y.ru"]}
    assert call("crm.duplicate.findbycomm", **asked) == {"LEAD": [lead], "CONTACT": ids}
    assert call("crm.duplicate.findbycomm", **asked, entity_type="CONTACT") == {"CONTACT": ids}
    portal.crm.delete(1, lead)
    multi = portal.crm.table(3).rows[ids[0]].fm[0].id
    call("crm.contact.update", id=ids[0], fields={"EMAIL": [{"ID": multi, "VALUE": "new@b.ru"}]})
    portal.crm.delete(3, ids[1])
    assert call("crm.duplicate.findbycomm", **asked) == []


def test_twenty_hits_end_the_search(portal: portals.Portal, call: calls.Caller) -> None:
    """Leads fill the answer, contacts are not looked at."""
    for _ in range(21):
        contact(portal, 1, PHONE="+71")
    contact(portal, 3, PHONE="+71")
    found = call("crm.duplicate.findbycomm", type="PHONE", values=["+71"])
    assert {name: len(each) for name, each in found.items()} == {"LEAD": 20}


def test_bad_questions(call: calls.Caller) -> None:
    """Texts without codes."""
    assert [
        call.refused("crm.duplicate.findbycomm"),
        call.refused("crm.duplicate.findbycomm", type="ICQ", values=["1"]),
        call.refused("crm.duplicate.findbycomm", type="PHONE"),
    ] == [
        (400, "", "Communication type is not defined."),
        (400, "", "Communication type 'ICQ' is not supported in current context"),
        (400, "", "Communication values is not defined"),
    ]


def test_merging_keeps_the_first(portal: portals.Portal, call: calls.Caller) -> None:
    """Empty fields are filled, phones joined, deals bound anew, the others deleted, with events."""
    first, second = contact(portal, PHONE="1"), contact(portal, PHONE="2", EMAIL="a@b.ru")
    portal.crm.update(3, second, {"post": "директор"}, 1)
    portal.crm.add(2, {"contactIds": [second]}, 1)
    seen = calls.events_of(portal)
    answer = call("crm.entity.mergeBatch", params={"entityTypeId": 3, "entityIds": [first, second]})
    item = call("crm.item.get", entityTypeId=3, id=first)["item"]
    assert answer == {"STATUS": "SUCCESS", "ENTITY_IDS": [second]}
    assert ([row["value"] for row in item["fm"]], item["post"]) == (["1", "2", "a@b.ru"], "директор")
    assert portal.crm.value(2, 1, "contactIds") == (first,)
    assert seen == [("ONCRMCONTACTDELETE", {"ID": second}), ("ONCRMCONTACTUPDATE", {"ID": first})]
    assert call("crm.duplicate.findbycomm", type="PHONE", values=["2"]) == {"CONTACT": [first]}


def test_merging_stops_at_a_conflict(portal: portals.Portal, call: calls.Caller) -> None:
    """Fields filled differently: nothing is merged."""
    ids = [contact(portal), contact(portal)]
    portal.crm.update(3, ids[1], {"name": "Пётр"}, 1)
    asked = {"entityTypeId": 3, "entityIds": ids}
    assert call("crm.entity.mergeBatch", params=asked) == {"STATUS": "CONFLICT", "ENTITY_IDS": []}
    assert call.refused("crm.entity.mergeBatch", params={"entityTypeId": 3, "entityIds": [1]})[:2] == (
        400,
        "100",
    )
