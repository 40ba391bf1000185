"""The table `dirty`: what may have changed and wasn't looked at yet.

A mark on a row that is there gives it a new version, takes the more urgent lane and keeps its place in the queue. It doesn't
lift a park: a card that can't be looked at would otherwise be looked at on every ring.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import api, bells, codec, engine, erasing, tables, writer
from robots import model

DIRTY = tables.dirty.c

GIVE_WAY, GIVING_WAY, FEW = 0.1, 10, 25
"""In a flood of doorbells a look waits for its end, so many times so many seconds at most; then how many cards it may take."""

STAMPS = itertools.count(uuid.uuid4().int % 2**48)
"""Versions. They only tell marks apart, so each is new: were a cleared row to begin at 1 again, a finish told twice would
clear a mark that nobody looked at. The random beginning does the same for several processes."""

MARKED_AGAIN = (
    "ON CONFLICT (portal, thing) DO UPDATE SET version = excluded.version, "
    "lane = CASE WHEN excluded.lane < dirty.lane THEN excluded.lane ELSE dirty.lane END"
)


def mark(conn: sa.Connection, marks: Sequence[writer.Mark]) -> None:
    """One upsert a thing: thousands a second go this way."""
    urgent: dict[tuple[str, str], int] = {}
    for portal, thing, lane in marks:
        urgent[portal, thing] = min(lane, urgent.get((portal, thing), lane))
    rows = [
        {"portal": portal, "thing": thing, "version": next(STAMPS), "lane": lane}
        for (portal, thing), lane in urgent.items()
    ]
    engine.bulk(conn, tables.dirty, rows, MARKED_AGAIN)


def finish(conn: sa.Connection, portal: str, done: Collection[ports.Dirty]) -> None:
    """Clears what wasn't marked again; what was is due at once, for it could be looked at."""
    versions = {codec.thing_name(dirty.thing): dirty.version for dirty in done}
    for part in engine.chunks(versions):
        mine = (DIRTY.portal == portal) & DIRTY.thing.in_(part)
        # Versions are never given twice, so that a thing's own is told from its fellows'.
        looked = DIRTY.version.in_([versions[name] for name in part])
        conn.execute(sa.delete(tables.dirty).where(mine, looked))
        rest = sa.update(tables.dirty).where(mine, (DIRTY.tries > 0) | DIRTY.parked_until.is_not(None))
        conn.execute(rest.values(tries=0, parked_until=None, why=""))


def postpone(conn: sa.Connection, portal: str, dirty: ports.Dirty, until: datetime) -> None:
    """Stays dirty until then, though nothing was wrong with it."""
    row = {
        "portal": portal,
        "thing": codec.thing_name(dirty.thing),
        "lane": int(dirty.lane),
        "version": next(STAMPS),
    }
    later = {"parked_until": codec.micros(until), "tries": 0, "why": ""}
    conn.execute(
        engine.insert(conn, tables.dirty)
        .values(**row, **later)
        .on_conflict_do_update(index_elements=["portal", "thing"], set_=later)
    )


def parked_cards(
    portal: sa.ColumnElement[Any], thing: sa.ColumnElement[Any], now: sa.ColumnElement[Any]
) -> sa.Exists:
    """Whether a card was set aside because it can't be looked at."""
    return sa.exists().where(
        DIRTY.portal == portal, DIRTY.thing == thing, DIRTY.tries > 0, DIRTY.parked_until > now
    )


TAKE = (
    sa.select(DIRTY.thing, DIRTY.version, DIRTY.lane, DIRTY.tries)
    .where(
        DIRTY.portal == sa.bindparam("portal"),
        DIRTY.parked_until.is_(None) | (DIRTY.parked_until <= sa.bindparam("now")),
        DIRTY.thing.not_in(sa.bindparam("busy", expanding=True)),
    )
    .order_by(DIRTY.lane, DIRTY.seq)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)
"""Built once: what is asked again and again costs more to build than to answer."""


class SqlInbox(api.Inbox):
    def __init__(self, database: engine.Engine, ringing: bells.Bells) -> None:
        self._engine, self._bells = database, ringing

    async def mark(
        self, portal: model.PortalId, things: Collection[ports.Thing], lane: ports.Lane = ports.Lane.LIVE
    ) -> None:
        if not things:
            return
        await self._engine.mark([(portal, codec.thing_name(thing), int(lane)) for thing in things])
        self._bells.ring(portal)

    async def take(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[ports.Thing]
    ) -> Sequence[ports.Dirty]:
        if not self._bells.flooded():
            await self._bells.lull()
        for _ in range(GIVING_WAY):  # asked anew: a flood begins as a swarm
            if not self._bells.flooded():
                break
            await asyncio.sleep(GIVE_WAY)
        else:
            limit = min(limit, FEW)
        self._bells.hush(portal)  # before reading: what comes during it rings again
        asked = {"portal": portal, "now": codec.micros(now), "most": limit}
        asked["busy"] = [codec.thing_name(thing) for thing in busy]
        rows = await self._engine.read(lambda conn: conn.execute(TAKE, asked).all())
        return [
            ports.Dirty(codec.thing(row.thing), row.version, ports.Lane(row.lane), row.tries) for row in rows
        ]

    async def finish(self, portal: model.PortalId, done: Collection[ports.Dirty]) -> None:
        if done:
            await self._engine.write(lambda conn: finish(conn, portal, done))

    async def park(self, portal: model.PortalId, dirty: ports.Dirty, until: datetime, why: str) -> None:
        query = sa.update(tables.dirty).where(
            DIRTY.portal == portal, DIRTY.thing == codec.thing_name(dirty.thing)
        )
        set_aside = {"tries": DIRTY.tries + 1, "parked_until": codec.micros(until)}

        def work(conn: sa.Connection) -> None:
            reason = erasing.said(conn, portal, codec.clean_text(why))
            conn.execute(query.values(**set_aside, why=reason))

        await self._engine.write(work)

    async def wake(self, portal: model.PortalId, things: Collection[ports.Thing]) -> None:
        rows = [{"p": portal, "t": codec.thing_name(thing)} for thing in things]
        mine = (DIRTY.portal == sa.bindparam("p")) & (DIRTY.thing == sa.bindparam("t"))
        query = sa.update(tables.dirty).where(mine).values(parked_until=None)
        await self._engine.write(lambda conn: engine.many(conn, query, rows))
        self._bells.ring(portal)

    async def wait(self, portal: model.PortalId, seconds: float) -> None:
        await self._bells.wait(portal, seconds)

    async def depth(self, portal: model.PortalId) -> int:
        query = sa.select(sa.func.count()).select_from(tables.dirty).where(DIRTY.portal == portal)
        return await self._engine.read(lambda conn: conn.execute(query).scalar_one())

    async def parked(self, portal: model.PortalId | None = None) -> Sequence[api.Parked]:
        """What could not be looked at, for people."""
        query = (
            sa.select(tables.dirty)
            .where(DIRTY.tries > 0, DIRTY.parked_until.is_not(None))
            .order_by(DIRTY.seq)
        )
        if portal is not None:
            query = query.where(DIRTY.portal == portal)
        rows = await self._engine.read(lambda conn: conn.execute(query).all())
        return [
            api.Parked(
                model.PortalId(row.portal),
                codec.thing(row.thing),
                row.tries,
                codec.moment(row.parked_until),
                row.why,
            )
            for row in rows
        ]
