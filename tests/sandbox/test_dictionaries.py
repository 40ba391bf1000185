"""Stages, dictionaries, pipelines and user fields of the sandbox (reference §5.4, §5.6, Appendix B)."""

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


def test_the_stages_of_the_general_pipeline(call: calls.Caller) -> None:
    """Codes, sorting, colours and semantics of Appendix B."""
    rows = call("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE"}, order={"SORT": "ASC"})
    assert [(row["STATUS_ID"], row["SORT"], row["SEMANTICS"], row["EXTRA"]["SEMANTICS"]) for row in rows] == [
        ("NEW", "10", None, "process"), ("PREPARATION", "20", None, "process"),
        ("PREPAYMENT_INVOICE", "30", None, "process"), ("EXECUTING", "40", None, "process"),
        ("FINAL_INVOICE", "50", None, "process"), ("WON", "60", "S", "success"), ("LOSE", "70", "F", "failure"),
        ("APOLOGY", "80", "F", "apology"),
    ]  # fmt: skip
    assert (rows[0]["COLOR"], rows[0]["SYSTEM"], rows[0]["CATEGORY_ID"]) == ("#39A8EF", "Y", "0")


def test_the_seeded_funnel(portal: portals.Portal, call: calls.Caller) -> None:
    """The stages of the preset in order, with the prefix of their pipeline."""
    names = [row["NAME"] for row in call("crm.status.entity.items", entityId="DEAL_STAGE_2")]
    assert names == [name for _, name, _, _ in seed.SALES_STAGES]
    assert seed.stage(portal, "Доставка", "В пути") == "C3:EXECUTING"
    kinds = {row["ID"]: row for row in call("crm.status.entity.types")}
    assert (kinds["DEAL_STAGE_2"]["PREFIX"], kinds["SOURCE"]["SEMANTIC_INFO"]) == ("C2", [])
    assert kinds["STATUS"]["SEMANTIC_INFO"]["FINAL_UNSUCCESS_FIELD"] == "JUNK"
    assert [row["name"] for row in call("crm.category.list", entityTypeId=2)["categories"]] == [
        "Продажи",
        "Доставка",
        "Общая",
    ]
    assert call.refused("crm.category.list", entityTypeId=1)[1] == "ENTITY_TYPE_NOT_SUPPORTED"


def test_a_pipeline_from_the_cradle_to_the_grave(call: calls.Caller) -> None:
    """Added with its stages, renamed, not deleted while a deal is in it, deleted with its dictionary."""
    made = call("crm.category.add", entityTypeId=2, fields={"name": "Сервис", "sort": 400})["category"]
    assert (
        call("crm.category.update", entityTypeId=2, id=made["id"], fields={"name": "Гарантия"})["category"][
            "name"
        ]
        == "Гарантия"
    )
    stage_id = call(
        "crm.status.add",
        fields={"ENTITY_ID": "DEAL_STAGE_4", "STATUS_ID": "UC_X", "NAME": "Ждём", "SORT": 15},
    )
    assert [row["STATUS_ID"] for row in call("crm.status.entity.items", entityId="DEAL_STAGE_4")][:3] == [
        "C4:NEW",
        "C4:UC_X",
        "C4:PREPARATION",
    ]
    call("crm.item.add", entityTypeId=2, fields={"categoryId": 4, "stageId": "C4:UC_X"})
    assert call.refused("crm.category.delete", entityTypeId=2, id=4)[1] == "BX_ERROR"
    assert call.refused("crm.status.delete", id=stage_id)[1] == "ERROR_CORE"
    call("crm.item.delete", entityTypeId=2, id=1)
    assert call("crm.status.delete", id=stage_id) is True
    assert call("crm.category.delete", entityTypeId=2, id=4) == []
    assert call("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE_4"}) == []


