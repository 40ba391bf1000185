"""Things with a state that stand in for the world: a clock that a test moves, a portal in memory that can be told to fail.

`FakePortal` keeps the promises of `ports.Portal` and of nothing more; what happened to it is read from `cards`, `made`
and `effects` (one line per effect, in order).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connector import errors, ports
from robots import intents, look, model


class FakeClock(ports.Clock):
    """Stands still until `advance`. With `hasty` a sleep moves it by itself: for steps that wait in their middle."""

    def __init__(self, now: datetime, *, hasty: bool = False) -> None:
        self._now, self._passed, self.hasty = now, 0.0, hasty
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0 or self.hasty:
            self._move(max(0.0, seconds))
            await asyncio.sleep(0)
            return
        waking = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._order), waking))
        await waking

    async def advance(self, seconds: float) -> None:
        """Wakes every sleeper in its turn; each runs before the next one is woken."""
        until = self._passed + seconds
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, waking = heapq.heappop(self._sleepers)
            self._move(at - self._passed)
            if not waking.done():
                waking.set_result(None)
            for _ in range(20):
                await asyncio.sleep(0)
        self._move(until - self._passed)

    def _move(self, seconds: float) -> None:
        self._passed += seconds
        self._now += timedelta(seconds=seconds)


class NotPermitted(Exception):
    """As a portal's client says that the ledger took the leave back."""


