"""The batching client: what concurrent callers ask rides together, as many to a batch as 20 s of work allow.

Law of a call: it ends in exactly one of an Answer, Retryable (surely not done), Rejected, Unknown (a write whose fate
nobody can tell), NotPermitted (the ledger took the leave back just before sending). Writes are sent once and never
repeated here; reads are repeated a bounded number of times. Commands of a group ride in one batch, in order. What rides
when is `filling`'s matter, what an answer means `delivering`'s.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

import tenacity

from connector import errors, ports
from connector.bitrix24 import answers, delivering, filling, guarded, operating, phpquery, transport, units
from connector.bitrix24 import gate as gates
from robots import intents

MOST = filling.MOST
Command = phpquery.Command
Answer = answers.Answer
Outcome = units.Outcome
Settings = filling.Settings


class NotPermitted(errors.PortalError):
    """The wish may not be sent any more (superseded, sent by another): nothing went out."""


class DryRun(errors.Rejected):
    """A write in dry-run mode: refused here, before any socket."""


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
        self._filling = filling.Filling(clock, gate, self.budget, self._settings)
        self._delivering = delivering.Delivering(clock, gate, self.budget)
        self._pumps: dict[ports.Lane, asyncio.Task[None]] = {}
        self._flights: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self.requests = 0

    @property
    def offset(self) -> timedelta:
        """The portal's clock minus ours, measured from its answers."""
        return self._delivering.offset

    @property
    def portal_zone(self) -> tzinfo:
        return self._delivering.portal_zone

    def portal_now(self) -> datetime:
        return self._delivering.portal_now()

    def coming(self, cards: int) -> None:
        """So many cards more are being looked at; negative: no longer."""
        self._filling.coming += cards

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
        self,
        commands: Sequence[Command],
        *,
        lane: ports.Lane,
        key: intents.WishKey | None = None,
        guard: guarded.Guard | None = None,
    ) -> list[Outcome]:
        """Commands in one batch, in order, one outcome each. A group of reads only is repeated whole. With a guard (of a
        `guarded.pair`) the first may be asked for several groups at once: its answer may have cards of theirs too."""
        if not 0 < len(commands) <= MOST:
            raise ValueError(f"a group holds 1 to {MOST} commands, not {len(commands)}")
        if self._settings.dry_run and any(not answers.is_read(each.method) for each in commands):
            return [DryRun("пробный режим: записи не отправляются", method=each.method) for each in commands]
        for each in commands:
            if not each.write and not answers.is_read(each.method):
                raise ValueError(f"{each.method} isn't on the list of reads: say write=True")
        if any(each.write for each in commands):
            return await self._once(commands, lane, key, guard)
        return await self._repeated(commands, lane)

    def now(self) -> datetime:
        return self._clock.now()

    async def leave(self, key: intents.WishKey) -> None:
        """For what goes out beside the portal: returns when the ledger has the wish as sent. Raises NotPermitted, DryRun,
        Retryable."""
        if self._settings.dry_run:
            raise DryRun("пробный режим: наружу ничего не отправляется", method="outside")
        if self._on_sending is None:
            return
        try:
            allowed = await self._on_sending({key})
        except errors.StoreError as ill:
            raise errors.Retryable(f"не записано перед отправкой: {type(ill).__name__}") from ill
        if key not in allowed:
            raise NotPermitted("уже не отправляется")

    async def close(self) -> None:
        """Waits for what is in flight; what is still queued fails as surely not done."""
        for queue in self._filling.queues.values():
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
        self,
        commands: Sequence[Command],
        lane: ports.Lane,
        key: intents.WishKey | None,
        guard: guarded.Guard | None = None,
    ) -> list[Outcome]:
        unit = units.Unit(commands, key, asyncio.get_running_loop().create_future(), guard)
        unit.since = self._clock.monotonic()
        unit.size = sum(len(str(each.params)) * 2 for each in commands)
        self._filling.queues[lane].append(unit)
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
        filling = self._filling
        await asyncio.sleep(0)  # whoever is ready in this turn of the loop joins
        while filling.queues[lane]:
            wait = filling.until_ready(lane)
            if wait > 0:
                await self._clock.sleep(min(wait, 1.0))
                continue
            await filling.linger(lane)
            await self.gate.enter(lane)
            flock = filling.pack(lane)
            if not flock:
                self.gate.leave()
                continue
            flight = asyncio.get_running_loop().create_task(
                self._fly(flock), name=f"bitrix24 batch {next(self._numbers)}"
            )
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

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
            # Whatever it was, nothing went out, and whoever waits is told so; what isn't the store's fault is a bug.
            for unit in flock:
                self._delivering.unsent(
                    unit, errors.Retryable(f"не записано перед отправкой: {type(error).__name__}")
                )
            if isinstance(error, errors.StoreError):
                return []
            raise
        for unit in [one for one in flock if one.key is not None and one.key not in allowed]:
            self._delivering.unsent(unit, NotPermitted("уже не отправляется"))
        return [unit for unit in flock if unit.key is None or unit.key in allowed]

    async def _send(self, flock: list[units.Unit]) -> None:
        if flock[0].alone:
            sheet, payload = None, dict(flock[0].commands[0].params)
            method = flock[0].commands[0].method
        else:
            sheet = units.batch(flock)
            method, payload = "batch", dict(sheet.body)
        self.requests += 1
        sent_at = self._clock.now()
        try:
            reply = await self._wire.post(method, payload)
        except errors.Retryable as error:
            for unit in flock:
                self._delivering.unsent(unit, error)
        except errors.Unknown as error:
            self._delivering.lost(flock, error)
        else:
            self._delivering.reply(flock, sheet, reply, sent_at)