def test_dictionaries_change_by_their_rules(call: calls.Caller) -> None:
    """No doubles, one success stage, system rows only by force; a shared default is not spoilt for other portals."""
    fields = {"ENTITY_ID": "SOURCE", "STATUS_ID": "AVITO", "NAME": "Авито"}
    source_id = call("crm.status.add", fields=fields)
    assert call.refused("crm.status.add", fields=fields)[1] == "ERROR_CORE"
    assert call("crm.status.update", id=source_id, fields={"NAME": "Авито 2"}) is True
    assert call("crm.status.get", id=source_id)["NAME"] == "Авито 2"
    won = {"ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "UC_W", "NAME": "w", "SEMANTICS": "S"}
    assert call.refused("crm.status.add", fields=won)[1] == "ERROR_CORE"
    new = call("crm.status.list", filter={"ENTITY_ID": "STATUS", "STATUS_ID": "NEW"})[0]
    assert "FORCED" in call.refused("crm.status.delete", id=new["ID"])[2]
    other = calls.Caller(seed.plain())
    assert "AVITO" not in [row["STATUS_ID"] for row in other("crm.status.entity.items", entityId="SOURCE")]


def test_user_fields(portal: portals.Portal, call: calls.Caller) -> None:
    """Added with their options, listed, changed by option ids, deleted; cards and descriptions follow."""
    seen = calls.events_of(portal)
    options = [{"VALUE": "Да", "SORT": 10, "DEF": "Y"}, {"VALUE": "Нет", "SORT": 20}]
    fields = {
        "FIELD_NAME": "MOOD",
        "USER_TYPE_ID": "enumeration",
        "LIST": options,
        "EDIT_FORM_LABEL": {"ru": "Настроение"},
    }
    field_id = call("crm.deal.userfield.add", fields=fields)
    row = call("crm.deal.userfield.list", filter={"FIELD_NAME": "UF_CRM_MOOD", "LANG": "ru"})[0]
    first, second = (option["ID"] for option in row["LIST"])
    assert (row["ID"], row["EDIT_FORM_LABEL"]) == (str(field_id), "Настроение")
    assert "EDIT_FORM_LABEL" not in call("crm.deal.userfield.list")[0]
    call(
        "crm.deal.userfield.update",
        id=field_id,
        fields={
            "LIST": [{"ID": first, "VALUE": "Отличное"}, {"ID": second, "DEL": "Y"}, {"VALUE": "Так себе"}]
        },
    )
    assert [option["VALUE"] for option in call("crm.deal.userfield.get", id=field_id)["LIST"]] == [
        "Отличное",
        "Так себе",
    ]
    made = call("crm.item.add", entityTypeId=2, fields={"ufCrm_MOOD": first})["item"]
    assert made["ufCrm_MOOD"] == int(first)
    assert (
        call.refused("crm.item.update", entityTypeId=2, id=1, fields={"ufCrm_MOOD": second})[1]
        == "CRM_FIELD_ERROR_VALUE_NOT_VALID"
    )
    call("crm.deal.userfield.delete", id=field_id)
    assert "ufCrm_MOOD" not in call("crm.item.get", entityTypeId=2, id=1)["item"]
    assert [name for name, _ in seen][:3] == [
        "ONCRMDEALUSERFIELDADD",
        "ONCRMDEALUSERFIELDUPDATE",
        "ONCRMDEALUSERFIELDSETENUMVALUES",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"FIELD_NAME": "X"},
        {"USER_TYPE_ID": "string"},
        {"FIELD_NAME": "X", "USER_TYPE_ID": "nope"},
        {"FIELD_NAME": "ПОЛЕ", "USER_TYPE_ID": "string"},
        {"FIELD_NAME": "X", "USER_TYPE_ID": "boolean", "MULTIPLE": "Y"},
        {"FIELD_NAME": seed.ROP, "USER_TYPE_ID": "employee"},
        {"FIELD_NAME": "X" * 60, "USER_TYPE_ID": "string"},
    ],
)
def test_user_fields_that_cannot_be(call: calls.Caller, fields: dict[str, str]) -> None:
    """Unknown type, bad name, multiple boolean, a name already taken."""
    assert call.refused("crm.deal.userfield.add", fields=fields)[0] == 400


def test_userfieldconfig_makes_fields_of_smart_processes(portal: portals.Portal, call: calls.Caller) -> None:
    """entityId is CRM_ and the type's id, not its entityTypeId."""
    kind = portal.crm.register_type("Отгрузки", 1220)
    field = {"entityId": f"CRM_{kind.id}", "fieldName": f"UF_CRM_{kind.id}_KIND", "userTypeId": "enumeration",
             "enum": [{"value": "А"}, {"value": "Б"}]}  # fmt: skip
    made = call("userfieldconfig.add", moduleId="crm", field=field)["field"]
    assert [option["value"] for option in made["enum"]] == ["А", "Б"]
    assert f"ufCrm{kind.id}Kind" in call("crm.item.fields", entityTypeId=1220)["fields"]
    listed = call("userfieldconfig.list", moduleId="crm", filter={"entityId": f"CRM_{kind.id}"})["fields"]
    assert [row["id"] for row in listed] == [made["id"]]


def test_small_dictionaries(call: calls.Caller) -> None:
    """Currencies, owner types, features and methods."""
    assert call("crm.currency.base.get") == "RUB"
    assert call("crm.currency.list")[0]["CURRENCY"] == "RUB"
    assert {"ID": 2, "NAME": "Сделка", "SYMBOL_CODE": "DEAL", "SYMBOL_CODE_SHORT": "D"} in call(
        "crm.enum.ownertype"
    )
    assert call("method.get", name="crm.item.list") == {"isExisting": True, "isAvailable": True}
    assert call("method.get", name="no.such") == {"isExisting": False, "isAvailable": False}
    assert call("feature.get", CODE="rest_offline_extended") == {"value": "N"}
