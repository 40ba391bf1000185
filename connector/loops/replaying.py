"""A portal as a store met it that was put back from an old copy: each card stay by stay (`restoring`).

A card that moved on twice since the copy was made is shown in the first of the stages that the store doesn't know, then in
the next: what a robot began in each is found by its key and finished as if nobody had been away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector import errors, ports
from connector.loops import behind, restoring, seats
from robots import model

PATIENCE = 60.0
"""Seconds that a card with our mark waits for the card that it was made from."""


class Replaying(behind.Behind):
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
        super().__init__(portal)
        self._name, self._mode = name, mode
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


def _as_it_was(card: model.Card, stay: model.Visit) -> model.Card:
    """In that stage, with its present values: the portal keeps no others."""
    named: dict[model.FieldCode, model.Value] = {
        model.FieldCode("stageId"): stay.stage,
        model.FieldCode("categoryId"): int(stay.pipeline),
    }
    fields = {code: named.get(code, value) for code, value in card.fields.items()}
    return replace(card, pipeline=stay.pipeline, stage=stay.stage, semantic=stay.semantic, fields=fields)
