"""Which portals this worker works: claimed, renewed, given up, lost. The store's leases decide; this loop asks.

A tenure is one holding of one portal. While it lasts its `serve` runs (the portal's loops over the store `under` its
token); `over` tells it to stop, and when it has stopped the lease is given back. `owned` is asked before each send: the
holder's own monotonic deadline, reckoned from before the lease was asked for, so that it ends here before it ends there.

Portals are spread: with n workers alive each takes ceil(portals / n), and gives up what is more at a quiet moment.
A round that fails changes nothing: leases run on, and deadlines guard the sends.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connector import errors, ports
from connector.loops import supervisor
from robots import model

MARGIN = 0.1
"""Part of a lease that its holder doesn't use: what is on its way to the socket needs a moment."""
IMPATIENT = 9
"""Rounds after which what is more than the fair share is given up though there is work in the air."""
SKEW = timedelta(seconds=0.5)
"""A clock nearer than that to the database's is left as it is: the answer's way costs as much."""


class DatabaseClock(ports.Clock):
    """This machine's clock set right by the database's: rows are written by several machines and compared."""

    def __init__(self, inner: ports.Clock) -> None:
        self._inner, self._ahead = inner, timedelta(0)

    def now(self) -> datetime:
        return self._inner.now() + self._ahead

    def monotonic(self) -> float:
        return self._inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    def learn(self, there: datetime) -> None:
        """`there` was the database's now a moment ago."""
        ahead = there - self._inner.now()
        if abs(ahead - self._ahead) > SKEW:
            self._ahead = ahead if abs(ahead) > SKEW else timedelta(0)


@dataclass
class Tenure:
    lease: ports.Lease
    deadline: float
    """Monotonic: until then the portal is surely ours."""
    clock: ports.Clock
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Stop: the portal was lost or is given up."""
    lost: bool = False
    extra: int = 0
    """Rounds that it has been more than the fair share."""

    def owned(self) -> bool:
        return not self.lost and self.clock.monotonic() < self.deadline


Serve = Callable[[Tenure], Awaitable[None]]


class Landlord:
    def __init__(
        self,
        leases: ports.Leases,
        clock: DatabaseClock,
        worker: str,
        portals: Collection[model.PortalId],
        seconds: float,
        serve: Serve,
        log: Any,
        *,
        quiet: Callable[[model.PortalId], bool],
    ) -> None:
        """`serve` works one tenure and returns soon after its `over`; `quiet`: nothing of the portal is in the air."""
        self._leases, self._clock, self._worker, self._seconds = leases, clock, worker, seconds
        self._portals, self._serve, self._log, self._quiet = tuple(portals), serve, log, quiet
        self._kept: dict[model.PortalId, Tenure] = {}
        self._ended = asyncio.Event()
        self._ill = False
        self.asked = False
        """A round has gone through: what isn't kept now is somebody else's."""

    @property
    def kept(self) -> Mapping[model.PortalId, Tenure]:
        return dict(self._kept)

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when stopped and every portal is given back."""
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                await self.round(group)
                self._ended.clear()
                period = self._seconds / 3 if self._kept else min(1.0, self._seconds / 6)
                await supervisor.first_of(self._clock.sleep(period), stop.wait(), self._ended.wait())
            await self._give_back()
        await self._told("leave", self._leases.leave(self._worker))

    async def _give_back(self) -> None:
        """What is being finished stays ours until it is."""
        for tenure in self._kept.values():
            tenure.over.set()
        while self._kept:
            self._ended.clear()
            await supervisor.first_of(self._clock.sleep(self._seconds / 3), self._ended.wait())
            if self._kept:
                await self._renew_all()

    async def round(self, group: asyncio.TaskGroup) -> None:
        try:
            alive = await self._leases.attend(self._worker, self._portals, self._seconds)
            await self._renew_all()
            fair = math.ceil(len(self._portals) / max(1, *alive.values()))
            await self._claim(group, fair)
            self._give_up(fair)
            self._ill, self.asked = False, True
        except errors.StoreError as refused:
            self._log.log(10 if self._ill else 40, "lease.failed", reason=str(refused))
            self._ill = True

    async def _renew_all(self) -> None:
        for portal, tenure in list(self._kept.items()):
            asked = self._clock.monotonic()
            lease = await self._leases.renew(portal, tenure.lease.token, self._seconds)
            if lease is None:
                if not tenure.lost:
                    self._log.warning("lease.lost", portal=portal, token=tenure.lease.token)
                tenure.lost = True
                tenure.over.set()
            else:
                tenure.deadline = asked + self._seconds * (1 - MARGIN)
                self._clock.learn(lease.now)

    async def _claim(self, group: asyncio.TaskGroup, fair: int) -> None:
        for portal in self._portals:
            if portal in self._kept or len(self._kept) >= fair:
                continue
            asked = self._clock.monotonic()
            lease = await self._leases.claim(portal, self._worker, self._seconds)
            if lease is None:
                continue
            self._clock.learn(lease.now)
            tenure = Tenure(lease, asked + self._seconds * (1 - MARGIN), self._clock)
            self._kept[portal] = tenure
            self._log.info("lease.taken", portal=portal, token=lease.token)
            supervisor.spawn(group, self._tenancy(portal, tenure), name=f"tenure {portal} {lease.token}")

    def _give_up(self, fair: int) -> None:
        """From the last: its neighbours' order is the same, so workers meet in the middle."""
        staying = [(portal, tenure) for portal, tenure in self._kept.items() if not tenure.over.is_set()]
        for portal, tenure in staying[fair:]:
            tenure.extra += 1
            if self._quiet(portal) or tenure.extra > IMPATIENT:
                self._log.info("lease.given_up", portal=portal, token=tenure.lease.token)
                tenure.over.set()

    async def _tenancy(self, portal: model.PortalId, tenure: Tenure) -> None:
        try:
            await self._serve(tenure)
        finally:
            del self._kept[portal]
            if not tenure.lost:
                await self._told("release", self._leases.release(portal, tenure.lease.token))
            self._ended.set()

    async def _told(self, what: str, asked: Awaitable[None]) -> None:
        """Politeness on the way out: whoever comes next else waits for the lease's end."""
        try:
            await asked
        except errors.StoreError as refused:
            self._log.warning("lease.failed", step=what, reason=str(refused))
