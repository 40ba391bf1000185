"""Which wishes go out and what each answer means (design.md «The ledger»).

One chain of a card is in flight at a time, its head with what may go beside it (`still.beside`), as many cards as the gate
of the portal takes; answers that come together are written together. A row that surely wasn't sent stays `wished` and its card is set aside in memory; a row that was sent
gets its next moment in the ledger.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from connector import errors, ports
from connector.loops import config, pauses, still, supervisor
from connector.loops import desk as desks
from connector.loops import sending as sends
from robots import intents, model

S = intents.WishState
ADOPTED = "adopted"
NO_EFFECT = "no_effect"
LOOK_AGAIN = 5
"""Tries after which «not found» is the wish's own end: its card has been looked at since and is there."""


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
        self._failing: dict[intents.WishKey, datetime] = {}
        """When a wish was first put off by the portal, in this life."""
        self._lacking: dict[intents.WishKey, str] = {}
        """Which scope a wish waits for."""
        self._vanished: set[model.CardRef] = set()
        """The portal found nothing where a wish went: was the card deleted?"""
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
                    for one in (row, *still.beside(row, behind[row.wish.card], asked)):
                        self._flying[one.wish.key] = one.wish.card
                        self._since.setdefault(one.wish.card, desk.clock.monotonic())
                        supervisor.spawn(group, self._carry_out(one), name=f"wish {desk.id} {one.seq}")
        if looks:
            await desk.inbox.mark(desk.id, [_thing(ref) for ref in sorted(looks)])
        if called_off:
            await self._end(called_off)
        return len(rows)

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
            done = await self._desk.portal.perform(row)
        except Exception as trouble:  # noqa: BLE001 - every way to fail is an outcome of this one row
            if self._sending.was_barred(key):
                self._put_aside(row, self._desk.settings.poll)  # the lease ran out: not asked again at once
                return None
            return self._outcome(row, trouble)
        self._desk.at("after_answer")
        if self._sending.was_barred(key):
            return None
        self._failing.pop(key, None)
        return ended(row, done, self._desk.clock.now())

    def _outcome(self, row: ports.Row, trouble: Exception) -> ports.End | None:
        now, settings = self._desk.clock.now(), self._desk.settings
        match trouble:
            case errors.PortalClosed():
                supervisor.tell_closed(self._desk, trouble)
                return self._again(row, now, 0.0, trouble.text)
            case errors.StoreError():
                supervisor.store_is_ill(self._desk, trouble)
                self._put_aside(row, settings.restart_first)
                return None
            case errors.NoScope():
                return self._without_scope(row, now, trouble)
            case errors.NotFound() if row.tries < LOOK_AGAIN and self._sending.was_sent(row.wish.key):
                self._vanished.add(row.wish.card)
                delay = config.backoff(row.tries, settings.torn_delay, settings.restart_most)
                return self._again(row, now, delay, _words(trouble))
            case errors.Rejected():
                self._failing.pop(row.wish.key, None)
                return ports.End(row.wish.key, S.REFUSED, now, note=_words(trouble))
            case errors.Retryable() | errors.Unreadable() if not self._maybe_done(row, trouble):
                return self._put_off(row, now, trouble)
            case errors.PortalError() if self._sending.was_sent(row.wish.key):
                return self._unknown(row, now, _words(trouble))
            case _:
                self._desk.log.error("loop.failed", loop="executor", error=str(trouble), exc_info=trouble)
                if self._sending.was_sent(row.wish.key):
                    return self._unknown(row, now, supervisor.last_line(trouble))
                return self._put_off(row, now, trouble)

    def _without_scope(self, row: ports.Row, now: datetime, lack: errors.NoScope) -> ports.End | None:
        """Not this wish's fault: red until a person has ticked the scope, then it goes out if it is still wanted."""
        self._lacking[row.wish.key] = lack.scope
        code, text = f"scope_{lack.scope}", errors.words(lack)
        if not self._desk.health.says(code, text):
            self._desk.log.error("portal.degraded", reason=text)
        self._desk.health.trouble(code, text)
        settings = self._desk.settings
        return self._again(
            row, now, config.backoff(row.tries, settings.retry_first, settings.closed_most), str(lack)
        )

    def _lacks_no_more(self, key: intents.WishKey) -> None:
        """It went through, or is no longer wanted; the scope is there again unless another wish still lacks it."""
        scope = self._lacking.pop(key, None)
        if scope is not None and scope not in self._lacking.values():
            self._desk.health.clear(f"scope_{scope}")

    def _maybe_done(self, row: ports.Row, trouble: Exception) -> bool:
        """An unreadable answer after sending may hide a success; Retryable says that nothing was done."""
        return isinstance(trouble, errors.Unreadable) and self._sending.was_sent(row.wish.key)

    def _unknown(self, row: ports.Row, now: datetime, why: str) -> ports.End:
        retry_at = now + timedelta(seconds=self._desk.settings.settle_window)
        return ports.End(row.wish.key, S.UNKNOWN, now, note=why, retry_at=retry_at)

    def _put_off(self, row: ports.Row, now: datetime, trouble: Exception) -> ports.End | None:
        """Surely not done: again later, and not for ever."""
        settings, key = self._desk.settings, row.wish.key
        first = self._failing.setdefault(key, now)
        if row.tries >= settings.give_up_tries and (now - first).total_seconds() >= settings.give_up_after:
            self._failing.pop(key)
            return ports.End(key, S.GIVEN_UP, now, note=_words(trouble))
        delay = config.backoff(row.tries, settings.retry_first, settings.retry_most)
        asked = trouble.delay or 0.0 if isinstance(trouble, errors.Retryable) else 0.0
        return self._again(row, now, max(delay, asked), _words(trouble))

    def _again(self, row: ports.Row, now: datetime, delay: float, why: str) -> ports.End | None:
        """A row never committed as sent is `wished` as it was: no transition, only a wait."""
        if not self._sending.was_sent(row.wish.key):
            self._put_aside(row, delay)
            return None
        retry_at = now + timedelta(seconds=delay)
        return ports.End(row.wish.key, S.WISHED, now, note=why, retry_at=retry_at)

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
        except BaseException:
            self._ends = ends + self._ends
            raise
        self._flown([row.wish.key for row, _ in ends])
        for row, end in ends:
            if end.to.final:
                self._failing.pop(row.wish.key, None)
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
            if end.to is not S.WISHED:
                self._lacks_no_more(row.wish.key)
            tell_end(desk, row, end)
        looks, self._vanished = self._vanished, set()
        await desk.inbox.mark(desk.id, [_thing(ref) for ref in sorted(looks)])

    async def _called_off(self, row: ports.Row) -> bool:
        """A look buried the card, or a reload came, between the taking of a wish and an end that needed no sending."""
        found = await self._desk.ledger.rows(self._desk.id, card=row.wish.card)
        return any(one.wish.key == row.wish.key and one.state is S.SUPERSEDED for one in found)


