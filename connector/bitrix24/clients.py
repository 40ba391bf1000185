"""Contacts and companies, as a card's clients and by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from connector import errors, ports
from connector.bitrix24 import desk, names, parsing, phpquery
from robots import model

Read = dict[model.ClientRef, model.Client | Exception]


async def of_cards(
    at: desk.Desk, cards: Sequence[model.Card], lane: ports.Lane
) -> dict[model.CardRef, tuple[model.Client, ...] | Exception]:
    wanted = {card.ref: bound(card) for card in cards}
    refs = dict.fromkeys(ref for own in wanted.values() for ref in own)
    found = await by_ref(at, list(refs), lane)
    desk.raise_closed(list(found.values()))
    result: dict[model.CardRef, tuple[model.Client, ...] | Exception] = {}
    for card, own in wanted.items():
        read = tuple(one for ref in own if isinstance(one := found[ref], model.Client))
        troubles = [one for ref in own if isinstance(one := found[ref], Exception)]
        result[card] = troubles[0] if troubles and not read else read
    return result


def bound(card: model.Card) -> list[model.ClientRef]:
    own = [model.ClientRef(model.ClientKind.CONTACT, number) for number in card.contacts]
    if card.company is not None:
        own.append(model.ClientRef(model.ClientKind.COMPANY, card.company))
    return own


async def by_ref(at: desk.Desk, refs: Sequence[model.ClientRef], lane: ports.Lane) -> Read:
    """Through the classic lists: only they give phones and e-mails by name (reference §5.1, §5.2)."""
    kinds = [(kind, [ref for ref in refs if ref.kind is kind]) for kind in model.ClientKind]
    parts = [(kind, chunk) for kind, group in kinds for chunk in names.chunked(group)]
    read = await asyncio.gather(*(_client_page(at, kind, chunk, lane) for kind, chunk in parts))
    found: Read = {}
    for part in read:
        found.update(part)
    return found


async def _client_page(
    at: desk.Desk, kind: model.ClientKind, refs: Sequence[model.ClientRef], lane: ports.Lane
) -> Read:
    params: phpquery.Params = {
        "select": ["*", "UF_*", "PHONE", "EMAIL", "WEB"],
        "filter": {"@ID": [ref.id for ref in refs]},
        "order": {"ID": "ASC"},
        "start": -1,
    }
    try:
        answer = await at.client.call(f"crm.{kind.value}.list", params, lane=lane)
        read, troubles = parsing.readable(parsing.rows_of(answer.result), kind, at.context)
    except errors.PortalError as error:
        return dict.fromkeys(refs, error)
    why = troubles[0] if troubles else errors.NoRights("клиент скрыт правами или удалён")
    found: Read = dict.fromkeys(refs, why)
    found.update({one.ref: one for one in read if one.ref in found})
    return found
