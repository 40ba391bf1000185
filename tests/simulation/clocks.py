"""Two clocks over one loop: the daemon's, and the portal's, which may be some seconds ahead or behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

from connector import ports
from sandbox.bitrix24 import clock as sandbox_clock
from tests.simulation import loop as loops

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""A Monday, 10:00 in Moscow."""
MOSCOW = timezone(timedelta(hours=3))


class DaemonClock(ports.Clock):
    def __init__(self, loop: loops.VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class PortalClock(sandbox_clock.Clock):
    """`ahead`: seconds by which the portal's clock is ahead of the daemon's."""

    def __init__(self, loop: loops.VirtualLoop, ahead: float = 0.0) -> None:
        super().__init__(start=START.timestamp() + ahead, zone=MOSCOW)
        self._loop, self._from = loop, START.timestamp() + ahead

    def time(self) -> float:
        return self._from + self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
