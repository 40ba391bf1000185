"""The tables `leases` and `workers`, on the database's clock.

`sole`: the store is a file under an OS lock, so whoever holds a lease in it is dead, and a claim needn't wait for its end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, tables
from robots import model

LEASE, WORKER = tables.leases.c, tables.workers.c
FORGOTTEN = 20
"""Leases after which a worker that fell silent is no longer kept in the table."""


class SqlLeases(ports.Leases):
    def __init__(self, database: engine.Engine, *, sole: bool) -> None:
        self._engine, self.sole = database, sole

    async def attend(
        self, worker: str, portals: Collection[model.PortalId], seconds: float
    ) -> Mapping[model.PortalId, int]:
        return await self._engine.write(lambda conn: _attend(conn, worker, sorted(portals), seconds))

    async def claim(self, portal: model.PortalId, worker: str, seconds: float) -> ports.Lease | None:
        return await self._engine.write(lambda conn: _claim(conn, portal, worker, seconds, self.sole))

    async def renew(self, portal: model.PortalId, token: int, seconds: float) -> ports.Lease | None:
        return await self._engine.write(lambda conn: _renew(conn, portal, token, seconds))

    async def release(self, portal: model.PortalId, token: int) -> None:
        mine = (LEASE.portal == portal) & (LEASE.token == token)
        await self._engine.write(engine.run(sa.update(tables.leases).where(mine).values(until=0)))

    async def leave(self, worker: str) -> None:
        await self._engine.write(engine.run(sa.delete(tables.workers).where(WORKER.worker == worker)))


def _attend(
    conn: sa.Connection, worker: str, portals: Collection[model.PortalId], seconds: float
) -> dict[model.PortalId, int]:
    now = engine.now(conn)
    rows = [{"portal": portal, "worker": worker, "seen": now} for portal in portals]
    engine.bulk(conn, tables.workers, rows, "ON CONFLICT (portal, worker) DO UPDATE SET seen = excluded.seen")
    here = WORKER.portal.in_(portals)
    long_ago = now - int(FORGOTTEN * seconds * codec.SECOND)
    conn.execute(sa.delete(tables.workers).where(here, WORKER.seen < long_ago))
    alive = sa.select(WORKER.portal, sa.func.count()).where(
        here, WORKER.seen > now - int(seconds * codec.SECOND)
    )
    return {model.PortalId(row[0]): row[1] for row in conn.execute(alive.group_by(WORKER.portal))}


def _claim(
    conn: sa.Connection, portal: model.PortalId, worker: str, seconds: float, sole: bool
) -> ports.Lease | None:
    now = engine.now(conn)
    row = {"portal": portal, "worker": worker, "token": 1, "until": now + int(seconds * codec.SECOND)}
    insert = engine.insert(conn, tables.leases).values(**row)
    taken = {"worker": worker, "token": LEASE.token + 1, "until": row["until"]}
    claim = insert.on_conflict_do_update(
        index_elements=["portal"], set_=taken, where=None if sole else LEASE.until <= now
    )
    token = conn.execute(claim.returning(LEASE.token)).scalar_one_or_none()
    return None if token is None else ports.Lease(portal, token, codec.moment(now))


def _renew(conn: sa.Connection, portal: model.PortalId, token: int, seconds: float) -> ports.Lease | None:
    now = engine.now(conn)
    mine = (LEASE.portal == portal) & (LEASE.token == token)
    query = sa.update(tables.leases).where(mine).values(until=now + int(seconds * codec.SECOND))
    found = conn.execute(query.returning(LEASE.token)).scalar_one_or_none()
    return None if found is None else ports.Lease(portal, token, codec.moment(now))
