"""Stored moments that have come: cards whose `wake_at` is due become dirty; the executor is rung for its own."""

from __future__ import annotations

import asyncio

from connector.loops import desk as desks
from connector.loops import supervisor


class Moments:
    def __init__(self, desk: desks.Desk, *, executor: asyncio.Event, changed: asyncio.Event) -> None:
        """`changed`: a look was recorded, so the next moment may be another one."""
        self._desk, self._executor, self._changed = desk, executor, changed

    async def run(self, stop: asyncio.Event) -> None:
        await supervisor.pulse(self._desk, "moments", self.step, stop, self._ring)

    async def step(self) -> float:
        """Wakes what is due; seconds until the next moment, no more than a poll."""
        desk, settings = self._desk, self._desk.settings
        self._changed.clear()
        now = desk.clock.now()
        wake = await desk.mirror.next_wake(desk.id)
        if wake is not None and wake <= now:
            await desk.mirror.due(desk.id, now, settings.moments_batch)
            return 0.0
        retry = await desk.ledger.next_moment(desk.id)
        if retry is not None and retry <= now:
            self._executor.set()
        moments = [at for at in (wake, retry) if at is not None and at > now]
        if not moments:
            return settings.poll
        return min(settings.poll, max(0.01, (min(moments) - now).total_seconds()))

    async def _ring(self, _timeout: float) -> None:
        await self._changed.wait()
