"""Once a day the journal's old rows are cleared away, a few at a time, and the store gives its spare disk back.

The moment of the last whole clearing is in the notebook, so a restart doesn't begin it anew; a clearing that was cut off
goes on from the first old row again, which costs little: what is cleared is no longer there or isn't written twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from connector import errors
from connector.loops import config, supervisor
from connector.loops import desk as desks
from robots import model

CLEARED = "retention"
"""Notebook: {at: when the last whole clearing was begun (ISO)}."""
PERIOD = timedelta(days=1)
CHECK = 600.0
"""Seconds between two looks at the clock, and between two folds of the store's log."""
PAUSE = 0.05
"""Seconds between two small transactions: live work goes first."""


class Cleared(Protocol):
    @property
    def rows(self) -> int: ...

    @property
    def upto(self) -> int: ...

    @property
    def over(self) -> bool: ...


class Keeping(Protocol):
    """A store that can let go of old words. Each call is one small transaction. All raise StoreError."""

    async def drop_looks(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 500
    ) -> Cleared: ...

    async def empty_wishes(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 200
    ) -> Cleared: ...

    async def fold(self) -> int:
        """Gives spare disk back; the bytes that couldn't be."""
        ...


class Retention:
    def __init__(self, desk: desks.Desk, keeping: Keeping, days: Callable[[], int]) -> None:
        """`days`: as the configuration in force says."""
        self._desk, self._keeping, self._days = desk, keeping, days

    async def run(self, stop: asyncio.Event) -> None:
        """Needs no portal, so a shut one doesn't hold it up."""
        failures = 0
        while not stop.is_set():
            try:
                await self.step(stop)
                delay, failures = CHECK, 0
            except errors.StoreError as refused:
                supervisor.store_is_ill(self._desk, refused)
                delay = config.backoff(failures, 1.0, CHECK)
                failures += 1
            await supervisor.first_of(self._desk.clock.sleep(delay), stop.wait())

    async def step(self, stop: asyncio.Event | None = None) -> tuple[int, int] | None:
        """Clears if a day has passed since the last time: (looks dropped, wishes emptied); None: not yet, or stopped."""
        await self._keeping.fold()
        desk = self._desk
        now = desk.clock.now()
        noted = await desk.notebook.read(desk.id, CLEARED) or {}
        # A clock that was set back must not stop the clearing for ever.
        if noted and timedelta() <= now - datetime.fromisoformat(noted["at"]) < PERIOD:
            return None
        before = now - timedelta(days=self._days())
        looks = await self._all(self._keeping.drop_looks, before, stop)
        wishes = await self._all(self._keeping.empty_wishes, before, stop)
        if stop is not None and stop.is_set():
            return None
        await desk.notebook.write(desk.id, CLEARED, {"at": now.isoformat()})
        if looks or wishes:
            desk.log.info("retention.done", looks=looks, wishes=wishes, days=self._days())
        return looks, wishes

    async def _all(
        self,
        clear: Callable[[model.PortalId, datetime, int], Awaitable[Cleared]],
        before: datetime,
        stop: asyncio.Event | None,
    ) -> int:
        rows, upto, over = 0, 0, False
        while not over and not (stop is not None and stop.is_set()):
            cleared = await clear(self._desk.id, before, upto)
            rows, upto, over = rows + cleared.rows, cleared.upto, cleared.over
            if not over:
                await self._desk.clock.sleep(PAUSE)
        return rows
