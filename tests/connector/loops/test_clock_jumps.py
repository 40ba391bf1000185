"""Our clock is set an hour on or back (a mended clock, a machine that slept): nothing twice, nothing lost (R10).

The portal's clock goes on as it was: its moments are its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests import fakes
from tests.connector.loops import world as worlds
from tests.robots import builders

HOUR = 3600.0
JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["on", "back"])


class Jumpy(fakes.FakeClock):
    def jump(self, seconds: float) -> None:
        """The wall's hands move, no time passes."""
        self._now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Jumpy:
    return Jumpy(builders.NOW, hasty=True)


@pytest.fixture
async def world(tmp_path: Path, clock: Jumpy) -> AsyncIterator[worlds.World]:
    there = fakes.FakeClock(builders.NOW)
    portal = fakes.FakePortal(builders.directory(), there)
    async with worlds.opened(tmp_path, clock=clock, portal=portal) as made:
        yield made


async def waits(world: worlds.World, until: datetime) -> None:
    """A deal was looked at; its robot waits for that moment."""
    world.script.wake_at = until
    await (await world.ring(world.deal())).look()
    world.script.wake_at = None


async def woken(world: worlds.World) -> int:
    """How many more looks the moments bring, tried ten times."""
    before = len(world.script.seen)
    for _ in range(10):
        await world.worker.moments.step()
        await world.look()
    return len(world.script.seen) - before


async def test_a_moment_jumped_over_comes_once(world: worlds.World, clock: Jumpy) -> None:
    """Half an hour to wait, the clock goes an hour on: looked at now, and not again when it is set right."""
    await waits(world, clock.now() + timedelta(minutes=30))
    clock.jump(HOUR)
    assert await woken(world) == 1
    clock.jump(-HOUR)
    await world.pass_time(2 * HOUR)
    assert await woken(world) == 0


async def test_a_moment_isnt_lost_by_a_clock_set_back(world: worlds.World, clock: Jumpy) -> None:
    """It comes when the clock says so again, once."""
    await waits(world, clock.now() + timedelta(minutes=30))
    await world.pass_time(1200)
    clock.jump(-HOUR)
    assert await woken(world) == 0
    await world.pass_time(HOUR + 700)
    assert await woken(world) == 1
    clock.jump(-HOUR)
    await world.pass_time(2 * HOUR)
    assert await woken(world) == 0


@JUMPS
async def test_a_wish_is_carried_out_once(world: worlds.World, clock: Jumpy, jump: float) -> None:
    """Between the look and the sending the clock jumps: if the look seems old the card is looked at again, then sent."""
    world.script.steps = worlds.steps("first", "second")
    await (await world.ring(world.deal())).look()
    clock.jump(jump)
    for _ in range(4):
        await world.carry_out()
        await world.look()

    assert await world.ledger() == ["first: done", "second: done"]
    assert len(world.portal.effects) == 2


@JUMPS
async def test_the_sweep_finds_what_happened_after_the_jump(
    world: worlds.World, clock: Jumpy, jump: float
) -> None:
    """Its cursors are the portal's moments: our clock doesn't move them."""
    world.deal(1)
    await world.worker.sweeper.step()
    await world.look()
    clock.jump(jump)
    world.deal(2)
    await world.worker.sweeper.step()
    await world.look()

    assert sorted(seen.card.ref.id for seen in world.script.seen[-2:])[-1] == 2
    assert await world.dirty() == 0


@JUMPS
async def test_a_parked_card_comes_back(world: worlds.World, clock: Jumpy, jump: float) -> None:
    """A card that raised is tried again within its hours whatever the clock does."""
    world.script.fails = {1}
    await (await world.ring(world.deal())).look()
    world.script.fails = set()
    clock.jump(jump)
    for _ in range(8):
        await world.pass_time(900)
        await world.look()

    assert (await world.parked(), await world.dirty()) == ([], 0)
