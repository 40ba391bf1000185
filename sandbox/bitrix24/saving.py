"""The rules by which cards are added, changed and deleted, with all that follows from it (reference §5.1, §5.2, §10).

A save that changes nothing is skipped: no updatedTime, no event, no history. A stage move writes movedTime/By and
history; a pipeline move of a deal raises ONCRMDEALMOVETOCATEGORY instead of ONCRMDEALUPDATE (§4.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import dictionaries, history, kernel, schema, sideeffects, store, values

if TYPE_CHECKING:
    from sandbox.bitrix24.crm import Crm

PHONES = frozenset({"PHONE", "EMAIL", "WEB", "IM", "LINK"})
_COMPUTED = frozenset({"closed", "contacts", "isNew"})
_SYSTEM_OF_IMPORT = frozenset(
    {"createdTime", "createdBy", "updatedTime", "updatedBy", "movedTime", "movedBy"}
)


@dataclass(slots=True)
class Change:
    """What a call wants to write: stored values by field name, and multifields as they were sent."""

    values: dict[str, Any] = field(default_factory=dict)
    fm: Any = None
    phones: dict[str, Any] = field(default_factory=dict)
    contacts: list[Any] | None = None


def bad_value(name: str) -> kernel.Refusal:
    return kernel.Refusal(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f'Недопустимое значение поля "{name}"')


def read(
    crm: Crm, type_id: int, pairs: Iterable[tuple[schema.Field, Any]], *, importing: bool = False
) -> Change:
    """Reads what was sent; read-only fields fall away silently. Raises Refusal for values that can't be."""
    change = Change()
    for found, raw in pairs:
        if found.type == "crm_multifield":
            if found.upper in PHONES:
                change.phones[found.upper] = raw
            else:
                change.fm = raw
        elif found.name == "contacts":
            change.contacts = raw if isinstance(raw, list) else None
        elif found.name in _COMPUTED:
            continue
        elif not found.read_only or (importing and found.name in _SYSTEM_OF_IMPORT):
            change.values[found.name] = _stored(crm, type_id, found, raw)
    return change


def _stored(crm: Crm, type_id: int, found: schema.Field, raw: Any) -> Any:
    zone = crm.portal.clock.zone
    try:
        if not found.multiple:
            return _checked(crm, type_id, found, values.stored(found, raw, zone))
        if raw is None or raw == "" or raw is False:
            return ()
        several = list(raw.values()) if isinstance(raw, dict) else raw
        if not isinstance(several, list):
            raise kernel.Refusal(
                400,
                "100",
                f"Expected iterable value for multiple field, but got {type(raw).__name__} instead",
            )
        made = (_checked(crm, type_id, found, values.stored(found, each, zone)) for each in several)
        return tuple(dict.fromkeys(each for each in made if each not in (None, "")))
    except values.BadValue:
        raise bad_value(found.title) from None


def _checked(crm: Crm, type_id: int, found: schema.Field, value: Any) -> Any:
    """Values that name something must name something that is there; 0 in a relation means unset."""
    kind = found.type
    if kind in values.RELATIONS and kind != "crm_category" and not value:
        return None
    if value in (None, ""):
        return value
    if kind in ("user", "employee") and value not in crm.portal.users:
        raise values.BadValue(value)
    if kind == "crm_contact" and not crm.exists(schema.CONTACT, value):
        raise values.BadValue(value)
    if kind == "crm_company" and not crm.exists(schema.COMPANY, value):
        raise values.BadValue(value)
    if kind == "crm_currency" and value not in crm.currencies:
        raise values.BadValue(value)
    if kind == "enumeration" and value not in found.options:
        raise values.BadValue(value)
    if kind == "crm_category" and crm.dictionaries.category(type_id, value) is None:
        raise values.BadValue(value)
    if (
        kind == "crm_status"
        and found.name != "stageId"
        and crm.dictionaries.status(found.status_type, value) is None
    ):
        raise values.BadValue(value)
    return value


# ---- add ----


