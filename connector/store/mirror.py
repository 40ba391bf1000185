"""The local copy: cards with what is remembered of each, and their visits (clients: `clientele`).

`record` writes a whole round of looks in one transaction and a dozen statements, whatever the number of looks.
A card that was only copied (`looked_at` is NULL) is a hint, not a look: the sweep doesn't take it for known, and a newer
copy may overwrite it.
"""

from __future__ import annotations

import array
import dataclasses
import functools
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import (
    api,
    bells,
    clientele,
    codec,
    drawing,
    engine,
    erasing,
    inbox,
    journal,
    ledger,
    ledger_rows,
    tables,
)
from robots import intents, model

CARDS, VISITS = tables.cards.c, tables.visits.c
COPIED_AT_ONCE = 200
"""Cards in one transaction of the backfill: marks of webhooks wait for no longer than that takes."""


# ---------------------------------------------------------------- rows


def _card_row(portal: str, ref: model.CardRef, memory: ports.Memory) -> dict[str, Any]:
    card = memory.card
    lean = dataclasses.replace(memory, card=None, deleted=False, past=())
    return {
        "portal": portal,
        "card": str(ref),
        "stage": codec.clean_text(card.stage) if card else "",
        "updated": codec.micros(card.updated) if card else None,
        "closed": int(card.closed) if card else 0,
        "deleted": int(memory.deleted),
        "looked_at": None,
        "wake_at": None,
        "accepted": memory.accepted.id if memory.accepted else None,
        "body": codec.dump(card) if card else None,
        "memory": codec.dump(lean),
    }


def _memory(row: sa.Row[Any], past: tuple[intents.Past, ...]) -> ports.Memory:
    lean = codec.load(ports.Memory, row.memory)
    card = codec.load(model.Card, row.body) if row.body else None
    return dataclasses.replace(lean, card=card, deleted=bool(row.deleted), past=past)


SEEN_ANEW = "ON CONFLICT (portal, card) DO UPDATE SET " + ", ".join(
    f"{column.name} = excluded.{column.name}" for column in CARDS if not column.primary_key
)
COPIED_ANEW = f"{SEEN_ANEW} WHERE cards.looked_at IS NULL"


def _save_visits(conn: sa.Connection, portal: str, looked: Sequence[ports.Looked]) -> None:
    rows: list[dict[str, Any]] = []
    for look in looked:
        present = (look.memory.visit,) if look.memory.visit else ()
        rows.extend(
            {
                "portal": portal,
                "card": str(look.ref),
                "visit": visit.id,
                "kind": look.ref.kind.value,
                "row": codec.whole(visit.row),
                "entered": codec.micros(visit.entered),
                "body": codec.dump(visit),
            }
            for visit in (*look.arrived, *present)
        )
    engine.bulk(conn, tables.visits, rows, "ON CONFLICT DO NOTHING")


# ---------------------------------------------------------------- works


def _record(
    conn: sa.Connection, portal: model.PortalId, looked: Sequence[ports.Looked]
) -> list[intents.WishKey]:
    looked = erasing.guarded(conn, portal, looked)
    rows = []
    for look in looked:
        row = _card_row(portal, look.ref, look.memory)
        row |= {"looked_at": codec.micros(look.at), "wake_at": codec.maybe_micros(look.wake_at)}
        rows.append(row)
    engine.bulk(conn, tables.cards, rows, SEEN_ANEW)
    _save_visits(conn, portal, looked)
    named = {str(look.ref): {str(client) for client in look.clients or ()} for look in looked}
    clientele.save_links(
        conn, portal, {str(x.ref): clientele.of_card(x.memory.card) | named[str(x.ref)] for x in looked}
    )
    looked = drawing.drawn(conn, portal, looked)
    fresh = ledger.insert(conn, portal, [(wish, look.at) for look in looked for wish in look.wishes])
    journal.write(conn, portal, looked)
    inbox.finish(conn, portal, [look.dirty for look in looked if look.due_again is None])
    for look in looked:
        if look.due_again is not None:
            inbox.postpone(conn, portal, look.dirty, look.due_again)
    return fresh


