"""The daily count: a deletion whose doorbell was lost shows in no list of changes, only in who is missing (X1).

All ids of the portal pass by page by page beside the mirror's; a card that the portal no longer lists is looked at, and
the look decides: gone, hidden, or there after all. Nothing is believed deleted here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from connector import ports
from connector.loops import desk as desks
from connector.loops import supervisor
from robots import model

COUNTED = "census"
"""Notebook: when the last whole count was begun (ISO)."""


class Census:
    def __init__(self, desk: desks.Desk) -> None:
        self._desk = desk

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return self._desk.settings.census_check

        await supervisor.pulse(self._desk, "census", step, stop)

    async def step(self) -> int | None:
        """Counts if a day has passed; how many cards were missing. The first day of a life begins now."""
        desk, now = self._desk, self._desk.clock.now()
        last = await desk.notebook.read(desk.id, COUNTED)
        if last is None:
            await desk.notebook.write(desk.id, COUNTED, now.isoformat())
            return None
        if now - datetime.fromisoformat(last) < timedelta(seconds=desk.settings.census_period):
            return None
        missing = 0
        for kind in model.CardKind:
            missing += await self._count(kind)
        await desk.notebook.write(desk.id, COUNTED, now.isoformat())
        desk.log.info("census.done", missing=missing)
        return missing

    async def _count(self, kind: model.CardKind) -> int:
        """The mirror's ids are taken before the portal's pages: a card born meanwhile is nobody's loss."""
        known = await self._desk.mirror.card_ids(self._desk.id, kind)
        if not known:
            return 0
        at, missing = 0, 0
        async for page in self._desk.portal.ids(kind):
            present, last = set(page), page[-1]
            gone = []
            while at < len(known) and known[at] <= last:
                gone += [known[at]] if known[at] not in present else []
                at += 1
            missing += await self._mark(kind, gone)
        return missing + await self._mark(kind, known[at:])

    async def _mark(self, kind: model.CardKind, gone: Sequence[int]) -> int:
        if gone:
            things = [ports.Thing(ports.Kind(kind.value), number) for number in gone]
            await self._desk.inbox.mark(self._desk.id, things, ports.Lane.BACKFILL)
        return len(gone)
