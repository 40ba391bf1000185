"""Doorbells that ring together are heard together: how long a look waits for more of them."""

from __future__ import annotations

import asyncio

from connector.store import bells

PORTAL = "p"


def _ring(bell: bells.Bells, times: int) -> None:
    for _ in range(times):
        bell.ring(PORTAL)


async def test_where_nothing_rang_nothing_is_waited_for() -> None:
    """The look behind a poll."""
    listening = asyncio.ensure_future(bells.Bells().lull())
    await asyncio.sleep(0)
    assert listening.done()


async def test_a_lone_ring_waits_a_moment_and_what_was_heard_is_heard() -> None:
    """The moment is what tells it from a swarm; the next look of the same ring waits for nothing."""
    bell = bells.Bells()
    _ring(bell, 1)
    first = asyncio.ensure_future(bell.lull())
    await asyncio.sleep(0)
    assert not first.done()
    await first
    second = asyncio.ensure_future(bell.lull())
    await asyncio.sleep(0)
    assert second.done()


async def test_a_swarm_is_waited_out() -> None:
    """As many as make a swarm came within the moment: a whole span is waited for more."""
    bell = bells.Bells()
    _ring(bell, 1)
    listening = asyncio.ensure_future(bell.lull())
    await asyncio.sleep(0)
    _ring(bell, bells.SWARM)
    await asyncio.sleep(2 * bells.PEEK)
    assert not listening.done()
    await listening


async def test_a_stream_that_never_ends_is_looked_at_all_the_same() -> None:
    """Else a busy portal would never be looked at."""
    bell = bells.Bells()

    async def ring_on() -> None:
        while True:
            _ring(bell, bells.SWARM)
            await asyncio.sleep(0.001)

    ringing = asyncio.ensure_future(ring_on())
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await bell.lull()
    ringing.cancel()
