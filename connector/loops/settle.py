"""Wishes of unknown outcome: wait out the settle window, look twice, then adopt what is there or send again.

A wish without a trace (class C) can't be looked for: a person is asked. One that the portal itself replaces (class B) is
simply sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from connector import errors, ports
from connector.loops import desk as desks
from connector.loops import outcomes, supervisor
from robots import intents

S = intents.WishState
Class = intents.EffectClass


class Settler:
    def __init__(self, desk: desks.Desk, *, flying: Callable[[], frozenset[intents.WishKey]]) -> None:
        """`flying`: rows that this process is sending right now; they aren't to be settled."""
        self._desk, self._flying = desk, flying
        self._aside: dict[intents.WishKey, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return self._desk.settings.poll

        await supervisor.pulse(self._desk, "settle", step, stop)

    async def step(self) -> int:
        """Settles what is due; how many rows got a new state."""
        desk, settings = self._desk, self._desk.settings
        clock = desk.clock.monotonic()
        self._aside = {key: until for key, until in self._aside.items() if until > clock}
        due = await desk.ledger.unsettled(desk.id, desk.clock.now(), settings.foreign_window)
        flying = self._flying()
        rows = [row for row in due if row.wish.key not in flying and row.wish.key not in self._aside]
        rows = rows[: settings.settle_at_once]
        if not rows:
            return 0
        ends = [(row, end) for row in rows if (end := self._without_looking(row)) is not None]
        lookable = [row for row in rows if _leaves_a_trace(row.wish.act)]
        found = await self._look_twice(lookable)
        ends += [(row, found[row.wish.key]) for row in lookable if row.wish.key in found]
        desk.at("in_settle")
        if ends:
            await desk.ledger.end(desk.id, [end for _, end in ends])
        for row, end in ends:
            outcomes.tell(desk, row, end)
        return len(ends)

    def _without_looking(self, row: ports.Row) -> ports.End | None:
        return None if _leaves_a_trace(row.wish.act) else self._missing(row, self._desk.clock.now())

    def _missing(self, row: ports.Row, now: datetime) -> ports.End:
        """What becomes of a wish of which nothing is seen over there."""
        if intents.EFFECT_CLASS[type(row.wish.act)] is not Class.C:
            return self._again(row, now)
        # HELD can be reached from UNKNOWN alone: a row left `sent` is made unknown first.
        to = S.HELD if row.state is S.UNKNOWN else S.UNKNOWN
        note = "неизвестно, ушло ли: спросите получателя, потом повторите или снимите"
        return ports.End(row.wish.key, to, now, note=note, retry_at=now if to is S.UNKNOWN else None)

    async def _look_twice(self, rows: Sequence[ports.Row]) -> dict[intents.WishKey, ports.End]:
        """The second look is for lists that lag: what wasn't there may only have been late."""
        ends: dict[intents.WishKey, ports.End] = {}
        missing = await self._look(rows, ends)
        if missing:
            await self._desk.clock.sleep(self._desk.settings.look_twice_gap)
            now = self._desk.clock.now()
            ends |= {row.wish.key: self._missing(row, now) for row in await self._look(missing, ends)}
        return ends

    async def _look(
        self, rows: Sequence[ports.Row], ends: dict[intents.WishKey, ports.End]
    ) -> list[ports.Row]:
        """Those surely not found; what is found gets its end, what couldn't be looked for is left for later."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                supervisor.spawn(group, self._find(row), name=f"settle {self._desk.id} {row.seq}")
                for row in rows
            ]
        missing = []
        for row, task in zip(rows, tasks, strict=True):
            match task.result():
                case ports.Done() as done:
                    end = outcomes.ended(row, done, self._desk.clock.now())
                    ends[row.wish.key] = replace(end, note=outcomes.ADOPTED) if end.to is S.DONE else end
                case None:
                    missing.append(row)
                case Exception() as trouble:
                    self._could_not_look(row, trouble, ends)
        return missing

    async def _find(self, row: ports.Row) -> ports.Done | Exception | None:
        try:
            return await self._desk.portal.find(row)
        except Exception as trouble:  # noqa: BLE001 - one row that can't be looked for must not stop the others
            return trouble

    def _could_not_look(
        self, row: ports.Row, trouble: Exception, ends: dict[intents.WishKey, ports.End]
    ) -> None:
        desk, now = self._desk, self._desk.clock.now()
        match trouble:
            case errors.PortalClosed():
                supervisor.tell_closed(desk, trouble)
                return
            case errors.NotFound():
                # What it was to change is gone, and the effect with it.
                ends[row.wish.key] = ports.End(row.wish.key, S.REFUSED, now, note=str(trouble))
                return
            case errors.Retryable() | errors.Unknown():
                # Unknown: it is there, half-made, and finishing it was cut off as well.
                desk.log.warning("portal.throttled", loop="settle", reason=str(trouble))
            case _:
                supervisor.tell_failure(desk, "settle", trouble)
        self._aside[row.wish.key] = desk.clock.monotonic() + desk.settings.settle_window

    def _again(self, row: ports.Row, now: datetime) -> ports.End:
        settings = self._desk.settings
        old = (now - row.wished_at).total_seconds() >= settings.give_up_after
        if row.tries >= settings.give_up_tries and old:
            return ports.End(
                row.wish.key, S.GIVEN_UP, now, note="портал так и не ответил, а сделанного не видно"
            )
        return ports.End(row.wish.key, S.WISHED, now, note="на портале этого нет, повторяю", retry_at=now)


def _leaves_a_trace(act: intents.Act) -> bool:
    return intents.EFFECT_CLASS[type(act)] is Class.A or type(act) in intents.TRACED
