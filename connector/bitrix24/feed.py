"""A card's feed as attempts to reach its client: activities and comments, the newest page of each (S2.10).

Sources: reference §6 (crm.activity.list, crm.timeline.comment.list). Only what is completed counts, for a planned call is
none; of directions only the outgoing one, where the portal says any. Comments that we wrote ourselves are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from connector import errors, ports
from connector.bitrix24 import desk, names, parsing, timelines, values
from robots import look, model

Found = tuple[look.Attempt, ...] | Exception
OUTGOING = 2
TYPES = {2: look.Reached.CALL, 4: look.Reached.LETTER}
TODO, MESSAGES = "CRM_TODO", ("CRM_SMS", "CRM_MESSAGE", "IMOPENLINES_SESSION", "CRM_NOTIFICATION")
_SELECT = ["ID", "TYPE_ID", "PROVIDER_ID", "DIRECTION", "COMPLETED", "CREATED", "START_TIME", "LAST_UPDATED"]


async def attempts(
    at: desk.Desk, cards: Sequence[model.CardRef], lane: ports.Lane
) -> dict[model.CardRef, Found]:
    found = await asyncio.gather(*(_of_card(at, ref, lane) for ref in cards))
    desk.raise_closed(found)
    return dict(zip(cards, found, strict=True))


async def _of_card(at: desk.Desk, ref: model.CardRef, lane: ports.Lane) -> Found:
    try:
        done, said = await asyncio.gather(
            at.client.call("crm.activity.list", _activities(ref), lane=lane),
            at.client.call("crm.timeline.comment.list", _comments(ref), lane=lane),
        )
        # Once each: by bindings a row may come twice.
        acts = {values.required_id(raw.get("ID")): raw for raw in parsing.rows_of(done.result)}
        rows = [_activity(at, raw) for raw in acts.values()]
        rows += [_comment(at, raw) for raw in parsing.rows_of(said.result)]
    except errors.PortalError as error:
        return error
    return tuple(one for one in rows if one is not None)


def _activities(ref: model.CardRef) -> dict[str, Any]:
    owner = {"OWNER_TYPE_ID": names.type_id(ref), "OWNER_ID": ref.id}
    return {"filter": {"BINDINGS": [owner]}, "select": _SELECT, "order": {"ID": "DESC"}, "start": -1}


def _comments(ref: model.CardRef) -> dict[str, Any]:
    return {
        "filter": {"ENTITY_ID": ref.id, "ENTITY_TYPE": ref.kind.value},
        "select": ["ID", "CREATED", "COMMENT"],
        "order": {"ID": "DESC"},
    }


def _activity(at: desk.Desk, raw: Mapping[str, Any]) -> look.Attempt | None:
    provider, outgoing = str(raw.get("PROVIDER_ID") or ""), values.number(raw.get("DIRECTION")) == OUTGOING
    if raw.get("COMPLETED") != "Y":
        return None
    if provider == TODO:
        return _made(at, look.Reached.TODO, raw, "LAST_UPDATED")
    if provider in MESSAGES:
        return _made(at, look.Reached.MESSAGE, raw, "CREATED") if outgoing else None
    how = TYPES.get(int(values.number(raw.get("TYPE_ID")) or 0))
    return _made(at, how, raw, "START_TIME") if how is not None and outgoing else None


def _comment(at: desk.Desk, raw: Mapping[str, Any]) -> look.Attempt | None:
    text = str(raw.get("COMMENT") or "")
    if f" · {timelines.SIGNATURE} " in text:
        return None
    return _made(at, look.Reached.COMMENT, raw, "CREATED", text)


def _made(
    at: desk.Desk, how: look.Reached, raw: Mapping[str, Any], moment: str, text: str = ""
) -> look.Attempt:
    when = values.moment(raw.get(moment), at.client.portal_zone, moment)
    when = when or values.moment(raw.get("CREATED"), at.client.portal_zone, "CREATED")
    if when is None:
        raise errors.Unreadable(f"у дела или комментария {raw.get('ID')} нет времени")
    return look.Attempt(how, when, text)
