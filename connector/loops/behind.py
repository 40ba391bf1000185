"""A portal behind something: every question goes on to it, and a subclass changes the answers it is about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from connector import ports
from robots import look, model

Page = Sequence[ports.CopiedCard] | Sequence[ports.CopiedClient]


class Behind(ports.Portal):
    """A new question of the port is answered by nobody until it is named here: the port's own default would be a lie."""

    def __init__(self, portal: ports.Portal) -> None:
        self._portal = portal

    def crowded(self) -> float:
        return self._portal.crowded()

    def pace(self) -> float:
        return self._portal.pace()

    def coming(self, cards: int) -> None:
        self._portal.coming(cards)

    async def directory(self) -> model.Directory:
        return await self._portal.directory()

    async def watermarks(self) -> ports.Watermarks:
        return await self._portal.watermarks()

    async def facts(
        self, asks: Sequence[ports.FactsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, ports.Facts | ports.Absent | Exception]:
        return await self._portal.facts(asks, lane)

    async def clients(
        self, cards: Sequence[model.Card], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[model.Client, ...] | Exception]:
        return await self._portal.clients(cards, lane)

    async def duplicates(
        self, asks: Sequence[ports.CommsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Duplicates | Exception]:
        return await self._portal.duplicates(asks, lane)

    async def attempts(
        self, cards: Sequence[model.CardRef], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[look.Attempt, ...] | Exception]:
        return await self._portal.attempts(cards, lane)

    async def plans(
        self, cards: Sequence[model.CardRef], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Plans | Exception]:
        return await self._portal.plans(cards, lane)

    async def owners(
        self, things: Sequence[ports.Thing], lane: ports.Lane
    ) -> Mapping[ports.Thing, Sequence[ports.Thing]]:
        return await self._portal.owners(things, lane)

    async def sweep(self, cursors: Mapping[str, Any]) -> ports.Swept:
        return await self._portal.sweep(cursors)

    async def traces(self, cursors: Mapping[str, Any]) -> ports.Traces | None:
        return await self._portal.traces(cursors)

    def copy(self, kind: ports.Kind, below: int | None) -> AsyncIterator[Page]:
        return self._portal.copy(kind, below)

    def ids(self, kind: model.CardKind) -> AsyncIterator[Sequence[int]]:
        return self._portal.ids(kind)

    async def perform(self, row: ports.Row) -> ports.Done:
        return await self._portal.perform(row)

    async def find(self, row: ports.Row) -> ports.Done | None:
        return await self._portal.find(row)
