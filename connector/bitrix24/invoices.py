"""A smart invoice (type 31) of a deal, as a saga: look for it, read the deal and its products, add it, then set its products.

It bears the wish's mark in `xmlId`; the deal is its parent. Products are one whole set, repeated until they stand; a deal
without products gives its sum. `find` finishes a half-made invoice and says Done only then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, handover, parsing, values, writing
from robots import intents, model

TYPE, OWNER = 31, "SI"
CLIENTS = ("contactIds", "companyId", "mycompanyId")


@dataclass(frozen=True, slots=True)
class _Source:
    deal: Mapping[str, Any] | None
    """None: it was deleted after the invoice had been made."""
    rows: Sequence[Mapping[str, Any]]
    made: Mapping[str, Any] | None


async def perform(
    at: desk.Desk, ref: model.CardRef, act: intents.MakeInvoice, key: intents.WishKey
) -> ports.Done:
    source = await _source(at, ref, key)
    made = source.made
    if made is None and source.deal is not None:
        fields = wanted(ref, act, source.deal, key, manual=not source.rows)
        params = {"entityTypeId": TYPE, "fields": fields}
        answer = await at.client.call("crm.item.add", params, lane=at.lane, write=True, key=key)
        made = parsing.item_of(answer.result, "item")
    if made is None:
        raise errors.Unknown("портал не назвал номер счёта", method="crm.item.add")
    return await _finish(at, source, values.required_id(made.get("id")))


async def find(at: desk.Desk, ref: model.CardRef, key: intents.WishKey) -> ports.Done | None:
    source = await _source(at, ref, key)
    if source.made is None:
        return None
    return await _finish(at, source, values.required_id(source.made.get("id")))


def wanted(
    ref: model.CardRef,
    act: intents.MakeInvoice,
    deal: Mapping[str, Any],
    key: intents.WishKey,
    *,
    manual: bool,
) -> dict[str, Any]:
    """`manual`: the sum is the deal's own, no products stand behind it."""
    made: dict[str, Any] = {
        "title": act.title,
        "xmlId": mark(key),
        "parentId2": ref.id,
        "assignedById": act.responsible or deal.get("assignedById"),
        "currencyId": deal.get("currencyId"),
        **{name: deal[name] for name in CLIENTS if deal.get(name)},
    }
    if act.pay_until is not None:
        made["closedate"] = act.pay_until.isoformat()
    if manual:
        made |= {"opportunity": deal.get("opportunity") or 0, "isManualOpportunity": "Y"}
    return made


def mark(key: intents.WishKey) -> str:
    return f"{writing.ORIGINATOR}-{writing.marker(key)}"


async def _source(at: desk.Desk, ref: model.CardRef, key: intents.WishKey) -> _Source:
    looked_for = {
        "entityTypeId": TYPE,
        "select": ["id", "xmlId"],
        "filter": {"=xmlId": mark(key)},
        "order": {"id": "ASC"},
        "start": -1,
    }
    commands = [
        client.Command("crm.item.list", looked_for, name="invoice"),
        writing.get(ref),
        handover.rows_of("D", ref.id),
    ]
    looked, got, rows = await at.client.group(commands, lane=at.lane)
    # What the portal found is read and not believed: a filter that it ignores would name a stranger's invoice.
    found = [raw for raw in parsing.rows_of(_result(looked), "items") if raw.get("xmlId") == mark(key)]
    if found and isinstance(got, errors.NotFound):
        return _Source(None, (), found[0])
    raw = parsing.item_of(_result(got), "item")
    if raw is None:
        raise errors.Unreadable("сделка не читается", method="crm.item.get")
    return _Source(raw, parsing.rows_of(_result(rows), "productRows"), found[0] if found else None)


def _result(outcome: client.Outcome) -> Any:
    if isinstance(outcome, errors.PortalError):
        raise outcome
    return outcome.result


async def _finish(at: desk.Desk, source: _Source, number: int) -> ports.Done:
    if source.deal is None:
        note = f"счёт {number} создан; все ли в нём товары, не узнать: сделки больше нет"
        return ports.Done(made=number, note=note)
    try:
        if source.rows and not await _has_rows(at, number, len(source.rows)):
            command = handover.set_rows_of(OWNER, number, source.rows)
            await at.client.call(command.method, command.params, lane=at.lane, write=True)
    except errors.Rejected as refused:
        return ports.Done(made=number, note=f"счёт {number} создан, но без товаров: {refused.text}")
    except (errors.Retryable, errors.Unreadable) as half:
        # The invoice stands: `Retryable` would have it made again without a look.
        raise errors.Unknown(f"счёт {number} сделан наполовину: {half.text}") from half
    return ports.Done(made=number)


async def _has_rows(at: desk.Desk, number: int, wanted_rows: int) -> bool:
    command = handover.rows_of(OWNER, number)
    answer = await at.client.call(command.method, command.params, lane=at.lane)
    return len(parsing.rows_of(answer.result, "productRows")) >= min(wanted_rows, 50)
