"""crm.{lead,deal,contact,company,quote}.*: the older methods, all strings, UPPER names (reference §5.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24 import (
    args,
    filters,
    kernel,
    listing,
    multifields,
    render,
    rights,
    saving,
    schema,
    store,
)

_IMPORTABLE = {"DATE_CREATE", "DATE_MODIFY", "CREATED_BY_ID", "MODIFY_BY_ID"}


def known_item(call: kernel.Call, kind: schema.EntityType) -> store.Item:
    """The card named by `id`, or a refusal in the classic words."""
    item_id = args.integer(call.param("id"))
    if item_id <= 0:
        raise kernel.Refusal(400, "", "ID is not defined or invalid.")
    item = call.portal.crm.item(kind.id, item_id)
    if item is None:
        raise kernel.Refusal(400, "", "Not found")
    if not rights.may_touch(call.portal, call.user_id, item):
        raise kernel.Refusal(400, "", "Access denied.")
    return item


def _fields(call: kernel.Call) -> dict[str, Any]:
    raw = call.param("fields")
    if not isinstance(raw, dict | list):
        raise kernel.Refusal(400, "", "Parameter 'fields' must be array.")
    return args.as_map(raw)


def _change(call: kernel.Call, kind: schema.EntityType, *, adding: bool) -> tuple[saving.Change, bool]:
    """(what is to be written, whether it is an import)"""
    table = call.portal.crm.schema_of(kind.id)
    importing = (
        adding
        and kind.id in (schema.CONTACT, schema.COMPANY)
        and args.is_yes(args.as_map(call.param("params")).get("IMPORT"))
    )
    pairs = []
    for name, value in _fields(call).items():
        found = table.by_classic.get(name)
        if found is None or (found.immutable and not adding):
            continue
        if found.name == "contactIds" and not adding and kind.id != schema.COMPANY:
            continue
        if kind.id == schema.CONTACT and name == "EMAIL":
            _check_mails(value)
        pairs.append((found, value))
    return saving.read(call.portal.crm, kind.id, pairs, importing=importing), importing


def _check_mails(raw: Any) -> None:
    for entry in args.as_list(raw):
        value = entry.get("VALUE") if isinstance(entry, dict) else None
        if value and "@" not in str(value):
            raise kernel.Refusal(400, "ERROR_CORE", "Указан некорректный e-mail<br>")


def _text_only(refusal: kernel.Refusal) -> kernel.Refusal:
    """Classic errors have a text and no code."""
    return kernel.Refusal(refusal.status, "" if refusal.code != "ERROR_CORE" else refusal.code, refusal.text)


def _add(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    try:
        change, importing = _change(call, kind, adding=True)
        return saving.add(call.portal.crm, kind.id, change, call.user_id, importing=importing).id
    except kernel.Refusal as refusal:
        raise _text_only(refusal) from None


def _update(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    item = known_item(call, kind)
    try:
        change, _ = _change(call, kind, adding=False)
        saving.update(call.portal.crm, item, change, call.user_id)
    except kernel.Refusal as refusal:
        raise _text_only(refusal) from None
    return True


def _get(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    room = call.portal.crm
    return render.classic(
        room, known_item(call, kind), render.classic_columns(room.schema_of(kind.id), [], list_default=False)
    )


def _list(call: kernel.Call, kind: schema.EntityType) -> kernel.Answer:
    room = call.portal.crm
    table = room.schema_of(kind.id)
    resolve = table.by_classic.get
    dialect = filters.Dialect(
        resolve,
        call.portal.clock.zone,
        array_is_in=call.portal.switch.get("array_filter") == "in",
        logic=False,
        special=_phone_filter(call, kind),
    )
    query = listing.Query(
        filters.compiled(call.param("filter"), dialect),
        listing.order_of(call.param("order"), resolve, strict=False),
        rights.visible_to(call),
    )
    page = listing.of_table(call, room.table(kind.id), query)
    columns = render.classic_columns(table, args.names(call.param("select")), list_default=True)
    return page.answer([render.classic(room, row, columns) for row in page.rows])


def _phone_filter(
    call: kernel.Call, kind: schema.EntityType
) -> Callable[[str, str, Any], filters.Condition | None]:
    """PHONE, EMAIL and their like: exact match only, answered from the index of phones and mails."""
    room = call.portal.crm

    def special(name: str, prefix: str, value: Any) -> filters.Condition | None:
        if name not in multifields.KINDS or not kind.phones:
            return None
        ids: set[int] = set()
        for each in args.names(value):
            for type_id, item_id in room.multi_index.owners(name, each):
                item = room.item(type_id, item_id) if type_id == kind.id else None
                if item and any(multi.type_id == name and multi.value == each for multi in item.fm):
                    ids.add(item_id)
        return filters.Condition(
            room.schema_of(kind.id).by_item["id"], "!in" if "!" in prefix else "in", frozenset(ids)
        )

    return special


def _delete(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    saving.delete(call.portal.crm, known_item(call, kind))
    return True


def _fields_of(call: kernel.Call, kind: schema.EntityType) -> kernel.Json:
    room = call.portal.crm
    table = room.schema_of(kind.id)
    return {name: render.as_classic_field(found, room, kind.id) for name, found in table.by_classic.items()}


def _register() -> None:
    verbs = {
        "add": _add,
        "update": _update,
        "get": _get,
        "list": _list,
        "delete": _delete,
        "fields": _fields_of,
    }
    for kind in schema.TYPES.values():
        if kind.classic is None:
            continue
        for verb, handler in verbs.items():
            kernel.method(f"crm.{kind.classic}.{verb}", scope="crm")(_bound(handler, kind))


def _bound(
    handler: Callable[[kernel.Call, schema.EntityType], kernel.Json], kind: schema.EntityType
) -> kernel.Handler:
    return lambda call: handler(call, kind)


_register()
