"""Wakes the loops of this process: a mark rings its portal's bell. Marks of other processes are found by the poll.

In a flood of doorbells looks give way to them: an unsaved doorbell is lost for good, a look is only later.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

SPAN, SWARM, FLOOD, EBB = 0.1, 15, 150, 30
"""Within so many seconds so many rings are a swarm or a flood, and so few end a flood: in it fewer get through."""


class Bells:
    def __init__(self) -> None:
        self._rings, self._since, self._flooded = 0, 0.0, False
        self._rung: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, portal: str) -> None:
        self._rings += 1
        self._rung[portal].set()

    def ring_all(self) -> None:
        """Something may have been missed: every portal is looked through."""
        for rung in self._rung.values():
            rung.set()

    def swarming(self) -> bool:
        """Whether more are likely to ring at once: a look costs the portal the same for one card and for fifty."""
        now = asyncio.get_running_loop().time()
        return now - self._since < 2 * SPAN and self._rings >= SWARM

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
