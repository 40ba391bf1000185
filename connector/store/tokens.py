"""An application's tokens, a row per portal: opaque sealed texts, and the lock under which they are refreshed.

The lock is a column and no open transaction, since a refresh is a talk with a server far away: taken under the row's own
lock (FOR UPDATE; in SQLite the one writer), ended by the database's clock if its holder is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.store import codec, engine, tables
from robots import model

T = tables.tokens.c
REMOVED = "removed"
_FREE: dict[str, Any] = {"holder": None, "held_until": None}


@dataclass(frozen=True, slots=True)
class Row:
    """As connector.bitrix24.tokens.Row asks."""

    version: int
    sealed: str | None = field(repr=False)
    why: str
    held: bool


class SqlTokens:
    """As connector.bitrix24.tokens.Rows asks; the rooms don't know each other."""

    def __init__(self, database: engine.Engine) -> None:
        self._engine = database

    async def read(self, portal: model.PortalId) -> Row | None:
        return await self._engine.read(lambda conn: _row(conn.execute(_of(portal)).one_or_none()))

    async def put(self, portal: model.PortalId, sealed: str, at: datetime) -> None:
        changes = {"sealed": sealed, "why": "", "at": codec.micros(at), **_FREE}

        def work(conn: sa.Connection) -> None:
            insert = engine.insert(conn, tables.tokens).values(portal=portal, version=1, **changes)
            conn.execute(
                insert.on_conflict_do_update(
                    index_elements=["portal"], set_={"version": T.version + 1, **changes}
                )
            )

        await self._engine.write(work)

    async def claim(self, portal: model.PortalId, version: int, holder: str, seconds: float) -> Row | None:
        def work(conn: sa.Connection) -> Row | None:
            found = conn.execute(_of(portal).with_for_update()).one_or_none()
            now = engine.now(conn)
            if found is None or found.version != version or found.sealed is None or found.why:
                return None
            if found.held_until is not None and found.held_until > now and found.holder != holder:
                return None
            until = now + int(seconds * 1_000_000)
            conn.execute(_change(portal).values(holder=holder, held_until=until))
            return _row(found)

        return await self._engine.write(work)

    async def renew(self, portal: model.PortalId, version: int, sealed: str, at: datetime) -> bool:
        change = (
            _change(portal)
            .where(T.version == version)
            .values(version=version + 1, sealed=sealed, why="", at=codec.micros(at), **_FREE)
        )
        return await self._engine.write(lambda conn: conn.execute(change).rowcount == 1)

    async def spoil(self, portal: model.PortalId, version: int, why: str) -> None:
        await self._engine.write(
            engine.run(_change(portal).where(T.version == version).values(why=why, **_FREE))
        )

    async def release(self, portal: model.PortalId, holder: str) -> None:
        await self._engine.write(engine.run(_change(portal).where(T.holder == holder).values(**_FREE)))

    async def erase(self, portal: model.PortalId, at: datetime) -> None:
        gone = {"version": T.version + 1, "sealed": None, "why": REMOVED, "at": codec.micros(at)}
        await self._engine.write(engine.run(_change(portal).values(**gone, **_FREE)))


def _of(portal: model.PortalId) -> sa.Select[Any]:
    return sa.select(tables.tokens).where(T.portal == portal)


def _change(portal: model.PortalId) -> sa.Update:
    return sa.update(tables.tokens).where(T.portal == portal)


def _row(found: sa.Row[Any] | None) -> Row | None:
    if found is None:
        return None
    return Row(found.version, found.sealed, found.why, found.held_until is not None)
