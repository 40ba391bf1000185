"""Tasks are held and named; a loop that crashes is told of and started again; a stop interrupts every wait.

`spawn` is the only place where a task is born.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from connector import errors
from connector.loops import config, health
from connector.loops import desk as desks

T = TypeVar("T")

Step = Callable[[], Awaitable[float]]
"""One round of a loop. Returns after how many seconds the next is due; 0: at once; OVER: never."""
OVER = math.inf
PROBE = "store.probe"
"""Notebook: when the store was found to write again."""


def spawn(group: asyncio.TaskGroup, coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    return group.create_task(coro, name=name)


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Returns when one of the waits does; the others are cancelled."""
    async with asyncio.TaskGroup() as group:
        tasks = [spawn(group, wait, name="wait") for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def keep(name: str, work: Callable[[], Awaitable[None]], desk: desks.Desk, stop: asyncio.Event) -> None:
    """Runs a loop until it returns (it does when stopped); after a crash it is run again, ever later."""
    crashes, settings = 0, desk.settings
    while not stop.is_set():
        began = desk.clock.monotonic()
        try:
            await work()
        except Exception as crash:  # noqa: BLE001 - one loop's bug must not stop the others; it is logged and red
            if desk.clock.monotonic() - began > settings.restart_most:
                crashes = 0
            tell_failure(desk, name, crash)
            delay = config.backoff(crashes, settings.restart_first, settings.restart_most)
            crashes += 1
            await first_of(desk.clock.sleep(delay), stop.wait())
        else:
            return


def tell_failure(desk: desks.Desk, loop: str, crash: BaseException) -> None:
    while isinstance(crash, BaseExceptionGroup):
        crash = crash.exceptions[0]
    desk.health.trouble(f"loop_{loop}", f"цикл «{loop}» упал и будет поднят: {crash}")
    desk.log.error("loop.failed", loop=loop, error=last_line(crash), exc_info=crash)


def last_line(crash: BaseException) -> str:
    """The traceback's last line; for what has words for people, those alone."""
    if isinstance(crash, errors.Unreadable):
        return f"портал ответил непонятно: {crash}"
    if isinstance(crash, errors.PortalError | errors.Held):
        return str(crash)
    return f"{type(crash).__name__}: {crash}"


async def pulse(
    desk: desks.Desk,
    name: str,
    step: Step,
    stop: asyncio.Event,
    *rings: Callable[[float], Coroutine[Any, Any, Any]],
) -> None:
    """Steps until stopped. Between steps it waits for the clock, the stop, or any of `rings` (given the timeout)."""
    failures = 0
    while not stop.is_set():
        if desk.state.shut:
            await first_of(desk.state.until_open(), stop.wait())
            continue
        try:
            delay = await step()
            failures = 0
            desk.health.beat(name, desk.clock.now())
            await store_is_well(desk)
        except errors.PortalClosed as closed:
            tell_closed(desk, closed)
            continue
        except (errors.PortalError, errors.StoreError) as trouble:
            delay = told_delay(desk, name, trouble, failures)
            failures += 1
            await first_of(desk.clock.sleep(delay), stop.wait())
            continue
        if delay == OVER:
            return
        if delay > 0:
            ringing = (ring(delay) for ring in rings)
            await first_of(desk.clock.sleep(delay), stop.wait(), *ringing)


def told_delay(
    desk: desks.Desk, name: str, trouble: errors.PortalError | errors.StoreError, failures: int
) -> float:
    """Tells of a step that didn't go through; seconds until the next try."""
    settings = desk.settings
    delay = config.backoff(failures, settings.restart_first, settings.restart_most)
    match trouble:
        case errors.StoreError():
            store_is_ill(desk, trouble)
        case errors.Retryable():
            desk.log.log(10 if failures else 30, "portal.throttled", loop=name, reason=trouble.text)
            if failures:
                desk.health.trouble(f"loop_{name}", errors.words(trouble))
            delay = max(delay, trouble.delay or 0.0)
        case _:
            tell_trouble(desk, name, trouble)
    return delay


def tell_trouble(desk: desks.Desk, loop: str, trouble: errors.PortalError) -> None:
    """A loop can't do its work for what the portal says: red until a step goes through, said once per reason."""
    code, text = f"loop_{loop}", errors.words(trouble)
    if not desk.health.says(code, text):
        desk.log.error("portal.degraded", reason=text)
    desk.health.trouble(code, text)


def store_is_ill(desk: desks.Desk, trouble: errors.StoreError) -> None:
    if not desk.health.has(health.STORE):
        desk.log.error("store.failed", reason=str(trouble))
    desk.health.trouble(health.STORE, f"база не принимает запись: {trouble}")


async def store_is_well(desk: desks.Desk) -> None:
    """Only a write that went through proves it: an idle loop reads, and reading goes on while the disk is full."""
    if desk.health.has(health.STORE):
        await desk.notebook.write(desk.id, PROBE, desk.clock.now().isoformat())
        desk.health.clear(health.STORE)
        desk.log.info("store.recovered")


def tell_closed(desk: desks.Desk, closed: errors.PortalClosed) -> None:
    if desk.state.close(closed):
        desk.log.error("portal.closed", reason=errors.words(closed), why=closed.why.value)
