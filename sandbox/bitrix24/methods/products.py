"""crm.item.productrow.*: product rows of cards (Appendix A)."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import args, crm, filters, kernel, listing, rights, saving, schema, store, values

_TEXTS = frozenset(["productName", "measureName", "taxIncluded", "customized"])
_NUMBERS = frozenset(["price", "quantity", "discountRate", "discountSum", "taxRate"])
_INTEGERS = frozenset(["productId", "discountTypeId", "measureCode", "sort"])
_READ_ONLY = frozenset(["id", "priceExclusive", "priceNetto", "priceBrutto", "type", "storeId"])
_DEFAULTS: dict[str, Any] = {
    "productId": 0,
    "productName": "",
    "price": 0.0,
    "quantity": 1.0,
    "discountTypeId": 2,
    "discountRate": 0.0,
    "discountSum": 0.0,
    "taxRate": None,
    "taxIncluded": "N",
    "customized": "Y",
    "measureCode": 796,
    "measureName": "шт",
    "sort": 0,
}


def _owner(call: kernel.Call, abbr: Any, owner_id: Any) -> store.Item:
    room = call.portal.crm
    kinds = [room.known_kind(each) for each in (*schema.TYPES, *room.types)]
    kind = next((each for each in kinds if each.abbr == abbr), None)
    if kind is None:
        raise kernel.Refusal(400, "100", "Invalid value {ownerType}")
    item = room.item(kind.id, args.integer(owner_id))
    if item is None:
        raise kernel.Refusal(400, "OWNER_NOT_FOUND", "Владелец не найден")
    if not rights.may_touch(call.portal, call.user_id, item):
        raise kernel.Refusal(400, "ACCESS_DENIED", "Доступ запрещён")
    return item


def _read(call: kernel.Call, raw: Any, base: dict[str, Any]) -> dict[str, Any]:
    made = dict(base)
    for name, value in args.as_map(raw).items():
        try:
            if name in _NUMBERS:
                made[name] = values.to_float(value) if value not in (None, "") else _DEFAULTS[name]
            elif name in _INTEGERS:
                made[name] = values.to_int(value or 0)
            elif name in _TEXTS:
                made[name] = values.to_text(value or "")
        except values.BadValue:
            raise saving.bad_value(name) from None
    del call
    return made


def _shown(row: crm.ProductRow, owner: store.Item, abbr: str) -> dict[str, Any]:
    made: dict[str, Any] = {"id": row.id, "ownerId": owner.id, "ownerType": abbr}
    for name, value in row.values.items():
        made[name] = values.number(value) if isinstance(value, float) else value
    exclusive = row.values["price"]
    if row.values["taxIncluded"] == "Y" and row.values["taxRate"]:
        exclusive = round(exclusive / (1 + row.values["taxRate"] / 100), 2)
    price = values.number(float(row.values["price"]))
    extra = {"priceExclusive": values.number(float(exclusive)), "priceNetto": price, "priceBrutto": price}
    return made | extra | {"type": 4, "storeId": None}


def _abbr(call: kernel.Call, owner: store.Item) -> str:
    return call.portal.crm.known_kind(owner.type_id).abbr


def _recount(call: kernel.Call, owner: store.Item) -> None:
    """The card's sum follows its rows unless people set it by hand."""
    rows = call.portal.crm.products.get((owner.type_id, owner.id), [])
    if owner.get("isManualOpportunity") == "Y":
        return
    total = round(sum(row.values["price"] * row.values["quantity"] for row in rows), 2)
    saving.update(call.portal.crm, owner, saving.Change({"opportunity": total}), call.user_id)


def _find(call: kernel.Call) -> tuple[store.Item, crm.ProductRow]:
    wanted = args.needed_int(call, "id")
    for (type_id, item_id), rows in call.portal.crm.products.items():
        row = next((each for each in rows if each.id == wanted), None)
        owner = call.portal.crm.item(type_id, item_id) if row else None
        if row is not None and owner is not None and rights.may_touch(call.portal, call.user_id, owner):
            return owner, row
    raise crm.not_found()


def _new(call: kernel.Call, raw: Any) -> crm.ProductRow:
    return crm.ProductRow(call.portal.next_id("product_row"), _read(call, raw, _DEFAULTS))


