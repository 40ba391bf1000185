"""Values written into a card's contact or company; compared first, verified from the write's own answer."""

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
    answer = await at.client.call("crm.item.update", params, lane=ports.Lane.LIVE, write=True, key=key)
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


async def _present(at: desk.Desk, act: intents.SetClient) -> Mapping[str, Any] | None:
    command = client.Command("crm.item.get", {**_named(act.client), **names.RAW_UF})
    try:
        answer = await at.client.call(command.method, command.params, lane=ports.Lane.LIVE)
    except errors.NotFound:
        return None
    return parsing.item_of(answer.result, "item")


def _named(ref: model.ClientRef) -> dict[str, Any]:
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
