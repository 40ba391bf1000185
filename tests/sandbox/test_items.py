"""crm.item.* of the sandbox: names, value shapes, filters, side effects, events (reference §4.3, §5.1)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.bitrix24 import clock, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import calls

START = 1_790_000_000


@pytest.fixture
def portal() -> portals.Portal:
    return seed.rop_funnel(clock.Clock(start=START, speed=0))


def ids(answer: dict[str, Any]) -> list[int]:
    return [item["id"] for item in answer["items"]]


def test_a_deal_is_born_with_its_defaults(portal: portals.Portal) -> None:
    """Title, stage, pipeline, currency, dates and authorship are filled as the docs say."""
    item = calls.Caller(portal)("crm.item.add", entityTypeId=2, fields={"unknownField": 1})["item"]
    names = "id title categoryId stageId stageSemanticId assignedById createdBy movedBy opened closed currencyId opportunity contactIds companyId begindate closedate movedTime"
    assert {name: item[name] for name in names.split()} == {
        "id": 1, "title": "Сделка #1", "categoryId": 0, "stageId": "NEW", "stageSemanticId": "P", "assignedById": 6,
        "createdBy": 6, "movedBy": 6, "opened": "Y", "closed": "N", "currencyId": "RUB", "opportunity": 0,
        "contactIds": [], "companyId": None, "begindate": "2026-09-21T00:00:00+03:00",
        "closedate": "2026-09-28T00:00:00+03:00", "movedTime": "2026-09-21T17:13:20+03:00",
    }  # fmt: skip
    assert not {"fm", "xmlId", "contacts"} & set(item)


def test_user_fields_by_both_spellings(portal: portals.Portal) -> None:
    """camelCase without the flag, raw names with it; raw names without it are unknown, so ignored."""
    call = calls.Caller(portal)
    option = portal.crm.user_fields.by_entity["CRM_DEAL"][seed.SHIPPING].options[1].id
    made = call("crm.item.add", entityTypeId=2, fields={"ufCrm_1747309873": seed.HEAD, seed.SUBJECT: "кран"})[
        "item"
    ]
    assert (made["ufCrm_1747309873"], made["ufCrm_1747309871"]) == (seed.HEAD, None)
    fields = {seed.SUBJECT: "кран", seed.SHIPPING: option, seed.HANDS_OFF: "1"}
    made = call("crm.item.update", entityTypeId=2, id=1, fields=fields, useOriginalUfNames="Y")["item"]
    assert {name: made[name] for name in fields} == {
        seed.SUBJECT: "кран",
        seed.SHIPPING: option,
        seed.HANDS_OFF: "Y",
    }
    assert "ufCrm_1747309871" not in made
    flag = "ufCrm_1747309876"
    found = [ids(call("crm.item.list", entityTypeId=2, filter={flag: value})) for value in ("1", 1, "Y", "0")]
    assert found == [[1], [1], [], []]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({">id": 2}, [3, 4]), ({"@id": [1, 4, 9]}, [1, 4]), ({"id": "2"}, [2]), ({"!id": 2}, [1, 3, 4]), ({"!@id": [1, 2]}, [3, 4]),
        ({"%title": "РАН"}, [1, 2]), ({"=%title": "%кран"}, [1]), ({"!%title": "кран"}, [3, 4]),
        ({">=opportunity": 200, "<opportunity": "300"}, [2]), ({"><opportunity": [100, 200]}, [1, 2]),
        ({"=stageId": "C2:NEW"}, [1, 2]), ({"stageId": ["C2:NEW", "C2:WON"]}, [1, 2, 3]), ({"STAGE_ID": "C2:WON"}, [3]),
        ({"0": {"logic": "OR", "0": {"=stageId": "C2:WON"}, "1": {"title": "кран"}}, "<id": 3}, [1]),
        ({"contactIds": 1}, [2]), ({"contactId": 0}, [1, 3, 4]), ({"closed": "Y"}, [3]), ({"@stageSemanticId": ["S", "F"]}, [3]),
        ({"=originId": ""}, [1, 2, 3]), ({"!originId": ""}, [4]), ({"=originId": "req-1"}, [4]),
        ({">=createdTime": "2026-09-21T14:13:20+00:00"}, [1, 2, 3, 4]), ({">createdTime": "2026-09-21"}, [1, 2, 3, 4]),
        ({"<updatedTime": "2026-09-21T17:13:20+03:00"}, []),
    ],
)  # fmt: skip
def test_the_filter_language(portal: portals.Portal, wanted: dict[str, Any], found: list[int]) -> None:
    """Prefixes, IN, ranges, nested OR, unset values."""
    add, category = portal.crm.add, seed.category(portal, "Продажи").id
    add(3, {"name": "Мария"}, 1)
    add(2, {"title": "кран", "opportunity": 100, "categoryId": category}, 1)
    add(2, {"title": "Кран-балка", "opportunity": 200, "categoryId": category, "contactIds": [1]}, 1)
    add(2, {"title": "Насос", "opportunity": 300, "categoryId": category, "stageId": "C2:WON"}, 1)
    add(2, {"title": "Насос", "opportunity": 400, "originId": "req-1"}, 1)
    assert ids(calls.Caller(portal)("crm.item.list", entityTypeId=2, filter=wanted)) == found


def test_bad_questions(portal: portals.Portal) -> None:
    """Unknown fields, unreadable values and unknown types have their codes, and one of them its switch."""
    assert calls.Caller(portal).refused("crm.item.list", entityTypeId=2, filter={"nope": 1})[:2] == (
        400,
        "INVALID_ARG_VALUE",
    )
    assert calls.Caller(portal).refused("crm.item.list", entityTypeId=2, filter={"id": "x"})[:2] == (
        400,
        "INVALID_ARG_VALUE",
    )
    assert calls.Caller(portal).refused("crm.item.list", entityTypeId=2, order={"nope": "ASC"})[:2] == (
        400,
        "INVALID_ARG_VALUE",
    )
    assert calls.Caller(portal).refused("crm.item.list", entityTypeId=2, order={"id": "UP"})[:2] == (
        400,
        "INVALID_ARG_VALUE",
    )
    assert calls.Caller(portal).refused("crm.item.list", entityTypeId=5)[:2] == (
        400,
        "ENTITY_TYPE_NOT_SUPPORTED",
    )
    assert calls.Caller(portal).refused("crm.item.list", entityTypeId=200)[:2] == (400, "NOT_FOUND")
    assert calls.Caller(portal).refused("crm.item.list")[:2] == (400, "100")
    assert calls.Caller(portal).refused("crm.item.get", entityTypeId=2, id=77)[:2] == (400, "NOT_FOUND")
    portal.switch.set("unknown_filter_key", "ignored")
    portal.switch.set("array_filter", "error")
    assert calls.Caller(portal)("crm.item.list", entityTypeId=2, filter={"nope": 1}) == {"items": []}
    assert calls.Caller(portal).refused("crm.item.list", entityTypeId=2, filter={"id": [1]})[:2] == (
        400,
        "INVALID_ARG_VALUE",
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"stageId": "NOPE"}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"assignedById": 99}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"opportunity": "много"}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"begindate": "вчера"}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"contactIds": [5]}, "CRM_FIELD_ERROR_VALUE_NOT_VALID"),
        ({"contactIds": "5"}, "100"),
    ],
)
def test_values_that_cannot_be(portal: portals.Portal, fields: dict[str, Any], code: str) -> None:
    """A refused add leaves no card behind."""
    assert calls.Caller(portal).refused("crm.item.add", entityTypeId=2, fields=fields)[:2] == (400, code)
    assert calls.Caller(portal)("crm.item.list", entityTypeId=2) == {"items": []}


def test_a_save_that_changes_nothing_is_skipped(portal: portals.Portal) -> None:
    """No updatedTime, no event, no history; a real change has all three and its author."""
    call, seen = calls.Caller(portal), calls.events_of(portal)
    call("crm.item.add", entityTypeId=2, fields={"title": "x", "opportunity": 5})
    portal.clock.advance(60)
    same = call(
        "crm.item.update",
        entityTypeId=2,
        id=1,
        fields={"title": "x", "opportunity": "5.00", "stageId": "NEW"},
    )
    assert same["item"]["updatedTime"] == "2026-09-21T17:13:20+03:00"
    moved = calls.Caller(portal, seed.IVANOV)(
        "crm.item.update", entityTypeId=2, id=1, fields={"stageId": "PREPARATION"}
    )["item"]
    assert [moved[name] for name in ("updatedTime", "updatedBy", "movedTime", "movedBy", "createdBy")] == [
        "2026-09-21T17:14:20+03:00", seed.IVANOV, "2026-09-21T17:14:20+03:00", seed.IVANOV, seed.ROBOT
    ]  # fmt: skip
    assert seen == [("ONCRMDEALADD", {"ID": 1}), ("ONCRMDEALUPDATE", {"ID": 1})]


def test_moves_write_history_and_a_pipeline_move_raises_another_event(portal: portals.Portal) -> None:
    """Rows of TYPE_ID 1, 2, 3, 5; no ONCRMDEALUPDATE for the last."""
    call, category = calls.Caller(portal), seed.category(portal, "Доставка").id
    call("crm.item.add", entityTypeId=2, fields={"categoryId": 2})
    seen = calls.events_of(portal)
    for fields in (
        {"stageId": "C2:EXECUTING"},
        {"stageId": "C2:WON"},
        {"categoryId": category, "stageId": "C3:EXECUTING"},
    ):
        call("crm.item.update", entityTypeId=2, id=1, fields=fields)
    rows = call(
        "crm.stagehistory.list",
        entityTypeId=2,
        filter={">ID": 0, "OWNER_ID": 1},
        order={"ID": "ASC"},
        start=-1,
    )
    names = ("TYPE_ID", "CATEGORY_ID", "STAGE_SEMANTIC_ID", "STAGE_ID")
    assert [tuple(row[name] for name in names) for row in rows["items"]] == [
        (1, 2, "P", "C2:NEW"), (2, 2, "P", "C2:EXECUTING"), (3, 2, "S", "C2:WON"), (5, 3, "P", "C3:EXECUTING")
    ]  # fmt: skip
    assert seen == [
        ("ONCRMDEALUPDATE", {"ID": 1}),
        ("ONCRMDEALUPDATE", {"ID": 1}),
        ("ONCRMDEALMOVETOCATEGORY", {"ID": 1, "CATEGORY_ID": 3, "STAGE_ID": "C3:EXECUTING"}),
    ]


def test_history_by_switch(portal: portals.Portal) -> None:
    """late_commit: a younger row is seen before an older one; old_box: quick steps leave no row."""
    call = calls.Caller(portal)
    portal.switch.set("history", "late_commit")
    for _ in range(3):
        call("crm.item.add", entityTypeId=2, fields={})
    seen = []
    for seconds in (0, 1, 1.5):
        portal.clock.advance(seconds)
        seen.append([row["ID"] for row in call("crm.stagehistory.list", entityTypeId=2)["items"]])
    assert seen == [[], [2], [1, 2, 3]]
    portal.switch.set("history", "old_box")
    for stage in ("PREPARATION", "EXECUTING", "FINAL_INVOICE"):
        call("crm.item.update", entityTypeId=2, id=1, fields={"stageId": stage})
    rows = call("crm.stagehistory.list", entityTypeId=2, filter={"OWNER_ID": 1})["items"]
    assert [row["STAGE_ID"] for row in rows] == ["NEW", "FINAL_INVOICE"]


def test_phones_of_a_contact(portal: portals.Portal) -> None:
    """A list adds; an object changes by id, deletes by an empty value; without typeId nothing happens."""
    call = calls.Caller(portal)
    fm = [
        {"typeId": "PHONE", "valueType": "WORK", "value": "+7 495 1"},
        {"typeId": "EMAIL", "valueType": "HOME", "value": "a@b.ru"},
    ]
    made = call("crm.item.add", entityTypeId=3, fields={"name": "Мария", "fm": fm})["item"]
    assert (made["fm"], made["hasPhone"], made["phoneWork"]) == (
        [{"id": 1, **fm[0]}, {"id": 2, **fm[1]}],
        "Y",
        "+7 495 1",
    )
    change = {"1": {"typeId": "PHONE", "valueType": "MOBILE", "value": "+7 495 2"}, "2": {"typeId": "EMAIL", "value": ""},
              "n0": {"typeId": "PHONE", "valueType": "HOME", "value": "3"}, "n1": {"value": "4"}}  # fmt: skip
    made = call("crm.item.update", entityTypeId=3, id=1, fields={"fm": change})["item"]
    assert [(row["id"], row["value"]) for row in made["fm"]] == [(1, "+7 495 2"), (3, "3")]
    assert made["hasEmail"] == "N"
    listed = call("crm.item.list", entityTypeId=3, select=["id", "fm"])["items"]
    assert listed == [{"id": 1}]
    assert "fm" in call("crm.item.list", entityTypeId=3, select=["*"])["items"][0]


def test_contacts_of_a_deal_and_what_their_deletion_leaves(portal: portals.Portal) -> None:
    """contactIds and contactId agree; a deleted contact is unbound; its own card cannot be read."""
    call = calls.Caller(portal)
    for name in ("А", "Б"):
        call("crm.item.add", entityTypeId=3, fields={"name": name})
    deal = call("crm.item.add", entityTypeId=2, fields={"contactIds": [1, 2]})["item"]
    assert (deal["contactId"], deal["contactIds"]) == (1, [1, 2])
    seen = calls.events_of(portal)
    assert call("crm.item.delete", entityTypeId=3, id=1) == []
    deal = call("crm.item.get", entityTypeId=2, id=1)["item"]
    assert (deal["contactId"], deal["contactIds"], deal["companyId"]) == (2, [2], 0)
    assert seen == [("ONCRMCONTACTDELETE", {"ID": 1})]
    assert calls.Caller(portal).refused("crm.item.get", entityTypeId=3, id=1)[:2] == (400, "NOT_FOUND")


def test_leads_close_and_know_returning_customers(portal: portals.Portal) -> None:
    """dateClosed comes with a final stage and goes with reopening; isReturnCustomer with a contact."""
    call = calls.Caller(portal)
    call("crm.item.add", entityTypeId=3, fields={"name": "Мария"})
    lead = call("crm.item.add", entityTypeId=1, fields={"title": "л", "contactId": 1})["item"]
    assert (lead["isReturnCustomer"], lead["contactIds"], lead["dateClosed"]) == ("Y", [1], None)
    lead = call("crm.item.update", entityTypeId=1, id=1, fields={"stageId": "JUNK"})["item"]
    assert (lead["stageSemanticId"], lead["dateClosed"]) == ("F", "2026-09-21T17:13:20+03:00")
    assert (
        call("crm.item.update", entityTypeId=1, id=1, fields={"stageId": "NEW"})["item"]["dateClosed"] is None
    )


@pytest.mark.parametrize(("left", "status"), [("converted", "CONVERTED"), ("gone", None)])
def test_simple_mode_turns_a_lead_into_a_deal(portal: portals.Portal, left: str, status: str | None) -> None:
    """The lead is converted at once, with a contact from its name and phones; what is left of it is a switch."""
    portal.switch.set("crm_mode", "simple")
    portal.switch.set("simple_lead", left)
    call = calls.Caller(portal)
    fm = [{"typeId": "PHONE", "valueType": "WORK", "value": "1"}]
    lead_id = call("crm.item.add", entityTypeId=1, fields={"title": "л", "name": "Мария", "fm": fm})["item"][
        "id"
    ]
    deal = call("crm.item.list", entityTypeId=2, select=["title", "leadId", "contactId"])["items"]
    assert deal == [{"id": 1, "title": "л", "leadId": lead_id, "contactId": 1}]
    assert portal.crm.value(1, lead_id, "stageId") == status
    assert call("crm.settings.mode.get") == 2


def test_smart_processes_and_invoices_have_stages_and_events_of_their_own(portal: portals.Portal) -> None:
    """Stage codes with their prefix, previousStageId, dynamic events; user fields hang on the type's id."""
    kind = portal.crm.register_type("Отгрузки", 1220)
    portal.crm.user_fields.add(f"CRM_{kind.id}", f"UF_CRM_{kind.id}_1747", "string")
    portal.crm.fields_changed()
    call, seen = calls.Caller(portal), calls.events_of(portal)
    item = call("crm.item.add", entityTypeId=1220, fields={f"ufCrm{kind.id}_1747": "x", "xmlId": "ops-1"})[
        "item"
    ]
    category = item["categoryId"]
    assert (item["stageId"], item["title"], item["xmlId"]) == (
        f"DT1220_{category}:NEW",
        "Отгрузки #1",
        "ops-1",
    )
    item = call("crm.item.update", entityTypeId=1220, id=1, fields={"stageId": f"DT1220_{category}:SUCCESS"})[
        "item"
    ]
    assert (item["previousStageId"], item[f"ufCrm{kind.id}_1747"]) == (f"DT1220_{category}:NEW", "x")
    assert call("crm.item.add", entityTypeId=31, fields={})["item"]["stageId"] == "DT31_1:N"
    assert seen == [
        ("ONCRMDYNAMICITEMADD", {"ID": 1, "ENTITY_TYPE_ID": 1220}),
        ("ONCRMDYNAMICITEMUPDATE", {"ID": 1, "ENTITY_TYPE_ID": 1220}),
        ("ONCRMDYNAMICITEMADD", {"ID": 1, "ENTITY_TYPE_ID": 31}),
    ]
    assert call("crm.type.list")["types"][0]["entityTypeId"] == 1220


