"""Who else has these phones and e-mails: the portal's own search, and what hangs on what it found.

Law: each phone is asked in all its spellings, all types of objects at once; only where the search stopped at 20 hits of a
type, and so told nothing of later ones (reference §5.5), each type is asked by itself. Everything found is given, the
card's own things too: telling them apart is the engine's work. Cards of found clients are given while open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, owners, parsing, values
from robots import contacts, look, model

Ref = model.CardRef | model.ClientRef
Hits = dict[str, tuple[Ref, ...]]
"""Normal comm -> what the search found by it."""
CUT = 20
"""At so many hits of a type the search stops and says nothing of later types (reference §5.5)."""
_SEARCHED: Mapping[str, str] = {"LEAD": "lead", "CONTACT": "contact", "COMPANY": "company"}
_SELECT = ["id", "title", "stageId", "stageSemanticId", "categoryId", "assignedById", "createdTime", "updatedTime"]  # fmt: skip
_CARD_SELECT = [*_SELECT, "contactId", "contactIds", "companyId", "leadId", "originatorId", "originId"]


async def of_asks(
    at: desk.Desk, asks: Sequence[ports.CommsAsk], lane: ports.Lane
) -> dict[model.CardRef, look.Duplicates | Exception]:
    comms = list(dict.fromkeys(comm for ask in asks for comm in (*ask.phones, *ask.emails)))
    searched = await asyncio.gather(*(_search(at, comm, lane) for comm in comms))
    hits = dict(zip(comms, searched, strict=True))
    desk.raise_closed(hits.values())
    found: Hits = {comm: one for comm, one in hits.items() if isinstance(one, tuple)}
    try:
        known = await _described(at, found, lane)
    except errors.PortalClosed:
        raise
    except errors.PortalError as error:
        return {ask.ref: error for ask in asks}
    return {ask.ref: _answer(ask, hits, known) for ask in asks}


async def _search(at: desk.Desk, comm: str, lane: ports.Lane) -> tuple[Ref, ...] | errors.PortalError:
    mail = "@" in comm
    params = {
        "type": "EMAIL" if mail else "PHONE",
        "values": [comm] if mail else list(contacts.variants(comm)),
    }
    (outcome,) = await at.client.group([client.Command("crm.duplicate.findbycomm", params)], lane=lane)
    if isinstance(outcome, errors.PortalError):
        return outcome
    try:
        found = {name: _hits(name, outcome.result) for name in _SEARCHED}
    except errors.Unreadable as error:
        return error
    if any(len(hits) >= CUT for hits in found.values()):
        return await _search_apart(at, params, lane)
    return tuple(ref for hits in found.values() for ref in hits)


async def _search_apart(
    at: desk.Desk, params: Mapping[str, Any], lane: ports.Lane
) -> tuple[Ref, ...] | errors.PortalError:
    """Each type by itself: a full one hid the later ones."""
    commands = [
        client.Command("crm.duplicate.findbycomm", {**params, "entity_type": name}, name=name) for name in _SEARCHED
    ]  # fmt: skip
    found: list[Ref] = []
    for name, outcome in zip(_SEARCHED, await at.client.group(commands, lane=lane), strict=True):
        if isinstance(outcome, errors.PortalError):
            return outcome
        try:
            found += _hits(name, outcome.result)
        except errors.Unreadable as error:
            return error
    return tuple(found)


def _hits(name: str, result: Any) -> list[Ref]:
    ids = values.idents(result.get(name) if isinstance(result, dict) else None, name)
    if name == "LEAD":
        return [model.CardRef(model.CardKind.LEAD, number) for number in ids]
    kind = model.ClientKind(_SEARCHED[name])
    return [model.ClientRef(kind, number) for number in ids]


# --- what is found, described ---------------------------------------------------------------------------------------


class _Known:
    """What was found: leads, clients, and the open cards of these clients."""

    def __init__(
        self,
        leads: Mapping[int, model.Card],
        clients: Mapping[model.ClientRef, look.Match],
        cards: Iterable[model.Card],
    ) -> None:
        self.leads, self.clients = leads, clients
        self.of_client: dict[model.ClientRef, list[model.Card]] = {}
        for card in cards:
            for number in card.contacts:
                self.of_client.setdefault(model.ClientRef(model.ClientKind.CONTACT, number), []).append(card)
            if card.company is not None:
                ref = model.ClientRef(model.ClientKind.COMPANY, card.company)
                self.of_client.setdefault(ref, []).append(card)


async def _described(at: desk.Desk, hits: Hits, lane: ports.Lane) -> _Known:
    refs = list(dict.fromkeys(ref for found in hits.values() for ref in found))
    leads = [ref.id for ref in refs if isinstance(ref, model.CardRef)]
    clients = [ref for ref in refs if isinstance(ref, model.ClientRef)]
    commands = [
        *(_leads(chunk) for chunk in names.chunked(leads)),
        *(_clients(kind, chunk) for kind in model.ClientKind for chunk in _by_kind(clients, kind)),
        *(
            command
            for chunk in names.chunked(clients)
            for kind in model.CardKind
            for command in owners.open_cards(kind, chunk, _CARD_SELECT)
        ),
    ]
    outcomes = await asyncio.gather(*(_asked(at, command, lane) for command in commands))
    read: list[model.Card] = []
    shown: dict[model.ClientRef, look.Match] = {}
    for command, rows in zip(commands, outcomes, strict=True):
        if command.method == "crm.item.list":
            kind = model.CardKind(names.NAME_OF[int(command.params["entityTypeId"])])
            read += _cards(kind, rows, at.context)
        else:
            shown.update(_matches(model.ClientKind(command.name), rows, at))
    cards = {card.ref: card for card in read}
    found = {
        ref.id: card for ref, card in cards.items() if ref.kind is model.CardKind.LEAD and ref.id in leads
    }
    return _Known(found, shown, [card for card in cards.values() if not card.closed])


def _by_kind(refs: Sequence[model.ClientRef], kind: model.ClientKind) -> list[list[int]]:
    return names.chunked(ref.id for ref in refs if ref.kind is kind)


async def _asked(at: desk.Desk, command: client.Command, lane: ports.Lane) -> list[dict[str, Any]]:
    try:
        answer = await at.client.call(command.method, command.params, lane=lane)
    except errors.Rejected:
        if "@contactIds" in command.params.get("filter", {}):
            return []  # the same cards are asked by `contactId` beside it
        raise
    return parsing.rows_of(answer.result, "items" if command.method == "crm.item.list" else "")


def _leads(ids: Sequence[int]) -> client.Command:
    params = {"entityTypeId": 1, "select": _CARD_SELECT, "filter": {"@id": list(ids)}, "order": {"id": "ASC"}, "start": -1}  # fmt: skip
    return client.Command("crm.item.list", params, name="lead")


def _clients(kind: model.ClientKind, ids: Sequence[int]) -> client.Command:
    select = [
        "ID",
        "NAME",
        "LAST_NAME",
        "TITLE",
        "ASSIGNED_BY_ID",
        "DATE_CREATE",
        "ORIGINATOR_ID",
        "ORIGIN_ID",
    ]
    params = {"select": select, "filter": {"@ID": list(ids)}, "order": {"ID": "ASC"}, "start": -1}
    return client.Command(f"crm.{kind.value}.list", params, name=kind.value)


def _cards(
    kind: model.CardKind, rows: Iterable[Mapping[str, Any]], context: parsing.Context
) -> list[model.Card]:
    return [parsing.card(kind, raw, context) for raw in rows]


def _matches(
    kind: model.ClientKind, rows: Iterable[Mapping[str, Any]], at: desk.Desk
) -> dict[model.ClientRef, look.Match]:
    found: dict[model.ClientRef, look.Match] = {}
    for raw in rows:
        one = parsing.client(kind, raw, at.context)
        created = values.moment(raw.get("DATE_CREATE"), at.client.portal_zone, "DATE_CREATE")
        origin = (str(raw.get("ORIGINATOR_ID") or ""), str(raw.get("ORIGIN_ID") or ""))
        found[one.ref] = look.Match(
            one.ref, one.full_name, one.responsible, created, origin=origin if any(origin) else None
        )
    return found


# --- the answer to one card -----------------------------------------------------------------------------------------


def _answer(
    ask: ports.CommsAsk, hits: Mapping[str, tuple[Ref, ...] | errors.PortalError], known: _Known
) -> look.Duplicates | Exception:
    comms = (*ask.phones, *ask.emails)
    found: dict[Ref, look.Match] = {}
    for comm in comms:
        refs = hits[comm]
        if isinstance(refs, errors.PortalError):
            return refs
        shared = len(refs)
        for ref in refs:
            found.setdefault(ref, _match(ref, comm, shared, known))
        for ref in refs:
            if isinstance(ref, model.ClientRef):
                for card in known.of_client.get(ref, ()):
                    found.setdefault(card.ref, _of_card(card, via="", shared=shared, client=ref))
    return look.Duplicates(comms, tuple(found.values()))


def _match(ref: Ref, comm: str, shared: int, known: _Known) -> look.Match:
    """A hit that the lists hide is still a match: without a title and an owner."""
    if isinstance(ref, model.CardRef):
        card = known.leads.get(ref.id)
        if card is None:
            return look.Match(ref, "", None, via=comm, shared_by=shared)
        return _of_card(card, via=comm, shared=shared, client=None)
    shown = known.clients.get(ref)
    if shown is None:
        return look.Match(ref, "", None, via=comm, shared_by=shared)
    return look.Match(
        ref, shown.title, shown.responsible, shown.created, via=comm, origin=shown.origin, shared_by=shared
    )


def _of_card(card: model.Card, *, via: str, shared: int, client: model.ClientRef | None) -> look.Match:
    return look.Match(
        card.ref,
        card.title,
        card.responsible,
        card.created,
        closed=card.closed,
        via=via,
        client=client,
        origin=card.origin,
        shared_by=shared,
    )