def add(
    crm: Crm, type_id: int, change: Change, user_id: int, *, events: bool = True, importing: bool = False
) -> store.Item:
    """Saves a new card: defaults, required fields, history, event, simple mode."""
    kind = crm.known_kind(type_id)
    now = int(crm.portal.clock.time())
    stage = _first_stage(crm, kind, change.values)
    fresh = {name: value for name, value in change.values.items() if value is not None}
    require(crm, type_id, fresh, change, stage.status_id if stage else None)
    base = _defaults(crm, kind, user_id, now)
    if stage is not None:
        fresh["stageId"] = stage.status_id
        base |= sideeffects.staged(crm, kind, stage, now, fresh.get("categoryId", base.get("categoryId")))
    item = store.Item(crm.portal.next_id(f"item:{type_id}"), type_id, base | fresh)
    if kind.id != schema.CONTACT and not item.values.get("title"):
        item.values["title"] = f"{kind.title} #{item.id}"
    if kind.id == schema.QUOTE:
        item.values["quoteNumber"] = str(item.id)
    if kind.id == schema.SMART_INVOICE:
        item.values.setdefault("accountNumber", str(item.id))
    _bind(crm, item, item.values, change)
    table = crm.table(type_id)
    table.add(item)
    sideeffects.hide_for_a_while(crm, table, item)
    _write_phones(crm, item, change)
    sideeffects.follow(crm, item)
    if stage is not None:
        crm.history(type_id).write(
            history.CREATED,
            item.id,
            item.get("categoryId") or 0,
            dictionaries.semantic(stage),
            stage.status_id,
        )
    if events:
        sideeffects.emit(crm, kind, item.id, "ADD")
    if type_id == schema.LEAD and not importing and crm.portal.switch.get("crm_mode") == "simple":
        sideeffects.convert_at_once(crm, item, user_id)
    return item


def _first_stage(crm: Crm, kind: schema.EntityType, wanted: dict[str, Any]) -> dictionaries.Status | None:
    if not kind.stages:
        return None
    category = wanted.get("categoryId")
    if category is None and kind.categories:
        category = wanted["categoryId"] = crm.dictionaries.default_category(kind.id)
    code = wanted.get("stageId")
    if not code:
        stages = crm.dictionaries.stages(kind.id, category)
        return stages[0] if stages else None
    stage = crm.dictionaries.stage(kind.id, category, code)
    if stage is None:
        raise bad_value("Стадия")
    return stage


def _defaults(crm: Crm, kind: schema.EntityType, user_id: int, now: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "createdTime": now,
        "createdBy": user_id,
        "updatedTime": now,
        "updatedBy": user_id,
        "assignedById": user_id,
        "opened": "Y",
        "lastActivityTime": now,
        "lastActivityBy": user_id,
    }
    if kind.stages:
        made |= {"movedTime": now, "movedBy": user_id}
    elif kind.id in (schema.CONTACT, schema.COMPANY):
        made["categoryId"] = 0
    by_name = crm.schema_of(kind.id).by_item
    for name in ("typeId", "sourceId"):
        found = by_name.get(name)
        rows = crm.dictionaries.statuses.get(found.status_type, ()) if found else ()
        if rows:
            made[name] = rows[0].status_id
    if "currencyId" in by_name:
        made["currencyId"] = next(row.code for row in crm.currencies.values() if row.base)
    if "begindate" in by_name:
        today = crm.portal.clock.now().date()
        made |= {"begindate": today.isoformat(), "closedate": (today + timedelta(days=7)).isoformat()}
    return made


def require(crm: Crm, type_id: int, have: dict[str, Any], change: Change, stage: str | None) -> None:
    """Mandatory user fields, and those that people made required on the stage."""
    names = {each.name for each in crm.schema_of(type_id).fields if each.user_field and each.required}
    names |= crm.required.get((type_id, stage or ""), frozenset())
    missing = sorted(name for name in names if have.get(name) in (None, "", ()))
    if "fm" in missing and (change.fm or change.phones):
        missing.remove("fm")
    if missing:
        code = str(crm.portal.switch.get("required_code")).replace("empty", "")
        raise kernel.Refusal(400, code, f'Не заполнено обязательное поле "{missing[0]}"')


# ---- update ----


def update(crm: Crm, item: store.Item, change: Change, user_id: int, *, events: bool = True) -> store.Item:
    """Saves what differs; answers the card, changed or not."""
    kind = crm.known_kind(item.type_id)
    now = int(crm.portal.clock.time())
    wanted = dict(change.values)
    move = _move(crm, kind, item, wanted)
    _bind(crm, item, wanted, change)
    differs = {name: value for name, value in wanted.items() if not _same(item.get(name), value)}
    if move is not None and "categoryId" not in differs:
        require(crm, item.type_id, item.values | wanted, change, move.status_id)
    phones = _write_phones(crm, item, change)
    if not differs and not phones:
        return item
    differs |= {"updatedTime": now, "updatedBy": user_id}
    if move is not None:
        differs |= sideeffects.staged(crm, kind, move, now, wanted.get("categoryId", item.get("categoryId")))
        differs |= {"movedTime": now, "movedBy": user_id}
        if item.type_id == schema.LEAD and not move.semantics:
            differs["dateClosed"] = None
        if item.type_id >= schema.SMART_INVOICE:
            differs["previousStageId"] = item.get("stageId")
    crm.table(item.type_id).change(item, differs)
    sideeffects.follow(crm, item)
    if move is not None:
        _write_history(crm, item, move, to_pipeline="categoryId" in differs)
    if events:
        moved_away = item.type_id == schema.DEAL and "categoryId" in differs
        sideeffects.emit(crm, kind, item.id, "MOVETOCATEGORY" if moved_away else "UPDATE")
    return item