def ended(row: ports.Row, done: ports.Done, now: datetime) -> ports.End:
    unchanged = S.NO_EFFECT if done.note == NO_EFFECT else S.NOTHING_TO_DO
    state = S.DONE if done.changed else unchanged
    return ports.End(row.wish.key, state, now, note=done.note, made=done.made)


_EVENTS = {
    S.DONE: "intent.done",
    S.NOTHING_TO_DO: "intent.done",
    S.NO_EFFECT: "intent.done",
    S.DRY_RUN: "intent.done",
    S.REFUSED: "intent.refused",
    S.UNKNOWN: "intent.unknown",
    S.HELD: "intent.unknown",
    S.WISHED: "intent.retrying",
    S.GIVEN_UP: "intent.given_up",
    S.SUPERSEDED: "intent.superseded",
    S.TOO_LATE: "intent.superseded",
    S.BLOCKED: "intent.superseded",
}


def tell_end(desk: desks.Desk, row: ports.Row, end: ports.End) -> None:
    event = "intent.adopted" if end.note == ADOPTED else _EVENTS[end.to]
    bad = end.to in (S.REFUSED, S.UNKNOWN, S.GIVEN_UP, S.HELD)
    desk.log.log(
        30 if bad else 20,
        event,
        card=str(row.wish.card),
        robot=row.wish.robot,
        state=end.to.value,
        reason=end.note,
        made=end.made,
        until=end.retry_at.isoformat() if end.retry_at else None,
    )


def _words(trouble: Exception) -> str:
    code = trouble.code if isinstance(trouble, errors.PortalError) else ""
    return f"{trouble} ({code})" if code else str(trouble) or type(trouble).__name__


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
