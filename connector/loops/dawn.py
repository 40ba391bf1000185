"""Robots that time alone calls know a card only from a look at it: older open cards are looked at once for each of them.

A look says when the next moment of a card is, and from then on the card wakes by itself. What was looked at for which
robot is in the notebook, written after the marks: a crash repeats looks and no act. A kind of card is asked about once its
copy is complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from connector import ports
from connector.loops import backfill, supervisor
from connector.loops import desk as desks
from robots import model
from robots import robot as robots_robot

NOTE = "dawn"
"""Notebook, of a portal: {robot: digest} of those for whom every open card was marked."""
AT_ONCE = 500


class Cards(Protocol):
    async def open_cards(self, portal: model.PortalId, kind: model.CardKind) -> Sequence[model.CardRef]: ...


class Dawn:
    def __init__(self, desk: desks.Desk, cards: Cards) -> None:
        self._desk, self._cards = desk, cards
        self._config: str | None = None
        """The configuration whose robots are all known."""

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return self._desk.settings.poll

        await supervisor.pulse(self._desk, "dawn", step, stop)

    async def step(self) -> int:
        """How many cards were marked."""
        desk, book = self._desk, self._desk.book
        if book.rules.config == self._config:
            return 0
        known: dict[str, Any] = dict(await desk.notebook.read(desk.id, NOTE) or {})
        fresh = [one for one in _timed(book) if known.get(one.id) != one.digest]
        complete = await desk.notebook.read(desk.id, backfill.COMPLETE) or {} if fresh else {}
        ready = [one for one in fresh if one.card.value in complete and one.id in book.activations]
        marked = sum([await self._mark(kind) for kind in sorted({one.card for one in ready})])
        if ready:
            await desk.notebook.write(desk.id, NOTE, known | {one.id: one.digest for one in ready})
        if len(ready) == len(fresh):
            self._config = book.rules.config
        return marked

    async def _mark(self, kind: model.CardKind) -> int:
        desk = self._desk
        refs = await self._cards.open_cards(desk.id, kind)
        things = [ports.Thing(ports.Kind(ref.kind.value), ref.id) for ref in refs]
        for at in range(0, len(things), AT_ONCE):
            await desk.inbox.mark(desk.id, things[at : at + AT_ONCE], ports.Lane.BACKFILL)
        return len(things)


def _timed(book: desks.Book) -> list[robots_robot.Robot]:
    return [duty.robot for duty in book.rules.timetable.timed]