def _move(
    crm: Crm, kind: schema.EntityType, item: store.Item, wanted: dict[str, Any]
) -> dictionaries.Status | None:
    """The stage to which this save moves the card, put into `wanted`; None if it stays where it is."""
    if not kind.stages:
        return None
    category, code = wanted.get("categoryId"), wanted.get("stageId")
    if category is None:
        wanted.pop("categoryId", None)
        category = item.get("categoryId")
    if not code:
        wanted.pop("stageId", None)
    if not code and category == item.get("categoryId"):
        return None
    if category != item.get("categoryId") and (
        not code or crm.dictionaries.stage(kind.id, category, code) is None
    ):
        code = crm.dictionaries.stages(kind.id, category)[0].status_id
    stage = crm.dictionaries.stage(kind.id, category, code or "")
    if stage is None:
        raise bad_value("Стадия")
    wanted["stageId"] = stage.status_id
    return stage if stage.status_id != item.get("stageId") or category != item.get("categoryId") else None


def _write_history(crm: Crm, item: store.Item, stage: dictionaries.Status, *, to_pipeline: bool) -> None:
    kind = history.FINISHED if stage.semantics else history.MOVED
    semantic = dictionaries.semantic(stage)
    crm.history(item.type_id).write(
        history.PIPELINE if to_pipeline else kind,
        item.id,
        item.get("categoryId") or 0,
        semantic,
        stage.status_id,
    )


def _same(before: Any, after: Any) -> bool:
    return bool(before == after) or (before in (None, "", 0, "N", ()) and after in (None, "", 0, "N", ()))


def _bind(crm: Crm, item: store.Item, wanted: dict[str, Any], change: Change) -> None:
    """Makes contactId/contactIds (and a contact's companyId/companyIds) agree, whichever of them was sent."""
    if item.type_id == schema.COMPANY:
        contacts = wanted.pop("contactIds", None)
        if contacts is not None:
            sideeffects.bind_company_contacts(crm, item.id, contacts)
        return
    if change.contacts is not None:
        sideeffects.apply_contacts(wanted, change.contacts)
        if not all(crm.exists(schema.CONTACT, each) for each in wanted["contactIds"]):
            raise bad_value("Контакты")
    one, many = ("companyId", "companyIds") if item.type_id == schema.CONTACT else ("contactId", "contactIds")
    new = wanted is item.values
    if many in change.values or change.contacts is not None:
        ids = wanted.get(many) or ()
        primary = wanted.get(one) or (None if new else item.get(one))
        wanted[many], wanted[one] = ids, primary if primary in ids else next(iter(ids), None)
    elif one in change.values:
        primary = wanted.get(one)
        old = () if new else (item.get(many) or ())
        wanted[many] = tuple(dict.fromkeys((primary, *old))) if primary else ()
    if new:
        for name in (one, many):
            if not wanted.get(name):
                wanted.pop(name, None)


def _write_phones(crm: Crm, item: store.Item, change: Change) -> bool:
    changed = False
    if change.fm is not None:
        changed |= crm.multis.apply_item(item, change.fm)
    for kind, raw in change.phones.items():
        changed |= crm.multis.apply_classic(item, kind, raw)
    return changed


# ---- delete ----


def delete(crm: Crm, item: store.Item, *, events: bool = True) -> None:
    """Removes a card with what hangs on it; other rooms are told through `on_deleted`."""
    key = (item.type_id, item.id)
    kind = crm.known_kind(item.type_id)
    sideeffects.forget(crm, item)
    crm.table(item.type_id).remove(item)
    crm.history(item.type_id).forget(item.id)
    crm.products.pop(key, None)
    crm.bin[key] = item
    for hook in crm.on_deleted:
        hook(*key)
    if events:
        sideeffects.emit(crm, kind, item.id, "DELETE")


def restore(crm: Crm, type_id: int, item_id: int, user_id: int) -> store.Item:
    """Takes a card out of the recycle bin, under its old id or a new one (switch restore_id)."""
    item = crm.bin.pop((type_id, item_id), None)
    if item is None:
        raise kernel.Refusal(400, "NOT_FOUND", "Элемент не найден")
    if crm.portal.switch.get("restore_id") == "new":
        item.id = crm.portal.next_id(f"item:{type_id}")
    item.values |= {"updatedTime": int(crm.portal.clock.time()), "updatedBy": user_id}
    crm.table(type_id).add(item)
    for multi in item.fm:
        crm.multi_index.link(item, multi)
    sideeffects.emit(crm, crm.known_kind(type_id), item.id, "ADD")
    return item
