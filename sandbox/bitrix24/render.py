"""Cards as answers: the JSON-typed shape of crm.item.* and the all-strings shape of the classic methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import multifields, schema, store, values

if TYPE_CHECKING:
    from sandbox.bitrix24.crm import Crm

Column = tuple[str, schema.Field]
_FLAT = {
    "phoneMobile": ("PHONE", "MOBILE"),
    "phoneWork": ("PHONE", "WORK"),
    "phoneMailing": ("PHONE", "MAILING"),
    "emailHome": ("EMAIL", "HOME"),
    "emailWork": ("EMAIL", "WORK"),
    "emailMailing": ("EMAIL", "MAILING"),
}
_WRITE_ONLY = frozenset({"contacts"})


def out_name(found: schema.Field, *, raw_uf: bool) -> str:
    return schema.uf_camel(found.name) if found.user_field and not raw_uf else found.name


def all_columns(table: schema.Schema, *, raw_uf: bool) -> list[Column]:
    """Columns of `*`, and of the whole card that get, add and update answer."""
    return [(out_name(each, raw_uf=raw_uf), each) for each in table.shown if each.name not in _WRITE_ONLY]


def item_columns(table: schema.Schema, select: list[str], *, raw_uf: bool, accept_raw: bool) -> list[Column]:
    """Columns of a crm.item.list select. `fm` comes with `*` only; unknown names are skipped; id always comes."""
    if not select or "*" in select:
        return all_columns(table, raw_uf=raw_uf)
    named = (table.item_field(name, raw_uf=accept_raw) for name in select)
    columns = [
        (out_name(each, raw_uf=raw_uf), each) for each in named if each and each.type != "crm_multifield"
    ]
    if not any(name == "id" for name, _ in columns):
        columns.insert(0, ("id", table.by_item["id"]))
    return columns


def item(
    crm: Crm, row: store.Item, columns: list[Column], *, whole: bool = False, fresh: bool = False
) -> dict[str, Any]:
    """One card for crm.item.*. `fresh`: the answer of add, where an unset company is null instead of 0."""
    zone = crm.portal.clock.zone
    made: dict[str, Any] = {}
    for name, found in columns:
        stored = row.get(found.name)
        if found.type == "crm_multifield":
            if row.fm or crm.portal.switch.get("fm_when_empty") == "empty":
                made[name] = multifields.as_item(row)
        elif stored is None and name in _FLAT:
            made[name] = _flat(row, *_FLAT[name])
        elif stored is None and name == "contactIds" and row.type_id == schema.COMPANY:
            made[name] = sorted(crm.table(schema.CONTACT).index["companyIds"].get(row.id, ()))
        else:
            made[name] = values.item_value(found, stored, zone)
    if whole:
        made["entityTypeId"] = row.type_id
    if fresh and made.get("companyId") == 0:
        made["companyId"] = None
    return made


def _flat(row: store.Item, kind: str, value_type: str) -> str | None:
    found = (multi.value for multi in row.fm if (multi.type_id, multi.value_type) == (kind, value_type))
    return next(found, None)


def classic_columns(table: schema.Schema, select: list[str], *, list_default: bool) -> list[Column]:
    """Columns of a classic call: masks `*` (no user fields, no multifields) and `UF_*`, and names.

    A `get` shows everything. A list without select shows `*` and `UF_*`.
    """
    known = [
        (name, found)
        for name, found in table.by_classic.items()
        if name not in ("CONTACT_IDS", "COMPANY_IDS")
    ]
    if not list_default:
        return known
    wanted = set(select or ["*", "UF_*"])
    columns = []
    for name, found in known:
        mask = "UF_*" if found.user_field else "*"
        if name in wanted or (mask in wanted and found.type != "crm_multifield"):
            columns.append((name, found))
    if not any(name == "ID" for name, _ in columns):
        columns.insert(0, ("ID", table.by_classic["ID"]))
    return columns


def classic(crm: Crm, row: store.Item, columns: list[Column]) -> dict[str, Any]:
    """One card for crm.deal.get and its like; PHONE and EMAIL are absent when the card has none."""
    zone = crm.portal.clock.zone
    made: dict[str, Any] = {}
    for name, found in columns:
        if found.type == "crm_multifield":
            phones = multifields.as_classic(row, name)
            if phones:
                made[name] = phones
        elif name == "CONTACT_ID" and row.type_id == schema.COMPANY:
            continue
        else:
            made[name] = values.classic_value(found, row.get(found.name), zone)
    return made


def as_field(found: schema.Field, crm: Crm, type_id: int) -> dict[str, Any]:
    """A field as crm.item.fields describes it."""
    made: dict[str, Any] = _flags(found)
    made["type"] = "boolean" if found.type == "char" else found.type
    made["upperName"] = found.upper
    status_type = found.status_type
    if found.name in ("stageId", "previousStageId"):
        status_type = (
            crm.dictionaries.stage_entity(type_id, crm.dictionaries.default_category(type_id)) or status_type
        )
    return made | _extras(found, crm, type_id, status_type)


def as_classic_field(found: schema.Field, crm: Crm, type_id: int) -> dict[str, Any]:
    return _flags(found) | {"type": found.type} | _extras(found, crm, type_id, found.status_type)


def _flags(found: schema.Field) -> dict[str, Any]:
    return {
        "type": found.type,
        "isRequired": found.required,
        "isReadOnly": found.read_only,
        "isImmutable": found.immutable,
        "isMultiple": found.multiple,
        "isDynamic": found.user_field,
        "title": found.title,
    }


def _extras(found: schema.Field, crm: Crm, type_id: int, status_type: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if status_type:
        made["statusType"] = status_type
    if found.deprecated:
        made["isDeprecated"] = True
    if found.parent:
        made["settings"] = {"parentEntityTypeId": found.parent}
    if found.user_field:
        own = crm.user_fields.by_entity[crm.known_kind(type_id).uf_entity][found.name]
        labels = own.labels
        made |= {"listLabel": labels.get("list", found.title), "formLabel": labels.get("edit", found.title)}
        made |= {"filterLabel": labels.get("filter", found.title), "settings": own.settings}
        if own.type == "enumeration":
            made["items"] = [{"ID": str(each.id), "VALUE": each.value} for each in own.options]
    return made