class FakePortal(ports.Portal):
    """A portal in memory: cards with a history, what robots made, a log of changes for the sweep."""

    def __init__(self, directory: model.Directory, clock: ports.Clock) -> None:
        self._directory, self._clock = directory, clock
        self._rows = itertools.count(101)
        self._ids = itertools.count(9001)
        self.on_sending: ports.OnSending | None = None
        self.cards: dict[model.CardRef, model.Card] = {}
        self.history: dict[model.CardRef, list[model.Visit]] = {}
        self.people: dict[model.ClientRef, model.Client] = {}
        self.matches: tuple[look.Match, ...] = ()
        self.attempted: dict[model.CardRef, tuple[look.Attempt, ...]] = {}
        self.planned: dict[model.CardRef, look.Plans] = {}
        self.bindings: dict[ports.Thing, tuple[ports.Thing, ...]] = {}
        self.effects: list[str] = []
        self.lanes: dict[model.CardRef, ports.Lane] = {}
        """How urgent the last effect on a card was."""
        self.made: dict[intents.WishKey, int] = {}
        self.log: list[ports.Seen] = []
        self.calls: list[str] = []
        self.closed: errors.PortalClosed | None = None
        self.hidden: set[model.CardRef] = set()
        self.lagging: set[model.CardRef] = set()
        """Cards whose newest history row isn't shown yet."""
        self.broken: dict[model.CardRef, Exception] = {}
        self.during: dict[str, Callable[[], Awaitable[None]]] = {}
        """By method: what else happens while the portal answers it."""
        self._faults: list[tuple[Exception, bool]] = []
        self.hashes: tuple[str, ...] = ()
        """What the copy says of every client's comms."""
        self.late: dict[intents.WishKey, int] = {}
        """Found only after being looked for so many times."""
        self.foreign: tuple[ports.Trace, ...] = ()
        """What another Voronka made here."""
        self.asked_since: list[Mapping[str, Any]] = []

    # ------------------------------------------------------------ what people do

    def add(self, card: model.Card) -> model.Card:
        self.cards[card.ref] = card
        self.history[card.ref] = [self._visit(card, created=True)]
        self._seen(card)
        return card

    def move(self, ref: model.CardRef, stage: model.Stage) -> None:
        self.edit(ref, stage=stage.id, semantic=stage.semantic)
        self.history[ref].append(self._visit(self.cards[ref]))
        row = self.history[ref][-1].row
        self.log.append(ports.Seen(_thing(ref), row=row))

    def edit(self, ref: model.CardRef, **changes: Any) -> None:
        self.cards[ref] = replace(self.cards[ref], updated=self._clock.now(), **changes)
        self._seen(self.cards[ref])

    def delete(self, ref: model.CardRef) -> None:
        del self.cards[ref]

    def fail_next(self, fault: Exception, *, committed: bool = False) -> None:
        """The next `perform` ends so; `committed`: after it was done."""
        self._faults.append((fault, committed))

    # ------------------------------------------------------------ reads

    async def directory(self) -> model.Directory:
        return self._directory

    async def watermarks(self) -> ports.Watermarks:
        await self._called("watermarks")
        cards = {
            kind: max((ref.id for ref in self.cards if ref.kind is kind), default=0)
            for kind in model.CardKind
        }
        rows = {
            kind: max(
                (v.row or 0 for ref, each in self.history.items() if ref.kind is kind for v in each),
                default=0,
            )
            for kind in model.CardKind
        }
        return ports.Watermarks(cards, rows)

    async def facts(
        self, asks: Sequence[ports.FactsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, ports.Facts | ports.Absent | Exception]:
        cards = {ask.ref: self.cards.get(ask.ref) for ask in asks}
        await self._called("facts", len(asks))
        return {ask.ref: self._facts(ask, cards[ask.ref]) for ask in asks}

    def _facts(self, ask: ports.FactsAsk, card: model.Card | None) -> ports.Facts | ports.Absent | Exception:
        if ask.ref in self.broken:
            return self.broken[ask.ref]
        if ask.ref in self.hidden:
            return ports.Absent(False, "ACCESS_DENIED")
        if card is None:
            return ports.Absent(True, "NOT_FOUND")
        rows = self.history[ask.ref]
        if ask.ref in self.lagging:
            rows = rows[:-1]
        return ports.Facts(card, tuple(v for v in rows if (v.row or 0) > ask.after_row), {})

    async def clients(
        self, cards: Sequence[model.Card], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[model.Client, ...] | Exception]:
        await self._called("clients", len(cards))
        return {
            card.ref: tuple(
                self.people[model.ClientRef(model.ClientKind.CONTACT, one)] for one in card.contacts
            )
            for card in cards
        }

    async def duplicates(
        self, asks: Sequence[ports.CommsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Duplicates | Exception]:
        await self._called("duplicates", len(asks))
        return {ask.ref: look.Duplicates((*ask.phones, *ask.emails), self.matches) for ask in asks}

    async def attempts(
        self, cards: Sequence[model.CardRef], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[look.Attempt, ...] | Exception]:
        await self._called("attempts", len(cards))
        return {ref: self.attempted.get(ref, ()) for ref in cards}

    async def plans(
        self, cards: Sequence[model.CardRef], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Plans | Exception]:
        await self._called("plans", len(cards))
        return {ref: self.planned.get(ref, look.Plans()) for ref in cards}

    async def owners(
        self, things: Sequence[ports.Thing], lane: ports.Lane
    ) -> Mapping[ports.Thing, Sequence[ports.Thing]]:
        await self._called("owners", len(things))
        return {thing: self.bindings.get(thing, ()) for thing in things}

    async def sweep(self, cursors: Mapping[str, Any]) -> ports.Swept:
        await self._called("sweep")
        start = cursors.get("at", len(self.log))
        page = self.log[start : start + 50]
        more = start + len(page) < len(self.log)
        return ports.Swept(tuple(page), {"at": start + len(page)}, more, self._clock.now())

    async def traces(self, cursors: Mapping[str, Any]) -> ports.Traces | None:
        self.asked_since.append(cursors)
        return ports.Traces(self._clock.now(), self.foreign)

    async def ids(self, kind: model.CardKind) -> AsyncIterator[Sequence[int]]:
        """Pages of two."""
        await self._called(f"ids {kind}")
        found = sorted(ref.id for ref in self.cards if ref.kind is kind)
        for at in range(0, len(found), 2):
            yield found[at : at + 2]

    async def copy(
        self, kind: ports.Kind, below: int | None
    ) -> AsyncIterator[Sequence[ports.CopiedCard] | Sequence[ports.CopiedClient]]:
        """Pages of two, ids up to `below`."""
        await self._called(f"copy {kind}")

        def pages(some: list[Any]) -> list[list[Any]]:
            return [some[at : at + 2] for at in range(0, len(some), 2)]

        cards = [self.cards[ref] for ref in sorted(self.cards) if ref.kind.value == kind.value]
        clients = [self.people[ref] for ref in sorted(self.people) if ref.kind.value == kind.value]
        for closed in (False, True):
            for page in pages([card for card in cards if card.closed is closed]):
                yield [ports.CopiedCard(card) for card in page if below is None or card.ref.id <= below]
        for page in pages(clients):
            yield [
                ports.CopiedClient(one, self.hashes) for one in page if below is None or one.ref.id <= below
            ]

    # ------------------------------------------------------------ writes

    async def perform(self, row: ports.Row) -> ports.Done:
        key = row.wish.key
        if self.closed is not None:
            self.calls.append("perform")
            raise self.closed
        if self.on_sending is not None and key not in await self.on_sending([key]):
            raise NotPermitted(key)
        await self._called("perform")
        fault, committed = self._faults.pop(0) if self._faults else (None, True)
        done = self._commit(row) if committed else None
        if fault is not None:
            raise fault
        assert done is not None
        return done

    async def find(self, row: ports.Row) -> ports.Done | None:
        await self._called("find")
        key = row.wish.key
        if self.late.get(key, 0) > 0:
            self.late[key] -= 1
            return None
        return ports.Done(made=self.made[key]) if key in self.made else None

    def _commit(self, row: ports.Row) -> ports.Done:
        act, ref = row.wish.act, row.wish.card
        self.effects.append(row.wish.key.split("/", 1)[1])
        self.lanes[ref] = row.lane
        self.made[row.wish.key] = next(self._ids)
        match act:
            case intents.SetFields(values):
                self.edit(ref, fields={**self.cards[ref].fields, **values})
            case intents.MoveStage(pipeline, stage):
                found = self._directory.stage(pipeline, stage)
                assert found is not None
                self.move(ref, found)
            case intents.CopyDeal(pipeline, stage):
                copy = model.CardRef(model.CardKind.DEAL, self.made[row.wish.key])
                origin = ("voronka", ports.marker(row.wish.key))
                self.add(replace(self.cards[ref], ref=copy, pipeline=pipeline, stage=stage, origin=origin))
            case _:
                pass
        return ports.Done(made=self.made[row.wish.key])

    # ------------------------------------------------------------ inside

    async def _called(self, name: str, count: int = 0) -> None:
        self.calls.append(f"{name} {count}" if count else name)
        if self.closed is not None:
            raise self.closed
        during = self.during.pop(name, None)
        if during is not None:
            await during()

    def _seen(self, card: model.Card) -> None:
        self.log.append(ports.Seen(_thing(card.ref), card.updated, card.stage))

    def _visit(self, card: model.Card, *, created: bool = False) -> model.Visit:
        row = next(self._rows)
        return model.Visit(
            model.VisitId(f"h{row}"),
            card.pipeline,
            card.stage,
            card.semantic,
            self._clock.now(),
            row,
            created,
        )


def _thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)
