"""Several workers and one clock: who works which portal, and that a worker frozen past its lease doubles nothing."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
import structlog

from connector import errors
from connector.loops import config, leases, supervisor
from robots import model
from tests import fakes, fakes_store
from tests.connector.loops import world as worlds
from tests.robots import builders

LEASE = 30.0
A, B, C = (model.PortalId(name) for name in ("a", "b", "c"))


class Machines:
    """Workers over one store. A worker whose round isn't called is frozen or dead."""

    def __init__(self) -> None:
        self.clock = fakes.FakeClock(builders.NOW)
        self.store = fakes_store.MemoryStore()
        self.store.world.now = self.clock.now
        self.busy: set[model.PortalId] = set()
        self.group = asyncio.TaskGroup()
        self.there: list[leases.Landlord] = []

    def worker(self, name: str, *portals: model.PortalId) -> leases.Landlord:
        async def serve(tenure: leases.Tenure) -> None:
            await tenure.over.wait()

        made = leases.Landlord(
            self.store.leases,
            leases.DatabaseClock(self.clock),
            name,
            portals or (A,),
            LEASE,
            serve,
            structlog.get_logger(),
            quiet=lambda portal: portal not in self.busy,
        )
        self.there.append(made)
        return made

    async def rounds(self, *workers: leases.Landlord, times: int = 1) -> list[str]:
        """Each in turn; then what each has."""
        for _ in range(times):
            for worker in workers:
                await worker.round(self.group)
                await self.settle()
        return ["".join(sorted(worker.kept)) for worker in workers]

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def machines() -> AsyncIterator[Machines]:
    made = Machines()
    async with made.group:
        yield made
        for worker in made.there:
            for tenure in worker.kept.values():
                tenure.over.set()


async def test_the_second_worker_waits_for_the_firsts_end(machines: Machines) -> None:
    """While the first renews it has the portal; when it falls silent the other has it within the lease."""
    first, second = machines.worker("first"), machines.worker("second")
    for _ in range(9):
        assert await machines.rounds(first, second) == ["a", ""]
        await machines.clock.advance(LEASE / 3)
    await machines.rounds(first)
    await machines.clock.advance(LEASE - 0.1)
    assert await machines.rounds(second) == [""]
    await machines.clock.advance(0.1)
    assert await machines.rounds(second) == ["a"]


async def test_a_worker_that_stops_gives_its_portals_back(machines: Machines) -> None:
    """Nobody waits for a lease's end then."""
    first, second = machines.worker("first"), machines.worker("second")
    stop = asyncio.Event()
    running = supervisor.spawn(machines.group, first.run(stop), name="first")
    await machines.settle()
    assert await machines.rounds(second) == [""]
    stop.set()
    await running
    assert await machines.rounds(second) == ["a"]


async def test_a_thawed_holder_finds_that_it_lost(machines: Machines) -> None:
    """Its own deadline came before the lease's end, by its own monotonic clock; its loops are told to stop."""
    first, second = machines.worker("first"), machines.worker("second")
    await machines.rounds(first)
    (tenure,) = first.kept.values()
    assert tenure.owned()
    await machines.clock.advance(LEASE * 0.9)
    assert not tenure.owned()
    await machines.clock.advance(LEASE * 0.1)
    assert await machines.rounds(second) == ["a"]
    assert await machines.rounds(first) == [""]
    assert (tenure.over.is_set(), tenure.owned()) == (True, False)


async def test_a_holder_that_overslept_alone_goes_on(machines: Machines) -> None:
    """Nobody took it meanwhile: the same tenure, nothing is begun anew."""
    first = machines.worker("first")
    await machines.rounds(first)
    (tenure,) = first.kept.values()
    await machines.clock.advance(LEASE * 5)
    await machines.rounds(first)
    assert (list(first.kept.values()), tenure.owned()) == ([tenure], True)


