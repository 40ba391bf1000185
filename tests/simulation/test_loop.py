"""The loop itself: time that costs nothing, orders that are explored and repeated."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulation import loop as loops


async def _together(count: int) -> list[int]:
    seen: list[int] = []

    async def one(number: int) -> None:
        await asyncio.sleep(0)
        seen.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(number))
    return seen


def test_an_hour_passes_at_once() -> None:
    """Time is where the next timer stands."""
    loop = loops.VirtualLoop(1)
    loop.run(asyncio.sleep(3600))
    assert loop.time() == 3600


def test_a_seed_is_an_order() -> None:
    """What is ready together runs in another order under another seed, and in the same under the same."""
    orders = [tuple(loops.VirtualLoop(seed).run(_together(5))) for seed in (1, 1, 2, 3, 4)]
    assert orders[0] == orders[1]
    assert len(set(orders)) > 2


def test_nobody_is_overtaken_by_the_next_tick() -> None:
    """A callback may wait for its turn within a tick, never beyond it."""
    loop = loops.VirtualLoop(7)
    seen: list[int] = []

    async def story() -> None:
        for tick in range(20):
            for _ in range(3):
                asyncio.get_running_loop().call_soon(seen.append, tick)
            await asyncio.sleep(0)
        await asyncio.sleep(1)

    loop.run(story())
    assert seen == sorted(seen)


def test_a_dead_life_s_tasks_end_and_nobody_else_s() -> None:
    """A crash takes the daemon's tasks, the portal works on."""
    loop, life = loops.VirtualLoop(3), object()
    done: list[str] = []

    async def work(name: str) -> None:
        await asyncio.sleep(10)
        done.append(name)

    async def story() -> None:
        loop.of_life(life, work("daemon"))
        loop.outside(work("portal"))
        await asyncio.sleep(5)
        loop.kill(life)
        await asyncio.sleep(10)
        assert loop.living(life) == []

    loop.run(story())
    assert done == ["portal"]


def test_a_run_that_nobody_can_continue_says_so() -> None:
    """Waiting for nothing is a bug of the world, not a hang of the tests."""

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(loops.Stuck, match="nobody can go on"):
        loops.VirtualLoop(1).run(forever())
