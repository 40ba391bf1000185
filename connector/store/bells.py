"""Wakes the loops of this process: a mark rings its portal's bell. Marks of other processes are found by the poll."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Bells:
    def __init__(self) -> None:
        self._rung: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, portal: str) -> None:
        self._rung[portal].set()

    def hush(self, portal: str) -> None:
        self._rung[portal].clear()

    async def wait(self, portal: str, at_most: float) -> None:
        try:
            async with asyncio.timeout(at_most):
                await self._rung[portal].wait()
        except TimeoutError:
            return
