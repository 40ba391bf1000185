"""crm.category.*: pipelines (reference §5.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.bitrix24 import args, dictionaries, kernel, rights, schema


def _kind(call: kernel.Call) -> schema.EntityType:
    kind = args.entity_type(call)
    if not kind.categories:
        raise kernel.Refusal(400, "ENTITY_TYPE_NOT_SUPPORTED", "Тип сущности не поддерживает воронки")
    return kind


def _known(call: kernel.Call, kind: schema.EntityType) -> dictionaries.Category:
    row = call.portal.crm.dictionaries.category(kind.id, args.needed_int(call, "id"))
    if row is None:
        raise kernel.Refusal(400, "NOT_FOUND", "Воронка не найдена")
    return row


def _shown(row: dictionaries.Category) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "sort": row.sort,
        "entityTypeId": row.type_id,
        "isDefault": "Y" if row.default else "N",
    }
    return made | ({"originId": "", "originatorId": ""} if row.id else {})


@kernel.method("crm.category.list", scope="crm")
def list_(call: kernel.Call) -> kernel.Answer:
    rows = call.portal.crm.dictionaries.categories_of(_kind(call).id)
    return kernel.Answer({"categories": [_shown(row) for row in rows]}, len(rows))


@kernel.method("crm.category.get", scope="crm")
def get(call: kernel.Call) -> kernel.Json:
    return {"category": _shown(_known(call, _kind(call)))}


@kernel.method("crm.category.fields", scope="crm")
def fields(call: kernel.Call) -> kernel.Json:
    _kind(call)
    kinds = {
        "id": "integer",
        "name": "string",
        "sort": "integer",
        "entityTypeId": "integer",
        "isDefault": "boolean",
    }
    return {"fields": {name: {"type": kind, "isReadOnly": name == "id"} for name, kind in kinds.items()}}


@kernel.method("crm.category.add", scope="crm")
def add(call: kernel.Call) -> kernel.Json:
    rights.need_admin(call)
    kind = _kind(call)
    given = args.needed_map(call, "fields")
    name = str(given.get("name") or "")
    if not name:
        raise kernel.Refusal(400, "BX_EMPTY_REQUIRED", "Не заполнено обязательное поле «Название»")
    row = call.portal.crm.dictionaries.add_category(kind.id, name, args.integer(given.get("sort"), 500))
    return {"category": _shown(row)}


@kernel.method("crm.category.update", scope="crm")
def update(call: kernel.Call) -> kernel.Json:
    rights.need_admin(call)
    row = _known(call, _kind(call))
    given = args.needed_map(call, "fields")
    row = replace(
        row, name=str(given.get("name") or row.name), sort=args.integer(given.get("sort"), row.sort)
    )
    book = call.portal.crm.dictionaries
    if args.is_yes(given.get("isDefault")) and not row.default and row.type_id >= schema.SMART_INVOICE:
        for other in book.categories_of(row.type_id):
            book.categories[(other.type_id, other.id)] = replace(other, default=False)
        row = replace(row, default=True)
    book.categories[(row.type_id, row.id)] = row
    return {"category": _shown(row)}


@kernel.method("crm.category.delete", scope="crm")
def delete(call: kernel.Call) -> kernel.Json:
    rights.need_admin(call)
    row = _known(call, _kind(call))
    room = call.portal.crm
    if row.default:
        raise kernel.Refusal(400, "BX_ERROR", "Нельзя удалить воронку по умолчанию")
    stages = {stage.status_id for stage in room.dictionaries.stages(row.type_id, row.id)}
    index = room.table(row.type_id).index["stageId"]
    if any(index.get(code) for code in stages):
        raise kernel.Refusal(400, "BX_ERROR", "Нельзя удалить воронку, в которой есть элементы")
    room.dictionaries.drop_category(row)
    return []