def test_order_and_incremental_polling(portal: portals.Portal) -> None:
    """updatedTime then id, and any other field either way; what changed later comes last."""
    call = calls.Caller(portal)
    for title in ("в", "а", "б"):
        call("crm.item.add", entityTypeId=2, fields={"title": title})
    portal.clock.advance(10)
    since = portal.clock.iso()
    for item_id in (3, 1):
        call("crm.item.update", entityTypeId=2, id=item_id, fields={"opportunity": item_id})
    poll = call(
        "crm.item.list",
        entityTypeId=2,
        filter={">=updatedTime": since},
        order={"updatedTime": "ASC", "id": "ASC"},
        start=-1,
    )
    assert ids(poll) == [1, 3]
    whole = call("crm.item.list", entityTypeId=2, order={"updatedTime": "ASC", "id": "ASC"})
    assert ids(whole) == [2, 1, 3]
    assert ids(call("crm.item.list", entityTypeId=2, order={"title": "DESC"})) == [1, 3, 2]
    assert ids(call("crm.item.list", entityTypeId=2, order={"id": "DESC"}, start=1)) == [2, 1]


def test_lists_lag_behind_by_switch(portal: portals.Portal) -> None:
    """A created card can be read by id at once, but is in no list until the lag is over."""
    call = calls.Caller(portal)
    portal.switch.set("lists_lag", 5)
    fm = [{"typeId": "EMAIL", "valueType": "WORK", "value": "a@b.ru"}]
    call("crm.item.add", entityTypeId=3, fields={"name": "Мария", "fm": fm})
    asked = {"type": "EMAIL", "values": ["a@b.ru"]}
    early = ids(call("crm.item.list", entityTypeId=3)), call("crm.duplicate.findbycomm", **asked)
    assert call("crm.item.get", entityTypeId=3, id=1)["item"]["name"] == "Мария"
    portal.clock.advance(5.1)
    late = ids(call("crm.item.list", entityTypeId=3)), call("crm.duplicate.findbycomm", **asked)
    assert (early, late) == (([], []), ([1], {"CONTACT": [1]}))