def _copy_cards(conn: sa.Connection, portal: str, copied: Sequence[ports.CopiedCard]) -> None:
    copied = erasing.cards(conn, portal, copied)
    names = [str(copy.card.ref) for copy in copied]
    looked = sa.select(CARDS.card).where(
        CARDS.portal == portal, CARDS.card.in_(names), CARDS.looked_at.is_not(None)
    )
    known = set(conn.execute(looked).scalars())
    new = [copy for copy in copied if str(copy.card.ref) not in known]
    rows = [_card_row(portal, copy.card.ref, ports.Memory(card=copy.card)) for copy in new]
    engine.bulk(conn, tables.cards, rows, COPIED_ANEW)
    wanted = {str(x.card.ref): clientele.of_card(x.card) | {str(client) for client in x.clients} for x in new}
    clientele.save_links(conn, portal, wanted)


def _due(conn: sa.Connection, portal: str, now: datetime, limit: int) -> int:
    query = (
        sa.select(CARDS.card)
        .where(CARDS.portal == portal, CARDS.wake_at <= codec.micros(now))
        .order_by(CARDS.wake_at)
        .limit(limit)
    )
    names = list(conn.execute(query).scalars())
    for part in engine.chunks(names):
        mine = (CARDS.portal == portal) & CARDS.card.in_(part)
        conn.execute(sa.update(tables.cards).where(mine).values(wake_at=None))
    inbox.mark(conn, [(portal, name, int(ports.Lane.MOMENT)) for name in names])
    return len(names)


def _tombstone(
    conn: sa.Connection, portal: str, dirty: ports.Dirty, ref: model.CardRef, at: datetime
) -> None:
    row = _card_row(portal, ref, ports.Memory(deleted=True)) | {"looked_at": codec.micros(at)}
    buried = {"deleted": 1, "wake_at": None, "looked_at": codec.micros(at)}
    conn.execute(
        engine.insert(conn, tables.cards)
        .values(**row)
        .on_conflict_do_update(index_elements=["portal", "card"], set_=buried)
    )
    ledger.call_off(conn, portal, ref, at)
    inbox.finish(conn, portal, [dirty])


# ---------------------------------------------------------------- the port

NEXT_WAKE = sa.select(sa.func.min(CARDS.wake_at)).where(
    CARDS.portal == sa.bindparam("portal"), CARDS.wake_at.is_not(None)
)


