"""What is planned for a card: its open activities and tasks, and when the last of them was done (S5.4, users.md F21).

Source: reference §6 (crm.activity.list; a task bound to a card is one of its activities). One page of each is enough: any
open one is a plan, and of those done only the latest counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connector import errors, ports
from connector.bitrix24 import desk, names, parsing, values
from robots import look, model

Found = look.Plans | Exception
TASK = "3"
"""TYPE_ID of a task bound to the card (reference §9)."""
NEVER = 9000
"""The year of an activity without a term."""


async def of_cards(
    at: desk.Desk, cards: Sequence[model.CardRef], lane: ports.Lane
) -> dict[model.CardRef, Found]:
    found = await asyncio.gather(*(_of_card(at, ref, lane) for ref in cards))
    desk.raise_closed(found)
    return dict(zip(cards, found, strict=True))


async def _of_card(at: desk.Desk, ref: model.CardRef, lane: ports.Lane) -> Found:
    try:
        ahead, done = await asyncio.gather(
            at.client.call("crm.activity.list", _ask(ref, "N", {"ID": "DESC"}), lane=lane),
            at.client.call("crm.activity.list", _ask(ref, "Y", {"LAST_UPDATED": "DESC"}), lane=lane),
        )
        plans = [_plan(at, raw) for raw in parsing.rows_of(ahead.result)]
        ended = [
            values.required_moment(raw.get("LAST_UPDATED"), at.client.portal_zone, "LAST_UPDATED")
            for raw in parsing.rows_of(done.result)
        ]
    except errors.PortalError as error:
        return error
    return look.Plans(tuple(plans), max(ended, default=None))


def _ask(ref: model.CardRef, completed: str, order: dict[str, str]) -> dict[str, Any]:
    owner = {"OWNER_TYPE_ID": names.type_id(ref), "OWNER_ID": ref.id}
    return {
        "filter": {"BINDINGS": [owner], "COMPLETED": completed},
        "select": ["ID", "SUBJECT", "DEADLINE", "LAST_UPDATED", "TYPE_ID"],
        "order": order,
        "start": -1,
    }


def _plan(at: desk.Desk, raw: Mapping[str, Any]) -> look.Plan:
    until = values.moment(raw.get("DEADLINE"), at.client.portal_zone, "DEADLINE")
    known = until if until is None or until.year < NEVER else None
    return look.Plan(str(raw.get("SUBJECT") or ""), known, str(raw.get("TYPE_ID")) == TASK)
