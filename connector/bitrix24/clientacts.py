"""Values written into a card's contact or company, and comms put right; compared first, verified from the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, values, writing
from robots import intents, model

NO_EFFECT, NOTHING_TO_DO = "no_effect", "nothing_to_do"


async def perform(at: desk.Desk, act: intents.SetClient, key: intents.WishKey) -> ports.Done:
    present = await _present(at, act)
    if present is None:
        raise errors.NotFound("клиента нет", method="crm.item.get")
    if _holds(at, act, present):
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    sent = writing.fields(act.values, at.known.fields.get(act.client.kind.value, {}))
    params = {**_named(act.client), "fields": sent, **names.RAW_UF}
    answer = await at.client.call("crm.item.update", params, lane=at.lane, write=True, key=key)
    try:
        after = parsing.item_of(answer.result, "item")
    except errors.Unreadable:
        return ports.Done()  # written all the same: the next look checks it
    if after is not None and not _holds(at, act, after):
        return ports.Done(changed=False, note=NO_EFFECT)
    return ports.Done()


async def find(at: desk.Desk, act: intents.SetClient) -> ports.Done | None:
    present = await _present(at, act)
    return ports.Done() if present is not None and _holds(at, act, present) else None


async def repair(
    at: desk.Desk, card: model.CardRef, act: intents.RepairComm, key: intents.WishKey
) -> ports.Done:
    """The entry keeps its id and its type; what a person changed meanwhile is left to him."""
    whose = act.client or card
    entry = next((one for one in await _comms(at, whose) if _is(one, act.kind, act.was)), None)
    if entry is None:
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    written = {"typeId": act.kind, "valueType": entry.get("valueType") or "WORK", "value": act.now}
    fm = {str(values.required_id(entry.get("id"))): written}
    params = {**_named(whose), "fields": {"fm": fm}}
    await at.client.call("crm.item.update", params, lane=at.lane, write=True, key=key)
    if any(_is(one, act.kind, act.was) for one in await _comms(at, whose)):
        return ports.Done(changed=False, note=NO_EFFECT)
    return ports.Done()


async def repaired(at: desk.Desk, card: model.CardRef, act: intents.RepairComm) -> ports.Done | None:
    entries = await _comms(at, act.client or card)
    still = any(_is(one, act.kind, act.was) for one in entries)
    return None if still or not any(_is(one, act.kind, act.now) for one in entries) else ports.Done()


async def _comms(at: desk.Desk, whose: model.ClientRef | model.CardRef) -> list[Mapping[str, Any]]:
    raw = await _read(at, whose)
    if raw is None:
        raise errors.NotFound("клиента нет", method="crm.item.get")
    fm = raw.get("fm")
    entries = fm.values() if isinstance(fm, dict) else fm if isinstance(fm, list) else ()
    return [one for one in entries if isinstance(one, Mapping)]


def _is(entry: Mapping[str, Any], kind: str, value: str) -> bool:
    return entry.get("typeId") == kind and entry.get("value") == value


async def _present(at: desk.Desk, act: intents.SetClient) -> Mapping[str, Any] | None:
    return await _read(at, act.client)


async def _read(at: desk.Desk, whose: model.ClientRef | model.CardRef) -> Mapping[str, Any] | None:
    command = client.Command("crm.item.get", {**_named(whose), **names.RAW_UF})
    try:
        answer = await at.client.call(command.method, command.params, lane=at.lane)
    except errors.NotFound:
        return None
    return parsing.item_of(answer.result, "item")


def _named(ref: model.ClientRef | model.CardRef) -> dict[str, Any]:
    return {"entityTypeId": names.TYPE_OF[ref.kind.value], "id": ref.id}


def _holds(at: desk.Desk, act: intents.SetClient, raw: Mapping[str, Any]) -> bool:
    known, context = at.known.fields.get(act.client.kind.value, {}), at.context
    now = {
        code: values.of_field(known[code], raw[code], context.zone, context.currency)
        if code in known
        else values.undescribed(raw[code])
        for code in act.values
        if code in raw
    }
    return writing.same_values(now, act.values)
