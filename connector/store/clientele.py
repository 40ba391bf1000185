"""Clients of the local copy: which cards are theirs, what is known of them, and the index of comms for duplicates.

Comms come as keyed hashes; a client's body is kept without its phones and e-mails.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, erasing, tables
from robots import model

CARDS, LINKS, CLIENTS, COMMS = tables.cards.c, tables.links.c, tables.clients.c, tables.comms.c


def of_card(card: model.Card | None) -> set[str]:
    if card is None:
        return set()
    found = {f"{model.ClientKind.CONTACT.value}:{number}" for number in card.contacts}
    return found | ({f"{model.ClientKind.COMPANY.value}:{card.company}"} if card.company else set())


def linked(conn: sa.Connection) -> sa.TextClause:
    """Links of `cards`. Left to itself SQLite takes the key, which has all it needs, and walks every link of the portal."""
    by = " INDEXED BY links_card" if conn.dialect.name == "sqlite" else ""
    query = f"SELECT card, client FROM links{by} WHERE portal = :portal AND card IN :cards"  # noqa: S608 - words of ours
    return sa.text(query).bindparams(sa.bindparam("cards", expanding=True))


def save_links(conn: sa.Connection, portal: str, wanted: Mapping[str, set[str]]) -> None:
    """Only what differs is written: links seldom change, looks are many."""
    stored: defaultdict[str, set[str]] = defaultdict(set)
    for part in engine.chunks(wanted):
        for card, client in conn.execute(linked(conn), {"portal": portal, "cards": part}):
            stored[card].add(client)

    def rows(pairs: Callable[[str], set[str]]) -> list[dict[str, Any]]:
        return [
            {"portal": portal, "card": card, "client": client} for card in wanted for client in pairs(card)
        ]

    gone = [
        {f"b_{name}": value for name, value in row.items()} for row in rows(lambda c: stored[c] - wanted[c])
    ]
    mine = [column == sa.bindparam(f"b_{column.name}") for column in (LINKS.portal, LINKS.card, LINKS.client)]
    engine.many(conn, sa.delete(tables.links).where(*mine), gone)
    engine.bulk(conn, tables.links, rows(lambda card: wanted[card] - stored[card]))


def cards_of(conn: sa.Connection, portal: str, client: model.ClientRef) -> list[model.CardRef]:
    query = (
        sa.select(LINKS.card)
        .join(tables.cards, (CARDS.portal == LINKS.portal) & (CARDS.card == LINKS.card))
        .where(LINKS.portal == portal, LINKS.client == str(client), CARDS.closed == 0, CARDS.deleted == 0)
    )
    return sorted(codec.card_ref(name) for name in conn.execute(query).scalars())


def copy(conn: sa.Connection, portal: str, copied: Sequence[ports.CopiedClient]) -> None:
    copied = erasing.clients(conn, portal, copied)
    names = [str(copy.client.ref) for copy in copied]
    conn.execute(sa.delete(tables.comms).where(COMMS.portal == portal, COMMS.client.in_(names)))
    bodies = [
        {
            "portal": portal,
            "client": str(copy.client.ref),
            "body": codec.dump(dataclasses.replace(copy.client, phones=(), emails=())),
        }
        for copy in copied
    ]
    engine.bulk(
        conn, tables.clients, bodies, "ON CONFLICT (portal, client) DO UPDATE SET body = excluded.body"
    )
    hashes = [
        {"portal": portal, "hash": digest, "client": str(copy.client.ref)}
        for copy in copied
        for digest in copy.comms
    ]
    engine.bulk(conn, tables.comms, hashes, "ON CONFLICT DO NOTHING")


def by_comms(conn: sa.Connection, portal: str, hashes: Collection[str]) -> dict[str, list[model.ClientRef]]:
    query = sa.select(COMMS.hash, COMMS.client).where(COMMS.portal == portal)
    found: defaultdict[str, list[model.ClientRef]] = defaultdict(list)
    for part in engine.chunks(hashes):
        for row in conn.execute(query.where(COMMS.hash.in_(part))):
            found[row.hash].append(codec.client_ref(row.client))
    return {digest: sorted(refs) for digest, refs in found.items()}


def comm_counts(conn: sa.Connection, portal: str, hashes: Collection[str]) -> dict[str, int]:
    query = sa.select(COMMS.hash, sa.func.count()).where(COMMS.portal == portal).group_by(COMMS.hash)
    counts: dict[str, int] = {}
    for part in engine.chunks(hashes):
        counts |= {row[0]: row[1] for row in conn.execute(query.where(COMMS.hash.in_(part)))}
    return counts


def read(
    conn: sa.Connection, portal: str, refs: Collection[model.ClientRef]
) -> dict[model.ClientRef, model.Client]:
    query = sa.select(CLIENTS.body).where(CLIENTS.portal == portal)
    bodies: list[str] = []
    for part in engine.chunks(map(str, refs)):
        bodies.extend(conn.execute(query.where(CLIENTS.client.in_(part))).scalars())
    return {client.ref: client for client in (codec.load(model.Client, body) for body in bodies)}
