"""The one gate of a portal: every request takes a place in the leaky bucket and a slot in flight here, one by one.

Bucket: +1 per request, drained `rate` per second, refused above `burst` (reference §2.1). A place is given when the
bucket has room, to the most urgent lane that waits; MOMENT and BACKFILL have floors, so that they move when all wait.
A 503 means that somebody else drinks from the same bucket (it is per source address): the gate pauses, sends more
slowly, and takes its pace back bit by bit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from connector import ports

FLOORS: Mapping[ports.Lane, float] = {ports.Lane.MOMENT: 0.2, ports.Lane.BACKFILL: 0.1}
"""Shares of the places when every lane waits."""
FREELY = 0.2
"""Up to this share of the bucket requests are sent as they come."""
SWEEPS = 3
"""So many places in a row for the sweep while others wait, and no more."""
RESERVED: Mapping[ports.Lane, int] = {ports.Lane.MOMENT: 1, ports.Lane.BACKFILL: 2}
"""Slots in flight that a lane leaves free for more urgent ones: a batch may take 20 s."""
_SLOWER, _STEP, _LONGEST_PAUSE = 0.6, 0.0015, 30.0
_GRAIN = 1e-6
"""A wait shorter than this is rounding, and would be slept for ever."""


@dataclass(frozen=True, slots=True)
class Pace:
    rate: float = 2.0
    burst: float = 50.0
    margin: float = 3.0
    """Room left in the bucket for what the network bunches up."""
    in_flight: int = 64
    """More than the burst: a wave of long batches flies while the bucket gives back what goes after it."""


class Gate:
    def __init__(self, clock: ports.Clock, pace: Pace | None = None) -> None:
        self._clock, self.pace = clock, pace or Pace()
        self.rate = self.pace.rate
        self._level, self._at = 0.0, clock.monotonic()
        self._paused_until = 0.0
        self._refusals = 0
        self._flying = 0
        self._waiting: dict[ports.Lane, deque[asyncio.Future[None]]] = {lane: deque() for lane in ports.Lane}
        self._credit: dict[ports.Lane, float] = dict.fromkeys(FLOORS, 0.0)
        self._swept = 0
        self._freed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def turn(self, lane: ports.Lane) -> AsyncIterator[None]:
        await self.enter(lane)
        try:
            yield
        finally:
            self.leave()

    async def enter(self, lane: ports.Lane) -> None:
        """Returns with a place in the bucket and a slot in flight; `leave` gives the slot back."""
        ticket = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(ticket)
        self._freed.set()
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="bitrix24 gate")
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                self.leave()
            raise

    def crowded(self) -> float:
        """0 while a fifth of the bucket is filled, 1 where it is full."""
        self._drain(self._clock.monotonic())
        free = FREELY * self.pace.burst
        return min(1.0, max(0.0, (self._level - free) / (self.pace.burst - free)))

    def spare(self) -> int:
        """Requests that could go at once now."""
        self._drain(self._clock.monotonic())
        tokens = int(self.pace.burst - self.pace.margin - self._level)
        return max(0, min(tokens, self.pace.in_flight - self._flying))

    def leave(self) -> None:
        self._flying -= 1
        self._freed.set()

    def refused(self) -> float:
        """A 503 QUERY_LIMIT_EXCEEDED came back; how long to wait before the next try."""
        now = self._clock.monotonic()
        if now >= self._paused_until:
            self._refusals += 1
            self.rate = max(self.pace.rate * 0.1, self.rate * _SLOWER)
            self._paused_until = now + min(_LONGEST_PAUSE, 2.0 ** (self._refusals - 1))
        self._drain(now)
        self._level = max(self._level, self.pace.burst - self.pace.margin)
        return self._paused_until - now

    def accepted(self) -> None:
        """Anything but a limit error came back."""
        if self._clock.monotonic() >= self._paused_until:
            self._refusals = 0
        self.rate = min(self.pace.rate, self.rate + self.pace.rate * _STEP)

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper

    async def _keep(self) -> None:
        """Gives places while anybody waits. Chooses only after the waiting: who came meanwhile may be more urgent."""
        while self._anybody():
            if self._choose(peek=True) is None:
                self._freed.clear()
                await self._freed.wait()
                continue
            delay = self._delay()
            if delay > _GRAIN:
                await self._clock.sleep(delay)
                continue
            lane = self._choose()
            if lane is not None:
                self._level += 1
                self._flying += 1
                self._waiting[lane].popleft().set_result(None)

    def _anybody(self) -> bool:
        for queue in self._waiting.values():
            while queue and queue[0].done():
                queue.popleft()
        return any(self._waiting.values())

    def _choose(self, *, peek: bool = False) -> ports.Lane | None:
        """The lane whose turn it is: one whose floor is due, else the most urgent; None if no slot is free."""
        self._anybody()
        able = [lane for lane in ports.Lane if self._waiting[lane] and self._has_slot(lane)]
        if peek or not able:
            return able[0] if able else None
        for lane, share in FLOORS.items():
            self._credit[lane] = self._credit[lane] + share if lane in able else 0.0
        due = [lane for lane in able if self._credit.get(lane, 0.0) >= 1.0]
        if able[0] is ports.Lane.SWEEP and self._swept >= SWEEPS:
            # On a slowed gate the next sweep is always due already.
            due = due or able[1:2]
        chosen = due[0] if due else able[0]
        self._swept = self._swept + 1 if chosen is ports.Lane.SWEEP else 0
        if chosen in self._credit:
            self._credit[chosen] = max(0.0, self._credit[chosen] - 1.0)
        return chosen

    def _has_slot(self, lane: ports.Lane) -> bool:
        return self._flying < max(1, self.pace.in_flight - RESERVED.get(lane, 0))

    def _delay(self) -> float:
        now = self._clock.monotonic()
        self._drain(now)
        room = self.pace.burst - self.pace.margin
        return max(self._paused_until - now, (self._level + 1 - room) / self.rate, 0.0)

    def _drain(self, now: float) -> None:
        self._level = max(0.0, self._level - (now - self._at) * self.rate)
        self._at = now
