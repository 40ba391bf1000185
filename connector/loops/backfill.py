"""The first copy: open cards first, then clients, in the backfill lane. A kind that was not finished is begun again.

A copied card is a hint, not a look: absence in the mirror is never absence in the portal (design.md «First start»). Pages
come in the adapter's order, which says nothing of where to go on, and thousands of rows cost one request: so only whole
kinds are ticked off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from connector import ports
from connector.loops import desk as desks
from connector.loops import supervisor

COMPLETE = "complete"
"""Notebook: {kind: when its copy was complete}. Only then may the local index answer alone."""
ORDER = (ports.Kind.DEAL, ports.Kind.LEAD, ports.Kind.CONTACT, ports.Kind.COMPANY)

Page = Sequence[ports.CopiedCard] | Sequence[ports.CopiedClient]


class Backfill:
    def __init__(self, desk: desks.Desk) -> None:
        self._desk = desk

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when stopped, or when there is nothing left to copy."""

        async def step() -> float:
            return supervisor.OVER if await self.step(stop) else 0.0

        await supervisor.pulse(self._desk, "backfill", step, stop)

    async def step(self, stop: asyncio.Event) -> bool:
        """Copies the next kind that isn't complete, until stopped. True: everything is complete."""
        desk = self._desk
        complete: dict[str, Any] = dict(await desk.notebook.read(desk.id, COMPLETE) or {})
        kind = next((kind for kind in ORDER if kind.value not in complete), None)
        if kind is None:
            return True
        copied = 0
        async for page in desk.portal.copy(kind, None):
            await self._keep(page)
            copied += len(page)
            desk.log.debug("backfill.page", kind=kind.value, count=len(page))
            if stop.is_set() or desk.state.shut:
                return False
        complete[kind.value] = desk.clock.now().isoformat()
        await desk.notebook.write(desk.id, COMPLETE, complete)
        desk.log.info("backfill.done", kind=kind.value, count=copied)
        return False

    async def _keep(self, page: Page) -> None:
        cards = [one for one in page if isinstance(one, ports.CopiedCard)]
        clients = [one for one in page if isinstance(one, ports.CopiedClient)]
        if cards:
            await self._desk.mirror.copy_cards(self._desk.id, cards)
        if clients:
            await self._desk.mirror.copy_clients(self._desk.id, clients)
