"""Merging cards of one type into the first of them (reference §5.5): conflict, or the rest deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import saving, schema, sideeffects, store

if TYPE_CHECKING:
    from sandbox.bitrix24.crm import Crm

_OWN = frozenset(
    [
        "id",
        "createdTime",
        "createdBy",
        "updatedTime",
        "updatedBy",
        "movedTime",
        "movedBy",
        "lastActivityTime",
        "lastActivityBy",
        "assignedById",
        "opened",
        "stageId",
        "stageSemanticId",
        "closed",
        "isNew",
        "dateClosed",
        "begindate",
        "closedate",
        "hasPhone",
        "hasEmail",
        "hasImol",
        "sourceId",
        "isReturnCustomer",
        "quoteNumber",
        "accountNumber",
        "contactId",
        "contactIds",
        "companyIds",
        "bindingSorts",
        "categoryId",
        "currencyId",
        "typeId",
        "previousStageId",
    ]
)
"""Fields that each card has of its own; they never conflict, and the first card keeps its."""


def merge(crm: Crm, items: list[store.Item], user_id: int) -> dict[str, Any]:
    """`{"STATUS": SUCCESS|CONFLICT, "ENTITY_IDS": [deleted ids]}`"""
    first, *rest = items
    kind = crm.known_kind(first.type_id)
    taken: dict[str, Any] = {}
    for item in rest:
        for name, value in item.values.items():
            if name in _OWN or value in (None, "", (), 0) or _is_default_title(kind, item, name):
                continue
            have = taken.get(name, first.get(name))
            if have in (None, "", (), 0) or _is_default_title(kind, first, name):
                taken[name] = value
            elif have != value:
                return {"STATUS": "CONFLICT", "ENTITY_IDS": []}
    _take_over(crm, first, rest, taken, user_id)
    return {"STATUS": "SUCCESS", "ENTITY_IDS": [item.id for item in rest]}


def _take_over(
    crm: Crm, first: store.Item, rest: list[store.Item], taken: dict[str, Any], user_id: int
) -> None:
    events = crm.portal.switch.get("merge_events") == "yes"
    known = {(multi.type_id, multi.value) for multi in first.fm}
    for item in rest:
        for multi in item.fm:
            if (multi.type_id, multi.value) not in known:
                known.add((multi.type_id, multi.value))
                crm.multis.add(first, multi.type_id, multi.value_type, multi.value)
        _rebind(crm, item, first)
        saving.delete(crm, item, events=events)
    change = saving.Change(taken)
    now = {"updatedTime": int(crm.portal.clock.time()), "updatedBy": user_id}
    crm.table(first.type_id).change(first, change.values | now)
    sideeffects.follow(crm, first)
    if events:
        sideeffects.emit(crm, crm.known_kind(first.type_id), first.id, "UPDATE")


def _rebind(crm: Crm, gone: store.Item, heir: store.Item) -> None:
    """Cards bound to the one that goes are bound to the heir."""
    for table, owner, one, many in sideeffects.bound_to(crm, gone):
        ids = tuple(dict.fromkeys(heir.id if each == gone.id else each for each in owner.get(many) or ()))
        primary = heir.id if owner.get(one) == gone.id else owner.get(one)
        table.change(owner, {many: ids or None, one: primary})


def _is_default_title(kind: schema.EntityType, item: store.Item, name: str) -> bool:
    return name == "title" and item.get("title") == f"{kind.title} #{item.id}"
