from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from connector import clock as clocks
from connector import errors, ports
from connector.loops import supervisor
from tests import fakes
from tests.connector.loops import world as worlds
from tests.robots import builders


async def _until(seen: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await seen():  # noqa: ASYNC110 - the store is asked; it rings for nobody here
            await asyncio.sleep(0.01)


async def _says(world: worlds.World, *lines: str) -> None:
    async def seen() -> bool:
        return await world.ledger() == list(lines)

    await _until(seen)


def _opened(path: Path, **settings: float) -> contextlib.AbstractAsyncContextManager[worlds.World]:
    clock = clocks.SystemClock()
    portal = fakes.FakePortal(builders.directory(), clock)
    return worlds.opened(
        path, clock=clock, portal=portal, settings={"poll": 0.02, "sweep_period": 0.05, **settings}
    )


async def test_the_daemon_from_start_to_stop(tmp_path: Path) -> None:
    """First sweep, activation, then a card that no hook told of: seen, worked, copied; and a stop that is soon over."""
    async with _opened(tmp_path) as world:
        world.script.steps = worlds.steps("first", "second")
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, world.worker.run(stop), name="worker")

            async def begun() -> bool:
                return world.worker.health.ready(world.clock.now())

            await _until(begun)
            world.deal()
            await _says(world, "first: done", "second: done")
            stop.set()
        assert world.portal.effects == ["deal:1/h101/first", "deal:1/h101/second"]
        assert not world.worker.health.alive


class SlowToBegin(fakes.FakePortal):
    """Its newest ids are long in coming."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.told = asyncio.Event()

    async def watermarks(self) -> ports.Watermarks:
        await self.told.wait()
        return await super().watermarks()


async def test_ready_is_said_after_the_watermarks_not_after_the_sweep(tmp_path: Path) -> None:
    """Who takes "ready" at its word and makes a deal at once must not find it counted as past."""
    portal = SlowToBegin(builders.directory(), clock := clocks.SystemClock())
    settings = {"poll": 0.02, "sweep_period": 0.05}
    async with worlds.opened(tmp_path, clock=clock, portal=portal, settings=settings) as world:
        health, stop = world.worker.health, asyncio.Event()

        async def swept() -> bool:
            return "sweep" in health.beats

        async def ready() -> bool:
            return health.ready(clock.now())

        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, world.worker.run(stop), name="worker")
            await _until(swept)
            assert not health.ready(clock.now())
            portal.told.set()
            await _until(ready)
            stop.set()


async def test_a_stop_waits_for_the_answer_in_flight(tmp_path: Path) -> None:
    """Stopped while the portal is at work: nothing new is taken, the answer is still written."""
    async with _opened(tmp_path) as world:
        world.script.steps = worlds.steps("first", "second")
        stop, asked, answer = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            asked.set()
            await answer.wait()

        world.portal.during["perform"] = slow
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, world.worker.run(stop), name="worker")
            deal = world.deal()
            await world.ring(deal)
            await asked.wait()
            stop.set()
            await asyncio.sleep(0.05)
            answer.set()
        assert await world.ledger() == ["first: done", "second: wished"]


async def test_a_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    """The portal never answers: after the time for stopping the row is left as sent, for the next life to settle."""
    async with _opened(tmp_path, stop_within=0.1) as world:
        world.script.steps = worlds.steps("log")
        stop, asked = asyncio.Event(), asyncio.Event()

        async def never() -> None:
            asked.set()
            await asyncio.Event().wait()

        world.portal.during["perform"] = never
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, world.worker.run(stop), name="worker")
            await world.ring(world.deal())
            await asked.wait()
            stop.set()
        assert await world.ledger() == ["log: sent"]


async def test_a_loop_that_crashes_is_told_of_and_comes_back(tmp_path: Path) -> None:
    """A bug in one loop: health names it, the others go on, and after a while it works again."""
    async with _opened(tmp_path, restart_first=0.05) as world:
        world.script.steps = worlds.steps("log")
        stop = asyncio.Event()
        world.portal.during["sweep"] = _bug
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, world.worker.run(stop), name="worker")
            await world.ring(world.deal())
            await _says(world, "log: done")
            stop.set()
        assert world.portal.calls.count("sweep") >= 2


async def _bug() -> None:
    raise KeyError("нет такого")


async def test_a_portal_shut_for_a_while_is_tried_by_the_sweep_alone(tmp_path: Path) -> None:
    """Shut, then open again without a restart: the wish goes out then, once."""
    async with _opened(tmp_path, closed_first=0.02) as world:
        world.script.steps = worlds.steps("log")
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, world.worker.run(stop), name="worker")

            async def begun() -> bool:
                return world.worker.health.ready(world.clock.now())

            await _until(begun)
            world.portal.closed = errors.PortalClosed(errors.Closed.TARIFF, "тариф")

            async def shut() -> bool:
                return world.worker.desk.state.shut

            await _until(shut)
            assert [one.code for one in world.worker.health.troubles(world.clock.now())] == ["portal_closed"]
            await world.ring(world.deal())
            calls = len([call for call in world.portal.calls if call.startswith(("facts", "perform"))])
            assert calls == 0
            world.portal.closed = None
            await _says(world, "log: done")
            stop.set()
        assert world.portal.effects == ["deal:1/h101/log"]