class SqlMirror(api.Mirror):
    def __init__(self, database: engine.Engine, ringing: bells.Bells) -> None:
        self._engine, self._bells = database, ringing

    async def memories(
        self, portal: model.PortalId, refs: Collection[model.CardRef]
    ) -> Mapping[model.CardRef, ports.Memory]:
        names = {str(ref): ref for ref in refs}

        def work(conn: sa.Connection) -> dict[model.CardRef, ports.Memory]:
            found: dict[model.CardRef, ports.Memory] = {}
            for part in engine.chunks(names):
                past = ledger_rows.past(conn, portal, part)
                found |= {names[name]: ports.Memory(past=tuple(past.get(name, ()))) for name in part}
                query = sa.select(tables.cards).where(CARDS.portal == portal, CARDS.card.in_(part))
                for row in conn.execute(query):
                    found[names[row.card]] = _memory(row, found[names[row.card]].past)
            return found

        return await self._engine.read(work)

    async def record(
        self, portal: model.PortalId, looked: Sequence[ports.Looked]
    ) -> Sequence[intents.WishKey]:
        if not looked:
            return []
        return await self._engine.write(lambda conn: _record(conn, portal, looked))

    async def cards_of(self, portal: model.PortalId, client: model.ClientRef) -> Sequence[model.CardRef]:
        return await self._engine.read(lambda conn: clientele.cards_of(conn, portal, client))

    async def card_ids(self, portal: model.PortalId, kind: model.CardKind) -> Sequence[int]:
        prefix = f"{kind.value}:"
        number = sa.cast(sa.func.substr(CARDS.card, len(prefix) + 1), sa.BigInteger)
        query = sa.select(number).where(
            CARDS.portal == portal, CARDS.card.startswith(prefix), CARDS.deleted == 0
        )

        def work(conn: sa.Connection) -> array.array[int]:
            return array.array("q", sorted(conn.execute(query).scalars()))

        return await self._engine.read(work)

    async def known(
        self, portal: model.PortalId, stages: Mapping[model.CardRef, tuple[model.StageId, datetime]]
    ) -> set[model.CardRef]:
        names = {str(ref): ref for ref in stages}

        def work(conn: sa.Connection) -> dict[str, tuple[str, int]]:
            mine = (CARDS.portal == portal) & CARDS.looked_at.is_not(None) & (CARDS.deleted == 0)
            later = CARDS.looked_at - CARDS.updated >= codec.SECOND
            query = sa.select(CARDS.card, CARDS.stage, CARDS.updated).where(mine, later)
            found: dict[str, tuple[str, int]] = {}
            for part in engine.chunks(names):
                rows = conn.execute(query.where(CARDS.card.in_(part)))
                found |= {row.card: (row.stage, row.updated) for row in rows}
            return found

        just_so = await self._engine.read(work)
        return {
            ref
            for name, ref in names.items()
            if just_so.get(name) == (stages[ref][0], codec.micros(stages[ref][1]))
        }

    async def rows_known(
        self, portal: model.PortalId, kind: model.CardKind, rows: Collection[int]
    ) -> set[int]:
        query = sa.select(VISITS.row).where(VISITS.portal == portal, VISITS.kind == kind.value)

        def work(conn: sa.Connection) -> set[int]:
            parts = engine.chunks(row for row in rows if codec.whole(row) is not None)
            return {
                row for part in parts for row in conn.execute(query.where(VISITS.row.in_(part))).scalars()
            }

        return await self._engine.read(work)

    async def copy_cards(self, portal: model.PortalId, cards: Sequence[ports.CopiedCard]) -> None:
        for part in engine.chunks(cards, COPIED_AT_ONCE):
            await self._engine.write(functools.partial(_copy_cards, portal=portal, copied=part))

    async def copy_clients(self, portal: model.PortalId, clients: Sequence[ports.CopiedClient]) -> None:
        for part in engine.chunks(clients, COPIED_AT_ONCE):
            await self._engine.write(functools.partial(clientele.copy, portal=portal, copied=part))

    async def due(self, portal: model.PortalId, now: datetime, limit: int) -> int:
        woken = await self._engine.write(lambda conn: _due(conn, portal, now, limit))
        if woken:
            self._bells.ring(portal)
        return woken

    async def next_wake(self, portal: model.PortalId) -> datetime | None:
        asked = {"portal": portal}
        found = await self._engine.read(lambda conn: conn.execute(NEXT_WAKE, asked).scalar_one())
        return codec.maybe_moment(found)

    async def tombstone(
        self, portal: model.PortalId, dirty: ports.Dirty, ref: model.CardRef, at: datetime
    ) -> None:
        await self._engine.write(lambda conn: _tombstone(conn, portal, dirty, ref, at))

    async def clients_by_comms(
        self, portal: model.PortalId, hashes: Collection[str]
    ) -> Mapping[str, Sequence[model.ClientRef]]:
        return await self._engine.read(lambda conn: clientele.by_comms(conn, portal, hashes))

    async def comm_counts(self, portal: model.PortalId, hashes: Collection[str]) -> Mapping[str, int]:
        return await self._engine.read(lambda conn: clientele.comm_counts(conn, portal, hashes))

    async def clients(
        self, portal: model.PortalId, refs: Collection[model.ClientRef]
    ) -> Mapping[model.ClientRef, model.Client]:
        return await self._engine.read(lambda conn: clientele.read(conn, portal, refs))
