"""crm.deal.contact.*, crm.lead.contact.*, crm.contact.company.* and company's contacts (reference §5.3).

A change of bindings is no change of the card: no event, no updatedTime (§4.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24 import args, kernel, rights, saving, schema, sideeffects, store


@dataclass(frozen=True, slots=True)
class Family:
    """Methods `crm.{owner}.{bound}.*`; `one`/`many` are the owner's fields that hold the ids."""

    owner: int
    bound: int
    key: str
    one: str
    many: str


_FAMILIES = (
    Family(schema.DEAL, schema.CONTACT, "CONTACT_ID", "contactId", "contactIds"),
    Family(schema.LEAD, schema.CONTACT, "CONTACT_ID", "contactId", "contactIds"),
    Family(schema.QUOTE, schema.CONTACT, "CONTACT_ID", "contactId", "contactIds"),
    Family(schema.CONTACT, schema.COMPANY, "COMPANY_ID", "companyId", "companyIds"),
)
_Row = tuple[int, int, bool]
"""(bound id, sort, primary)"""


def _owner(call: kernel.Call, family: Family) -> store.Item:
    item_id = args.integer(call.param("id"))
    if item_id <= 0:
        raise kernel.Refusal(400, "", "The parameter ownerEntityID is invalid or not defined.")
    item = call.portal.crm.item(family.owner, item_id)
    if item is None:
        raise kernel.Refusal(400, "", "Not found.")
    if not rights.may_touch(call.portal, call.user_id, item):
        raise kernel.Refusal(400, "", "Access denied.")
    return item


def _write(call: kernel.Call, family: Family, item: store.Item, rows: list[_Row]) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    primary = next((row[0] for row in rows if row[2]), rows[0][0] if rows else None)
    ids = tuple(row[0] for row in rows)
    sorts = {row[0]: row[1] for row in rows}
    made = {family.many: ids or None, family.one: primary, "bindingSorts": sorts or None}
    call.portal.crm.table(family.owner).change(item, made)
    sideeffects.follow(call.portal.crm, item)


def _current(family: Family, item: store.Item) -> list[_Row]:
    sorts = item.get("bindingSorts") or {}
    ids = item.get(family.many) or ()
    primary = item.get(family.one)
    return [(each, sorts.get(each, 10 * (at + 1)), each == primary) for at, each in enumerate(ids)]


def _row(call: kernel.Call, family: Family, raw: Any, sort: int) -> _Row:
    fields = args.as_map(raw)
    bound = args.integer(fields.get(family.key))
    if not call.portal.crm.exists(family.bound, bound):
        raise kernel.Refusal(400, "", f"The parameter {family.key} is invalid or not defined.")
    return bound, args.integer(fields.get("SORT"), sort), fields.get("IS_PRIMARY") == "Y"


def _get(call: kernel.Call, family: Family) -> kernel.Json:
    return [
        {family.key: each, "SORT": sort, "ROLE_ID": 0, "IS_PRIMARY": "Y" if primary else "N"}
        for each, sort, primary in _current(family, _owner(call, family))
    ]


def _set(call: kernel.Call, family: Family) -> kernel.Json:
    item = _owner(call, family)
    raw = call.param("items")
    if not isinstance(raw, dict | list):
        raise kernel.Refusal(400, "", "The parameter 'items' must be array.")
    rows = [_row(call, family, each, 10 * (at + 1)) for at, each in enumerate(args.as_list(raw))]
    _write(call, family, item, list({row[0]: row for row in reversed(rows)}.values()))
    return True


def _add(call: kernel.Call, family: Family) -> kernel.Json:
    item = _owner(call, family)
    rows = _current(family, item)
    new = _row(call, family, call.param("fields"), 10 * (len(rows) + 1))
    if any(row[0] == new[0] for row in rows):
        return False
    if new[2]:
        rows = [(row[0], row[1], False) for row in rows]
    _write(call, family, item, [*rows, new])
    return True


def _delete(call: kernel.Call, family: Family) -> kernel.Json:
    item = _owner(call, family)
    gone = args.integer(args.as_map(call.param("fields")).get(family.key))
    rows = _current(family, item)
    rest = [row for row in rows if row[0] != gone]
    if len(rest) == len(rows):
        return False
    _write(call, family, item, rest)
    return True


