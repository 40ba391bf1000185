"""The leases of `fakes_store.MemoryStore`, and its data as the holder of one may write it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from connector import errors, ports
from connector.store import fencing
from robots import model
from tests import fakes_store_world as memory_rows

LONG_AGO = datetime.min.replace(tzinfo=memory_rows.UTC)


class MemoryLeases(ports.Leases):
    """`world.now` is the database's clock."""

    def __init__(self, world: memory_rows.World) -> None:
        self._world = world

    def _up(self) -> datetime:
        if self._world.fail is not None:
            raise errors.StoreError(str(self._world.fail))
        return self._world.now()

    async def attend(
        self, worker: str, portals: Collection[model.PortalId], seconds: float
    ) -> Mapping[model.PortalId, int]:
        now, seen = self._up(), self._world.workers
        for portal in portals:
            seen[portal, worker] = now
        fresh = [portal for (portal, _), at in seen.items() if now - at < timedelta(seconds=seconds)]
        return {portal: fresh.count(portal) for portal in portals}

    async def claim(self, portal: model.PortalId, worker: str, seconds: float) -> ports.Lease | None:
        now, held = self._up(), self._world.leases.get(portal)
        if held is not None and held.until > now:
            return None
        token = held.token + 1 if held is not None else 1
        self._world.leases[portal] = memory_rows.LeaseRow(worker, token, now + timedelta(seconds=seconds))
        return ports.Lease(portal, token, now)

    async def renew(self, portal: model.PortalId, token: int, seconds: float) -> ports.Lease | None:
        now, held = self._up(), self._world.leases.get(portal)
        if held is None or held.token != token:
            return None
        held.until = now + timedelta(seconds=seconds)
        return ports.Lease(portal, token, now)

    async def release(self, portal: model.PortalId, token: int) -> None:
        self._up()
        held = self._world.leases.get(portal)
        if held is not None and held.token == token:
            held.until = LONG_AGO

    async def leave(self, worker: str) -> None:
        self._up()
        for key in [key for key in self._world.workers if key[1] == worker]:
            del self._world.workers[key]


class FencedWorld(memory_rows.World):
    """The same data for the holder of a token."""

    def __init__(self, origin: memory_rows.World, portal: model.PortalId, token: int) -> None:
        super().__init__(
            portals=origin.portals, numbers=origin.numbers, life=f"t{token}", now=origin.now,
            leases=origin.leases, workers=origin.workers,
        )  # fmt: skip
        self._origin, self._portal, self._token = origin, portal, token

    def anybody(self, portal: model.PortalId) -> memory_rows.Rows:
        return self._origin.anybody(portal)

    def answer(self, portal: model.PortalId) -> tuple[memory_rows.Rows, bool]:
        return self.anybody(portal), not self._ours()

    def write(self, portal: model.PortalId) -> memory_rows.Rows:
        rows = self.anybody(portal)
        if not self._ours():
            raise fencing.NotOurs
        return rows

    def _ours(self) -> bool:
        held = self.leases.get(self._portal)
        return held is not None and held.token == self._token
