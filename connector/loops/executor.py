"""Which wishes go out and what each answer means (design.md «The ledger»).

One chain of a card is in flight at a time, its head with what may go beside it (`still.beside`), as many cards as the gate
of the portal takes; answers that come together are written together. A row that surely wasn't sent stays `wished` and its card is set aside in memory; a row that was sent
gets its next moment in the ledger.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connector import errors, ports
from connector.loops import desk as desks
from connector.loops import outcomes, pauses, still, supervisor
from connector.loops import sending as sends
from robots import intents, model

S = intents.WishState


def nobody() -> None:
    """Nobody waits for answers."""


class Executor:
    def __init__(
        self, desk: desks.Desk, sending: sends.Sending, *, landed: Callable[[], None] = nobody
    ) -> None:
        """`landed` is called when answers are written."""
        self._desk, self._sending, self._landed = desk, sending, landed
        self._flying: dict[intents.WishKey, model.CardRef] = {}
        self._since: dict[model.CardRef, float] = {}
        """When the first of a card's wishes in the air took off."""
        self._setting = 0
        """Tasks being set now: their doorbells come before their ids."""
        self._aside: dict[model.CardRef, float] = {}
        self._ends: list[tuple[ports.Row, ports.End]] = []
        self._outcomes = outcomes.Outcomes(desk, sending, self._put_aside)
        self.wake = asyncio.Event()
        self._answered = asyncio.Event()

    @property
    def flying(self) -> frozenset[intents.WishKey]:
        return frozenset(self._flying)

    def aloft(self) -> Collection[model.CardRef]:
        """Cards that aren't worth a look until what is sent about them has landed; not for long."""
        since = self._desk.clock.monotonic() - self._desk.settings.hold_looks
        return [ref for ref, began in self._since.items() if began > since]

    def setting_tasks(self) -> bool:
        return self._setting > 0

    def looked(self, refs: Collection[model.CardRef]) -> None:
        """These cards were just looked at: there may be new wishes, and what waited for a look needn't."""
        for ref in refs:
            self._aside.pop(ref, None)
        self.wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when stopped and every answer is written."""
        over = asyncio.Event()
        async with asyncio.TaskGroup() as writing:
            supervisor.spawn(writing, self._write_answers(over), name=f"answers {self._desk.id}")
            try:
                async with asyncio.TaskGroup() as group:

                    async def step() -> float:
                        self.wake.clear()
                        return 0.0 if await self._begin(group) else self._desk.settings.poll

                    await supervisor.pulse(self._desk, "executor", step, stop, self._ring)
            finally:
                over.set()
                self._answered.set()

    async def step(self) -> int:
        """Takes once, carries out all of it, writes the answers; how many rows it had to do with."""
        async with asyncio.TaskGroup() as group:
            count = await self._begin(group)
        await self.flush()
        return count

    async def _ring(self, _timeout: float) -> None:
        await self.wake.wait()

    # ------------------------------------------------------------ taking

    async def _begin(self, group: asyncio.TaskGroup) -> int:
        desk, room = self._desk, self._desk.settings.send_at_once - len(self._flying)
        if room <= 0:
            return 0
        now = desk.clock.now()
        rows = await desk.ledger.ready(desk.id, now, room, {*self._flying.values(), *self._set_aside()})
        if not rows:
            return 0
        asked = still.Asked(
            loaded=desk.book.loaded,
            paused=pauses.Pauses(await desk.notebook.read(desk.id, pauses.NOTE)),
            now=now,
            fresh=timedelta(seconds=desk.settings.look_fresh),
        )
        looks: set[model.CardRef] = set()
        called_off: list[tuple[ports.Row, ports.End]] = []
        behind = await self._behind(rows, now)
        for row in rows:
            match still.still(row, asked):
                case ports.End() as end:
                    called_off.append((row, end))
                    if still.reloaded(row, asked.loaded):
                        looks.add(row.wish.card)
                case still.Wait.LOOK:
                    looks.add(row.wish.card)
                    self._put_aside(row, desk.settings.look_fresh)
                case still.Wait.LATER:
                    self._put_aside(row, desk.settings.poll)
                case None:
                    fit = (row, *still.beside(row, behind[row.wish.card], asked))
                    called_off += await self._take_off(group, fit, now)
        if looks:
            await desk.inbox.mark(desk.id, [_thing(ref) for ref in sorted(looks)])
        if called_off:
            await self._end(called_off)
        return len(rows)

    async def _take_off(
        self, group: asyncio.TaskGroup, rows: Iterable[ports.Row], now: datetime
    ) -> list[tuple[ports.Row, ports.End]]:
        """Those that a limit or a person's peace keeps on the ground."""
        kept: list[tuple[ports.Row, ports.End]] = []
        for row in rows:
            held = await self._desk.meter.hold(self._desk, row, now)
            if held is not None:
                kept.append((row, held))
                continue
            self._flying[row.wish.key] = row.wish.card
            self._since.setdefault(row.wish.card, self._desk.clock.monotonic())
            supervisor.spawn(group, self._carry_out(row), name=f"wish {self._desk.id} {row.seq}")
        return kept

    async def _behind(
        self, heads: Sequence[ports.Row], now: datetime
    ) -> Mapping[model.CardRef, Sequence[ports.Row]]:
        found: defaultdict[model.CardRef, list[ports.Row]] = defaultdict(list)
        for row in await self._desk.ledger.behind(self._desk.id, [row.wish.card for row in heads], now):
            found[row.wish.card].append(row)
        return found

    def _set_aside(self) -> set[model.CardRef]:
        now = self._desk.clock.monotonic()
        self._aside = {ref: until for ref, until in self._aside.items() if until > now}
        return set(self._aside)

    def _put_aside(self, row: ports.Row, seconds: float) -> None:
        self._aside[row.wish.card] = self._desk.clock.monotonic() + seconds

    # ------------------------------------------------------------ sending

    async def _carry_out(self, row: ports.Row) -> None:
        key, sets = row.wish.key, isinstance(row.wish.act, intents.SetTask)
        self._setting += sets
        try:
            end = await self._attempt(row)
        finally:
            self._sending.over(key)
            self._setting -= sets
        if end is None:
            self._flown([key])
            return
        self._ends.append((row, end))
        self._answered.set()

    async def _attempt(self, row: ports.Row) -> ports.End | None:
        """None: nothing is known that the ledger doesn't know."""
        key = row.wish.key
        self._desk.log.debug("intent.sent", card=str(row.wish.card), robot=row.wish.robot, key=key)
        try:
            done = await self._desk.portal.perform(self._urgent(row))
        except Exception as trouble:  # noqa: BLE001 - every way to fail is an outcome of this one row
            if self._sending.was_barred(key):
                self._put_aside(row, self._desk.settings.poll)  # the lease ran out: not asked again at once
                return None
            return self._outcomes.of(row, trouble)
        self._desk.at("after_answer")
        if self._sending.was_barred(key):
            return None
        self._outcomes.went_through(key)
        return outcomes.ended(row, done, self._desk.clock.now())

    def _urgent(self, row: ports.Row) -> ports.Row:
        """What a whole run of cards wants lets live work go first."""
        return replace(row, lane=ports.Lane.BACKFILL) if self._desk.care.given(row.wish.card) else row

    # ------------------------------------------------------------ writing answers

    async def _write_answers(self, over: asyncio.Event) -> None:
        while True:
            await self._answered.wait()
            await asyncio.sleep(0)  # answers of one batch come in one tick
            self._answered.clear()
            try:
                await self.flush()
            except errors.StoreError as ill:
                supervisor.store_is_ill(self._desk, ill)
                self._answered.set()
                await self._desk.clock.sleep(self._desk.settings.restart_first)
                continue
            if over.is_set() and not self._ends:
                return

    async def flush(self) -> None:
        """Writes the answers that have come; if the store refuses they are kept for the next try."""
        if not self._ends:
            return
        ends, self._ends = self._ends, []
        try:
            self._desk.at("before_end")
            await self._end(ends)
        except BaseException:  # a cancellation too: answers are lost by nobody's ill luck
            self._ends = ends + self._ends
            raise
        self._flown([row.wish.key for row, _ in ends])
        self.wake.set()

    def _flown(self, keys: Collection[intents.WishKey]) -> None:
        for key in keys:
            self._flying.pop(key, None)
        aloft = set(self._flying.values())
        self._since = {ref: began for ref, began in self._since.items() if ref in aloft}
        self._landed()

    async def _end(self, ends: Sequence[tuple[ports.Row, ports.End]]) -> None:
        desk = self._desk
        try:
            await desk.ledger.end(desk.id, [end for _, end in ends])
        except errors.StoreError:
            raise
        except Exception as bug:  # noqa: BLE001 - one impossible transition must not hold up its fellows' answers
            if len(ends) == 1:
                if not await self._called_off(ends[0][0]):
                    supervisor.tell_failure(desk, "executor", bug)
                return
            for one in ends:
                await self._end([one])
            return
        made = [deal for row, end in ends if (deal := _made_deal(row, end)) is not None]
        if made:
            # It was seen half-made meanwhile, and nothing was decided about it.
            await desk.inbox.mark(desk.id, made)
        for row, end in ends:
            self._outcomes.written(row, end)
            outcomes.tell(desk, row, end)
        await desk.inbox.mark(desk.id, [_thing(ref) for ref in sorted(self._outcomes.take_vanished())])

    async def _called_off(self, row: ports.Row) -> bool:
        """A look buried the card, or a reload came, between the taking of a wish and an end that needed no sending."""
        found = await self._desk.ledger.rows(self._desk.id, card=row.wish.card)
        return any(one.wish.key == row.wish.key and one.state is S.SUPERSEDED for one in found)


def _made_deal(row: ports.Row, end: ports.End) -> ports.Thing | None:
    act = row.wish.act
    made_deal = isinstance(act, intents.CopyDeal) or (
        isinstance(act, intents.ConvertLead) and act.deal is not None
    )
    if made_deal and end.to is S.DONE and end.made is not None:
        return ports.Thing(ports.Kind.DEAL, end.made)
    return None


def _thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)
