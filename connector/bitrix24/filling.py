"""What rides in the next request: the queues of the lanes, how long they wait for company, how they are packed.

Nothing lingers while the bucket is empty: a batch takes what is queued when the gate opens. The fuller the bucket, the
more each request must carry; much writing is spread over the requests to spare at once, as one wave.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from connector import ports
from connector.bitrix24 import gate as gates
from connector.bitrix24 import guarded, operating, packing, phpquery, units

MOST = 50
"""Commands of a batch (reference §2.3)."""
TOGETHER = 1.0
"""Seconds of writing that reads may ride with."""
SCARCE = 3
"""Requests to spare: with so few none is for reads alone."""
MUCH = 10.0
"""Seconds of writing, queued or likely to come of the looks under way, that are gathered into one wave."""
OF_A_LOOK = 1.0
"""Seconds of writing that come of a look at a card: less than a new card's, more than a known one's."""
A_LOOK, AT_ONCE, MOMENTS = 50, 0.02, 8
"""Of more cards than one look takes several looks are under way: within such moments they ask the same."""
GRAIN, CALM = 0.02, 0.1
"""Seconds: how often it is asked whether more is coming, and how long none must have come to believe it."""


@dataclass(frozen=True, slots=True)
class Settings:
    batch_seconds: float = 20.0
    batch_bytes: int = 512 * 1024
    linger: float = 1.0
    """Seconds that a small batch waits for company where the bucket is full; nothing where a fifth of it is filled."""
    gather: float = 2.0
    """Seconds that much writing waits for more of it, at most."""
    read_tries: int = 5
    longest_park: float = 60.0
    """A command whose method is blocked for longer is handed back as Retryable instead of waiting here."""
    dry_run: bool = False


class Filling:
    """Of one client; it has the queues and takes from them, the client sends."""

    def __init__(
        self, clock: ports.Clock, gate: gates.Gate, budget: operating.Budget, settings: Settings
    ) -> None:
        self._clock, self._gate, self._budget, self._settings = clock, gate, budget, settings
        self.queues: dict[ports.Lane, deque[units.Unit]] = {lane: deque() for lane in ports.Lane}
        self.coming = 0
        """Cards being looked at: each may soon want something written."""
        self._hold_until: float | None = None
        """Until then much writing waits for more; None: there isn't much."""
        self._calm_at = 0.0
        self._left = 0.0
        """Seconds of writing that waited for more already."""
        self._read_last = False

    async def linger(self, lane: ports.Lane) -> None:
        """A small batch waits for company the longer, the fuller the bucket; much writing waits while more comes."""
        queue, crowded = self.queues[lane], self._gate.crowded()
        small = sum(len(unit.commands) for unit in queue) < MOST and self._writing(queue) < packing.SHORTEST
        if crowded > 0 and small:
            await self._clock.sleep(crowded * self._settings.linger)
        if small and self.coming > A_LOOK:
            await self._together(queue)
        while self._hold(queue):
            await self._clock.sleep(GRAIN)

    async def _together(self, queue: deque[units.Unit]) -> None:
        """Looks that go side by side ask within moments of each other: waits while they do, or for a full request."""
        waiting = 0
        for _ in range(MOMENTS):
            if len(queue) == waiting or self._work(queue) >= packing.QUICK:
                return
            waiting = len(queue)
            await self._clock.sleep(AT_ONCE)

    def until_ready(self, lane: ports.Lane) -> float:
        """Seconds until the first of the queue may go; those blocked for long are handed back on the way."""
        queue, longest = self.queues[lane], self._settings.longest_park
        shortest = longest
        for unit in list(queue):
            wait = self._parked(unit)
            if wait <= 0:
                return 0.0
            if wait > longest:
                queue.remove(unit)
                unit.fail(units.resting(unit.commands[0].method, wait))
            shortest = min(shortest, wait)
        return shortest

    def pack(self, lane: ports.Lane) -> list[units.Unit]:
        """What goes now, out of the queues, its cost reserved: by time, by count, by size, none that must wait. The
        lane whose turn it is comes first; what room it leaves is filled with what the others have, most urgent first."""
        mine = self.queues[lane]
        apart = self._apart(mine)
        reads = [unit for unit in mine if not unit.writes] if apart else []
        # In turns: a stream of reads mustn't hold up the writing.
        self._read_last = bool(reads) and (self._holding() or not self._read_last)
        longest = self._longest(reads if self._read_last else mine)
        lanes = [lane, *(other for other in ports.Lane if other is not lane)]
        waiting = [(self.queues[each], unit) for each in lanes for unit in self.queues[each]]
        if apart:
            waiting.sort(key=lambda pair: pair[1].writes is self._read_last)
        load = _Load(longest, self._settings.batch_bytes)
        for queue, unit in waiting:
            if unit.done.done():
                queue.remove(unit)
                continue
            if load.full:
                break
            costs = load.asked(unit, [self._cost(each) for each in unit.commands])
            if (apart and load.differs(unit)) or not load.takes(unit, costs) or self._parked(unit) > 0:
                continue
            queue.remove(unit)
            load.add(unit, costs)
            for each, cost in zip(unit.commands, costs, strict=True):
                self._budget.reserve(each.method, cost)
        self._left = self._writing(mine)
        return load.units

    # --- how long, how much

    def _hold(self, queue: deque[units.Unit]) -> bool:
        """Whether much writing is about to be more. Reads that wait meanwhile go, by themselves."""
        now, writing, before = self._clock.monotonic(), self._writing(queue), self._left
        self._left, reads = writing, any(not unit.writes for unit in queue)
        if not writing or writing + self.coming * OF_A_LOOK < MUCH:
            self._hold_until = None
            return False
        if self._hold_until is None:
            # What a slot in flight kept waiting has waited.
            oldest = min(unit.since for unit in queue if unit.writes)
            self._hold_until = oldest + self._settings.gather
        if writing > before or self.coming or reads:
            self._calm_at = now + CALM
        elif now >= self._calm_at:
            self._hold_until = now
        return now < self._hold_until and not reads

    def _holding(self) -> bool:
        return self._hold_until is not None and self._clock.monotonic() < self._hold_until

    def _parked(self, unit: units.Unit) -> float:
        """Seconds until the budget of each of its methods has room."""
        now = self._clock.monotonic()
        need: dict[str, float] = {}
        for each in unit.commands:
            need[each.method] = need.get(each.method, 0.0) + self._cost(each)
        return max(self._budget.wait(method, cost, now) for method, cost in need.items())

    def _cost(self, command: phpquery.Command) -> float:
        return self._budget.expected(command.method, write=command.write)

    def _longest(self, queue: Iterable[units.Unit]) -> float:
        """Seconds of work for one batch."""
        longest = packing.longest(
            self._work(queue),
            writing=self._writing(queue) > 0,
            spare=self._gate.spare(),
            rate=self._gate.rate,
        )
        return min(self._settings.batch_seconds, longest)

    def _apart(self, queue: Iterable[units.Unit]) -> bool:
        """Reads don't ride with much writing: they would wait for its end, and what is decided on them for a second turn.
        Where no request is to spare they do: each must carry all it can."""
        return self._gate.spare() > SCARCE and self._writing(queue) > TOGETHER

    def _work(self, queue: Iterable[units.Unit]) -> float:
        return sum(self._cost(each) for unit in queue for each in unit.commands)

    def _writing(self, queue: Iterable[units.Unit]) -> float:
        return sum(self._cost(each) for unit in queue if unit.writes for each in unit.commands)


