"""Whom the copy knows by a phone, an e-mail or an id, and which words name nobody but them: what `erasing` stands on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, tables
from robots import forgetting, model

PAGE = 500
LINKS, COMMS, CLIENTS, CARDS = tables.links.c, tables.comms.c, tables.clients.c, tables.cards.c
_LEAD_NAMES = ("name", "lastName", "secondName")


def bound(conn: sa.Connection, portal: str, refs: Collection[str]) -> dict[str, list[str]]:
    """Cards by client; a lead is bound to itself."""
    found = {ref: [ref] if ref.startswith("lead:") else [] for ref in refs}
    for part in engine.chunks(sorted(refs)):
        query = sa.select(LINKS.client, LINKS.card).where(LINKS.portal == portal, LINKS.client.in_(part))
        for client, card in conn.execute(query.order_by(LINKS.card)):
            found[client].append(card)
    return found


def known(
    conn: sa.Connection, portal: str, key: bytes, refs: Collection[str], comms: Collection[str]
) -> tuple[ports.Known, ...]:
    found = {ref for ref in refs if not ref.startswith("lead:")}
    for part in engine.chunks(comms):
        query = sa.select(COMMS.client).where(COMMS.portal == portal, COMMS.hash.in_(part))
        found |= set(conn.execute(query).scalars())
    cards_of = bound(conn, portal, found)
    clients_ = [one for ref in sorted(found) if (one := _client_known(conn, portal, ref, cards_of[ref]))]
    return (*clients_, *_leads(conn, portal, key, refs, comms))


def _client_known(conn: sa.Connection, portal: str, ref: str, cards_: Sequence[str]) -> ports.Known | None:
    body = conn.execute(
        sa.select(CLIENTS.body).where(CLIENTS.portal == portal, CLIENTS.client == ref)
    ).scalar_one_or_none()
    own = sa.select(COMMS.hash).where(COMMS.portal == portal, COMMS.client == ref)
    hashes = set(conn.execute(own).scalars())
    others = sa.select(COMMS.hash).where(COMMS.portal == portal, COMMS.hash.in_(hashes), COMMS.client != ref)
    shared = set(conn.execute(others).scalars())
    if body is None and not hashes and not cards_:
        return None
    return ports.Known(ref, _names(body), frozenset(hashes - shared), len(shared), tuple(cards_))


def _names(body: str | None) -> tuple[str, ...]:
    if body is None:
        return ()
    one = codec.load(model.Client, body)
    return tuple(name for name in (one.name, one.last_name, one.second_name) if name)


def _leads(
    conn: sa.Connection, portal: str, key: bytes, refs: Collection[str], comms: Collection[str]
) -> Iterator[ports.Known]:
    """Leads keep phones and names of their own, in their bodies: each is read."""
    wanted = forgetting.Marks(key, comms=frozenset(comms))
    for card in _lead_cards(conn, portal):
        own = [
            text
            for code in ("phone", "email")
            for text in forgetting.strings(card.value(model.FieldCode(code)))
        ]
        if str(card.ref) in refs or any(wanted.knows_comm(text) for text in own):
            hashes = (forgetting.comm_mark(text, key) for text in own)
            bare = frozenset(one.removeprefix(forgetting.COMM) for one in hashes if one)
            yield ports.Known(str(card.ref), _lead_words(card), bare, 0, (str(card.ref),))


def _lead_cards(conn: sa.Connection, portal: str) -> Iterator[model.Card]:
    after = ""
    while True:
        mine = (CARDS.portal == portal) & CARDS.card.startswith("lead:") & (CARDS.card > after)
        query = sa.select(CARDS.card, CARDS.body).where(mine).order_by(CARDS.card).limit(PAGE)
        rows = conn.execute(query).all()
        yield from (codec.load(model.Card, row.body) for row in rows if row.body)
        if len(rows) < PAGE:
            return
        after = rows[-1].card


def _lead_words(card: model.Card) -> tuple[str, ...]:
    values = (card.value(model.FieldCode(code)) for code in _LEAD_NAMES)
    return tuple(value for value in values if isinstance(value, str) and value)


def alone(conn: sa.Connection, portal: str, words: Collection[str], but: Collection[str]) -> frozenset[str]:
    left, after = set(words), ""
    while left:
        query = sa.select(CLIENTS.client, CLIENTS.body).where(
            CLIENTS.portal == portal, CLIENTS.client > after
        )
        rows = conn.execute(query.order_by(CLIENTS.client).limit(PAGE)).all()
        for row in rows:
            if row.client not in but:
                left.difference_update(forgetting.words(" ".join(_names(row.body))))
        if len(rows) < PAGE:
            break
        after = rows[-1].client
    for card in _lead_cards(conn, portal) if left else ():
        if str(card.ref) not in but:
            left.difference_update(forgetting.words(" ".join(_lead_words(card))))
    return frozenset(left)
