"""Work of a portal's owner: refused in the very transaction that would write it, once the portal is another worker's.

`Fenced` is an Engine over an Engine, so the rooms over it are the usual ones. The lease's row is locked for as long as the
transaction runs: a takeover waits for what is being committed, and sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from connector import errors
from connector.store import engine, tables, writer

T = TypeVar("T")
LEASE = tables.leases.c


class NotOurs(errors.StoreError):
    """The portal is another worker's: nothing was written, and nothing will be under this token."""

    def __init__(self) -> None:
        super().__init__("портал уже ведёт другой процесс Voronka, этот ему уступил")


class Fenced(engine.Engine):
    def __init__(self, database: engine.Engine, portal: str, token: int) -> None:
        self._database, self._portal, self._token = database, portal, token
        self.life = f"t{token}"

    async def read(self, work: engine.Work[T]) -> T:
        return await self._database.read(work)

    async def write(self, work: engine.Work[T]) -> T:
        def fenced(conn: sa.Connection) -> T:
            if not self._ours(conn):
                raise NotOurs
            return work(conn)

        return await self._database.write(fenced)

    async def answer(self, work: Callable[[sa.Connection, bool], T]) -> T:
        return await self._database.write(lambda conn: work(conn, not self._ours(conn)))

    async def mark(self, marks: Sequence[writer.Mark]) -> None:
        """Anybody may ring."""
        await self._database.mark(marks)

    async def aclose(self) -> None:
        """The database is its opener's to close."""

    def _ours(self, conn: sa.Connection) -> bool:
        query = sa.select(LEASE.token).where(LEASE.portal == self._portal).with_for_update(read=True)
        return conn.execute(query).scalar_one_or_none() == self._token
