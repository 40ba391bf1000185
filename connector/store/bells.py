"""Wakes the loops of this process: a mark rings its portal's bell. Marks of other processes are found by the poll.

In a flood of doorbells looks give way to them: an unsaved doorbell is lost for good, a look is only later.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

SPAN, SWARM, FLOOD, EBB = 0.1, 3, 150, 30
"""Within so many seconds so many rings are a swarm or a flood, and so few end a flood: in it fewer get through."""
PEEK, SPANS = 0.01, 3
"""Seconds after which the first ring is known for a lone one or a swarm's; that is waited out for so many spans at most."""


class Bells:
    def __init__(self) -> None:
        self._rings, self._since, self._flooded = 0, 0.0, False
        self._rung_ever, self._heard = 0, 0
        self._rung: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, portal: str) -> None:
        self._rings += 1
        self._rung_ever += 1
        self._rung[portal].set()

    def ring_all(self) -> None:
        """Something may have been missed: every portal is looked through."""
        for rung in self._rung.values():
            rung.set()

    async def lull(self) -> None:
        """Waits while ever more ring: a look costs the portal the same for one card and for fifty. A lone ring waits a
        moment, to be known for one."""
        if self._rung_ever == self._heard:
            return
        span = PEEK
        for _ in range(1 + SPANS):
            before = self._rung_ever
            await asyncio.sleep(span)
            if self._rung_ever - before < SWARM:
                break
            span = SPAN
        self._heard = self._rung_ever

    def flooded(self) -> bool:
        """Whether more ring now than can be looked at beside."""
        now = asyncio.get_running_loop().time()
        if now - self._since >= SPAN:
            per_span = self._rings * SPAN / (now - self._since)
            self._flooded = per_span >= (EBB if self._flooded else FLOOD)
            self._rings, self._since = 0, now
        return self._flooded or self._rings >= FLOOD

    def hush(self, portal: str) -> None:
        self._rung[portal].clear()

    async def wait(self, portal: str, at_most: float) -> None:
        try:
            async with asyncio.timeout(at_most):
                await self._rung[portal].wait()
        except TimeoutError:
            return