async def test_portals_are_spread_when_workers_come_and_go(machines: Machines) -> None:
    """Each has its fair share, and no portal is without a worker."""
    here = machines.worker("here", A, B, C)
    assert await machines.rounds(here) == ["abc"]
    there = machines.worker("there", A, B, C)
    assert await machines.rounds(here, there, times=3) == ["ab", "c"]
    third = machines.worker("third", A, B, C)
    assert sorted(await machines.rounds(here, there, third, times=3)) == ["a", "b", "c"]
    await machines.clock.advance(LEASE / 2)
    await machines.rounds(here, third)
    await machines.clock.advance(LEASE / 2)
    spread = await machines.rounds(here, third, times=2)
    assert sorted("".join(spread)) == ["a", "b", "c"]


async def test_a_portal_is_given_up_at_a_quiet_moment(machines: Machines) -> None:
    """What is in the air may land first, but not for ever."""
    here, there = machines.worker("here", A, B), machines.worker("there", A, B)
    await machines.rounds(here)
    machines.busy = {A, B}
    assert await machines.rounds(there, here, times=5) == ["", "ab"]
    machines.busy = {A}
    assert await machines.rounds(here, there) == ["a", "b"]
    third = machines.worker("third", A, B, C)
    await machines.rounds(third)
    machines.busy = {A, B, C}
    assert await machines.rounds(here, there, third, times=leases.IMPATIENT + 1) == ["a", "b", "c"]


async def test_a_store_that_is_down_costs_no_portal(machines: Machines) -> None:
    """Sends rest when the deadline has come; with the store back the same tenure goes on."""
    first = machines.worker("first")
    await machines.rounds(first)
    (tenure,) = first.kept.values()
    machines.store.fail = errors.StoreError("связь с базой оборвалась")
    await machines.clock.advance(LEASE)
    await machines.rounds(first)
    assert (tenure.owned(), tenure.over.is_set()) == (False, False)
    machines.store.fail = None
    await machines.rounds(first)
    assert (tenure.owned(), list(first.kept.values())) == (True, [tenure])


async def test_moments_are_the_databases(machines: Machines) -> None:
    """A machine whose clock is wrong is set right; one that is nearly right is left alone."""
    clock = leases.DatabaseClock(machines.clock)
    for ahead, seen in ((0.3, 0), (100, 100), (100.3, 100), (0.2, 0)):
        clock.learn(machines.clock.now() + timedelta(seconds=ahead))
        assert clock.now() == machines.clock.now() + timedelta(seconds=seen)


# ---------------------------------------------------------------- with the portal's work


class Pair:
    """Two workers of one portal, each with its own client of it; the first holds it."""

    def __init__(self) -> None:
        self.clock = fakes.FakeClock(builders.NOW, hasty=True)
        self.store = fakes_store.MemoryStore()
        self.store.world.now = self.clock.now
        self.portal = fakes.FakePortal(builders.directory(), self.clock)

    async def tenant(self, name: str) -> tuple[worlds.World, leases.Tenure]:
        lease = await self.store.leases.claim(worlds.PORTAL, name, LEASE)
        assert lease is not None
        tenure = leases.Tenure(lease, self.clock.monotonic() + LEASE * 0.9, self.clock)
        store = cast(Any, self.store.under(worlds.PORTAL, lease.token))
        client = copy.copy(self.portal)  # the same portal; leave is asked for each client by itself
        made = worlds.World(
            store, config.LoopSettings(), self.clock, client, lambda _point: None, tenure.owned
        )
        made.script.steps = worlds.steps("first")
        await made.worker.begin()
        return made, tenure


@asynccontextmanager
async def takeover(pair: Pair) -> AsyncIterator[worlds.World]:
    """The first was frozen past its lease."""
    await pair.clock.advance(LEASE + 1)
    successor, tenure = await pair.tenant("second")
    tenure.deadline = float("inf")  # it renews
    yield successor


async def work(world: worlds.World, cards: Collection[model.CardRef]) -> None:
    await world.ring(*cards)
    await world.look()
    await world.carry_out()


