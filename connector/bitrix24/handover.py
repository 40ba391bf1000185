"""What of a deal goes into its copy, and what stays: pure.

Never copied: the stage, the pipeline and what the portal keeps itself, dates of work, foreign origins, recurring and
quote links, and what the wish leaves out. Files are told apart: they go singly, outside batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.bitrix24 import client, names, writing
from robots import intents, model

NEVER = frozenset(
    [
        "id",
        "entityTypeId",
        "stageId",
        "previousStageId",
        "stageSemanticId",
        "categoryId",
        "createdTime",
        "createdBy",
        "updatedTime",
        "updatedBy",
        "movedTime",
        "movedBy",
        "lastActivityTime",
        "lastActivityBy",
        "lastCommunicationTime",
        "begindate",
        "closedate",
        "closed",
        "isNew",
        "isRecurring",
        "isReturnCustomer",
        "isRepeatedApproach",
        "quoteId",
        "originatorId",
        "originId",
        "webformId",
        "orderStage",
        "searchContent",
        "xmlId",
        "fm",
        "contactId",
        "contacts",
        "companyIds",
        "dateCreateShort",
        "isWork",
        "isWon",
        "isLose",
        "receivedAmount",
        "lostAmount",
        "hasProducts",
        "probability",
        "taxValue",
        "accountCurrencyId",
        "opportunityAccount",
        "taxValueAccount",
        "productRows",
        "observersUsers",
    ]
)
_ROW = [
    "productId",
    "productName",
    "price",
    "quantity",
    "discountTypeId",
    "discountRate",
    "discountSum",
    "taxRate",
    "taxIncluded",
    "customized",
    "measureCode",
    "measureName",
    "sort",
]


def copied(
    act: intents.CopyDeal,
    raw: Mapping[str, Any],
    described: Mapping[model.FieldCode, model.Field],
    marker: str,
) -> dict[str, Any]:
    """The fields of the new deal, from the source as crm.item.get shows it."""
    made = {
        code: value
        for code, value in raw.items()
        if _goes(code, value, act, described) and code not in file_codes(raw, described)
    }
    made |= {
        "categoryId": act.pipeline,
        "stageId": act.stage,
        "originatorId": writing.ORIGINATOR,
        "originId": marker,
        "title": act.title or raw.get("title") or "",
    }
    if act.responsible is not None:
        made["assignedById"] = act.responsible
    return made


def _goes(
    code: str, value: Any, act: intents.CopyDeal, described: Mapping[model.FieldCode, model.Field]
) -> bool:
    if code in NEVER or code in act.leave_out or code.startswith("parentId"):
        return False
    if value is None or value == "" or value == [] or (value == 0 and code.endswith("Id")):
        return False
    field = described.get(model.FieldCode(code))
    # The link to the lead is described as read-only and yet taken at creation (reference §5.1, §5.2).
    return field is None or not field.read_only or code == "leadId"


def file_codes(raw: Mapping[str, Any], described: Mapping[model.FieldCode, model.Field]) -> list[str]:
    """Filled file fields."""
    return [
        code
        for code, value in raw.items()
        if value and (_is_file(value) or _described_file(described.get(model.FieldCode(code))))
    ]


def _described_file(field: model.Field | None) -> bool:
    return field is not None and field.type is model.FieldType.FILE


def _is_file(value: Any) -> bool:
    one = value[0] if isinstance(value, list) and value else value
    return isinstance(one, Mapping) and "urlMachine" in one


def files_of(value: Any) -> list[str]:
    """Where a file field's files are to be fetched."""
    parts = value if isinstance(value, list) else [value]
    return [str(part["urlMachine"]) for part in parts if isinstance(part, Mapping) and part.get("urlMachine")]


def look_for(marker: str) -> client.Command:
    return client.Command(
        "crm.item.list",
        {
            "entityTypeId": 2,
            "select": ["*"],
            "filter": {"=originatorId": writing.ORIGINATOR, "=originId": marker},
            "order": {"id": "ASC"},
            "start": -1,
            **names.RAW_UF,
        },
        name="copy",
    )


def rows_of_deal(deal: int) -> client.Command:
    return rows_of("D", deal)


def rows_of(owner: str, number: int) -> client.Command:
    params = {"filter": {"=ownerType": owner, "=ownerId": number}, "order": {"sort": "ASC"}}
    return client.Command("crm.item.productrow.list", params, name="rows")


def add(fields: Mapping[str, Any]) -> client.Command:
    return client.Command(
        "crm.item.add", {"entityTypeId": 2, "fields": dict(fields), **names.RAW_UF}, write=True
    )


def set_rows(deal: int, rows: Sequence[Mapping[str, Any]]) -> client.Command:
    return set_rows_of("D", deal, rows)


def set_rows_of(owner: str, number: int, rows: Sequence[Mapping[str, Any]]) -> client.Command:
    """The whole set at once: may be repeated."""
    sent = [{name: row[name] for name in _ROW if row.get(name) not in (None, "")} for row in rows]
    params = {"ownerType": owner, "ownerId": number, "productRows": sent}
    return client.Command("crm.item.productrow.set", params, write=True)
