"""crm.duplicate.findbycomm and crm.entity.mergeBatch (reference §5.5)."""

from __future__ import annotations

from sandbox.bitrix24 import args, kernel, merging, multifields, rights, schema

_SEARCHED = {"LEAD": schema.LEAD, "CONTACT": schema.CONTACT, "COMPANY": schema.COMPANY}
MOST_HITS, MOST_VALUES = 20, 20
_MERGEABLE = {schema.LEAD, schema.DEAL, schema.CONTACT, schema.COMPANY, schema.QUOTE, schema.SMART_INVOICE}


@kernel.method("crm.duplicate.findbycomm", scope="crm")
def find(call: kernel.Call) -> kernel.Json:
    """Ids by type, `[]` when nothing is found; 20 hits in one type end the search, later types are left out."""
    kind = str(call.param("type") or "").upper()
    if not kind:
        raise kernel.Refusal(400, "", "Communication type is not defined.")
    if kind not in ("PHONE", "EMAIL"):
        raise kernel.Refusal(400, "", f"Communication type '{kind}' is not supported in current context")
    asked = [each for each in args.names(call.param("values")) if each.strip()][:MOST_VALUES]
    if not asked:
        raise kernel.Refusal(400, "", "Communication values is not defined")
    only = str(call.param("entity_type") or "").upper()
    found: dict[str, list[int]] = {}
    for name, type_id in _SEARCHED.items():
        if only and name != only:
            continue
        hits = _hits(call, kind, asked, type_id)
        if hits:
            found[name] = hits
        if len(hits) >= MOST_HITS:
            break
    return found or []


def _hits(call: kernel.Call, kind: str, asked: list[str], type_id: int) -> list[int]:
    room = call.portal.crm
    mode = str(call.portal.switch.get("findbycomm"))
    hidden, now = room.table(type_id).hidden, call.portal.clock.time()
    hits: set[int] = set()
    for value in asked:
        for owner_type, item_id in room.multi_index.owners(kind, value):
            item = room.item(owner_type, item_id) if owner_type == type_id else None
            if item is None or hidden.get(item_id, 0) > now:
                continue
            if any(
                multi.type_id == kind and multifields.same(kind, multi.value, value, mode)
                for multi in item.fm
            ):
                hits.add(item_id)
    return sorted(hits)[:MOST_HITS]


@kernel.method("crm.entity.mergeBatch", scope="crm")
def merge(call: kernel.Call) -> kernel.Json:
    params = args.as_map(call.param("params"))
    type_id = args.integer(params.get("entityTypeId"))
    ids = [args.integer(each) for each in args.as_list(params.get("entityIds"))]
    if type_id not in _MERGEABLE and type_id not in call.portal.crm.types:
        raise kernel.Refusal(400, "ENTITY_TYPE_NOT_SUPPORTED", "Тип сущности не поддерживается")
    if len(set(ids)) < 2:
        raise kernel.Refusal(400, "100", "entityIds must contain at least two elements")
    items = []
    for item_id in dict.fromkeys(ids):
        item = call.portal.crm.item(type_id, item_id)
        if item is None:
            raise kernel.Refusal(400, "NOT_FOUND", "Элемент не найден")
        if not rights.may_touch(call.portal, call.user_id, item):
            raise kernel.Refusal(400, "ACCESS_DENIED", "Доступ запрещён")
        items.append(item)
    return merging.merge(call.portal.crm, items, call.user_id)