async def test_frozen_between_wishing_and_sending_nothing_is_doubled() -> None:
    """The successor does it; who thaws is stopped at its own deadline, before the store is asked."""
    pair = Pair()
    first, tenure = await pair.tenant("first")
    deal = first.deal()
    await (await first.ring(deal)).look()
    async with takeover(pair) as second:
        await work(second, [deal])
        await first.worker.executor.step()
        assert (pair.portal.effects, tenure.owned()) == (["deal:1/h101/first"], False)
        assert await second.ledger() == ["first: done"]


async def test_without_its_deadline_the_fence_still_holds() -> None:
    """Its clock stood still with it: the store refuses the sending, so nothing goes out."""
    pair = Pair()
    first, tenure = await pair.tenant("first")
    deal = first.deal()
    await (await first.ring(deal)).look()
    async with takeover(pair) as second:
        tenure.deadline = float("inf")
        await first.worker.executor.step()
        assert pair.portal.effects == []
        await work(second, [deal])
        await first.worker.executor.step()
        assert pair.portal.effects == ["deal:1/h101/first"]


async def test_frozen_over_its_own_commit_it_sends_nothing() -> None:
    """`sent` was committed, then it slept past the lease: the socket isn't opened, the successor looks and sends."""
    pair = Pair()
    first, _ = await pair.tenant("first")
    deal = first.deal()
    await (await first.ring(deal)).look()
    ledger = first.sending._ledger
    first.sending._ledger = cast(Any, Drowsy(ledger, pair.clock))
    await first.worker.executor.step()
    assert (pair.portal.effects, await first.ledger()) == ([], ["first: sent"])
    async with takeover(pair) as second:
        await pair.clock.advance(second.worker.desk.settings.foreign_window)
        await second.worker.settler.step()
        await work(second, [deal])
        assert (pair.portal.effects, await second.ledger()) == (["deal:1/h101/first"], ["first: done"])


class Drowsy:
    """A ledger after whose commit the whole process is stopped for longer than a lease."""

    def __init__(self, ledger: Any, clock: fakes.FakeClock) -> None:
        self._ledger, self._clock = ledger, clock

    async def sending(self, *args: Any) -> Any:
        granted = await self._ledger.sending(*args)
        await self._clock.advance(LEASE)
        return granted


@pytest.mark.parametrize("settled_first", [False, True])
async def test_frozen_with_a_request_in_the_air_it_is_done_once(settled_first: bool) -> None:
    """The portal did it, the answer waited in the socket: it is recorded, unless the successor found the deed before."""
    pair = Pair()
    first, _ = await pair.tenant("first")
    deal = first.deal()
    await (await first.ring(deal)).look()
    frozen = cast(fakes.FakePortal, first.portal)
    perform, thawed = frozen.perform, asyncio.Event()

    async def slow(row: Any) -> Any:
        done = await perform(row)
        await thawed.wait()
        return done

    frozen.perform = slow  # type: ignore[method-assign]
    async with asyncio.TaskGroup() as group:
        flight = supervisor.spawn(group, first.worker.executor.step(), name="flight")
        while not pair.portal.effects:  # noqa: ASYNC110 - the portal rings for nobody here
            await asyncio.sleep(0)
        async with takeover(pair) as second:
            await work(second, [deal])
            if settled_first:
                await pair.clock.advance(second.worker.desk.settings.foreign_window)
                await second.worker.settler.step()
            thawed.set()
            await flight
            assert pair.portal.effects == ["deal:1/h101/first"]
            assert await second.ledger() == ["first: done"]


async def test_a_stale_look_is_not_recorded() -> None:
    """Read before the freeze, decided after it: its memory would overwrite the successor's."""
    pair = Pair()
    first, _ = await pair.tenant("first")
    deal = first.deal()
    async with takeover(pair) as second:
        await work(second, [deal])
        await second.ring(deal)
        await first.worker.reconciler.step()
        assert (await second.dirty(), first.worker.health.has("store")) == (1, True)
        assert pair.portal.effects == ["deal:1/h101/first"]
