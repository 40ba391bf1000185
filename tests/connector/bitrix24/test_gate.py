"""The gate on a virtual clock: the bucket is used and never overflowed, lanes are fair, neighbours are made room for."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from connector import ports
from connector.bitrix24 import gate, operating
from tests.connector.bitrix24 import virtual

Lane = ports.Lane


async def _pass(at: gate.Gate, clock: virtual.Clock, lane: Lane, seconds: float, log: list[Lane]) -> None:
    async with at.turn(lane):
        log.append(lane)
        await clock.sleep(seconds)


async def test_an_empty_bucket_takes_a_burst_and_then_its_rate() -> None:
    """Forty-seven at once (three are kept for what the network bunches up), then two a second."""
    clock = virtual.Clock()
    at = gate.Gate(clock)
    log: list[Lane] = []
    await clock.run(asyncio.gather(*(_pass(at, clock, Lane.LIVE, 0, log) for _ in range(67))))
    assert (len(log), round(clock.seconds)) == (67, 10)


async def test_the_bucket_never_overflows() -> None:
    """Three hundred requests, no limit error; floor 125 s, reached within 10 %."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    at = gate.Gate(clock)

    async def one() -> None:
        async with at.turn(Lane.LIVE):
            far.drink()

    await clock.run(asyncio.gather(*(one() for _ in range(300))))
    assert far.limit_errors == 0
    assert clock.seconds <= (300 - 50) / 2 / 0.9


async def test_urgent_lanes_go_first_and_floors_hold() -> None:
    """When all wait, moments get a fifth and backfill a tenth; the sweep goes before everybody."""
    clock = virtual.Clock()
    at = gate.Gate(clock, gate.Pace(burst=4, rate=2))
    log: list[Lane] = []
    waits = [
        _pass(at, clock, lane, 0, log)
        for lane, count in ((Lane.BACKFILL, 60), (Lane.MOMENT, 60), (Lane.LIVE, 60), (Lane.SWEEP, 3))
        for _ in range(count)
    ]
    await clock.run(asyncio.gather(*waits))
    shares = Counter(log[3:53])
    assert log[:3] == [Lane.SWEEP] * 3
    assert (shares[Lane.MOMENT], shares[Lane.BACKFILL]) == (10, 5)


async def test_long_batches_of_backfill_leave_slots_for_live_work() -> None:
    """Live work isn't kept waiting behind six batches of 20 s."""
    clock = virtual.Clock()
    at = gate.Gate(clock, gate.Pace(in_flight=6))
    log: list[Lane] = []

    async def story() -> float:
        slow = [asyncio.ensure_future(_pass(at, clock, Lane.BACKFILL, 20, log)) for _ in range(8)]
        await clock.sleep(1)
        await _pass(at, clock, Lane.LIVE, 0, log)
        took = clock.seconds
        await asyncio.gather(*slow)
        return took

    assert await clock.run(story()) < 2


async def test_a_cancelled_wait_gives_its_place_back() -> None:
    """Nobody's ticket is lost."""
    clock = virtual.Clock()
    at = gate.Gate(clock, gate.Pace(in_flight=1))
    log: list[Lane] = []

    async def story() -> None:
        first = asyncio.ensure_future(_pass(at, clock, Lane.LIVE, 5, log))
        second = asyncio.ensure_future(_pass(at, clock, Lane.LIVE, 5, log))
        await clock.sleep(1)
        second.cancel()
        await first
        await _pass(at, clock, Lane.LIVE, 0, log)

    await clock.run(story())
    assert len(log) == 2


async def test_a_neighbour_that_takes_half_costs_few_errors() -> None:
    """At most 1 % limit errors beside one that takes 1/s, and the pace comes back when it goes."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock, level=50.0)
    at = gate.Gate(clock)
    sent, refused = 0, 0

    async def neighbour() -> None:
        while clock.seconds < 3000:
            await clock.sleep(1)
            far.drink()

    async def ours() -> None:
        nonlocal sent, refused
        while clock.seconds < 3000:
            async with at.turn(Lane.LIVE):
                sent += 1
                if far.drink():
                    at.accepted()
                else:
                    refused += 1
                    at.refused()

    await clock.run(asyncio.gather(neighbour(), ours()))
    assert sent > 0.8 * 3000
    assert refused <= 0.01 * sent


@pytest.mark.parametrize(("each", "times"), [(24.0, 16), (1.0, 456)])
def test_a_method_spends_its_share_of_the_operating_limit(each: float, times: int) -> None:
    """80 % of 480 s in ten minutes, 95 % once it was measured 20 times; then it waits until its oldest seconds drop out."""
    budget = operating.Budget()
    for at in range(times):
        assert budget.wait("m", each, at) == 0
        budget.reserve("m", each)
        budget.settle("m", each, each, at)
    assert 0 < budget.wait("m", each, times + 1) <= 620
    assert budget.wait("other", 1.0, 385) == 0
    assert budget.wait("m", 1.0, 700) == 0


def test_costs_are_learned() -> None:
    """An unmeasured write counts 1 s, a read 0.1 s; then the 95th percentile of what it took."""
    budget = operating.Budget()
    assert (budget.expected("x", write=True), budget.expected("x", write=False)) == (1.0, 0.05)
    for took in [0.2] * 99 + [3.0]:
        budget.settle("x", 0, took, 0)
    assert budget.expected("x", write=True) == 0.2


def test_what_the_portal_counts_itself_wins() -> None:
    """Somebody else works with the same webhook."""
    budget = operating.Budget()
    budget.told("m", 400, 10)
    assert budget.wait("m", 1.0, 11) > 0
