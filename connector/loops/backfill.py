"""The first copy: open cards first, newest first, then clients, in the backfill lane. Resumed where it stopped.

A copied card is a hint, not a look: absence in the mirror is never absence in the portal (design.md «First start»).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connector import ports
from connector.loops import comms, supervisor
from connector.loops import desk as desks

NOTE = "backfill"
"""{kind: the id below which the copy goes on}."""
COMPLETE = "complete"
"""{kind: when its copy was complete}: only then may the local index answer alone."""
ORDER = (ports.Kind.DEAL, ports.Kind.LEAD, ports.Kind.CONTACT, ports.Kind.COMPANY)

Page = Sequence[ports.CopiedCard] | Sequence[ports.CopiedClient]


class Backfill:
    def __init__(self, desk: desks.Desk, *, key: bytes) -> None:
        self._desk, self._key = desk, key

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
        cursors: dict[str, Any] = dict(await desk.notebook.read(desk.id, NOTE) or {})
        async for page in desk.portal.copy(kind, cursors.get(kind.value)):
            await self._keep(page)
            below = _resume(page)
            if below is not None:
                cursors[kind.value] = below
                await desk.notebook.write(desk.id, NOTE, cursors)
            desk.log.debug("backfill.page", kind=kind.value, count=len(page))
            if stop.is_set() or desk.state.shut:
                return False
        complete[kind.value] = desk.clock.now().isoformat()
        await desk.notebook.write(desk.id, COMPLETE, complete)
        desk.log.info("backfill.done", kind=kind.value)
        return False

    async def _keep(self, page: Page) -> None:
        cards = [one for one in page if isinstance(one, ports.CopiedCard)]
        clients = [self._hashed(one) for one in page if isinstance(one, ports.CopiedClient)]
        if cards:
            await self._desk.mirror.copy_cards(self._desk.id, cards)
        if clients:
            await self._desk.mirror.copy_clients(self._desk.id, clients)

    def _hashed(self, copied: ports.CopiedClient) -> ports.CopiedClient:
        phones, emails = comms.normal(copied.client.phones, copied.client.emails)
        return replace(copied, comms=comms.hashes(self._key, (*phones, *emails)))


def _resume(page: Page) -> int | None:
    """Open cards are copied first and over all ids, so an id among them says nothing of the closed ones: the copy can go
    on from a page of closed cards or of clients, and from one with open cards it begins anew."""
    ids = []
    for one in page:
        if isinstance(one, ports.CopiedClient):
            ids.append(one.client.ref.id)
        elif one.card.closed:
            ids.append(one.card.ref.id)
        else:
            return None
    return min(ids, default=None)
