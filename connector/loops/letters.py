"""Messages that waited for their hour go out, to each person as one; and what is held is counted for people to see.

A bundle is a wish of its own, recorded in the transaction that ends those it carries: none is lost, none goes twice.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connector import ports
from connector.loops import desk as desks
from connector.loops import pauses, supervisor
from robots import intents, model, notices

S = intents.WishState
CARRIED = "ушло в сводке"


class Waiting(Protocol):
    async def due(self, portal: model.PortalId, now: datetime) -> Sequence[intents.Wish]:
        """Messages whose hour has come, oldest first."""
        ...

    async def bundle(
        self,
        portal: model.PortalId,
        wishes: Sequence[intents.Wish],
        ends: Sequence[ports.End],
        at: datetime,
    ) -> None:
        """In one transaction."""
        ...

    async def held(self, portal: model.PortalId) -> Mapping[intents.RobotId, int]: ...


class Letters:
    def __init__(self, desk: desks.Desk, waiting: Waiting) -> None:
        self._desk, self._waiting = desk, waiting

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return self._desk.settings.poll

        await supervisor.pulse(self._desk, "letters", step, stop)

    async def step(self) -> int:
        """Sends what is due; how many messages it carried."""
        desk, now = self._desk, self._desk.clock.now()
        await self._count_held()
        due = await self._waiting.due(desk.id, now)
        if not due:
            return 0
        paused = pauses.Pauses(await desk.notebook.read(desk.id, pauses.NOTE))
        ends: list[ports.End] = []
        wanted: defaultdict[model.UserId, list[intents.Wish]] = defaultdict(list)
        for wish in due:
            why = self._unwanted(wish, paused, now)
            if why or not isinstance(wish.act, intents.Notify):
                ends.append(ports.End(wish.key, S.SUPERSEDED, now, note=why))
            else:
                wanted[wish.act.to].append(wish)
        made: list[intents.Wish] = []
        for wishes in wanted.values():
            for bundle, carried in notices.bundles(wishes, now):
                made.append(bundle)
                ends += [ports.End(wish.key, S.DONE, now, note=CARRIED) for wish in carried]
        await self._waiting.bundle(desk.id, made, ends, now)
        desk.at("after_bundle")
        return sum(map(len, wanted.values()))

    def _unwanted(self, wish: intents.Wish, paused: pauses.Pauses, now: datetime) -> str:
        if not wish.digest:
            return ""
        if self._desk.book.loaded.get(wish.robot) != wish.digest:
            return "робот изменён или убран"
        return paused.why(wish.robot, now)

    async def _count_held(self) -> None:
        meter = self._desk.meter
        held = await self._waiting.held(self._desk.id)
        for robot in held.keys() - meter.held.keys():
            self._desk.log.warning("limit.reached", robot=robot, count=held[robot])
        meter.held = held