def _clear(call: kernel.Call, family: Family) -> kernel.Json:
    _write(call, family, _owner(call, family), [])
    return True


def _fields(call: kernel.Call, family: Family) -> kernel.Json:
    del call
    flags = {"isReadOnly": False, "isImmutable": False, "isMultiple": False, "isDynamic": False}
    return {
        family.key: {"type": "integer", "isRequired": True} | flags,
        "SORT": {"type": "integer", "isRequired": False} | flags,
        "IS_PRIMARY": {"type": "char", "isRequired": False} | flags,
    }


def _bound(handler: Callable[[kernel.Call, Family], kernel.Json], family: Family) -> kernel.Handler:
    return lambda call: handler(call, family)


def _register() -> None:
    verbs = {
        "items.get": _get,
        "items.set": _set,
        "items.delete": _clear,
        "add": _add,
        "delete": _delete,
        "fields": _fields,
    }
    for family in _FAMILIES:
        stem = f"crm.{schema.TYPES[family.owner].classic}.{schema.TYPES[family.bound].classic}"
        for verb, handler in verbs.items():
            kernel.method(f"{stem}.{verb}", scope="crm")(_bound(handler, family))


_register()


# ---- a company's contacts: the same bindings seen from the other side ----


def _company(call: kernel.Call) -> int:
    company_id = args.integer(call.param("id"))
    if company_id <= 0:
        raise kernel.Refusal(400, "", "The parameter ownerEntityID is invalid or not defined.")
    if not call.portal.crm.can_read(schema.COMPANY, company_id, call.user_id):
        raise kernel.Refusal(400, "", "Not found.")
    return company_id


def _members(call: kernel.Call, company_id: int) -> list[int]:
    return sorted(call.portal.crm.table(schema.CONTACT).index["companyIds"].get(company_id, ()))


@kernel.method("crm.company.contact.items.get", scope="crm")
def company_contacts(call: kernel.Call) -> kernel.Json:
    return [
        {"CONTACT_ID": each, "SORT": 10 * (at + 1), "ROLE_ID": 0, "IS_PRIMARY": "Y" if at == 0 else "N"}
        for at, each in enumerate(_members(call, _company(call)))
    ]


def _write_members(call: kernel.Call, company_id: int, ids: list[int]) -> None:
    room = call.portal.crm
    missing = [each for each in ids if not room.exists(schema.CONTACT, each)]
    company = room.item(schema.COMPANY, company_id)
    if missing or company is None:
        raise kernel.Refusal(400, "", "The parameter CONTACT_ID is invalid or not defined.")
    saving.update(room, company, saving.Change({"contactIds": tuple(ids)}), call.user_id)


@kernel.method("crm.company.contact.items.set", scope="crm")
def set_company_contacts(call: kernel.Call) -> kernel.Json:
    company_id = _company(call)
    rows = [args.as_map(each) for each in args.as_list(call.param("items"))]
    _write_members(call, company_id, [args.integer(row.get("CONTACT_ID")) for row in rows])
    return True


@kernel.method("crm.company.contact.items.delete", scope="crm")
def clear_company_contacts(call: kernel.Call) -> kernel.Json:
    _write_members(call, _company(call), [])
    return True


@kernel.method("crm.company.contact.add", scope="crm")
def add_company_contact(call: kernel.Call) -> kernel.Json:
    company_id = _company(call)
    ids = _members(call, company_id)
    new = args.integer(args.as_map(call.param("fields")).get("CONTACT_ID"))
    if new in ids:
        return False
    _write_members(call, company_id, [*ids, new])
    return True


@kernel.method("crm.company.contact.delete", scope="crm")
def delete_company_contact(call: kernel.Call) -> kernel.Json:
    company_id = _company(call)
    ids = _members(call, company_id)
    gone = args.integer(args.as_map(call.param("fields")).get("CONTACT_ID"))
    if gone not in ids:
        return False
    _write_members(call, company_id, [each for each in ids if each != gone])
    return True