@kernel.method("crm.item.productrow.set", scope="crm")
def set_(call: kernel.Call) -> kernel.Json:
    owner = _owner(call, call.param("ownerType"), call.param("ownerId"))
    rows = [_new(call, raw) for raw in args.as_list(call.param("productRows"))]
    call.portal.crm.products[(owner.type_id, owner.id)] = rows
    _recount(call, owner)
    return {"productRows": [_shown(row, owner, _abbr(call, owner)) for row in rows]}


@kernel.method("crm.item.productrow.add", scope="crm")
def add(call: kernel.Call) -> kernel.Json:
    given = args.needed_map(call, "fields")
    owner = _owner(call, given.get("ownerType"), given.get("ownerId"))
    row = _new(call, given)
    call.portal.crm.products.setdefault((owner.type_id, owner.id), []).append(row)
    _recount(call, owner)
    return {"productRow": _shown(row, owner, _abbr(call, owner))}


@kernel.method("crm.item.productrow.get", scope="crm")
def get(call: kernel.Call) -> kernel.Json:
    owner, row = _find(call)
    return {"productRow": _shown(row, owner, _abbr(call, owner))}


@kernel.method("crm.item.productrow.update", scope="crm")
def update(call: kernel.Call) -> kernel.Json:
    owner, row = _find(call)
    row.values = _read(call, args.needed_map(call, "fields"), row.values)
    _recount(call, owner)
    return {"productRow": _shown(row, owner, _abbr(call, owner))}


@kernel.method("crm.item.productrow.delete", scope="crm")
def delete(call: kernel.Call) -> kernel.Json:
    owner, row = _find(call)
    call.portal.crm.products[(owner.type_id, owner.id)].remove(row)
    _recount(call, owner)
    return []


class _Row:
    """A product row as the filter language sees it."""

    __slots__ = ("shown",)

    def __init__(self, shown: dict[str, Any]) -> None:
        self.shown = shown

    def get(self, name: str) -> Any:
        return self.shown.get(name)


def _kind_of(name: str) -> str:
    if name in _NUMBERS or name.startswith("price"):
        return "double"
    return "string" if name in _TEXTS or name == "ownerType" else "integer"


_NAMES = (
    "id",
    "ownerId",
    "ownerType",
    *_DEFAULTS,
    "priceExclusive",
    "priceNetto",
    "priceBrutto",
    "type",
    "storeId",
)
_FIELDS = {name: schema.Field(name, schema.snake(name), None, _kind_of(name)) for name in _NAMES}


@kernel.method("crm.item.productrow.list", scope="crm")
def list_(call: kernel.Call) -> kernel.Answer:
    raw = args.as_map(call.param("filter"))
    bare = {filters.split(key)[1]: value for key, value in raw.items()}
    if not bare.get("ownerType") or not bare.get("ownerId"):
        raise kernel.Refusal(
            400, "100", "Could not find value for parameter {filter[ownerId], filter[ownerType]}"
        )
    room = call.portal.crm
    kind = next(
        (
            room.known_kind(each)
            for each in (*schema.TYPES, *room.types)
            if room.known_kind(each).abbr == bare["ownerType"]
        ),
        None,
    )
    rows = []
    for (type_id, item_id), each in room.products.items():
        owner = room.item(type_id, item_id)
        if kind is not None and type_id == kind.id and owner is not None:
            rows += [_Row(_shown(row, owner, kind.abbr)) for row in each]
    wanted = filters.compiled(raw, filters.Dialect(_FIELDS.get, call.portal.clock.zone, strict=True))
    matches = wanted.predicate()
    order = listing.order_of(call.param("order"), _FIELDS.get, strict=False)
    page = listing.page(call, listing.in_order((row for row in rows if matches(row)), order))
    return page.answer({"productRows": [row.shown for row in page.rows]})


@kernel.method("crm.item.productrow.fields", scope="crm")
def fields(call: kernel.Call) -> kernel.Json:
    del call
    return {
        "fields": {
            name: {
                "type": "char" if name in ("taxIncluded", "customized") else found.type,
                "isRequired": name in ("ownerId", "ownerType", "productId"),
                "isReadOnly": name in _READ_ONLY,
                "isImmutable": name in ("ownerId", "ownerType"),
                "isMultiple": False,
                "isDynamic": False,
                "title": found.upper,
                "upperName": found.upper,
            }
            for name, found in _FIELDS.items()
        }
    }
