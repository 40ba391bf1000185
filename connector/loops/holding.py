"""What may not go now though it is wanted: above a robot's limit it is held, above a person's day it waits (F4, F14).

The counts are of this life and begin with what the store says was sent; the wishes themselves are kept by the ledger.
What waits is sent by `letters`, what is held by a person's word (`voronka held`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from connector import ports
from connector.loops import still
from robots import intents, limits, model, notices, schedule, tally

if TYPE_CHECKING:
    from connector.loops import desk as desks

S = intents.WishState
LET_GO = "let_go"
"""Notebook, of a portal: {robot: ISO moment}: what was wished up to then, a person has let go whatever the limit."""
DAY = timedelta(days=1)
FRESH = 1.0
"""Seconds for which the notebook's word is remembered."""


class Gone(Protocol):
    @property
    def wish(self) -> intents.Wish: ...

    @property
    def at(self) -> datetime: ...


class Sent(Protocol):
    async def sent(self, portal: model.PortalId, since: datetime) -> Sequence[Gone]:
        """What was sent since then, oldest first."""
        ...


class Meter:
    """Of one portal's executor."""

    def __init__(self, sent: Sent | None = None) -> None:
        self.source = sent
        """Where what was sent before this life is read; None: nothing was."""
        self.held: Mapping[intents.RobotId, int] = {}
        """How much of whom waits for a person."""
        self._read = False
        self._acts: defaultdict[tuple[intents.RobotId, tally.Sort], dict[intents.WishKey, datetime]]
        self._acts = defaultdict(dict)
        self._letters: defaultdict[tuple[model.UserId, str], set[intents.WishKey]] = defaultdict(set)
        self._let_go: tuple[float, Mapping[str, Any]] = (-FRESH, {})

    async def hold(self, desk: desks.Desk, row: ports.Row, now: datetime) -> ports.End | None:
        """None: it goes, and is counted. A second try of the same wish counts once."""
        wish, rules = row.wish, desk.book.rules
        if wish.robot in notices.OWN:
            return None
        if _late(row, desk.book, now):
            due = notices.together(now, rules.manners, _calendar(desk.book))
            if wish.digest_at is not None and wish.digest_at > now:
                due = wish.digest_at
            note = "опоздало больше чем на 4 рабочих часа: вместе с другими"
            return ports.End(wish.key, S.WAITING, now, note=note, retry_at=due)
        if not (rules.limited or rules.manners.at_most_per_day):
            return None
        if not self._read:
            await self._recall(desk, now)
        rates = rules.limits_of(wish.robot)
        sort = limits.counted(wish, desk.book.directory, rates)
        rate = rates[sort.value] if sort is not None else None
        full = sort is not None and rate is not None and self._full(wish, sort, rate, now)
        if sort is not None and rate is not None and full and not await self._was_let_go(desk, row):
            return ports.End(wish.key, S.HELD, now, note=limits.said(sort, rate))
        if self._enough(wish, desk.book, now):
            due = notices.over_the_cap(wish, now, _calendar(desk.book))
            note = f"сегодня человеку уже пришло {rules.manners.at_most_per_day}: в сводку"
            return ports.End(wish.key, S.WAITING, now, note=note, retry_at=due)
        self._count(wish, sort, now, desk.book)
        return None

    async def _recall(self, desk: desks.Desk, now: datetime) -> None:
        book = desk.book
        for gone in await self.source.sent(desk.id, now - DAY) if self.source is not None else ():
            sort = limits.counted(gone.wish, book.directory, book.rules.limits_of(gone.wish.robot))
            self._count(gone.wish, sort, gone.at, book)
        self._read = True

    def _count(self, wish: intents.Wish, sort: tally.Sort | None, at: datetime, book: desks.Book) -> None:
        if sort is not None:
            self._acts[wish.robot, sort].setdefault(wish.key, at)
        if isinstance(wish.act, intents.Notify) and wish.robot not in notices.OWN:
            self._letters[wish.act.to, _day(at, _calendar(book))].add(wish.key)

    def _full(self, wish: intents.Wish, sort: tally.Sort, rate: limits.Rate, now: datetime) -> bool:
        gone, begins = self._acts[wish.robot, sort], limits.begins(now, rate)
        for key in [key for key, at in gone.items() if at <= begins]:
            del gone[key]
        return len(gone) >= rate.count and wish.key not in gone

    def _enough(self, wish: intents.Wish, book: desks.Book, now: datetime) -> bool:
        most, act, today = book.rules.manners.at_most_per_day, wish.act, _day(now, _calendar(book))
        if most is None or not isinstance(act, intents.Notify) or act.urgent:
            return False
        for past in [key for key in self._letters if key[1] < today]:
            del self._letters[past]
        got = self._letters[act.to, today]
        return len(got) >= most and wish.key not in got

    async def _was_let_go(self, desk: desks.Desk, row: ports.Row) -> bool:
        read_at, said = self._let_go
        if desk.clock.monotonic() - read_at >= FRESH:
            said = await desk.notebook.read(desk.id, LET_GO) or {}
            self._let_go = (desk.clock.monotonic(), said)
        until = said.get(row.wish.robot)
        return until is not None and row.wished_at <= datetime.fromisoformat(until)


def _late(row: ports.Row, book: desks.Book, now: datetime) -> bool:
    """Of a message that was never sent and that nobody let go by hand (users.md F3)."""
    wish = row.wish
    if not isinstance(wish.act, intents.Notify) or wish.act.urgent or wish.calm or row.tries:
        return False
    since = max(row.wished_at, wish.not_before or row.wished_at)
    return not row.note.startswith(still.LET_GO) and notices.is_late(since, now, _calendar(book))


def _calendar(book: desks.Book) -> model.WorkCalendar:
    return book.directory.calendar or schedule.round_the_clock("UTC")


def _day(at: datetime, calendar: model.WorkCalendar) -> str:
    return at.astimezone(ZoneInfo(calendar.timezone)).date().isoformat()