class _Load:
    """A batch being filled: the first unit always fits, a unit that needs its own request travels alone."""

    def __init__(self, longest: float, largest: int) -> None:
        self._longest, self._largest = longest, largest
        self._seconds, self._count, self._size = 0.0, 0, 0
        self._alike: set[Hashable] = set()
        self._guards: set[guarded.Guard] = set()
        self.units: list[units.Unit] = []

    def asked(self, unit: units.Unit, costs: list[float]) -> list[float]:
        """The costs, without that of a question that is asked already."""
        return [0.0, *costs[1:]] if self._asks(unit) else costs

    def _asks(self, unit: units.Unit) -> bool:
        return unit.guard is not None and unit.guard.alike in self._alike

    @property
    def full(self) -> bool:
        if not self.units:
            return False
        return self.units[0].alone or self._count >= MOST or self._seconds >= self._longest

    def differs(self, unit: units.Unit) -> bool:
        return bool(self.units) and unit.writes != self.units[0].writes

    def takes(self, unit: units.Unit, costs: list[float]) -> bool:
        if not self.units:
            return True
        return not (
            unit.alone
            or unit.guard in self._guards
            or self._seconds + sum(costs) > self._longest
            or self._count + len(costs) - self._asks(unit) > MOST
            or self._size + unit.size > self._largest
        )

    def add(self, unit: units.Unit, costs: list[float]) -> None:
        unit.costs = costs
        self.units.append(unit)
        self._seconds += sum(costs)
        self._count += len(costs) - self._asks(unit)
        self._size += unit.size
        if unit.guard is not None:
            self._alike.add(unit.guard.alike)
            self._guards.add(unit.guard)
