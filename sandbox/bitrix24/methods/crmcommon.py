"""CRM's odds and ends: stage history, card types, currencies, mode, enumerations (reference §5.0, §5.4)."""

from __future__ import annotations

import heapq
from typing import Any

from sandbox.bitrix24 import args, crm, filters, history, kernel, listing, rights, schema, values

_HISTORY_TYPES = {schema.LEAD, schema.DEAL, 5, schema.SMART_INVOICE}


def _history_fields(type_id: int) -> dict[str, schema.Field]:
    stage, semantic = (
        ("STATUS_ID", "STATUS_SEMANTIC_ID") if type_id == schema.LEAD else ("STAGE_ID", "STAGE_SEMANTIC_ID")
    )
    kinds = {
        "ID": ("ID", "integer"),
        "TYPE_ID": ("TYPE_ID", "integer"),
        "OWNER_ID": ("OWNER_ID", "integer"),
        "CREATED_TIME": ("CREATED_TIME", "datetime"),
        "CATEGORY_ID": ("CATEGORY_ID", "integer"),
        semantic: ("SEMANTIC", "string"),
        stage: ("STAGE", "string"),
    }
    if type_id == schema.LEAD:
        del kinds["CATEGORY_ID"]
    return {name: schema.Field(inner, name, name, kind) for name, (inner, kind) in kinds.items()}


@kernel.method("crm.stagehistory.list", scope="crm")
def stage_history(call: kernel.Call) -> kernel.Answer:
    type_id = args.needed_int(call, "entityTypeId")
    if type_id not in _HISTORY_TYPES and type_id not in call.portal.crm.types:
        raise kernel.Refusal(400, "ENTITY_TYPE_NOT_SUPPORTED", "Тип сущности не поддерживается")
    fields = _history_fields(type_id)
    every = call.portal.switch.get("more_than_nothing") == "every_row"
    dialect = filters.Dialect(fields.get, call.portal.clock.zone, strict=True, empty_is_least=every)
    wanted = filters.compiled(call.param("filter"), dialect)
    matches = wanted.predicate()
    order = listing.order_of(call.param("order"), fields.get, strict=False)
    rows = (row for row in _candidates(call, type_id, wanted) if matches(row))
    natural = not order or (order[0][0].name == "ID" and not order[0][1])
    page = listing.page(call, rows if natural else listing.in_order(rows, order))
    select = [name for name in args.names(call.param("select")) if name in fields]
    shown = {name: fields[name] for name in select} or fields
    return page.answer({"items": [_shown(call, row, shown) for row in page.rows]})


def _candidates(call: kernel.Call, type_id: int, wanted: filters.Filter) -> Any:
    """Rows that may match, by id, without walking all of them where id, owner or time says where to begin."""
    log = call.portal.crm.history(type_id)
    now = call.portal.clock.time()
    table = call.portal.crm.table(type_id)
    visible = rights.visible_to(call)
    owners = [
        c.wanted if c.op == "in" else {c.wanted}
        for c in wanted.conditions
        if c.field.name == "OWNER_ID" and c.op in ("=", "in")
    ]
    after = [
        c.wanted - (c.op == ">=")
        for c in wanted.conditions
        if c.field.name == "ID" and c.op in (">", ">=") and c.wanted
    ]
    since = [
        c.wanted
        for c in wanted.conditions
        if c.field.name == "CREATED_TIME" and c.op in (">", ">=") and c.wanted
    ]
    if owners:
        rows: Any = heapq.merge(*map(log.of, owners[0]), key=lambda row: row.id)
    elif after:
        rows = log.after(max(after))
    else:
        rows = log.since(max(since)) if since else log.rows
    for row in rows:
        owner = table.rows.get(row.owner_id)
        if row.visible_at <= now and (visible is None or (owner is not None and visible(owner))):
            yield row


def _shown(call: kernel.Call, row: history.Row, fields: dict[str, schema.Field]) -> dict[str, Any]:
    made = {name: row.get(found.name) for name, found in fields.items()}
    if "CREATED_TIME" in made:
        made["CREATED_TIME"] = values.iso(made["CREATED_TIME"], call.portal.clock.zone)
    return made


@kernel.method("crm.type.list", scope="crm")
def type_list(call: kernel.Call) -> kernel.Answer:
    rights.need_admin(call)
    rows = sorted(call.portal.crm.types.values(), key=lambda row: row.id)
    return kernel.Answer({"types": [_type(row) for row in rows]}, len(rows))


@kernel.method("crm.type.get", scope="crm")
def type_get(call: kernel.Call) -> kernel.Json:
    rights.need_admin(call)
    wanted = args.needed_int(call, "id")
    found = next((row for row in call.portal.crm.types.values() if row.id == wanted), None)
    if found is None:
        raise crm.not_found()
    return {"type": _type(found)}


def _type(row: crm.DynamicType) -> dict[str, Any]:
    flags = {name: "Y" if value else "N" for name, value in row.flags.items()}
    return {"id": row.id, "title": row.title, "code": row.code, "entityTypeId": row.entity_type_id} | flags


@kernel.method("crm.currency.list", scope="crm")
def currency_list(call: kernel.Call) -> kernel.Answer:
    rows = [_currency(call, row) for row in call.portal.crm.currencies.values()]
    return kernel.Answer(rows, len(rows))


@kernel.method("crm.currency.get", scope="crm")
def currency_get(call: kernel.Call) -> kernel.Json:
    row = call.portal.crm.currencies.get(str(call.param("id") or ""))
    if row is None:
        raise kernel.Refusal(400, "", "Not found")
    return _currency(call, row)


@kernel.method("crm.currency.base.get", scope="crm")
def currency_base(call: kernel.Call) -> kernel.Json:
    return next(row.code for row in call.portal.crm.currencies.values() if row.base)


def _currency(call: kernel.Call, row: crm.Currency) -> dict[str, Any]:
    return {
        "CURRENCY": row.code,
        "AMOUNT_CNT": "1",
        "AMOUNT": f"{row.rate:.4f}",
        "SORT": "100",
        "BASE": "Y" if row.base else "N",
        "FULL_NAME": row.name,
        "LID": "ru",
        "FORMAT_STRING": "# &#8381;" if row.code == "RUB" else "#",
        "DEC_POINT": ".",
        "THOUSANDS_SEP": " ",
        "DECIMALS": "2",
        "DATE_UPDATE": call.portal.clock.iso(),
    }


@kernel.method("crm.settings.mode.get", scope="crm")
def mode(call: kernel.Call) -> kernel.Json:
    return 2 if call.portal.switch.get("crm_mode") == "simple" else 1


@kernel.method("crm.enum.settings.mode", scope="crm")
def modes(call: kernel.Call) -> kernel.Json:
    del call
    return [{"ID": 1, "NAME": "Классический режим"}, {"ID": 2, "NAME": "Простой режим"}]


@kernel.method("crm.enum.ownertype", scope="crm")
def owner_types(call: kernel.Call) -> kernel.Json:
    kinds = [*schema.TYPES.values(), *(call.portal.crm.known_kind(each) for each in call.portal.crm.types)]
    return [
        {"ID": kind.id, "NAME": kind.title, "SYMBOL_CODE": kind.name, "SYMBOL_CODE_SHORT": kind.abbr}
        for kind in kinds
    ]
