"""hand_over as a saga: look for the copy, read the source, add the deal, then its product rows, then its files.

The deal is added once, found again by its origin (`voronka`, digest of the key). Rows and files are whole sets: repeated
until they stand. `find` finishes a half-made copy and says Done only then.
"""

from __future__ import annotations

import base64
import posixpath
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, handover, parsing, values, writing
from robots import intents, model


@dataclass(frozen=True, slots=True)
class _Source:
    """The deal being copied, its product rows, and the copy if there already is one."""

    raw: Mapping[str, Any] | None
    """None: it was deleted after the copy had been added."""
    rows: Sequence[Mapping[str, Any]]
    copy: Mapping[str, Any] | None


async def perform(
    at: desk.Desk, ref: model.CardRef, act: intents.CopyDeal, key: intents.WishKey
) -> ports.Done:
    source = await _source(at, ref, key)
    made = source.copy
    if made is None and source.raw is not None:
        described = at.known.fields.get(model.CardKind.DEAL.value, {})
        fields = handover.copied(act, source.raw, described, writing.marker(key))
        command = handover.add(fields)
        answer = await at.client.call(command.method, command.params, lane=at.lane, write=True, key=key)
        made = parsing.item_of(answer.result, "item")
    if made is None:
        raise errors.Unknown("портал не назвал номер сделки", method="crm.item.add")
    return await _finish(at, act, source, made)


async def find(
    at: desk.Desk, ref: model.CardRef, act: intents.CopyDeal, key: intents.WishKey
) -> ports.Done | None:
    source = await _source(at, ref, key)
    return await _finish(at, act, source, source.copy) if source.copy is not None else None


async def _source(at: desk.Desk, ref: model.CardRef, key: intents.WishKey) -> _Source:
    commands = [handover.look_for(writing.marker(key)), writing.get(ref), handover.rows_of_deal(ref.id)]
    looked, got, rows = await at.client.group(commands, lane=at.lane)
    copies = parsing.rows_of(_result(looked), "items")
    if copies and isinstance(got, errors.NotFound):
        return _Source(None, (), copies[0])
    raw = parsing.item_of(_result(got), "item")
    if raw is None:
        raise errors.Unreadable("сделка не читается", method="crm.item.get")
    return _Source(raw, parsing.rows_of(_result(rows), "productRows"), copies[0] if copies else None)


def _result(outcome: client.Outcome) -> Any:
    if isinstance(outcome, errors.PortalError):
        raise outcome
    return outcome.result


async def _finish(
    at: desk.Desk, act: intents.CopyDeal, source: _Source, made: Mapping[str, Any]
) -> ports.Done:
    number = values.required_id(made.get("id"))
    if source.raw is None:
        return ports.Done(
            made=number, note=f"сделка {number} создана; скопирована ли вся, не узнать: исходной больше нет"
        )
    notes = []
    try:
        if source.rows and not await _has_rows(at, number, len(source.rows)):
            command = handover.set_rows(number, source.rows)
            await at.client.call(command.method, command.params, lane=at.lane, write=True)
        notes = await _files(at, act, source.raw, made)
    except errors.Rejected as refused:
        notes = [f"сделка {number} создана, но скопирована не вся: {refused.text}"]
    except (errors.Retryable, errors.Unreadable) as half:
        # The deal stands: `Retryable` would have it made again without a look.
        raise errors.Unknown(f"сделка {number} скопирована наполовину: {half.text}") from half
    return ports.Done(made=number, note="; ".join(notes))


async def _has_rows(at: desk.Desk, number: int, wanted: int) -> bool:
    command = handover.rows_of_deal(number)
    answer = await at.client.call(command.method, command.params, lane=at.lane)
    return len(parsing.rows_of(answer.result, "productRows")) >= min(wanted, 50)


async def _files(
    at: desk.Desk, act: intents.CopyDeal, source: Mapping[str, Any], made: Mapping[str, Any]
) -> list[str]:
    """File fields one by one; what the portal won't give is told in the note."""
    notes = []
    described = at.known.fields.get(model.CardKind.DEAL.value, {})
    for code in handover.file_codes(source, described):
        if code in act.leave_out or code in handover.NEVER or made.get(code):
            continue
        try:
            sent = [await _file(at, path) for path in handover.files_of(source[code])]
        except errors.Rejected as refused:
            notes.append(f"файл поля {code} не скопирован: {refused.text}")
            continue
        field = described.get(model.FieldCode(code))
        many = isinstance(source[code], list) or (field is not None and field.multiple)
        ref = model.CardRef(model.CardKind.DEAL, values.required_id(made.get("id")))
        command = writing.update(ref, {code: sent if many else sent[0]})
        await at.client.call(command.method, command.params, lane=at.lane, write=True)
    return notes


async def _file(at: desk.Desk, path: str) -> list[str]:
    """[name, base64], as file fields are written."""
    body = await at.download(path)
    name = posixpath.basename(urllib.parse.urlsplit(path).path) or "file"
    return [name, base64.b64encode(body).decode()]
