"""Letting go of old words, in `fakes_store.MemoryStore`."""

from __future__ import annotations

from datetime import datetime

from connector.store import retention
from robots import model
from tests import fakes_store_world as memory_rows


class MemoryRetention:
    def __init__(self, world: memory_rows.World) -> None:
        self._world = world

    async def drop_looks(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 500
    ) -> retention.Cleared:
        rows = self._world.write(portal)
        kept = [(ref, look) for ref, look in rows.looks if look.at >= before]
        dropped, rows.looks = len(rows.looks) - len(kept), kept
        return retention.Cleared(dropped, after, over=True)

    async def empty_wishes(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 200
    ) -> retention.Cleared:
        rows = self._world.write(portal).wishes.values()
        closed = {key for row in rows if (key := retention.closes(row.wish, row.state))}
        emptied = 0
        for row in rows:
            old = row.done_at is not None and row.done_at < before and row.wished_at < before
            bare = retention.forgotten(row.wish)
            if old and retention.may_forget(row.wish, row.state, closed) and (row.wish != bare or row.note):
                row.wish, row.note = bare, ""
                emptied += 1
        return retention.Cleared(emptied, after, over=True)

    async def fold(self) -> int:
        return 0
