"""Whole facts of cards, what one look asks, in as few batches as it takes.

Law: a card is read before its history, in the same batch, so that history is never older than the card. A page of 50 is
read on. A card missing from the list is asked by itself, and only NOT_FOUND means gone. One card's trouble is its own.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, tasks, values
from robots import model

Outcome = ports.Facts | ports.Absent | Exception
WATERMARK_TRIES = 10
"""A batch takes a moment; on a portal where cards come in every such moment the last answer is taken."""


async def facts(
    at: desk.Desk, asks: Sequence[ports.FactsAsk], lane: ports.Lane
) -> dict[model.CardRef, Outcome]:
    wanted = dict.fromkeys(task for ask in asks for task in ask.tasks)
    parts = [_chunk(at, chunk, lane) for group in _grouped(asks) for chunk in names.chunked(group)]
    own, read = await asyncio.gather(tasks.own(at, list(wanted), lane), asyncio.gather(*parts))
    found = {ref: outcome for part in read for ref, outcome in part.items()}
    desk.raise_closed([*found.values(), *own.values()])
    return {ask.ref: _with_tasks(found[ask.ref], ask, own) for ask in asks}


def _grouped(asks: Sequence[ports.FactsAsk]) -> list[list[ports.FactsAsk]]:
    """By kind, and those never seen apart: their whole history is wanted, the others' last rows."""
    groups: dict[tuple[str, bool], list[ports.FactsAsk]] = defaultdict(list)
    for ask in sorted(asks, key=lambda each: (each.after_row, each.ref)):
        groups[ask.ref.kind.value, ask.after_row > 0].append(ask)
    return list(groups.values())


async def _chunk(
    at: desk.Desk, asks: Sequence[ports.FactsAsk], lane: ports.Lane
) -> dict[model.CardRef, Outcome]:
    """Cards of one kind, at most a page of them."""
    kind = asks[0].ref.kind
    ids = [ask.ref.id for ask in asks]
    after = min(ask.after_row for ask in asks)
    listed, rows = await at.client.group([items(at, kind, ids), _history(kind, ids, after)], lane=lane)
    if isinstance(listed, errors.PortalError) or isinstance(rows, errors.PortalError):
        desk.raise_closed([listed, rows])
        trouble = listed if isinstance(listed, errors.PortalError) else rows
        return {ask.ref: _as_error(trouble) for ask in asks}
    try:
        cards = {values.required_id(raw.get("id")): raw for raw in parsing.rows_of(listed.result, "items")}
        history = await _read_on(at, kind, ids, parsing.rows_of(rows.result, "items"), lane)
        by_owner, torn = _rows_by_owner(at, kind, history)
    except errors.PortalError as error:
        return {ask.ref: error for ask in asks}
    absent = await _absent(at, [ask.ref for ask in asks if ask.ref.id not in cards], lane)
    found: dict[model.CardRef, Outcome] = {**absent}
    for ask in asks:
        raw = cards.get(ask.ref.id)
        if raw is not None:
            found[ask.ref] = torn.get(ask.ref.id) or _facts(at, ask, raw, by_owner[ask.ref.id])
    return found


def _as_error(outcome: client.Outcome) -> errors.PortalError:
    return outcome if isinstance(outcome, errors.PortalError) else errors.Unreadable("нет ответа")


def items(at: desk.Desk, kind: model.CardKind, ids: Sequence[int]) -> client.Command:
    return client.Command(
        "crm.item.list",
        {
            "entityTypeId": names.TYPE_OF[kind.value],
            "select": at.card_select(kind),
            "filter": {"@id": list(ids)},
            "order": {"id": "ASC"},
            "start": -1,
            **names.RAW_UF,
        },
    )


def _history(kind: model.CardKind, ids: Sequence[int], after: int) -> client.Command:
    return client.Command(
        "crm.stagehistory.list",
        {
            "entityTypeId": names.TYPE_OF[kind.value],
            "order": {"ID": "ASC"},
            "filter": {"@OWNER_ID": list(ids), ">ID": after},
            "start": -1,
        },
    )


async def _read_on(
    at: desk.Desk, kind: model.CardKind, ids: Sequence[int], page: list[dict[str, Any]], lane: ports.Lane
) -> list[dict[str, Any]]:
    """History from its first page to its end; ids must rise strictly, or the portal didn't understand us."""
    found = list(page)
    while len(page) >= names.PAGE:
        last = values.required_id(page[-1].get("ID"), "ID")
        command = _history(kind, ids, last)
        answer = await at.client.call(command.method, command.params, lane=lane)
        page = parsing.rows_of(answer.result, "items")
        if page and values.required_id(page[0].get("ID"), "ID") <= last:
            raise errors.Unreadable("история стадий: номера строк не растут")
        found += page
    return found


