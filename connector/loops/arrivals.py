"""What came for cards becomes news in their ledgers: a client's call, letter, message, form; an invoice paid.

Only where a robot waits for such news, once a sweep's period. News is written down before the cursor moves, under the
number of what came: a crash tells it again, and it is the same. What hangs on a client alone is news of his open cards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from connector import ports
from connector.loops import desk as desks
from connector.loops import supervisor
from robots import happenings, intents, model
from robots import robot as robots_robot

NOTE = "arrivals"
"""Notebook, of a portal: {source: cursor}."""
REMEMBERED = 5000
SECOND = timedelta(seconds=1)
"""The portal's moments are whole seconds: what came within one had come when it was over."""


class Feed(Protocol):
    async def arrivals(self, source: str, cursor: Mapping[str, Any]) -> ports.Arrived: ...


class Hands(Protocol):
    async def called(self, portal: model.PortalId, news: intents.Wish, at: datetime) -> bool: ...


class Arrivals:
    def __init__(self, desk: desks.Desk, hands: Hands, feed: Feed) -> None:
        self._desk, self._hands, self._feed = desk, hands, feed
        self._told: dict[tuple[str, int], None] = {}
        """What this process has written down: the lists overlap."""

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return self._desk.settings.sweep_period

        await supervisor.pulse(self._desk, "arrivals", step, stop)

    async def step(self) -> int:
        """How much of what came was news."""
        desk, count = self._desk, 0
        wanted = self._wanted()
        for source in sorted({happenings.ARRIVING[one] for one in wanted}):
            known: dict[str, Any] = dict(await desk.notebook.read(desk.id, NOTE) or {})
            arrived = await self._feed.arrivals(source, known.get(source, {}))
            for one in arrived.found:
                if self._is_news(one, wanted):
                    count += await self._tell(one)
            if arrived.cursor != known.get(source):
                await desk.notebook.write(desk.id, NOTE, known | {source: dict(arrived.cursor)})
        return count

    def _is_news(self, one: ports.Arrival, wanted: Mapping[str, datetime]) -> bool:
        if one.what not in wanted or (one.what, one.number) in self._told:
            return False
        return one.at + SECOND > max(wanted[one.what], self._desk.clock.now() - happenings.LATE)

    def _wanted(self) -> Mapping[str, datetime]:
        """What robots wait for, and since when the first of them does."""
        book, wanted = self._desk.book, dict[str, datetime]()
        kinds = {happenings.source_of(what): what for what in happenings.ARRIVING}
        for duty in book.rules.timetable.told:
            trigger, begun = duty.robot.trigger, book.activations.get(duty.robot.id)
            if isinstance(trigger, robots_robot.Happened) and trigger.source in kinds and begun is not None:
                what = kinds[trigger.source]
                wanted[what] = min(wanted.get(what, begun.at), begun.at)
        return wanted

    async def _tell(self, one: ports.Arrival) -> int:
        new, cards = 0, await self._cards(one)
        for ref in cards:
            news = happenings.arrived(one.what, ref, one.number)
            new += await self._hands.called(self._desk.id, news, one.at + SECOND)
        if cards:  # what hangs on nothing yet may be bound a little later
            self._told[one.what, one.number] = None
        while len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        if new:
            self._desk.log.info("arrival.told", what=one.what, number=one.number, cards=new)
        return new

    async def _cards(self, one: ports.Arrival) -> Sequence[model.CardRef]:
        things = one.things
        if things is None:
            activity = ports.Thing(ports.Kind.ACTIVITY, one.number)
            owners = await self._desk.portal.owners([activity], ports.Lane.LIVE)
            things = tuple(owners.get(activity, ()))
        cards = {ref for thing in things if (ref := thing.card) is not None}
        if not cards:
            for thing in things:
                if thing.kind in (ports.Kind.CONTACT, ports.Kind.COMPANY):
                    client = model.ClientRef(model.ClientKind(thing.kind.value), thing.id)
                    cards.update(await self._desk.mirror.cards_of(self._desk.id, client))
        return sorted(cards)