def test_required_fields_are_checked_on_a_stage_move_only(portal: portals.Portal) -> None:
    """Fields that people made required on a stage stop a move to it; the error code is a switch."""
    portal.crm.required[(2, "C2:PREPARATION")] = frozenset({seed.NEEDS})
    call = calls.Caller(portal)
    call("crm.item.add", entityTypeId=2, fields={"categoryId": 2})
    call("crm.item.update", entityTypeId=2, id=1, fields={"title": "без требований"})
    move = {"entityTypeId": 2, "id": 1, "fields": {"stageId": "C2:PREPARATION"}}
    codes = []
    for position in ("CRM_FIELD_ERROR_REQUIRED", "100", "empty"):
        portal.switch.set("required_code", position)
        codes.append(calls.Caller(portal).refused("crm.item.update", **move)[:2])
    assert codes == [(400, "CRM_FIELD_ERROR_REQUIRED"), (400, "100"), (400, "")]
    move["fields"] |= {"ufCrm_1747309872": "срочно"}  # type: ignore[operator]
    assert call("crm.item.update", **move)["item"]["stageId"] == "C2:PREPARATION"


def test_import_keeps_what_it_is_given_and_raises_no_events(portal: portals.Portal) -> None:
    """crm.item.import takes creation time and author; the batch form says which ones failed."""
    call, seen = calls.Caller(portal), calls.events_of(portal)
    fields = {"title": "старая", "createdTime": "2020-01-01T00:00:00+03:00", "createdBy": seed.HEAD}
    made = call("crm.item.import", entityTypeId=2, fields=fields)["item"]
    assert (made["createdTime"], made["createdBy"]) == ("2020-01-01T00:00:00+03:00", seed.HEAD)
    answer = call("crm.item.batchImport", entityTypeId=2, data=[{"title": "a"}, {"stageId": "NOPE"}])
    assert [sorted(row) for row in answer["items"]] == [["item"], ["error", "error_description"]]
    assert seen == []


def test_restored_cards_keep_or_change_their_id_by_switch(portal: portals.Portal) -> None:
    """Documents are silent about the bin, so both are possible."""
    portal.crm.add(2, {"title": "x"}, 1)
    portal.crm.delete(2, 1)
    same = portal.crm.restore(2, 1, 1).id
    portal.crm.delete(2, 1)
    portal.switch.set("restore_id", "new")
    assert (same, portal.crm.restore(2, 1, 1).id) == (1, 2)


def test_fields_are_described(portal: portals.Portal) -> None:
    """crm.item.fields tells type, flags, dictionary and the upper-case name."""
    fields = calls.Caller(portal)("crm.item.fields", entityTypeId=2)["fields"]
    assert fields["stageId"] == {
        "type": "crm_status", "isRequired": False, "isReadOnly": False, "isImmutable": False, "isMultiple": False,
        "isDynamic": False, "title": "Stage id", "statusType": "DEAL_STAGE", "upperName": "STAGE_ID",
    }  # fmt: skip
    assert [row["VALUE"] for row in fields["ufCrm_1747309874"]["items"]] == ["Доставка", "Самовывоз"]
    assert (fields["createdTime"]["isReadOnly"], fields["contactId"]["isDeprecated"]) == (True, True)
