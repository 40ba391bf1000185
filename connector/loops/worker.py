"""One portal at work: its desk, its loops under one task group, a new configuration, the graceful stop.

Order of a life: the first sweep puts the cursors down; then robots seen for the first time get their watermark and wishes
of changed robots are called off; only then is anything looked at or sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from connector import ports
from connector.loops import (
    activation,
    backfill,
    census,
    config,
    executor,
    health,
    looking,
    moments,
    reconcile,
    settle,
    supervisor,
    sweep,
)
from connector.loops import desk as desks
from connector.loops import sending as sends
from robots import decision, model

Loop = Callable[[asyncio.Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Stores:
    """The store's rooms that the loops need."""

    inbox: ports.Inbox
    mirror: ports.Mirror
    ledger: ports.Ledger
    notebook: ports.Notebook


class PortalWorker:
    def __init__(
        self,
        *,
        portal_id: model.PortalId,
        portal: ports.Portal,
        stores: Stores,
        sending: sends.Sending,
        rules: decision.Rules,
        directory: model.Directory,
        key: bytes,
        settings: config.LoopSettings,
        clock: ports.Clock,
        log: Any,
        decide: looking.Decide = decision.decide,
        at: Callable[[str], None] = desks.nothing_happens,
    ) -> None:
        """`sending` is the one that the portal's client was given; `key` keys the digest of a card's phones and
        e-mails; `at` is
        called at the named crash points."""
        self.health = health.Health(settings)
        self.desk = desks.Desk(
            id=portal_id,
            portal=portal,
            inbox=stores.inbox,
            mirror=stores.mirror,
            notebook=stores.notebook,
            ledger=stores.ledger,
            clock=clock,
            shelf=desks.Shelf(desks.Book(rules, directory)),
            settings=settings,
            health=self.health,
            state=health.PortalState(settings, self.health),
            log=log,
            at=at,
        )
        self._looked = asyncio.Event()
        self._ready = asyncio.Event()
        self.sweeper = sweep.Sweeper(self.desk, first=self.begin)
        self.executor = executor.Executor(self.desk, sending, landed=self._down)
        self.reconciler = reconcile.Reconciler(
            self.desk, key=key, decide=decide, looked=self._heard, air=self.executor
        )
        self.settler = settle.Settler(self.desk, flying=lambda: self.executor.flying)
        self.moments = moments.Moments(self.desk, executor=self.executor.wake, changed=self._looked)
        self.backfill = backfill.Backfill(self.desk)
        self.census = census.Census(self.desk)

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set; then takes nothing more, finishes what is in flight, and returns in time."""
        loops: dict[str, Loop] = {"sweep": self.sweeper.run} | {
            name: self._when_ready(run)
            for name, run in (
                ("reconcile", self.reconciler.run),
                ("executor", self.executor.run),
                ("settle", self.settler.run),
                ("moments", self.moments.run),
                ("backfill", self.backfill.run),
                ("census", self.census.run),
            )
        }
        self.health.alive = True
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    supervisor.spawn(
                        group,
                        supervisor.keep(name, partial(run, stop), self.desk, stop),
                        name=f"{name} {self.desk.id}",
                    )
                    for name, run in loops.items()
                ]
                await stop.wait()
                _, late = await asyncio.wait(tasks, timeout=self.desk.settings.stop_within)
                for task in late:
                    task.cancel()
        finally:
            self.health.alive = False
        await self.executor.flush()

    @property
    def begun(self) -> bool:
        """The cursors and the robots' watermarks stand."""
        return self._ready.is_set()

    async def begin(self) -> None:
        """After the first sweep of a life: who acts from when, and what is no longer wanted."""
        await self.replace(self.desk.book.rules, self.desk.book.directory)
        self.health.begun = True
        self._ready.set()

    async def replace(self, rules: decision.Rules, directory: model.Directory) -> int:
        """Puts a configuration in force. New robots get their watermark before they are asked anything; unsent wishes of
        changed ones are called off and their cards looked at again. Returns how many were. Raises what the portal and
        the store raise, with the old configuration in force."""
        desk = self.desk
        now = desk.clock.now()
        since = await activation.ensure(desk.id, desk.portal, desk.notebook, rules, directory, now)
        desk.shelf.book = desks.Book(rules, directory, since)
        ended = await desk.ledger.supersede(desk.id, desk.book.loaded, now)
        self.executor.wake.set()
        return ended

    def _when_ready(self, run: Loop) -> Loop:
        async def waiting(stop: asyncio.Event) -> None:
            await supervisor.first_of(self._ready.wait(), stop.wait())
            if not stop.is_set():
                await run(stop)

        return waiting

    def _down(self) -> None:
        self.reconciler.stir()

    def _heard(self, refs: Collection[model.CardRef]) -> None:
        self.desk.care.looked(refs)
        self.executor.looked(refs)
        self._looked.set()
