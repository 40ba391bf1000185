"""Which dirty things are looked at together, and what becomes of those that can't be.

A thing is never looked at twice at once (`_busy`); it stays in `dirty` until its look is recorded, so nothing here needs
to survive. What failed by itself is parked, what failed with its whole batch is looked at alone next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Protocol

from connector import errors, ports
from connector.loops import backfill, config, looking, supervisor
from connector.loops import desk as desks
from robots import decision, model


class Air(Protocol):
    """What the executor has sent and not heard of yet."""

    def aloft(self) -> Collection[model.CardRef]: ...

    def setting_tasks(self) -> bool: ...


class _Calm(Air):
    def aloft(self) -> Collection[model.CardRef]:
        return ()

    def setting_tasks(self) -> bool:
        return False


Heard = Callable[[Collection[model.CardRef]], None]


SAY_EVERY = 60.0
SMALL_AFTER = 0.5
"""Seconds that a small batch waits for the one in the air, at most."""
HALF = 0.5
UNMINDED = frozenset({ports.Kind.ACTIVITY, ports.Kind.COMMENT})


def nobody(_refs: Collection[model.CardRef]) -> None:
    """Nobody waits for looks."""


class Reconciler:
    def __init__(
        self,
        desk: desks.Desk,
        *,
        key: bytes,
        decide: looking.Decide = decision.decide,
        looked: Heard = nobody,
        air: Air | None = None,
    ) -> None:
        """`key` keys the digests of phones and e-mails; `looked` is told which cards were just recorded; `air` tells what
        is being sent."""
        self._desk, self._looked, self._air = desk, looked, air or _Calm()
        self._strangers: dict[ports.Thing, float] = {}
        """Since when a task's doorbell waits to be known for one of ours."""
        self._looking = looking.Looking(desk, decide, key)
        self._busy: set[ports.Thing] = set()
        self._alone: set[ports.Thing] = set()
        self._aside: dict[ports.Thing, float] = {}
        self._complete = False
        self._told: dict[str, float] = {}
        """The portal's last reason for refusing looks, and when it was logged."""
        self._flying = 0
        self._began = 0.0
        self._landed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when stopped and everything begun is recorded."""
        async with asyncio.TaskGroup() as group:

            async def step() -> float:
                began = await self._begin(group)
                return 0.0 if began and self._flying < self._limit else self._desk.settings.poll

            await supervisor.pulse(self._desk, "reconcile", step, stop, self._ring)

    async def step(self) -> int:
        """Takes once and looks at all of it; how many things."""
        async with asyncio.TaskGroup() as group:
            return await self._begin(group)

    @property
    def _limit(self) -> int:
        return self._desk.settings.looks_in_flight

    async def _ring(self, delay: float) -> None:
        """A mark while there is room, or room while there may be more."""
        self._landed.clear()
        if self._flying >= self._limit:
            await self._landed.wait()
        elif self._flying or self._air.aloft():
            await supervisor.first_of(self._landed.wait(), self._desk.inbox.wait(self._desk.id, delay))
        else:
            await self._desk.inbox.wait(self._desk.id, delay)

    def stir(self) -> None:
        """Something has landed: what was held back for it may be looked at."""
        self._landed.set()

    async def _begin(self, group: asyncio.TaskGroup) -> int:
        desk, size, free = self._desk, self._desk.settings.look_batch, self._limit - self._flying
        if free <= 0:
            return 0
        busy = self._busy | self._set_aside() | {_thing(ref) for ref in self._air.aloft()}
        taken = await desk.inbox.take(desk.id, desk.clock.now(), free * size, busy)
        batches = _batches(taken, self._alone, size)[:free]
        now = desk.clock.monotonic()
        crowded = desk.portal.crowded()
        patience = SMALL_AFTER + crowded * desk.settings.look_patience
        if (self._flying or crowded > HALF) and now - self._began < patience:
            # A look costs the same for one card and for fifty: while one is in the air, the emptier the next is, the
            # longer it waits for company.
            waited = (now - self._began) / patience
            batches = [batch for batch in batches if len(batch) >= size * (1 - waited)]
        if batches:
            self._began = now
        for batch in batches:
            self._busy.update(dirty.thing for dirty in batch)
            self._flying += 1
            desk.portal.coming(len(batch))
            supervisor.spawn(group, self._handle(batch), name=f"look {desk.id} {batch[0].thing}")
        return sum(len(batch) for batch in batches)

    def _set_aside(self) -> set[ports.Thing]:
        now = self._desk.clock.monotonic()
        self._aside = {thing: until for thing, until in self._aside.items() if until > now}
        return set(self._aside)

    async def _handle(self, batch: Sequence[ports.Dirty]) -> None:
        things = [dirty.thing for dirty in batch]
        try:
            troubles = await self._work(batch)
            self._alone.difference_update(things)
        except Exception as trouble:  # noqa: BLE001 - sorted below: told, and the things stay dirty
            troubles = self._of_all(batch, trouble)
        finally:
            # Set free only after the troubled are set aside: see _answer, which is called before.
            self._flying -= 1
            self._desk.portal.coming(-len(batch))
        try:
            for dirty, its_trouble in troubles.items():
                await self._answer(dirty, its_trouble)
        except errors.StoreError as ill:
            supervisor.store_is_ill(self._desk, ill)
            self._put_aside(things, self._desk.settings.restart_first)
        finally:
            self._busy.difference_update(things)
            self._landed.set()

    def _of_all(self, batch: Sequence[ports.Dirty], trouble: Exception) -> looking.Troubles:
        """The whole batch failed. Whose fault it was shows when each is looked at alone."""
        if isinstance(trouble, errors.Retryable | errors.StoreError) or len(batch) == 1:
            return dict.fromkeys(batch, trouble)
        self._alone.update(dirty.thing for dirty in batch)
        return {}

    async def _work(self, batch: Sequence[ports.Dirty]) -> looking.Troubles:
        lane = min(dirty.lane for dirty in batch)
        cards = [(dirty, ref) for dirty in batch if (ref := dirty.thing.card) is not None]
        others = [dirty for dirty in batch if dirty.thing.card is None]
        if others:
            await self._resolve(others, lane)
        if not cards:
            return {}
        troubles, recorded = await self._looking.look(cards, lane)
        self._looked(recorded)
        return troubles

    async def _copied(self) -> bool:
        """The mirror holds every card and its links: clients' cards need no REST."""
        if not self._complete:
            complete = await self._desk.notebook.read(self._desk.id, backfill.COMPLETE) or {}
            self._complete = {kind.value for kind in model.CardKind} <= set(complete)
        return self._complete

    async def _resolve(self, others: Sequence[ports.Dirty], lane: ports.Lane) -> None:
        """Tasks and clients become the cards they belong to; then they are finished. No robot of this version minds
        activities and comments: their doorbells end here."""
        desk = self._desk
        asked = [dirty.thing for dirty in others if dirty.thing.kind not in UNMINDED]
        ours = await desk.ledger.cards_of_tasks(
            desk.id, [thing.id for thing in asked if thing.kind is ports.Kind.TASK]
        )
        local = await self._copied()
        waiting = self._resting(
            [thing for thing in asked if thing.kind is ports.Kind.TASK and thing.id not in ours]
        )
        asked = [thing for thing in asked if thing not in waiting]
        others = [dirty for dirty in others if dirty.thing not in waiting]
        asked = [
            thing
            for thing in asked
            if not (thing.kind is ports.Kind.TASK and thing.id in ours) and not (local and _client(thing))
        ]
        owners = await desk.portal.owners(asked, lane) if asked else {}
        marks: set[ports.Thing] = {_thing(ref) for ref in ours.values()}
        for dirty in others:
            marks.update(owner for owner in owners.get(dirty.thing, ()) if owner != dirty.thing)
            client = _client(dirty.thing)
            if client is not None:
                marks.update(_thing(ref) for ref in await desk.mirror.cards_of(desk.id, client))
        if marks:
            await desk.inbox.mark(desk.id, sorted(marks), lane)
        await desk.inbox.finish(desk.id, others)

    def _resting(self, strangers: Collection[ports.Thing]) -> set[ports.Thing]:
        """Tasks that are perhaps ours: the ledger will name their cards once the answers have come."""
        now, settings = self._desk.clock.monotonic(), self._desk.settings
        self._strangers = {
            t: since for t, since in self._strangers.items() if now - since < 2 * settings.hold_looks
        }
        if not self._air.setting_tasks():
            return set()
        waiting = {t for t in strangers if now - self._strangers.setdefault(t, now) < settings.hold_looks}
        self._put_aside(waiting, settings.stranger_delay)
        return waiting

    async def _answer(self, dirty: ports.Dirty, trouble: Exception) -> None:
        """What couldn't be looked at stays dirty: soon again, or parked ever longer."""
        desk, settings = self._desk, self._desk.settings
        match trouble:
            case errors.PortalClosed():
                supervisor.tell_closed(desk, trouble)
            case errors.StoreError():
                supervisor.store_is_ill(desk, trouble)
                self._put_aside([dirty.thing], settings.restart_first)
            case errors.Retryable():
                desk.log.log(
                    30 if self._is_news(trouble.text) else 10,
                    "portal.throttled",
                    loop="reconcile",
                    reason=trouble.text,
                )
                self._put_aside([dirty.thing], trouble.delay or settings.torn_delay)
            case _:
                delay = config.backoff(dirty.tries, settings.park_first, settings.park_most)
                until, why = desk.clock.now() + timedelta(seconds=delay), supervisor.last_line(trouble)
                await desk.inbox.park(desk.id, dirty, until, why)
                # Held ones are many, and told of as one.
                level = 10 if isinstance(trouble, errors.Held) else 30
                desk.log.log(
                    level, "card.parked", card=_name(dirty.thing), until=until.isoformat(), reason=why
                )

    def _is_news(self, reason: str) -> bool:
        """A thousand cards wait for one portal: its reason is told once in a while, not for each."""
        now, last = self._desk.clock.monotonic(), self._told.get(reason)
        if last is not None and now - last < SAY_EVERY:
            return False
        self._told = {reason: now}
        return True

    def _put_aside(self, things: Collection[ports.Thing], seconds: float) -> None:
        until = self._desk.clock.monotonic() + seconds
        self._aside.update(dict.fromkeys(things, until))


def _batches(
    taken: Sequence[ports.Dirty], alone: Collection[ports.Thing], size: int
) -> list[list[ports.Dirty]]:
    """By lane, so that nothing rides ahead of its turn; what failed before sits by itself, after the others."""
    batches: list[list[ports.Dirty]] = []
    single: list[list[ports.Dirty]] = []
    for _, group in groupby(sorted(taken, key=lambda dirty: dirty.lane), key=lambda dirty: dirty.lane):
        well = []
        for dirty in group:
            if dirty.tries or dirty.thing in alone:
                single.append([dirty])
            else:
                well.append(dirty)
        batches += [well[at : at + size] for at in range(0, len(well), size)]
    return batches + single


def _client(thing: ports.Thing) -> model.ClientRef | None:
    if thing.kind in (ports.Kind.CONTACT, ports.Kind.COMPANY):
        return model.ClientRef(model.ClientKind(thing.kind.value), thing.id)
    return None


def _thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)


def _name(thing: ports.Thing) -> str:
    return f"{thing.kind}:{thing.id}"
