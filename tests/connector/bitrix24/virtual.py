"""A clock that stands until everybody sleeps, and a far end with a state, for tests of gate and client."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import urllib.parse
from collections import Counter, deque
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from connector import errors, ports
from connector.bitrix24 import transport

_T = TypeVar("_T")
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


class Clock(ports.Clock):
    """Virtual seconds. `run` moves on to the next sleeper whenever nothing else can go on."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + seconds, next(self._numbers), woken))
        await woken

    async def run(self, work: Awaitable[_T]) -> _T:
        task = asyncio.ensure_future(work)
        idle = 0
        while not task.done():
            await asyncio.sleep(0)
            idle += 1
            if idle < 20:
                continue
            idle = 0
            if self._sleepers:
                moment, _, woken = heapq.heappop(self._sleepers)
                self.seconds = max(self.seconds, moment)
                if not woken.done():
                    woken.set_result(None)
        return task.result()


@dataclass
class FarEnd:
    """Runs commands at once and remembers what it committed. Its bucket and latencies are as given; `trouble` holds what
    happens to the next requests: an error to raise before or after the commit, or a Reply to give instead."""

    clock: Clock
    cost: Mapping[str, float] = field(default_factory=dict)
    other: float = 0.0
    rate: float = 2.0
    burst: float = 50.0
    limited: bool = True
    trouble: deque[str | transport.Reply] = field(default_factory=deque)
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)
    """Method -> the error envelope of its commands."""
    silent: set[str] = field(default_factory=set)
    """Methods of which the answer says nothing at all."""
    committed: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[float, list[str]]] = field(default_factory=list)
    bodies: list[Mapping[str, Any]] = field(default_factory=list)
    limit_errors: int = 0
    level: float = 0.0
    at: float = 0.0

    async def post(self, method: str, payload: Mapping[str, Any]) -> transport.Reply:
        commands: dict[str, str] = payload["cmd"] if method == "batch" else {"0": method}
        self.bodies.append(payload)
        trouble = self.trouble.popleft() if self.trouble else ""
        if trouble == "refused":
            raise errors.Retryable("портал недоступен", method=method)
        if not self.drink():
            return transport.Reply(503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many"})
        if isinstance(trouble, transport.Reply):
            return trouble
        names = {label: line.partition("?")[0] for label, line in commands.items()}
        self.requests.append((self.clock.seconds, list(names.values())))
        if trouble == "lost":
            raise errors.Unknown("портал не ответил", method=method)
        answer = await self._run(names)
        self._commit(names, commands)
        if trouble == "unanswered":
            raise errors.Unknown("портал не ответил", method=method)
        if method == "batch":
            return transport.Reply(200, {"result": answer, "time": self.time()})
        return transport.Reply(200, {"result": 1, "time": self.time()})

    def drink(self) -> bool:
        """One place in the bucket; a neighbour calls it too."""
        now = self.clock.seconds
        self.level = max(0.0, self.level - (now - self.at) * self.rate)
        self.at = now
        if self.limited and self.level + 1 > self.burst:
            self.limit_errors += 1
            return False
        self.level += 1
        return True

    async def _run(self, names: Mapping[str, str]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        failed: dict[str, Any] = {}
        times: dict[str, Any] = {}
        for label, name in names.items():
            seconds = self.cost.get(name, self.other)
            await self.clock.sleep(seconds)
            if name in self.refusals:
                failed[label] = self.refusals[name]
            elif name not in self.silent:
                result[label] = label
                times[label] = {"duration": seconds}
        return {
            "result": result or [],
            "result_error": failed or [],
            "result_total": [],
            "result_next": [],
            "result_time": times or [],
        }

    def _commit(self, names: Mapping[str, str], commands: Mapping[str, str]) -> None:
        for label, name in names.items():
            if name not in self.refusals:
                self.committed[urllib.parse.unquote(commands[label])] += 1

    def time(self) -> dict[str, Any]:
        return {"date_finish": self.clock.now().isoformat()}
