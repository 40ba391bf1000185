"""Who else has these phones and e-mails: the portal's own search, and what hangs on what it found.

Law: everything found is given, the card's own things too: telling them apart is the engine's work. Cards of found clients
are given while open. The search itself is `searching`'s.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, names, owners, parsing, searching, values
from robots import look, model

Ref = searching.Ref
_SELECT = ["id", "title", "stageId", "stageSemanticId", "categoryId", "assignedById", "createdTime", "updatedTime"]  # fmt: skip
_CARD_SELECT = [*_SELECT, "contactId", "contactIds", "companyId", "leadId", "originatorId", "originId"]
_CLIENT_SELECT = ["ID", "NAME", "LAST_NAME", "TITLE", "ASSIGNED_BY_ID", "DATE_CREATE", "ORIGINATOR_ID", "ORIGIN_ID", "PHONE", "EMAIL"]  # fmt: skip
_PAGES = 10
"""Of open cards, newest first: whoever has more of them is no stranger by the oldest either."""


async def of_asks(
    at: desk.Desk, asks: Sequence[ports.CommsAsk], lane: ports.Lane
) -> dict[model.CardRef, look.Duplicates | Exception]:
    comms = list(dict.fromkeys(comm for ask in asks for comm in (*ask.phones, *ask.emails)))
    own = list(dict.fromkeys(ref for ask in asks for ref in ask.clients))
    known = _Known()
    # Whose the comms are is known, and that the search finds them: they are described beside it, not after it.
    beside = asyncio.get_running_loop().create_task(
        _describe(at, known, own, lane), name="bitrix24 own clients of a search"
    )

    async def describe(refs: Sequence[Ref]) -> Mapping[Ref, frozenset[str]]:
        await beside
        return await _describe(at, known, [ref for ref in refs if ref not in own], lane)

    try:
        hits = await searching.search(at, comms, lane, describe)
        desk.raise_closed(hits.values())
    except errors.PortalClosed:
        raise
    except errors.PortalError as error:
        return {ask.ref: error for ask in asks}
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
    return {ask.ref: _answer(ask, hits, known) for ask in asks}


# --- what is found, described ---------------------------------------------------------------------------------------


class _Known:
    """What was found: leads, clients, the open cards of these clients, and whose comms they are."""

    def __init__(self) -> None:
        self.leads: dict[int, model.Card] = {}
        self.clients: dict[model.ClientRef, look.Match] = {}
        self.of_client: dict[model.ClientRef, list[model.Card]] = {}
        self.open_ids: collections.defaultdict[model.CardKind, set[int]] = collections.defaultdict(set)
        self.comms: dict[Ref, frozenset[str]] = {}
        """In normal form; nothing of what the lists hide."""

    def add_open(self, card: model.Card) -> None:
        self.open_ids[card.ref.kind].add(card.ref.id)
        if card.closed:
            return
        refs = [model.ClientRef(model.ClientKind.CONTACT, number) for number in card.contacts]
        if card.company is not None:
            refs.append(model.ClientRef(model.ClientKind.COMPANY, card.company))
        for ref in refs:
            cards = self.of_client.setdefault(ref, [])
            if all(one.ref != card.ref for one in cards):
                cards.append(card)


async def _describe(
    at: desk.Desk, known: _Known, refs: Sequence[Ref], lane: ports.Lane
) -> Mapping[Ref, frozenset[str]]:
    """Adds to what is known, and answers whose comms are whose."""
    leads = [ref.id for ref in refs if isinstance(ref, model.CardRef)]
    clients = [ref for ref in refs if isinstance(ref, model.ClientRef)]
    commands = [
        *(_leads(chunk) for chunk in names.chunked(leads)),
        *(_comms_of_leads(chunk) for chunk in names.chunked(leads)),
        *(_clients(kind, chunk) for kind in model.ClientKind for chunk in _by_kind(clients, kind)),
        *(
            command
            for chunk in names.chunked(clients)
            for kind in model.CardKind
            for command in owners.open_cards(kind, chunk, _CARD_SELECT)
        ),
    ]
    for command, rows in zip(
        commands, await asyncio.gather(*(_asked(at, command, lane) for command in commands)), strict=True
    ):
        _learn(at, known, command, rows)
    return known.comms


def _learn(at: desk.Desk, known: _Known, command: client.Command, rows: Sequence[Mapping[str, Any]]) -> None:
    match command.name:
        case "found lead":
            known.leads.update((card.ref.id, card) for card in _cards(model.CardKind.LEAD, rows, at.context))
        case "lead":
            for raw in rows:
                number = values.required_id(raw.get("ID"), "ID")
                known.comms[model.CardRef(model.CardKind.LEAD, number)] = parsing.comms_of(raw)
        case "contact" | "company":
            for raw in rows:
                ref, found = _match_of(model.ClientKind(command.name), raw, at)
                known.clients[ref], known.comms[ref] = found, parsing.comms_of(raw)
        case _:
            kind = model.CardKind(names.NAME_OF[int(command.params["entityTypeId"])])
            # The same card is found by its first contact and by all of them: read once.
            fresh = [raw for raw in rows if values.required_id(raw.get("id")) not in known.open_ids[kind]]
            for card in _cards(kind, fresh, at.context):
                known.add_open(card)


def _by_kind(refs: Sequence[model.ClientRef], kind: model.ClientKind) -> list[list[int]]:
    return names.chunked(ref.id for ref in refs if ref.kind is kind)


async def _asked(at: desk.Desk, command: client.Command, lane: ports.Lane) -> list[dict[str, Any]]:
    """All rows of a list of found things; of open cards, whose number nobody knows, page after page."""
    opens = "=stageSemanticId" in command.params.get("filter", {})
    rows: list[dict[str, Any]] = []
    page = command
    for _ in range(_PAGES):
        try:
            answer = await at.client.call(page.method, page.params, lane=lane)
        except errors.Rejected:
            if "@contactIds" in command.params.get("filter", {}):
                return rows  # the same cards are asked by `contactId` beside it
            raise
        read = parsing.rows_of(answer.result, "items" if page.method == "crm.item.list" else "")
        rows += read
        if not opens or len(read) < names.PAGE:
            break
        last = min(values.required_id(raw.get("id")) for raw in read)
        page = replace(
            command, params={**command.params, "filter": {**command.params["filter"], "<id": last}}
        )
    return rows


def _leads(ids: Sequence[int]) -> client.Command:
    params = {"entityTypeId": 1, "select": _CARD_SELECT, "filter": {"@id": list(ids)}, "order": {"id": "ASC"}, "start": -1}  # fmt: skip
    return client.Command("crm.item.list", params, name="found lead")


def _comms_of_leads(ids: Sequence[int]) -> client.Command:
    """Only the classic list gives them for sure (reference §5.1, §5.2)."""
    return _classic("lead", ["ID", "PHONE", "EMAIL"], ids)


def _clients(kind: model.ClientKind, ids: Sequence[int]) -> client.Command:
    return _classic(kind.value, _CLIENT_SELECT, ids)


def _classic(name: str, select: Sequence[str], ids: Sequence[int]) -> client.Command:
    params = {"select": list(select), "filter": {"@ID": list(ids)}, "order": {"ID": "ASC"}, "start": -1}
    return client.Command(f"crm.{name}.list", params, name=name)


def _cards(
    kind: model.CardKind, rows: Iterable[Mapping[str, Any]], context: parsing.Context
) -> list[model.Card]:
    return [parsing.card(kind, raw, context) for raw in rows]


def _match_of(
    kind: model.ClientKind, raw: Mapping[str, Any], at: desk.Desk
) -> tuple[model.ClientRef, look.Match]:
    one = parsing.client(kind, raw, at.context)
    created = values.moment(raw.get("DATE_CREATE"), at.client.portal_zone, "DATE_CREATE")
    origin = (str(raw.get("ORIGINATOR_ID") or ""), str(raw.get("ORIGIN_ID") or ""))
    return one.ref, look.Match(
        one.ref, one.full_name, one.responsible, created, origin=origin if any(origin) else None
    )


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
