"""What came to the portal for cards since the last time: the clients' calls, letters, messages and forms; invoices paid.

Both lists are read by ascending id, activities by their own and invoices by the rows of their stages' history (reference §6,
§5.6); rows may become visible late, so those of the last minute are read again. A missed call isn't told from a call
anywhere in the documentation, and so it isn't here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, values
from robots import model

INVOICE, INCOMING = 31, 1
OVERLAP = timedelta(seconds=60)
PAGES = 20
FORM = "CRM_WEBFORM"
MESSAGES = ("CRM_SMS", "CRM_MESSAGE", "IMOPENLINES_SESSION", "CRM_NOTIFICATION")
TYPES: Mapping[int, str] = {2: "call", 4: "letter"}
_SELECT = ["ID", "TYPE_ID", "PROVIDER_ID", "DIRECTION", "CREATED"]


async def since(at: desk.Desk, source: str, cursor: Mapping[str, Any]) -> ports.Arrived:
    """`source`: `activity` or `invoice`. Without a cursor it begins with the newest page."""
    begun, goes_on = int(cursor.get("id", 0)), "id" in cursor
    found: list[Mapping[str, Any]] = []
    last, more = begun, True
    for _ in range(PAGES if goes_on else 1):
        page = await _page(at, source, last, "ASC" if goes_on else "DESC")
        found += page
        last = max([last, *map(_number, page)])
        more = len(page) >= names.PAGE
        if not more:
            break
    found.sort(key=_number)
    seen = _activities(at, found) if source == "activity" else await _paid(at, found)
    settled = last if more and goes_on else _settled(at, source, found)
    return ports.Arrived(tuple(seen), {"id": max(begun, settled)})


def _settled(at: desk.Desk, source: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """The newest number before which nothing can become visible any more; at least the one before the first."""
    moments = {_number(raw): _moment(at, source, raw) for raw in rows}
    newest = max(moments.values(), default=None)
    old = [one for one, made in moments.items() if newest is not None and made < newest - OVERLAP]
    return max([*old, min(moments, default=1) - 1])


async def _page(at: desk.Desk, source: str, above: int, order: str) -> Sequence[Mapping[str, Any]]:
    params: dict[str, Any] = {"filter": {">ID": above}, "order": {"ID": order}, "start": -1}
    if source == "activity":
        answer = await at.client.call(
            "crm.activity.list", params | {"select": _SELECT}, lane=ports.Lane.SWEEP
        )
        return parsing.rows_of(answer.result)
    asked = params | {"entityTypeId": INVOICE}
    answer = await at.client.call("crm.stagehistory.list", asked, lane=ports.Lane.SWEEP)
    return parsing.rows_of(answer.result, "items")


def _number(raw: Mapping[str, Any]) -> int:
    return values.required_id(raw.get("ID"))


def _moment(at: desk.Desk, source: str, raw: Mapping[str, Any]) -> datetime:
    field = "CREATED" if source == "activity" else "CREATED_TIME"
    return values.required_moment(raw.get(field), at.client.portal_zone, field)


def _activities(at: desk.Desk, rows: Sequence[Mapping[str, Any]]) -> list[ports.Arrival]:
    found = [(raw, what) for raw in rows if (what := _what(raw))]
    return [ports.Arrival(what, _number(raw), _moment(at, "activity", raw)) for raw, what in found]


def _what(raw: Mapping[str, Any]) -> str:
    """Empty: it isn't the client who comes."""
    provider = str(raw.get("PROVIDER_ID") or "")
    if provider == FORM:
        return "form"
    if values.number(raw.get("DIRECTION")) != INCOMING:
        return ""
    return "message" if provider in MESSAGES else TYPES.get(int(values.number(raw.get("TYPE_ID")) or 0), "")


async def _paid(at: desk.Desk, rows: Sequence[Mapping[str, Any]]) -> list[ports.Arrival]:
    """Of an invoice that came into a stage of success: the deal that it is of."""
    moments = {
        values.required_id(raw.get("OWNER_ID")): _moment(at, "invoice", raw)
        for raw in rows
        if raw.get("STAGE_SEMANTIC_ID") == model.Semantic.WON.value
    }
    if not moments:
        return []
    commands = [
        client.Command("crm.item.get", {"entityTypeId": INVOICE, "id": one}, name=str(one)) for one in moments
    ]
    outcomes = await at.client.group(commands, lane=ports.Lane.SWEEP)
    found = []
    for (number, moment), outcome in zip(moments.items(), outcomes, strict=True):
        if isinstance(outcome, errors.Rejected):
            continue  # deleted, or not for our eyes
        if isinstance(outcome, errors.PortalError):
            raise outcome
        raw = parsing.item_of(outcome.result, "item") or {}
        deal = values.number(raw.get("parentId2"))
        if deal:
            card = ports.Thing(ports.Kind.DEAL, int(deal))
            found.append(ports.Arrival("paid", number, moment, (card,)))
    return found