def _rows_by_owner(
    at: desk.Desk, kind: model.CardKind, rows: Iterable[Mapping[str, Any]]
) -> tuple[dict[int, list[model.Visit]], dict[int, errors.Unreadable]]:
    """Stays by card, and the cards of which a row can't be read. A row without an owner fails them all."""
    found: dict[int, list[model.Visit]] = defaultdict(list)
    torn: dict[int, errors.Unreadable] = {}
    for raw in rows:
        owner = values.required_id(raw.get("OWNER_ID"), "OWNER_ID")
        try:
            found[owner].append(parsing.visit(kind, raw, at.context)[1])
        except errors.Unreadable as error:
            torn[owner] = error
    return found, torn


def _facts(
    at: desk.Desk, ask: ports.FactsAsk, raw: Mapping[str, Any], rows: Sequence[model.Visit]
) -> ports.Facts | errors.Unreadable:
    try:
        card = parsing.card(ask.ref.kind, raw, at.context)
    except errors.Unreadable as error:
        return errors.Unreadable(f"{ask.ref}: {error.text}")
    fresh = {row.row: row for row in rows if row.row is not None and row.row > ask.after_row}
    return ports.Facts(card, tuple(fresh[number] for number in sorted(fresh)), {})


async def _absent(
    at: desk.Desk, refs: Sequence[model.CardRef], lane: ports.Lane
) -> dict[model.CardRef, ports.Absent | Exception]:
    """Asks for each missing card by itself."""
    found = await asyncio.gather(*(_whether_gone(at, ref, lane) for ref in refs))
    return dict(zip(refs, found, strict=True))


async def _whether_gone(
    at: desk.Desk, ref: model.CardRef, lane: ports.Lane
) -> ports.Absent | errors.PortalError:
    try:
        await at.client.call(
            "crm.item.get", {"entityTypeId": names.type_id(ref), "id": ref.id, **names.RAW_UF}, lane=lane
        )
    except errors.NotFound as error:
        return ports.Absent(gone=True, why=error.text)
    except errors.NoRights as error:
        return ports.Absent(gone=False, why=error.text)
    except errors.PortalError as error:
        return error
    # The list lags behind the card: the next look will find it there.
    return ports.Absent(gone=False, why="список ещё не показывает карточку")


def _with_tasks(outcome: Outcome, ask: ports.FactsAsk, own: tasks.Found) -> Outcome:
    if not isinstance(outcome, ports.Facts) or not ask.tasks:
        return outcome
    read: dict[model.TaskId, model.Task | None] = {}
    for number in ask.tasks:
        found = own[number]
        if isinstance(found, errors.PortalError):
            return found
        read[number] = found
    return ports.Facts(outcome.card, outcome.rows, read)


async def watermarks(at: desk.Desk) -> ports.Watermarks:
    """The newest ids of cards and of history rows, in one batch, as of one moment: a card that comes between the two
    would lie below one mark and above the other, and be worked by half of the robots."""
    for _ in range(WATERMARK_TRIES):
        before, rows, after = await _newest(at)
        if before == after:
            break
    return ports.Watermarks(cards=after, rows=rows)


async def _newest(at: desk.Desk) -> list[dict[model.CardKind, int]]:
    """Cards, rows, cards once more."""
    parts = [_newest_card, _newest_row, _newest_card]
    commands = [part(kind) for part in parts for kind in model.CardKind]
    tops = [_top(outcome) for outcome in await at.client.group(commands, lane=ports.Lane.SWEEP)]
    size = len(model.CardKind)
    return [
        dict(zip(model.CardKind, tops[n * size : (n + 1) * size], strict=True)) for n in range(len(parts))
    ]


def _newest_card(kind: model.CardKind) -> client.Command:
    number = names.TYPE_OF[kind.value]
    return client.Command(
        "crm.item.list", {"entityTypeId": number, "select": ["id"], "order": {"id": "DESC"}, "start": -1}
    )


def _newest_row(kind: model.CardKind) -> client.Command:
    number = names.TYPE_OF[kind.value]
    return client.Command(
        "crm.stagehistory.list",
        {"entityTypeId": number, "select": ["ID"], "order": {"ID": "DESC"}, "start": -1},
    )


def _top(outcome: client.Outcome) -> int:
    if isinstance(outcome, errors.PortalError):
        raise outcome
    rows = parsing.rows_of(outcome.result, "items")
    return max((values.required_id(row.get("ID", row.get("id"))) for row in rows), default=0)
