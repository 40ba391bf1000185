"""The sweep finds what the doorbells lost. One batch a period; cursors move only after what was seen is durable.

It is also the one who tries a shut portal's door.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from connector import errors, ports
from connector.loops import desk as desks
from connector.loops import supervisor
from robots import model

CURSORS = "cursors"
REMEMBERED = 20_000
YOUNG = timedelta(seconds=2)


async def nothing() -> None:
    """Nothing waits for the first sweep."""


class Sweeper:
    def __init__(self, desk: desks.Desk, *, first: Callable[[], Awaitable[None]] = nothing) -> None:
        """`first` follows the first sweep that went through; if it fails it is tried after the next one."""
        self._desk, self._first, self._begun = desk, first, False
        self._rung: OrderedDict[tuple[ports.Thing, int | datetime], None] = OrderedDict()
        """History rows and changes of clients, tasks and activities that were marked. Sweeps overlap, and a late row
        below a card's last one never becomes a stay: without this they would ring at every sweep."""
        self._found = False
        """The last sweep found what nobody had told."""
        self._young: set[ports.Seen] = set()
        """Seen within their own second at the last sweep: what changed again in that second looks just the same, so
        they ring once more."""

    async def run(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            try:
                more = await self.step()
                if not self._begun:
                    await self._first()
                    self._begun = True
                failures = 0
                settings = self._desk.settings
                # More pages wait: at once, but where live work has use for each request a little, and a while if the last
                # ones told nothing that the doorbells hadn't.
                patience = settings.look_patience if self._found else settings.sweep_period
                delay = self._desk.portal.crowded() * patience if more else settings.sweep_period
            except errors.PortalClosed as closed:
                supervisor.tell_closed(self._desk, closed)
                delay = self._desk.state.refused_again()
            except (errors.PortalError, errors.StoreError) as trouble:
                self._desk.log.log(10 if failures else 30, "sweep.failed", reason=str(trouble))
                delay = supervisor.told_delay(self._desk, "sweep", trouble, failures)
                failures += 1
            if delay > 0:
                await supervisor.first_of(self._desk.clock.sleep(delay), stop.wait())

    async def step(self) -> bool:
        """One sweep. True: a page was full, sweep again at once."""
        desk = self._desk
        cursors = await desk.notebook.read(desk.id, CURSORS) or {}
        swept = await desk.portal.sweep(cursors)
        if desk.state.opened():
            desk.log.info("portal.opened")
        fresh = await self._fresh(swept)
        self._found = bool(fresh)
        if fresh:
            await desk.inbox.mark(desk.id, sorted(fresh))
        self._remember(swept)
        desk.at("in_sweep_before_cursor")
        if dict(swept.cursors) != cursors:
            await desk.notebook.write(desk.id, CURSORS, dict(swept.cursors))
        desk.health.beat("sweep", desk.clock.now())
        await supervisor.store_is_well(desk)
        desk.log.log(20 if fresh else 10, "sweep.done", fresh=len(fresh), seen=len(swept.seen))
        return swept.more

    async def _fresh(self, swept: ports.Swept) -> set[ports.Thing]:
        """What the mirror doesn't hold just so. A known thing costs nothing."""
        fresh: set[ports.Thing] = set()
        stages: dict[model.CardRef, tuple[model.StageId, datetime]] = {}
        for one in swept.seen:
            card = one.thing.card
            if card is not None and one.row is not None:
                continue
            if card is None:
                fresh |= {one.thing} if (one.thing, one.updated) not in self._rung else set()
            elif one.stage is not None and one.updated is not None and one not in self._young:
                stages[card] = (one.stage, one.updated)
            else:
                fresh.add(one.thing)
        if stages:
            known = await self._desk.mirror.known(self._desk.id, stages)
            fresh |= {_thing(ref) for ref in stages.keys() - known}
        return fresh | await self._fresh_rows(swept.seen)

    async def _fresh_rows(self, seen: Sequence[ports.Seen]) -> set[ports.Thing]:
        fresh: set[ports.Thing] = set()
        for kind in model.CardKind:
            rows = {
                one.row: one.thing for one in seen if one.row is not None and one.thing.kind == kind.value
            }
            new = [row for row, thing in rows.items() if (thing, row) not in self._rung]
            if new:
                known = await self._desk.mirror.rows_known(self._desk.id, kind, new)
                fresh |= {rows[row] for row in new if row not in known}
        return fresh

    def _remember(self, swept: ports.Swept) -> None:
        """Only what is already marked."""
        self._young = {one for one in swept.seen if _young(one, swept.portal_now)}
        for one in swept.seen:
            if one.thing.card is None and one not in self._young and one.updated is not None:
                self._rung[one.thing, one.updated] = None
            elif one.row is not None:
                self._rung[one.thing, one.row] = None
        while len(self._rung) > REMEMBERED:
            self._rung.popitem(last=False)


def _young(one: ports.Seen, portal_now: datetime | None) -> bool:
    if one.updated is None or portal_now is None:
        return False
    return portal_now - one.updated < YOUNG


def _thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)
