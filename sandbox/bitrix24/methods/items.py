"""crm.item.*: the universal methods of all card types (reference §5.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24 import args, crm, filters, kernel, listing, render, rights, saving, schema, store

Pairs = list[tuple[schema.Field, Any]]
MOST_IMPORTED = 20


def raw_names(call: kernel.Call) -> bool:
    """Whether user fields go under their raw names in this call's answer."""
    return args.is_yes(call.param("useOriginalUfNames"))


def _accepts_raw(call: kernel.Call) -> bool:
    return raw_names(call) or call.portal.switch.get("raw_uf_names") == "always"


def named(call: kernel.Call, table: schema.Schema, fields: dict[str, Any]) -> Pairs:
    """The fields that the type knows; others are ignored, silently, as the portal does."""
    raw_uf = _accepts_raw(call)
    found = ((table.item_field(name, raw_uf=raw_uf), value) for name, value in fields.items())
    return [(field, value) for field, value in found if field is not None]


def known_item(call: kernel.Call, kind: schema.EntityType, item_id: int) -> store.Item:
    item = call.portal.crm.item(kind.id, item_id)
    if item is None:
        raise crm.not_found()
    if not rights.may_touch(call.portal, call.user_id, item):
        raise kernel.Refusal(400, "ACCESS_DENIED", "Доступ запрещён")
    return item


def whole(call: kernel.Call, item: store.Item, *, fresh: bool = False) -> dict[str, Any]:
    room = call.portal.crm
    columns = render.all_columns(room.schema_of(item.type_id), raw_uf=raw_names(call))
    return {"item": render.item(room, item, columns, whole=True, fresh=fresh)}


@kernel.method("crm.item.fields", scope="crm")
def fields_of(call: kernel.Call) -> kernel.Json:
    kind = args.entity_type(call)
    room = call.portal.crm
    columns = [
        (render.out_name(each, raw_uf=raw_names(call)), each) for each in room.schema_of(kind.id).shown
    ]
    return {"fields": {name: render.as_field(each, room, kind.id) for name, each in columns}}


@kernel.method("crm.item.add", scope="crm")
def add(call: kernel.Call) -> kernel.Json:
    kind = args.entity_type(call)
    room = call.portal.crm
    fields = args.needed_map(call, "fields")
    change = saving.read(room, kind.id, named(call, room.schema_of(kind.id), fields))
    return whole(call, saving.add(room, kind.id, change, call.user_id), fresh=True)


@kernel.method("crm.item.update", scope="crm")
def update(call: kernel.Call) -> kernel.Json:
    kind = args.entity_type(call)
    room = call.portal.crm
    item = known_item(call, kind, args.needed_int(call, "id"))
    fields = args.needed_map(call, "fields")
    change = saving.read(room, kind.id, named(call, room.schema_of(kind.id), fields))
    return whole(call, saving.update(room, item, change, call.user_id))


@kernel.method("crm.item.get", scope="crm")
def get(call: kernel.Call) -> kernel.Json:
    kind = args.entity_type(call)
    return whole(call, known_item(call, kind, args.needed_int(call, "id")))


@kernel.method("crm.item.delete", scope="crm")
def delete(call: kernel.Call) -> kernel.Json:
    kind = args.entity_type(call)
    saving.delete(call.portal.crm, known_item(call, kind, args.needed_int(call, "id")))
    return []


@kernel.method("crm.item.list", scope="crm")
def list_(call: kernel.Call) -> kernel.Answer:
    kind = args.entity_type(call)
    room = call.portal.crm
    table = room.schema_of(kind.id)
    resolve = _resolver(call, table)
    dialect = filters.Dialect(
        resolve,
        call.portal.clock.zone,
        strict=True,
        unknown_is_error=call.portal.switch.get("unknown_filter_key") == "error",
        array_is_in=call.portal.switch.get("array_filter") == "in",
        empty_is_least=call.portal.switch.get("more_than_nothing") == "every_row",
    )
    query = listing.Query(
        filters.compiled(call.param("filter"), dialect),
        listing.order_of(call.param("order"), resolve, strict=True),
        rights.visible_to(call),
    )
    page = listing.of_table(call, room.table(kind.id), query)
    columns = render.item_columns(
        table, args.names(call.param("select")), raw_uf=raw_names(call), accept_raw=_accepts_raw(call)
    )
    return page.answer({"items": [render.item(room, row, columns) for row in page.rows]})


def _resolver(call: kernel.Call, table: schema.Schema) -> Callable[[str], schema.Field | None]:
    raw_uf = _accepts_raw(call)

    def resolve(name: str) -> schema.Field | None:
        found = table.item_field(name, raw_uf=raw_uf)
        return None if found is None or found.dead or found.name == "contacts" else found

    return resolve


@kernel.method("crm.item.import", scope="crm")
def import_(call: kernel.Call) -> kernel.Json:
    """Adds without robots, with system fields as given; whether events fire is a switch."""
    rights.need_admin(call)
    kind = args.entity_type(call)
    return whole(call, _imported(call, kind, args.needed_map(call, "fields")), fresh=True)


@kernel.method("crm.item.batchImport", scope="crm")
def batch_import(call: kernel.Call) -> kernel.Json:
    rights.need_admin(call)
    kind = args.entity_type(call)
    data = args.as_list(args.needed(call, "data"))
    if len(data) > MOST_IMPORTED:
        raise kernel.Refusal(400, "MAX_IMPORT_BATCH_SIZE_EXCEEDED", "Слишком много элементов")
    items: list[dict[str, Any]] = []
    for fields in data:
        try:
            item = _imported(call, kind, args.as_map(fields))
        except kernel.Refusal as refusal:
            items.append({"error": refusal.code, "error_description": refusal.text})
        else:
            items.append({"item": {"id": item.id}})
    return {"items": items}


def _imported(call: kernel.Call, kind: schema.EntityType, fields: dict[str, Any]) -> store.Item:
    room = call.portal.crm
    change = saving.read(room, kind.id, named(call, room.schema_of(kind.id), fields), importing=True)
    events = call.portal.switch.get("import_events") == "yes"
    return saving.add(room, kind.id, change, call.user_id, events=events, importing=True)
