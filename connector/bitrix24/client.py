"""The batching client: what concurrent callers ask rides together, as many to a batch as 20 s of work allow.

Law of a call: it ends in exactly one of an Answer, Retryable (surely not done), Rejected, Unknown (a write whose fate
nobody can tell), NotPermitted (the ledger took the leave back just before sending). Writes are sent once and never
repeated here; reads are repeated a bounded number of times. Nothing lingers: a batch takes what is queued when the gate
opens. Commands of a group ride in one batch, in order.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import tenacity

from connector import errors, ports
from connector.bitrix24 import answers, classify, operating, packing, phpquery, transport, units
from connector.bitrix24 import gate as gates
from robots import intents

MOST = 50
Command = phpquery.Command
Answer = answers.Answer
Outcome = units.Outcome


class NotPermitted(errors.PortalError):
    """The wish may not be sent any more (superseded, sent by another): nothing went out."""


class DryRun(errors.Rejected):
    """A write in dry-run mode: refused here, before any socket."""


TOGETHER = 1.0
"""Seconds of writing that reads may ride with."""
MUCH, GRAIN = 10.0, 0.15
"""So many seconds of writing wait for more as long as more comes within a grain."""


@dataclass(frozen=True, slots=True)
class Settings:
    batch_seconds: float = 20.0
    batch_bytes: int = 512 * 1024
    linger: float = 1.0
    """Seconds that a small batch waits for company where the bucket is full; nothing where a fifth of it is filled."""
    gather: float = 1.0
    """Seconds that much writing waits for more of it, at most."""
    read_tries: int = 5
    longest_park: float = 60.0
    """A command whose method is blocked for longer is handed back as Retryable instead of waiting here."""
    dry_run: bool = False


class Client:
    """`on_sending` is asked with the wish keys of a batch just before it goes out."""

    def __init__(
        self,
        wire: transport.Wire,
        gate: gates.Gate,
        clock: ports.Clock,
        *,
        budget: operating.Budget | None = None,
        on_sending: ports.OnSending | None = None,
        settings: Settings | None = None,
    ) -> None:
        self._wire, self.gate, self._clock = wire, gate, clock
        self.budget = budget or operating.Budget()
        self._on_sending, self._settings = on_sending, settings or Settings()
        self._queues: dict[ports.Lane, deque[units.Unit]] = {lane: deque() for lane in ports.Lane}
        self._pumps: dict[ports.Lane, asyncio.Task[None]] = {}
        self._flights: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._left = 0.0
        """Seconds of writing that waited for more already."""
        self.offset = timedelta(0)
        """The portal's clock minus ours, measured from its answers."""
        self.portal_zone = answers.UTC_ZONE
        self.requests = 0

    def portal_now(self) -> datetime:
        return (self._clock.now() + self.offset).astimezone(self.portal_zone)

    async def call(
        self,
        method: str,
        params: phpquery.Params | None = None,
        *,
        lane: ports.Lane,
        write: bool = False,
        key: intents.WishKey | None = None,
    ) -> Answer:
        """One command; raises what it ended in."""
        (outcome,) = await self.group([Command(method, params or {}, write)], lane=lane, key=key)
        if isinstance(outcome, errors.PortalError):
            raise outcome
        return outcome

    async def group(
        self, commands: Sequence[Command], *, lane: ports.Lane, key: intents.WishKey | None = None
    ) -> list[Outcome]:
        """Commands in one batch, in order, one outcome each. A group of reads only is repeated whole."""
        if not 0 < len(commands) <= MOST:
            raise ValueError(f"a group holds 1 to {MOST} commands, not {len(commands)}")
        if self._settings.dry_run and any(not answers.is_read(each.method) for each in commands):
            return [DryRun("пробный режим: записи не отправляются", method=each.method) for each in commands]
        for each in commands:
            if not each.write and not answers.is_read(each.method):
                raise ValueError(f"{each.method} isn't on the list of reads: say write=True")
        if any(each.write for each in commands):
            return await self._once(commands, lane, key)
        return await self._repeated(commands, lane)

    async def close(self) -> None:
        """Waits for what is in flight; what is still queued fails as surely not done."""
        for queue in self._queues.values():
            while queue:
                queue.popleft().fail(errors.Retryable("останавливаюсь"))
        if self._flights:
            await asyncio.gather(*self._flights)
        for pump in self._pumps.values():
            pump.cancel()
        await asyncio.gather(*self._pumps.values(), return_exceptions=True)
        await self.gate.close()

    # --- one try, several tries

    async def _once(
        self, commands: Sequence[Command], lane: ports.Lane, key: intents.WishKey | None
    ) -> list[Outcome]:
        unit = units.Unit(commands, key, asyncio.get_running_loop().create_future())
        unit.size = sum(len(str(each.params)) * 2 for each in commands)
        self._queues[lane].append(unit)
        pump = self._pumps.get(lane)
        if pump is None or pump.done():
            self._pumps[lane] = asyncio.get_running_loop().create_task(
                self._pump(lane), name=f"bitrix24 lane {lane.name}"
            )
        return await unit.done

    async def _repeated(self, commands: Sequence[Command], lane: ports.Lane) -> list[Outcome]:
        """Tries reads again while any of them failed for a passing reason; closed portals are the caller's matter."""
        retrying = tenacity.AsyncRetrying(
            sleep=self._clock.sleep,
            stop=tenacity.stop_after_attempt(self._settings.read_tries),
            wait=units.backoff,
            retry=tenacity.retry_if_result(lambda outcomes: units.passing(outcomes) is not None),
            retry_error_callback=units.last_outcomes,
        )
        return await retrying(self._once, commands, lane, None)

    # --- the pump of a lane

    async def _pump(self, lane: ports.Lane) -> None:
        queue = self._queues[lane]
        await asyncio.sleep(0)  # whoever is ready in this turn of the loop joins
        while queue:
            wait = self._until_ready(queue)
            if wait > 0:
                await self._clock.sleep(min(wait, 1.0))
                continue
            await self._linger(queue)
            await self.gate.enter(lane)
            flock = self._pack(lane)
            if not flock:
                self.gate.leave()
                continue
            flight = asyncio.get_running_loop().create_task(
                self._fly(flock), name=f"bitrix24 batch {next(self._numbers)}"
            )
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _linger(self, queue: deque[units.Unit]) -> None:
        """The fuller the bucket, the longer a small batch waits for company: with a burst to spare every request goes at
        once, near the limit each must carry all it can. Much writing waits while more of it comes, so that it is spread
        over the requests to spare as one."""
        crowded = self.gate.crowded()
        if crowded > 0 and sum(len(unit.commands) for unit in queue) < MOST:
            await self._clock.sleep(crowded * self._settings.linger)
        waited = 0.0
        while self._left < (writing := self._writing(queue)) >= MUCH and waited < self._settings.gather:
            self._left = writing
            await self._clock.sleep(GRAIN)
            waited += GRAIN

    def _until_ready(self, queue: deque[units.Unit]) -> float:
        """Seconds until the first of the queue may go; those blocked for long are handed back on the way."""
        shortest = self._settings.longest_park
        for unit in list(queue):
            wait = self._parked(unit)
            if wait <= 0:
                return 0.0
            if wait > self._settings.longest_park:
                queue.remove(unit)
                unit.fail(units.resting(unit.commands[0].method, wait))
            shortest = min(shortest, wait)
        return shortest

    def _parked(self, unit: units.Unit) -> float:
        """Seconds until the budget of each of its methods has room."""
        now = self._clock.monotonic()
        need: dict[str, float] = {}
        for each in unit.commands:
            need[each.method] = need.get(each.method, 0.0) + self._cost(each)
        return max(self.budget.wait(method, cost, now) for method, cost in need.items())

    def _cost(self, command: Command) -> float:
        return self.budget.expected(command.method, write=command.write)

    def _pack(self, lane: ports.Lane) -> list[units.Unit]:
        """What goes now, out of the queues, its cost reserved: by time, by count, by size, none that must wait. The
        lane whose turn it is comes first; what room it leaves is filled with what the others have, most urgent first."""
        packed: list[units.Unit] = []
        seconds, count, size = 0.0, 0, 0
        longest, apart = self._longest(self._queues[lane]), self._apart(self._queues[lane])
        lanes = [lane, *(other for other in ports.Lane if other is not lane)]
        waiting = [(self._queues[each], unit) for each in lanes for unit in self._queues[each]]
        if apart:
            waiting.sort(key=lambda pair: pair[1].writes)
        for queue, unit in waiting:
            if unit.done.done():
                queue.remove(unit)
                continue
            costs = [self._cost(each) for each in unit.commands]
            full = (
                seconds + sum(costs) > longest
                or count + len(costs) > MOST
                or size + unit.size > self._settings.batch_bytes
            )
            if packed and (count >= MOST or seconds >= longest):
                break
            other = apart and packed and unit.writes != packed[0].writes
            if other or (packed and (full or unit.alone)) or self._parked(unit) > 0:
                continue
            queue.remove(unit)
            packed.append(unit)
            unit.costs = costs
            seconds, count, size = seconds + sum(costs), count + len(costs), size + unit.size
            for each, cost in zip(unit.commands, costs, strict=True):
                self.budget.reserve(each.method, cost)
            if unit.alone:
                break
        self._left = self._writing(self._queues[lane])
        return packed

    def _longest(self, queue: Iterable[units.Unit]) -> float:
        """Seconds of work for one batch."""
        work = sum(self._cost(each) for unit in queue for each in unit.commands)
        longest = packing.longest(
            work, writing=self._writing(queue) > 0, spare=self.gate.spare(), rate=self.gate.rate
        )
        return min(self._settings.batch_seconds, longest)

    def _apart(self, queue: Iterable[units.Unit]) -> bool:
        """Reads don't ride with much writing: they would wait for its end, and what is decided on them for a second turn.
        Where no request is to spare they do: each must carry all it can."""
        return self.gate.spare() > 0 and self._writing(queue) > TOGETHER

    def _writing(self, queue: Iterable[units.Unit]) -> float:
        return sum(self._cost(each) for unit in queue if unit.writes for each in unit.commands)

    # --- one request

    async def _fly(self, flock: list[units.Unit]) -> None:
        try:
            permitted = await self._permitted(flock)
            if permitted:
                await self._send(permitted)
        except BaseException as error:
            # A bug or a cancellation must not leave callers waiting for ever; what was sent is unknown.
            for unit in flock:
                unit.lost(errors.Unknown(f"прервано: {type(error).__name__}"))
            raise
        finally:
            self.gate.leave()

    async def _permitted(self, flock: list[units.Unit]) -> list[units.Unit]:
        keys = {unit.key for unit in flock if unit.key is not None}
        if not keys or self._on_sending is None:
            return flock
        try:
            allowed = await self._on_sending(keys)
        except Exception as error:
            for unit in flock:
                self._unsent(unit, errors.Retryable(f"не записано перед отправкой: {type(error).__name__}"))
            if isinstance(error, errors.StoreError):
                return []
            raise
        for unit in [one for one in flock if one.key is not None and one.key not in allowed]:
            self._unsent(unit, NotPermitted("уже не отправляется"))
        return [unit for unit in flock if unit.key is None or unit.key in allowed]

    def _unsent(self, unit: units.Unit, error: errors.PortalError) -> None:
        for each, cost in zip(unit.commands, unit.costs, strict=True):
            self.budget.release(each.method, cost)
        unit.fail(error)

    async def _send(self, flock: list[units.Unit]) -> None:
        alone = flock[0].commands[0] if flock[0].alone else None
        method = alone.method if alone else "batch"
        labels, payload = ([], dict(alone.params)) if alone else units.batch(flock)
        self.requests += 1
        sent_at = self._clock.now()
        try:
            reply = await self._wire.post(method, payload)
        except errors.Retryable as error:
            for unit in flock:
                self._unsent(unit, error)
            return
        except errors.Unknown as error:
            self._settle(flock, None)
            for unit in flock:
                unit.lost(error)
            return
        self._learn_clock(reply, sent_at)
        if not isinstance(reply.data, dict) or reply.status != 200 or "error" in reply.data:
            self._refused(flock, reply)
            return
        self.gate.accepted()
        read = [answers.single(reply.data)] if alone else answers.batch(reply.data, labels)
        self._deliver(flock, read)

    def _refused(self, flock: list[units.Unit], reply: transport.Reply) -> None:
        """The whole request was refused: nothing of it was done, unless the refusal itself says nothing."""
        code, text = classify.code_of(reply.data)
        limited = code.casefold() == "query_limit_exceeded"
        delay = self.gate.refused() if limited else None
        if not limited:
            self.gate.accepted()
        for unit in flock:
            outcomes: list[Outcome] = []
            for each in unit.commands:
                error = classify.refusal(
                    reply.status, code, text, method=each.method, write=each.write, system=True
                )
                if isinstance(error, errors.Retryable) and delay is not None:
                    error.delay = delay
                if isinstance(error, errors.Retryable) and code.casefold() == "operation_time_limit":
                    error.delay = self._block(each.method, reply.data.get("time"))
                outcomes.append(error)
            for each, cost in zip(unit.commands, unit.costs, strict=True):
                self.budget.release(each.method, cost)
            unit.answer(outcomes)

    def _deliver(self, flock: list[units.Unit], read: list[answers.Raw]) -> None:
        at = iter(read)
        now = self._clock.monotonic()
        for unit in flock:
            outcomes: list[Outcome] = []
            for each, cost in zip(unit.commands, unit.costs, strict=True):
                raw = next(at)
                self.budget.settle(each.method, cost, answers.took(raw.time), now)
                known = answers.number(raw.time, "operating")
                if known is not None:
                    self.budget.told(each.method, known, now)
                outcomes.append(self._outcome(each, raw))
            unit.answer(outcomes)

    def _outcome(self, command: Command, raw: answers.Raw) -> Outcome:
        if raw.error is None and raw.present:
            return Answer(raw.result, raw.total, raw.next)
        if raw.error is None:
            return classify.unanswered(
                "команды нет в ответе портала", method=command.method, write=command.write
            )
        code, text = classify.code_of(raw.error)
        error = classify.refusal(0, code, text, method=command.method, write=command.write, system=False)
        if isinstance(error, errors.Retryable) and code.casefold() == "operation_time_limit":
            error.delay = self._block(command.method, raw.time)
        return error

    def _settle(self, flock: list[units.Unit], took: float | None) -> None:
        now = self._clock.monotonic()
        for unit in flock:
            for each, cost in zip(unit.commands, unit.costs, strict=True):
                self.budget.settle(each.method, cost, took, now)

    def _block(self, method: str, time: Any) -> float:
        """A 429: the method rests until the portal's `operating_reset_at`, a minute where it says nothing."""
        reset = answers.number(time, "operating_reset_at")
        portal_now = (self._clock.now() + self.offset).timestamp()
        seconds = max(1.0, reset - portal_now) if reset is not None else 60.0
        self.budget.block(method, seconds, self._clock.monotonic())
        return seconds

    def _learn_clock(self, reply: transport.Reply, sent_at: datetime) -> None:
        stamp = answers.stamp(reply.data)
        if stamp is not None:
            middle = sent_at + (self._clock.now() - sent_at) / 2
            self.offset = stamp - middle
            self.portal_zone = stamp.tzinfo or answers.UTC_ZONE
