"""The ledger of `fakes_store.MemoryStore`."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from connector import ports
from connector.store import bells, codec, transitions
from robots import intents, model
from tests import fakes_store_erasing
from tests import fakes_store_world as memory_rows

S = intents.WishState


class MemoryLedger(ports.Ledger):
    def __init__(self, world: memory_rows.World, ringing: bells.Bells) -> None:
        self._world, self._bells = world, ringing
        self._life: object = world.life

    def in_doubt(self) -> None:
        """A sending's commit was never answered: its rows are settled like another life's."""
        self._life = (self._life,)

    def _row(self, rows: memory_rows.Rows, row: memory_rows.WishRow) -> ports.Row:
        card = rows.cards.get(row.wish.card)
        before = rows.wishes.get(row.wish.stands_on) if row.wish.stands_on else None
        return ports.Row(
            row.seq,
            row.wish,
            row.state,
            row.wished_at,
            row.sent_at,
            row.done_at,
            row.tries,
            row.made,
            row.note,
            accepted=card.memory.accepted.id if card and card.memory.accepted else None,
            visit=card.memory.visit.id if card and card.memory.visit and ports.returns(row.wish) else None,
            looked_at=card.looked_at if card else None,
            deleted=card.memory.deleted if card else False,
            before=before.state if before else None,
            before_made=before.made if before else None,
        )

    async def ready(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[model.CardRef]
    ) -> Sequence[ports.Row]:
        rows = self._world.portals[portal]
        heads: dict[model.CardRef, memory_rows.WishRow] = {}
        for row in rows.wishes.values():
            if not row.state.final and row.state not in transitions.BESIDE:
                first = heads.setdefault(row.wish.card, row)
                heads[row.wish.card] = min(first, row, key=lambda each: each.seq)
        found = [
            self._row(rows, row)
            for ref, row in heads.items()
            if row.state is S.WISHED
            and (row.retry_at is None or row.retry_at <= now)
            and ref not in busy
            and not _parked(rows, ref, now)
        ]
        found = [row for row in found if row.before in (None, S.HELD) or row.before.final]
        return sorted(found, key=lambda row: row.seq)[:limit]

    async def behind(
        self, portal: model.PortalId, cards: Collection[model.CardRef], now: datetime
    ) -> Sequence[ports.Row]:
        rows = self._world.portals[portal]
        found: list[ports.Row] = []
        for ref in cards:
            chain = sorted(
                (
                    row
                    for row in rows.wishes.values()
                    if row.wish.card == ref and not row.state.final and row.state not in transitions.BESIDE
                ),
                key=lambda row: row.seq,
            )
            wished = itertools.takewhile(
                lambda row: row.state is S.WISHED and (row.retry_at is None or row.retry_at <= now), chain
            )
            found += [self._row(rows, row) for row in wished][1:]
        return found

    async def sending(
        self, portal: model.PortalId, keys: Collection[intents.WishKey], now: datetime
    ) -> frozenset[intents.WishKey]:
        rows = self._world.write(portal).wishes
        sent = [key for key in keys if key in rows and rows[key].state in transitions.SENDABLE]
        for row in (rows[key] for key in sent):
            row.state, row.sent_at, row.retry_at, row.life = S.SENT, now, None, self._life
            row.tries += 1
        return frozenset(sent)

    async def end(self, portal: model.PortalId, ends: Sequence[ports.End]) -> None:
        room, late = self._world.answer(portal)
        rows = room.wishes
        if late:
            out = {key for key, row in rows.items() if row.state is S.SENT and row.life == self._life}
            ends = [end for end in ends if end.key in out]
        ends = [end for end in ends if not _bound_anew(rows, end)]
        states = {key: row.state for key, row in rows.items()}
        for end in ends:
            transitions.check(end.key, states.get(end.key), end.to)
            states[end.key] = end.to
        for end in ends:
            row = rows[end.key]
            if row.state is end.to and end.to.final:
                continue
            row.state, row.retry_at = end.to, end.retry_at
            row.done_at = end.at if end.to.final else None
            row.note = fakes_store_erasing.guard(room).text(codec.clean_text(end.note)) or row.note
            row.made = row.made if end.made is None else codec.whole(end.made)

    async def unsettled(self, portal: model.PortalId, now: datetime, window: float) -> Sequence[ports.Row]:
        rows = self._world.portals[portal]
        long_ago = now - timedelta(seconds=window)
        return [
            self._row(rows, row)
            for row in sorted(rows.wishes.values(), key=lambda row: row.seq)
            if (row.state is S.UNKNOWN and (row.retry_at is None or row.retry_at <= now))
            or (row.state is S.SENT and row.life != self._life and row.sent_at and row.sent_at <= long_ago)
        ]

    async def supersede(
        self, portal: model.PortalId, loaded: Mapping[intents.RobotId, str], at: datetime
    ) -> int:
        rows = self._world.write(portal)
        stale = [
            row
            for row in rows.wishes.values()
            if row.state in transitions.UNSENT
            and row.wish.digest
            and loaded.get(row.wish.robot) != row.wish.digest
        ]
        for row in stale:
            memory_rows.supersede(row, at, transitions.CHANGED_NOTE)
        for ref in dict.fromkeys(row.wish.card for row in stale):
            self._world.mark(rows, memory_rows.thing(ref), ports.Lane.LIVE)
        if stale:
            self._bells.ring(portal)
        return len(stale)

    async def rows(
        self,
        portal: model.PortalId | None,
        *,
        card: model.CardRef | None = None,
        states: Collection[intents.WishState] = (),
        limit: int = 1000,
    ) -> Sequence[ports.Row]:
        found = [
            self._row(rows, row)
            for name, rows in self._world.portals.items()
            for row in rows.wishes.values()
            if portal in (None, name)
            and card in (None, row.wish.card)
            and (not states or row.state in states)
        ]
        return sorted(found, key=lambda row: row.seq)[-limit:]

    async def by_marker(self, portal: model.PortalId, marker: str) -> ports.Row | None:
        rows = self._world.portals[portal]
        named = (row for key, row in rows.wishes.items() if ports.marker(key) == marker)
        return next((self._row(rows, row) for row in named), None)

    async def cards_of_tasks(
        self, portal: model.PortalId, tasks: Collection[int]
    ) -> Mapping[int, model.CardRef]:
        rows = self._world.portals[portal].wishes.values()
        ours = {row.made: row.wish.card for row in rows if isinstance(row.wish.act, intents.SetTask)}
        return {task: ours[task] for task in tasks if task in ours}

    async def redo(self, portal: model.PortalId, keys: Collection[intents.WishKey], at: datetime) -> int:
        rows = self._world.write(portal).wishes
        found = [rows[key] for key in set(keys) if key in rows and rows[key].state in transitions.REDOABLE]
        for row in found:
            row.state, row.wished_at, row.tries = S.WISHED, at, 0
            row.done_at = row.retry_at = row.sent_at = None
        return len(found)

    async def next_moment(self, portal: model.PortalId) -> datetime | None:
        rows = self._world.portals[portal].wishes.values()
        return min((row.retry_at for row in rows if row.retry_at and not row.state.final), default=None)


def _parked(rows: memory_rows.Rows, ref: model.CardRef, now: datetime) -> bool:
    row = rows.dirty.get(memory_rows.thing(ref))
    return row is not None and row.tries > 0 and row.until is not None and row.until > now


def _bound_anew(rows: Mapping[intents.WishKey, memory_rows.WishRow], end: ports.End) -> bool:
    row = rows.get(end.key)
    return row is not None and end.bound_to not in (None, row.wish.while_visit)
