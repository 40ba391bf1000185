"""What follows from a save: semantics and closing, flags, events, bindings of other cards, simple CRM mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import args, dictionaries, schema, store

if TYPE_CHECKING:
    from sandbox.bitrix24.crm import Crm


def staged(
    crm: Crm, kind: schema.EntityType, stage: dictionaries.Status, now: int, category: int | None
) -> dict[str, Any]:
    """The values that a stage brings with it."""
    semantic = dictionaries.semantic(stage)
    made: dict[str, Any] = {"stageId": stage.status_id}
    if kind.id in (schema.LEAD, schema.DEAL, schema.QUOTE):
        made["stageSemanticId"] = semantic
    if kind.id in (schema.DEAL, schema.QUOTE):
        made["closed"] = "N" if semantic == "P" else "Y"
    if kind.id == schema.DEAL:
        made["isNew"] = (
            "Y" if crm.dictionaries.stages(kind.id, category)[0].status_id == stage.status_id else "N"
        )
    if kind.id == schema.LEAD and semantic != "P":
        made["dateClosed"] = now
    return made


def hide_for_a_while(crm: Crm, table: store.Table, item: store.Item) -> None:
    shown_from = crm.portal.faults.shown_from(crm.portal)
    if shown_from > crm.portal.clock.time():
        table.hidden[item.id] = shown_from


def follow(crm: Crm, item: store.Item) -> None:
    """Flags that the card computes from the rest of itself."""
    made: dict[str, Any] = {}
    if item.type_id == schema.LEAD:
        made["isReturnCustomer"] = "Y" if item.get("contactId") or item.get("companyId") else "N"
    if item.type_id in (schema.LEAD, schema.CONTACT, schema.COMPANY):
        kinds = {multi.type_id for multi in item.fm}
        for name, kind in (("hasPhone", "PHONE"), ("hasEmail", "EMAIL"), ("hasImol", "IM")):
            made[name] = "Y" if kind in kinds else "N"
    if made:
        crm.table(item.type_id).change(item, made)


def emit(crm: Crm, kind: schema.EntityType, item_id: int, what: str) -> None:
    """ONCRMDEALUPDATE and its like; smart invoices and processes have the dynamic ones (§4.3)."""
    if kind.event is None:
        crm.portal.emit(f"ONCRMDYNAMICITEM{what}", {"FIELDS": {"ID": item_id, "ENTITY_TYPE_ID": kind.id}})
        return
    fields: dict[str, Any] = {"ID": item_id}
    if what == "MOVETOCATEGORY":
        fields["CATEGORY_ID"] = crm.value(kind.id, item_id, "categoryId")
        fields["STAGE_ID"] = crm.value(kind.id, item_id, "stageId")
    crm.portal.emit(f"{kind.event}{what}", {"FIELDS": fields})


def apply_contacts(wanted: dict[str, Any], rows: list[Any]) -> None:
    """`contacts: [{contactId, sort, isPrimary}]` of crm.item.*."""
    ids: list[int] = []
    for row in map(args.as_map, rows):
        contact_id = args.integer(row.get("contactId"))
        ids.append(contact_id)
        if args.is_yes(row.get("isPrimary")):
            wanted["contactId"] = contact_id
    wanted["contactIds"] = tuple(dict.fromkeys(ids))


def bind_company_contacts(crm: Crm, company_id: int, contact_ids: tuple[int, ...]) -> None:
    """A company's contacts are those whose companyIds name it."""
    table = crm.table(schema.CONTACT)
    bound = set(table.index["companyIds"].get(company_id, ()))
    for contact_id in bound.symmetric_difference(contact_ids):
        contact = table.rows.get(contact_id)
        if contact is None:
            continue
        ids = tuple(each for each in contact.get("companyIds") or () if each != company_id)
        if contact_id not in bound:
            ids = (*ids, company_id)
        primary = contact.get("companyId") if contact.get("companyId") in ids else next(iter(ids), None)
        table.change(contact, {"companyIds": ids or None, "companyId": primary})


def forget(crm: Crm, item: store.Item) -> None:
    """Before a card goes: its phones leave the index, other cards lose their binding to it."""
    crm.multi_index.forget(item)
    for table, owner, one, many in bound_to(crm, item):
        ids = tuple(each for each in owner.get(many) or () if each != item.id)
        primary = owner.get(one) if owner.get(one) != item.id else next(iter(ids), None)
        table.change(owner, {many: ids or None, one: primary})


def bound_to(crm: Crm, client: store.Item) -> Iterator[tuple[store.Table, store.Item, str, str]]:
    """The cards that a contact or a company is bound to: (table, card, its field of one, its field of many)."""
    names = {schema.CONTACT: ("contactId", "contactIds"), schema.COMPANY: ("companyId", "companyIds")}.get(
        client.type_id
    )
    if names is None:
        return
    one, many = names
    for table in crm.tables.values():
        owners = table.index[many].get(client.id, set()) | table.index.get(one, {}).get(client.id, set())
        for owner_id in sorted(owners):
            yield table, table.rows[owner_id], one, many


def convert_at_once(crm: Crm, lead: store.Item, user_id: int) -> None:
    """Simple CRM mode: the lead becomes a deal (and a contact, if it names anyone) the moment it is made (§5.2)."""
    taken = {
        name: lead.get(name) for name in ("assignedById", "sourceId", "currencyId", "comments", "companyId")
    }
    contact_id = lead.get("contactId")
    if contact_id is None and (lead.get("name") or lead.get("lastName") or lead.fm):
        person = {
            name: lead.get(name)
            for name in ("name", "secondName", "lastName", "assignedById", "sourceId", "post")
        }
        phones = [{"typeId": m.type_id, "valueType": m.value_type, "value": m.value} for m in lead.fm]
        contact = crm.add(schema.CONTACT, _filled(person) | {"leadId": lead.id, "fm": phones}, user_id)
        contact_id = contact.id
    deal = _filled(taken) | {
        "title": lead.get("title"),
        "leadId": lead.id,
        "opportunity": lead.get("opportunity"),
    }
    crm.add(schema.DEAL, deal | ({"contactIds": [contact_id]} if contact_id else {}), user_id)
    crm.update(schema.LEAD, lead.id, {"stageId": "CONVERTED"}, user_id)
    if crm.portal.switch.get("simple_lead") == "gone":
        crm.delete(schema.LEAD, lead.id)


def _filled(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
