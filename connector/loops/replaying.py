"""A portal as a store met it that was put back from an old copy: each card stay by stay (`restoring`).

A card that moved on twice since the copy was made is shown in the first of the stages that the store doesn't know, then in
the next: what a robot began in each is found by its key and finished as if nobody had been away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector import errors, ports
from connector.loops import restoring, seats
from robots import look, model

PATIENCE = 60.0
"""Seconds that a card with our mark waits for the card that it was made from."""


class Replaying(ports.Portal):
    """Shows a card as it was at each stay that the store knows nothing of, one stay a look."""

    def __init__(
        self,
        portal: ports.Portal,
        name: model.PortalId,
        ledger: ports.Ledger,
        mirror: ports.Mirror,
        clock: ports.Clock,
        mode: restoring.Mode,
    ) -> None:
        self._portal, self._name, self._mode = portal, name, mode
        self._ledger, self._mirror, self._clock = ledger, mirror, clock
        self._orphans: dict[model.CardRef, float] = {}

    async def facts(
        self, asks: Sequence[ports.FactsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, ports.Facts | ports.Absent | Exception]:
        found = await self._portal.facts(asks, lane)
        if not self._mode.on:
            return found
        shown: dict[model.CardRef, ports.Facts | ports.Absent | Exception] = {}
        for ref, one in found.items():
            shown[ref] = await self._shown(one) if isinstance(one, ports.Facts) else one
            if not isinstance(one, ports.Facts):
                self._mode.cut.discard(ref)
        return shown

    async def _shown(self, facts: ports.Facts) -> ports.Facts | errors.Retryable:
        card = facts.card
        if await self._is_orphan(card):
            return errors.Retryable("сделка создана роботом: сначала смотрю ту, с которой она скопирована")
        late = await self._unknown(facts)
        if len(late) < 2:
            self._mode.cut.discard(card.ref)
            return facts
        first = late[0]
        self._mode.cut.add(card.ref)
        rows = tuple(row for row in facts.rows if (row.row or 0) <= (first.row or 0))
        return replace(facts, card=_as_it_was(card, first), rows=rows)

    async def _unknown(self, facts: ports.Facts) -> Sequence[model.Visit]:
        """Stays since the copy was made that the mirror doesn't hold, in order."""
        late = {
            row.row: row for row in facts.rows if row.row and row.entered > self._mode.since - restoring.SLACK
        }
        if len(late) < 2:
            return ()
        known = await self._mirror.rows_known(self._name, facts.card.ref.kind, list(late))
        return [late[row] for row in sorted(late.keys() - known)]

    async def _is_orphan(self, card: model.Card) -> bool:
        """A copy whose making this store forgot: looking at the source brings the wish back, and its mark with it."""
        if (
            card.origin is None
            or card.origin[0] != seats.OUR_MARK
            or card.created <= self._mode.since - restoring.SLACK
        ):
            return False
        if await self._ledger.by_marker(self._name, card.origin[1]) is not None:
            return False
        now = self._clock.monotonic()
        return now - self._orphans.setdefault(card.ref, now) < PATIENCE

    async def sweep(self, cursors: Mapping[str, Any]) -> ports.Swept:
        swept = await self._portal.sweep(cursors)
        self._mode.sweeps += not swept.more
        return swept

    def crowded(self) -> float:
        return self._portal.crowded()

    def coming(self, cards: int) -> None:
        self._portal.coming(cards)

    async def directory(self) -> model.Directory:
        return await self._portal.directory()

    async def watermarks(self) -> ports.Watermarks:
        return await self._portal.watermarks()

    async def clients(
        self, cards: Sequence[model.Card], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[model.Client, ...] | Exception]:
        return await self._portal.clients(cards, lane)

    async def duplicates(
        self, asks: Sequence[ports.CommsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Duplicates | Exception]:
        return await self._portal.duplicates(asks, lane)

    async def owners(
        self, things: Sequence[ports.Thing], lane: ports.Lane
    ) -> Mapping[ports.Thing, Sequence[ports.Thing]]:
        return await self._portal.owners(things, lane)

    async def traces(self, cursors: Mapping[str, Any]) -> ports.Traces | None:
        return await self._portal.traces(cursors)

    def copy(
        self, kind: ports.Kind, below: int | None
    ) -> AsyncIterator[Sequence[ports.CopiedCard] | Sequence[ports.CopiedClient]]:
        return self._portal.copy(kind, below)

    def ids(self, kind: model.CardKind) -> AsyncIterator[Sequence[int]]:
        return self._portal.ids(kind)

    async def perform(self, row: ports.Row) -> ports.Done:
        return await self._portal.perform(row)

    async def find(self, row: ports.Row) -> ports.Done | None:
        return await self._portal.find(row)


def _as_it_was(card: model.Card, stay: model.Visit) -> model.Card:
    """In that stage, with its present values: the portal keeps no others."""
    named: dict[model.FieldCode, model.Value] = {
        model.FieldCode("stageId"): stay.stage,
        model.FieldCode("categoryId"): int(stay.pipeline),
    }
    fields = {code: named.get(code, value) for code, value in card.fields.items()}
    return replace(card, pipeline=stay.pipeline, stage=stay.stage, semantic=stay.semantic, fields=fields)
