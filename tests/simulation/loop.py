"""An event loop without sockets, threads or a wall clock: time jumps to the next timer, what is ready runs in an order
drawn by seed.

Law: everything that runs here is a function of the seed. Callbacks of one tick are shuffled (another tick's never
overtake them, so nobody starves); tasks hash by their number, because asyncio keeps them in sets. A task belongs to the
life it was born in: `kill` ends all of one.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
import random
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

T = TypeVar("T")
LIFE: contextvars.ContextVar[object | None] = contextvars.ContextVar("life", default=None)
"""Whose tasks are being born; None: the portal's and the people's."""
MOST_TICKS = 2_000_000


class Stuck(AssertionError):
    """Nothing is ready, no timer runs, and the work isn't done."""


class Task(asyncio.Task[Any]):
    """A task whose place in a set doesn't depend on its address."""

    def __init__(self, coro: Coroutine[Any, Any, Any], *, number: int, **given: Any) -> None:
        self.number, self.life = number, LIFE.get()
        super().__init__(coro, **given)

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.BaseEventLoop):
    def __init__(self, seed: object, *, shuffled: bool = True) -> None:
        super().__init__()
        self._dice = random.Random(f"{seed}/loop")
        self._shuffled = shuffled
        self._now = 0.0
        self._now_due: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count(1)
        self._outside = contextvars.Context()
        self.failures: list[str] = []
        """What asyncio had to say of exceptions that nobody fetched, of living tasks only."""

    # ------------------------------------------------------------ what asyncio asks of a loop

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]
        handle = asyncio.Handle(callback, args, self, context)
        self._now_due.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is thrown away when its moment comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> asyncio.Task[Any]:
        return Task(coro, number=next(self._numbers), loop=self, name=name, context=context)

    def get_debug(self) -> bool:
        return False

    def is_closed(self) -> bool:
        """There is nothing to close."""
        return True

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if LIFE.get() is None:
            self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")

    # ------------------------------------------------------------ what the world does with it

    def outside(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of the portal or of its people: no daemon's death ends it."""
        return self._outside.run(self.create_task, work)

    def of_life(self, life: object, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        context = contextvars.Context()
        context.run(LIFE.set, life)
        return context.run(self.create_task, work)

    def at(self, when: float, what: Callable[[], object]) -> None:
        self.call_at(when, what, context=self._outside)

    def living(self, life: object) -> list[Task]:
        found = [task for task in asyncio.all_tasks(self) if isinstance(task, Task) and task.life is life]
        return sorted(found, key=lambda task: task.number)

    def kill(self, life: object) -> None:
        for task in self.living(life):
            task.cancel()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """To the end: nothing goes on here afterwards."""
        try:
            return self.until(work)
        finally:
            self.end()

    def until(self, work: Coroutine[Any, Any, T]) -> T:
        """As far as `work` takes; what else is under way waits for the next call."""
        asyncio._set_running_loop(self)
        try:
            task = self.outside(work)
            for _ in range(MOST_TICKS):
                if task.done():
                    return cast("T", task.result())
                self._tick()
            raise Stuck(f"{MOST_TICKS} ticks and no end at {self._now:.1f} s")
        finally:
            asyncio._set_running_loop(None)

    def end(self) -> None:
        """Nothing outlives a run: what still waits is cancelled and let go of."""
        asyncio._set_running_loop(self)
        try:
            self._cancel_all()
        finally:
            asyncio._set_running_loop(None)

    def _tick(self) -> None:
        timers = self._timers
        if not self._now_due:
            while timers and timers[0][2]._cancelled:
                heapq.heappop(timers)
            if not timers:
                raise Stuck(f"nobody can go on at {self._now:.1f} s")
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            self._now_due.append(heapq.heappop(timers)[2])
        batch, self._now_due = self._now_due, []
        if self._shuffled and len(batch) > 1:
            self._dice.shuffle(batch)
        for handle in batch:
            if not handle._cancelled:
                handle._run()

    def _cancel_all(self) -> None:
        for _ in range(50):
            left = sorted(
                (task for task in asyncio.all_tasks(self) if isinstance(task, Task)),
                key=lambda task: task.number,
            )
            if not left:
                return
            for task in left:
                task.cancel()
            while self._now_due:
                self._tick()
