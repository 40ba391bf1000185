"""`MemoryStore`: the store's promises kept in dictionaries, for tests of the loops and for simulation.

It passes the same suite as the database (tests/contract/test_store_*.py). Values go through the store's codec, so what
a database would clean or refuse is cleaned or refused here. `fail` makes every write raise, as a full disk does;
`reborn()` is the same data seen by the next life of the daemon.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connector import errors, ports
from connector.store import api, bells, codec, transitions
from robots import intents, model
from tests import (
    fakes_store_draws,
    fakes_store_erasing,
    fakes_store_leases,
    fakes_store_ledger,
    fakes_store_retention,
    fakes_tokens,
)
from tests import fakes_store_world as memory_rows


class MemoryInbox(api.Inbox):
    def __init__(self, world: memory_rows.World, ringing: bells.Bells) -> None:
        self._world, self._bells = world, ringing

    async def mark(
        self, portal: model.PortalId, things: Collection[ports.Thing], lane: ports.Lane = ports.Lane.LIVE
    ) -> None:
        rows = self._world.anybody(portal)
        for thing in things:
            self._world.mark(rows, thing, lane)
        if things:
            self._bells.ring(portal)

    async def take(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[ports.Thing]
    ) -> Sequence[ports.Dirty]:
        self._bells.hush(portal)
        rows = [
            row
            for row in self._world.portals[portal].dirty.values()
            if (row.until is None or row.until <= now) and row.thing not in busy
        ]
        rows.sort(key=lambda row: (row.lane, row.seq))
        return [ports.Dirty(row.thing, row.version, row.lane, row.tries) for row in rows[:limit]]

    async def finish(self, portal: model.PortalId, done: Collection[ports.Dirty]) -> None:
        self._world.finish(self._world.write(portal), done)

    async def park(self, portal: model.PortalId, dirty: ports.Dirty, until: datetime, why: str) -> None:
        rows = self._world.write(portal)
        row = rows.dirty.get(dirty.thing)
        if row is not None:
            reason = fakes_store_erasing.guard(rows).text(codec.clean_text(why))
            row.tries, row.until, row.why = row.tries + 1, until, reason

    async def wait(self, portal: model.PortalId, seconds: float) -> None:
        await self._bells.wait(portal, seconds)

    async def depth(self, portal: model.PortalId) -> int:
        return len(self._world.portals[portal].dirty)

    async def wake(self, portal: model.PortalId, things: Collection[ports.Thing]) -> None:
        rows = self._world.write(portal)
        for thing in things:
            if thing in rows.dirty:
                rows.dirty[thing].until = None
        self._bells.ring(portal)

    async def parked(self, portal: model.PortalId | None = None) -> Sequence[api.Parked]:
        return [
            api.Parked(name, row.thing, row.tries, row.until, row.why)
            for name, rows in self._world.portals.items()
            for row in rows.dirty.values()
            if portal in (None, name) and row.tries and row.until is not None
        ]


class MemoryMirror(api.Mirror):
    def __init__(self, world: memory_rows.World, ringing: bells.Bells) -> None:
        self._world, self._bells = world, ringing

    async def memories(
        self, portal: model.PortalId, refs: Collection[model.CardRef]
    ) -> Mapping[model.CardRef, ports.Memory]:
        rows = self._world.portals[portal]
        found = {}
        for ref in refs:
            past = tuple(
                intents.Past(row.wish, row.state, row.wished_at, row.done_at, row.made, row.note)
                for row in rows.wishes.values()
                if row.wish.card == ref
            )
            known = rows.cards.get(ref)
            found[ref] = dataclasses.replace(known.memory if known else ports.Memory(), past=past)
        return found

    async def record(
        self, portal: model.PortalId, looked: Sequence[ports.Looked]
    ) -> Sequence[intents.WishKey]:
        rows = self._world.write(portal)
        marks = fakes_store_erasing.guard(rows)
        kept = [
            memory_rows.kept(ports.scrubbed(marks, look)) for look in looked
        ]  # before the first change: what can't be kept changes nothing
        fresh: list[intents.WishKey] = []
        for look in kept:
            self._remember(rows, look)
        for look in fakes_store_draws.drawn(rows, kept):
            fresh.extend(wish.key for wish in look.wishes if self._insert(rows, wish, look.at))
            rows.looks.append((look.ref, memory_rows.story(look)))
            if look.due_again is None:
                self._world.finish(rows, [look.dirty])
            else:
                thing = look.dirty.thing
                if thing not in rows.dirty:
                    self._world.mark(rows, thing, look.dirty.lane)
                row = rows.dirty[thing]
                row.tries, row.until, row.why = 0, look.due_again, ""
        return fresh

    def _remember(self, rows: memory_rows.Rows, look: ports.Looked) -> None:
        rows.cards[look.ref] = memory_rows.CardRow(
            dataclasses.replace(look.memory, past=()), look.at, look.wake_at
        )
        present = (look.memory.visit,) if look.memory.visit else ()
        for visit in (*look.arrived, *present):
            rows.visits[look.ref].setdefault(visit.id, visit)
        rows.links[look.ref] = memory_rows.clients(look.memory.card) | set(look.clients or ())

    def _insert(self, rows: memory_rows.Rows, wish: intents.Wish, at: datetime) -> bool:
        known = rows.wishes.get(wish.key)
        if known is not None:
            if not known.state.final and wish.while_visit is not None:
                known.wish = dataclasses.replace(known.wish, while_visit=wish.while_visit)
            return False
        state = intents.WishState.DRY_RUN if wish.dry_run else intents.WishState.WISHED
        rows.wishes[wish.key] = memory_rows.WishRow(
            next(self._world.numbers), wish, state, at, done_at=at if state.final else None
        )
        return True

    async def cards_of(self, portal: model.PortalId, client: model.ClientRef) -> Sequence[model.CardRef]:
        rows = self._world.portals[portal]
        return sorted(
            ref
            for ref, linked in rows.links.items()
            if client in linked
            and not rows.cards[ref].memory.deleted
            and not memory_rows.closed(rows.cards[ref])
        )

    async def card_ids(self, portal: model.PortalId, kind: model.CardKind) -> Sequence[int]:
        cards = self._world.portals[portal].cards
        return sorted(ref.id for ref, card in cards.items() if ref.kind is kind and not card.memory.deleted)

    async def known(
        self, portal: model.PortalId, stages: Mapping[model.CardRef, tuple[model.StageId, datetime]]
    ) -> set[model.CardRef]:
        cards = self._world.portals[portal].cards
        looked = {ref: cards[ref].memory for ref in stages if ref in cards and cards[ref].looked_at}
        return {
            ref
            for ref, memory in looked.items()
            if not memory.deleted
            and memory.card
            and (memory.card.stage, memory.card.updated) == stages[ref]
            and cards[ref].looked_at - memory.card.updated >= timedelta(seconds=1)
        }

    async def rows_known(
        self, portal: model.PortalId, kind: model.CardKind, rows: Collection[int]
    ) -> set[int]:
        visits = self._world.portals[portal].visits
        seen = (visit.row for ref, stays in visits.items() if ref.kind is kind for visit in stays.values())
        return {row for row in seen if codec.whole(row) is not None and row in rows}

    async def copy_cards(self, portal: model.PortalId, cards: Sequence[ports.CopiedCard]) -> None:
        rows = self._world.write(portal)
        marks = fakes_store_erasing.guard(rows)
        for copy in (dataclasses.replace(one, card=marks.card(one.card)) for one in cards):
            ref = copy.card.ref
            if ref not in rows.cards or rows.cards[ref].looked_at is None:
                rows.cards[ref] = memory_rows.CardRow(ports.Memory(card=memory_rows.again(copy.card)))
                rows.links[ref] = memory_rows.clients(copy.card) | set(copy.clients)

    async def copy_clients(self, portal: model.PortalId, clients: Sequence[ports.CopiedClient]) -> None:
        rows = self._world.write(portal)
        marks = fakes_store_erasing.guard(rows)
        for copy in filter(None, (ports.copiable(marks, one) for one in clients)):
            lean = dataclasses.replace(copy.client, phones=(), emails=())
            rows.clients[lean.ref] = ports.CopiedClient(memory_rows.again(lean), copy.comms)

    async def due(self, portal: model.PortalId, now: datetime, limit: int) -> int:
        rows = self._world.write(portal)
        woken = sorted(
            (row.wake_at, ref) for ref, row in rows.cards.items() if row.wake_at and row.wake_at <= now
        )
        for _, ref in woken[:limit]:
            rows.cards[ref].wake_at = None
            self._world.mark(rows, memory_rows.thing(ref), ports.Lane.MOMENT)
        if woken[:limit]:
            self._bells.ring(portal)
        return len(woken[:limit])

    async def next_wake(self, portal: model.PortalId) -> datetime | None:
        cards = self._world.portals[portal].cards.values()
        return min((row.wake_at for row in cards if row.wake_at), default=None)

    async def tombstone(
        self, portal: model.PortalId, dirty: ports.Dirty, ref: model.CardRef, at: datetime
    ) -> None:
        rows = self._world.write(portal)
        card = rows.cards.setdefault(ref, memory_rows.CardRow(ports.Memory()))
        card.memory = dataclasses.replace(card.memory, deleted=True)
        card.looked_at, card.wake_at = at, None
        for row in rows.wishes.values():
            if row.wish.card == ref and row.wish.digest and row.state in transitions.UNSENT:
                memory_rows.supersede(row, at, transitions.DELETED_NOTE)
        self._world.finish(rows, [dirty])

    async def clients_by_comms(
        self, portal: model.PortalId, hashes: Collection[str]
    ) -> Mapping[str, Sequence[model.ClientRef]]:
        clients = self._world.portals[portal].clients
        found = {h: sorted(ref for ref, copy in clients.items() if h in copy.comms) for h in hashes}
        return {digest: refs for digest, refs in found.items() if refs}

    async def comm_counts(self, portal: model.PortalId, hashes: Collection[str]) -> Mapping[str, int]:
        return {digest: len(refs) for digest, refs in (await self.clients_by_comms(portal, hashes)).items()}

    async def clients(
        self, portal: model.PortalId, refs: Collection[model.ClientRef]
    ) -> Mapping[model.ClientRef, model.Client]:
        clients = self._world.portals[portal].clients
        return {ref: clients[ref].client for ref in refs if ref in clients}


class MemoryNotebook(ports.Notebook):
    def __init__(self, world: memory_rows.World) -> None:
        self._world = world

    async def read(self, portal: model.PortalId, name: str) -> Any | None:
        text = self._world.portals[portal].notes.get(name)
        return None if text is None else codec.load_json(text)

    async def write(self, portal: model.PortalId, name: str, value: Any) -> None:
        self._world.write(portal).notes[name] = codec.dump_json(value)


class MemoryJournal(ports.Journal):
    def __init__(self, world: memory_rows.World) -> None:
        self._world = world

    async def story(
        self, portal: model.PortalId, ref: model.CardRef, limit: int = 200
    ) -> Sequence[ports.StoryLook]:
        return [look for owner, look in self._world.portals[portal].looks if owner == ref][-limit:]


class MemoryStore:
    """As `connector.store.api.Store`."""

    def __init__(
        self,
        world: memory_rows.World | None = None,
        tokens: fakes_tokens.MemoryTokens | None = None,
        ringing: bells.Bells | None = None,
    ) -> None:
        self.world = world or memory_rows.World()
        self._ringing = ringing = ringing or bells.Bells()
        self.inbox = MemoryInbox(self.world, ringing)
        self.mirror = MemoryMirror(self.world, ringing)
        self.ledger = fakes_store_ledger.MemoryLedger(self.world, ringing)
        self.notebook = MemoryNotebook(self.world)
        self.journal = MemoryJournal(self.world)
        self.leases = fakes_store_leases.MemoryLeases(self.world)
        self.retention = fakes_store_retention.MemoryRetention(self.world)
        self.erasure = fakes_store_erasing.MemoryErasure(self.world)
        self.tokens = tokens or fakes_tokens.MemoryTokens(lambda: datetime.now(UTC))

    @property
    def fail(self) -> errors.StoreError | None:
        return self.world.fail

    @fail.setter
    def fail(self, error: errors.StoreError | None) -> None:
        self.world.fail = error

    def under(self, portal: model.PortalId, token: int) -> MemoryStore:
        world = fakes_store_leases.FencedWorld(self.world, portal, token)
        return MemoryStore(world, self.tokens, self._ringing)

    def reborn(self) -> MemoryStore:
        """The next life over what the last one left."""
        self.world.life += 1
        return MemoryStore(self.world, self.tokens)
