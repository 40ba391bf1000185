"""crm.status.*: dictionaries and stages (reference §5.4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.bitrix24 import args, dictionaries, filters, kernel, listing, schema

_FIELDS = {
    "ID": schema.Field("ID", "ID", "ID", "integer"),
    "ENTITY_ID": schema.Field("ENTITY_ID", "ENTITY_ID", "ENTITY_ID", "string"),
    "STATUS_ID": schema.Field("STATUS_ID", "STATUS_ID", "STATUS_ID", "string"),
    "NAME": schema.Field("NAME", "NAME", "NAME", "string"),
    "NAME_INIT": schema.Field("NAME_INIT", "NAME_INIT", "NAME_INIT", "string"),
    "SORT": schema.Field("SORT", "SORT", "SORT", "integer"),
    "SYSTEM": schema.Field("SYSTEM", "SYSTEM", "SYSTEM", "char"),
    "CATEGORY_ID": schema.Field("CATEGORY_ID", "CATEGORY_ID", "CATEGORY_ID", "integer"),
    "COLOR": schema.Field("COLOR", "COLOR", "COLOR", "string"),
    "SEMANTICS": schema.Field("SEMANTICS", "SEMANTICS", "SEMANTICS", "string"),
}
_LONGEST = {"STATUS": 21, "DEAL_STAGE": 22}


class _Row:
    """A status as the filter language sees it."""

    __slots__ = ("status",)

    def __init__(self, status: dictionaries.Status) -> None:
        self.status = status

    def get(self, name: str) -> Any:
        value = getattr(self.status, "id" if name == "ID" else name.lower())
        return ("Y" if value else "N") if name == "SYSTEM" else value


def shown(row: dictionaries.Status) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ID": str(row.id),
        "ENTITY_ID": row.entity_id,
        "STATUS_ID": row.status_id,
        "NAME": row.name,
        "NAME_INIT": row.name_init if row.system else "",
        "SORT": str(row.sort),
        "SYSTEM": "Y" if row.system else "N",
        "CATEGORY_ID": str(row.category_id) if row.category_id is not None else None,
        "COLOR": row.color,
        "SEMANTICS": row.semantics,
    }
    if row.color:
        made["EXTRA"] = {"SEMANTICS": row.extra, "COLOR": row.color}
    return made


@kernel.method("crm.status.list", scope="crm")
def list_(call: kernel.Call) -> kernel.Answer:
    rows = [each for table in call.portal.crm.dictionaries.statuses.values() for each in table]
    wanted = filters.compiled(
        call.param("filter"), filters.Dialect(_FIELDS.get, call.portal.clock.zone, logic=False)
    )
    matches = wanted.predicate()
    order = listing.order_of(call.param("order"), _FIELDS.get, strict=False)
    found = listing.in_order((each for each in map(_Row, rows) if matches(each)), order)
    return kernel.Answer([shown(each.status) for each in found], len(found))


@kernel.method("crm.status.get", scope="crm")
def get(call: kernel.Call) -> kernel.Json:
    return shown(_known(call))


@kernel.method("crm.status.fields", scope="crm")
def fields(call: kernel.Call) -> kernel.Json:
    del call
    required, immutable = (
        {"ENTITY_ID", "STATUS_ID", "NAME"},
        {"ENTITY_ID", "STATUS_ID", "CATEGORY_ID", "SEMANTICS"},
    )
    read_only = {"ID", "NAME_INIT", "SYSTEM"}
    return {
        name: {
            "type": found.type,
            "isRequired": name in required,
            "isReadOnly": name in read_only,
            "isImmutable": name in immutable,
            "isMultiple": False,
            "isDynamic": False,
            "title": name,
        }
        for name, found in _FIELDS.items()
    } | {"EXTRA": {"type": "crm_status_extra", "isRequired": False, "isReadOnly": False, "title": "EXTRA"}}


@kernel.method("crm.status.entity.items", scope="crm")
def entity_items(call: kernel.Call) -> kernel.Json:
    entity_id = call.param("entityId")
    if not entity_id:
        raise kernel.Refusal(400, "", "The parameter entityId is not defined or invalid.")
    rows = call.portal.crm.dictionaries.statuses.get(str(entity_id), ())
    return [{"NAME": row.name, "SORT": row.sort, "STATUS_ID": row.status_id} for row in rows]


@kernel.method("crm.status.entity.types", scope="crm")
def entity_types(call: kernel.Call) -> kernel.Json:
    book = call.portal.crm.dictionaries
    return [_type(book, entity_id) for entity_id in book.statuses]


def _type(book: dictionaries.Dictionaries, entity_id: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ID": entity_id,
        "NAME": dictionaries.NAMES.get(entity_id, entity_id),
        "SEMANTIC_INFO": [],
    }
    rows = book.statuses[entity_id]
    won = next((row.status_id for row in rows if row.semantics == "S"), None)
    if won is not None:
        lost = next((row.status_id for row in rows if row.semantics == "F"), "")
        made["SEMANTIC_INFO"] = {
            "START_FIELD": rows[0].status_id,
            "FINAL_SUCCESS_FIELD": won,
            "FINAL_UNSUCCESS_FIELD": lost,
            "FINAL_SORT": 0,
        }
    for category in book.categories.values():
        if book.stage_entity(category.type_id, category.id) == entity_id and category.id:
            made["NAME"] = f"Стадии: {category.name}"
            made["PARENT_ID"] = "DEAL_STAGE" if category.type_id == schema.DEAL else None
            made["ENTITY_TYPE_ID"] = category.type_id
            made["PREFIX"] = book.prefix(category.type_id, category.id).rstrip(":")
            made["CATEGORY_ID"] = str(category.id) if category.type_id == schema.DEAL else category.id
    return made


@kernel.method("crm.status.add", scope="crm")
def add(call: kernel.Call) -> kernel.Json:
    _need_settings(call)
    given = args.as_map(call.param("fields"))
    book = call.portal.crm.dictionaries
    entity_id, code, name = (str(given.get(key) or "") for key in ("ENTITY_ID", "STATUS_ID", "NAME"))
    if entity_id not in book.statuses:
        raise kernel.Refusal(400, "", "Field 'ENTITY_ID' is not defined or invalid.")
    if not name or not code:
        raise kernel.Refusal(400, "", "Не заполнено обязательное поле")
    prefix = _prefix(book, entity_id)
    if prefix and not code.startswith(prefix):
        code = prefix + code
    if len(code) > next((most for start, most in _LONGEST.items() if entity_id.startswith(start)), 50):
        raise kernel.Refusal(400, "", "STATUS_ID is too long")
    if book.status(entity_id, code) is not None:
        raise kernel.Refusal(400, "ERROR_CORE", f"Элемент справочника с кодом {code} уже существует")
    semantics = str(given.get("SEMANTICS") or "") or None
    staged = bool(prefix or entity_id in ("STATUS", "DEAL_STAGE", "QUOTE_STATUS"))
    row = dictionaries.Status(
        id=0,
        entity_id=entity_id,
        status_id=code,
        name=name,
        sort=args.integer(given.get("SORT"), 10),
        color=str(given.get("COLOR") or ("#ACE9FB" if staged else "")),
        semantics=semantics if semantics in ("S", "F") and staged else None,
        extra={"S": "success", "F": "apology"}.get(semantics or "", "process"),
        category_id=book.statuses[entity_id][0].category_id if book.statuses[entity_id] else None,
    )
    if row.semantics == "S" and any(each.semantics == "S" for each in book.statuses[entity_id]):
        raise kernel.Refusal(400, "ERROR_CORE", "Успешная стадия может быть только одна")
    return book.add_status(row).id


def _prefix(book: dictionaries.Dictionaries, entity_id: str) -> str:
    for category in book.categories.values():
        if book.stage_entity(category.type_id, category.id) == entity_id:
            return book.prefix(category.type_id, category.id)
    return ""


@kernel.method("crm.status.update", scope="crm")
def update(call: kernel.Call) -> kernel.Json:
    _need_settings(call)
    row = _known(call)
    given = args.as_map(call.param("fields"))
    row = replace(
        row,
        name=str(given.get("NAME") or row.name),
        sort=args.integer(given.get("SORT"), row.sort),
        color=str(given.get("COLOR") or row.color),
    )
    call.portal.crm.dictionaries.change_status(row)
    return True


@kernel.method("crm.status.delete", scope="crm")
def delete(call: kernel.Call) -> kernel.Json:
    _need_settings(call)
    row = _known(call)
    forced = args.is_yes(args.as_map(call.param("params")).get("FORCED"))
    if row.system and not forced:
        raise kernel.Refusal(
            400,
            "",
            'CRM System status can be deleted only if parameter FORCED is specified and equal to "Y".',
        )
    used = any(table.index["stageId"].get(row.status_id) for table in call.portal.crm.tables.values())
    if used:
        raise kernel.Refusal(400, "ERROR_CORE", "На стадии есть элементы")
    call.portal.crm.dictionaries.drop_status(row)
    return True


def _need_settings(call: kernel.Call) -> None:
    if not call.is_admin:
        raise kernel.Refusal(400, "", "Access denied.")


def _known(call: kernel.Call) -> dictionaries.Status:
    row = call.portal.crm.dictionaries.by_id(args.integer(call.param("id")))
    if row is None:
        raise kernel.Refusal(
            400, "", "Not found" if args.integer(call.param("id")) > 0 else "ID is not defined or invalid."
        )
    return row
