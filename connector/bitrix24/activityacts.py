"""Activities planned by robots: a todo («дело») by `crm.activity.todo.add`, a call or a meeting by `crm.activity.add`.

A todo takes no origin, so its description ends with the visible tail of `timelines`; calls and meetings bear
(ORIGINATOR_ID, ORIGIN_ID) beside it. Both are found again in the card's newest fifty, read and not filtered by.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, timelines, values, writing
from robots import intents, model

_TYPES: Mapping[intents.Activity, int] = {intents.Activity.MEETING: 1, intents.Activity.CALL: 2}
OUTGOING = 2
LASTS = timedelta(minutes=30)


async def perform(at: desk.Desk, row: ports.Row, act: intents.PlanActivity) -> ports.Done:
    if row.tries > 0:
        found = await find(at, row)
        if found is not None:
            return found
    command = add(row.wish.card, act, row.wish.key)
    answer = await at.client.call(command.method, command.params, lane=at.lane, write=True, key=row.wish.key)
    made = number(answer.result)
    if made is None:
        raise errors.Unknown("портал не назвал номер дела", method=command.method)
    return ports.Done(made=made)


async def find(at: desk.Desk, row: ports.Row) -> ports.Done | None:
    command = newest(row.wish.card)
    answer = await at.client.call(command.method, command.params, lane=at.lane)
    made = own(answer.result, row.wish.key)
    return ports.Done(made=made) if made is not None else None


def add(ref: model.CardRef, act: intents.PlanActivity, key: intents.WishKey) -> client.Command:
    text = act.text + timelines.tail(key)
    if act.what is intents.Activity.TODO:
        params: dict[str, Any] = {
            "ownerTypeId": names.type_id(ref),
            "ownerId": ref.id,
            "deadline": act.at.isoformat(),
            "title": act.title,
            "description": text,
            "responsibleId": act.responsible,
        }
        return client.Command("crm.activity.todo.add", params, write=True)
    fields = {
        **origin(ref, key),
        "TYPE_ID": _TYPES[act.what],
        "SUBJECT": act.title,
        "DESCRIPTION": text,
        "DESCRIPTION_TYPE": 1,
        "RESPONSIBLE_ID": act.responsible,
        "START_TIME": act.at.isoformat(),
        "END_TIME": (act.at + LASTS).isoformat(),
        "DEADLINE": act.at.isoformat(),
        "COMPLETED": "N",
        "COMMUNICATIONS": [communication(ref, act.client, act.phone, "PHONE" if act.phone else "")],
    }
    if act.what is intents.Activity.CALL:
        fields["DIRECTION"] = OUTGOING
    return client.Command("crm.activity.add", {"fields": fields}, write=True)


def origin(ref: model.CardRef, key: intents.WishKey) -> dict[str, Any]:
    """Whose it is, and whose wish made it."""
    return {
        "OWNER_TYPE_ID": names.type_id(ref),
        "OWNER_ID": ref.id,
        "ORIGINATOR_ID": writing.ORIGINATOR,
        "ORIGIN_ID": writing.marker(key),
    }


def communication(ref: model.CardRef, whom: model.ClientRef | None, value: str, kind: str) -> dict[str, Any]:
    """With whom; None: the card itself, a lead."""
    kind_of, number_of = (
        (names.type_id(ref), ref.id) if whom is None else (names.TYPE_OF[whom.kind.value], whom.id)
    )
    return {"VALUE": value, "TYPE": kind, "ENTITY_TYPE_ID": kind_of, "ENTITY_ID": number_of}


def newest(ref: model.CardRef) -> client.Command:
    params = {
        "filter": {"OWNER_TYPE_ID": names.type_id(ref), "OWNER_ID": ref.id},
        "select": ["ID", "ORIGIN_ID", "DESCRIPTION"],
        "order": {"ID": "DESC"},
    }
    return client.Command("crm.activity.list", params)


def own(result: Any, key: intents.WishKey) -> int | None:
    mark, tail = writing.marker(key), timelines.tail(key).strip()
    for raw in parsing.rows_of(result):
        if str(raw.get("ORIGIN_ID") or "") == mark or tail in str(raw.get("DESCRIPTION") or ""):
            return values.required_id(raw.get("ID"))
    return None


def number(result: Any) -> int | None:
    """A bare number, or `{"id": 999}` of a todo."""
    return values.ident(result.get("id") if isinstance(result, Mapping) else result)
