"""`plan`: what a changed file would do, reckoned from the copy, for the cards that are open now and for the next 24 hours.

Nothing is written but the answer. Tasks that removed robots set stay owed (users.md F13): they are counted per person, so
that whoever takes the file knows who will keep them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connector import ports
from connector.loops import desk as desks
from connector.loops import enrolling, seats
from robots import decision, intents, model, planning, tally

Read = Callable[[Mapping[str, Any], model.Directory], Awaitable[decision.Rules]]
"""The rules of the file that the command sent. Raises errands.Refused."""
Plain = dict[str, Any]


@dataclass
class _Sum:
    """Wishes of each robot, by sort and by person."""

    sorts: defaultdict[intents.RobotId, Counter[tally.Sort]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    people: defaultdict[intents.RobotId, Counter[model.UserId | None]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def add(self, wish: intents.Wish, card: model.Card, directory: model.Directory) -> None:
        sort = tally.sort(wish.act, directory)
        if sort is not tally.Sort.NOTES:
            self.sorts[wish.robot][sort] += 1
            self.people[wish.robot][tally.person(wish.act, card.responsible)] += 1

    def plain(self, directory: model.Directory) -> list[Plain]:
        return [
            {
                "robot": robot,
                "said": tally.said(counts),
                "acts": {sort.value: number for sort, number in counts.items()},
                "people": tally.people(self.people[robot], directory),
            }
            for robot, counts in sorted(self.sorts.items())
        ]


class Planning:
    def __init__(self, desk: desks.Desk, cards: enrolling.Cards, read: Read) -> None:
        self._desk, self._cards, self._read = desk, cards, read

    async def plan(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Differences, and what the open cards would get by them. Raises errands.Refused."""
        desk, book = self._desk, self._desk.book
        now = desk.clock.now()
        new = await self._read(asked, book.directory)
        reckoned = _Reckoned(book, new, now)
        for kind in model.CardKind:
            refs = await self._cards.open_cards(desk.id, kind)
            for at in range(0, len(refs), enrolling.PAGE):
                page = refs[at : at + enrolling.PAGE]
                memories = await desk.mirror.memories(desk.id, page)
                for ref in page:
                    reckoned.card(memories[ref])
                await asyncio.sleep(0)  # live work goes first
        return reckoned.plain()


class _Reckoned:
    def __init__(self, book: desks.Book, new: decision.Rules, now: datetime) -> None:
        self._old, self._new, self._now = book.rules, new, now
        starts = planning.beginning(new, book.activations, now)
        self._book = replace(book, activations=starts)
        self._differences = planning.differences(book.rules, new)
        self._removed = {one.robot for one in self._differences if one.sign is planning.Sign.REMOVED}
        self._more, self._fewer, self._later = _Sum(), _Sum(), _Sum()
        self._owed: defaultdict[intents.RobotId, Counter[model.UserId | None]] = defaultdict(Counter)
        self._looked = self._unknown = 0

    def card(self, memory: ports.Memory) -> None:
        card, names = memory.card, self._book.directory
        if card is None or card.closed or memory.deleted:
            return
        self._looked += 1
        for user, robot in _owed(memory):
            self._owed[robot][user] += robot in self._removed
        if not self._differences:
            return
        seen = enrolling.of_copy(memory, card, self._book)
        at_once = planning.effect(self._old, self._new, seen, self._now)
        ahead = self._now + timedelta(hours=planning.AHEAD_HOURS)
        in_time = planning.effect(self._old, self._new, seen, ahead)
        self._unknown += at_once.unknown or in_time.unknown
        known = {wish.key for wish in at_once.more}
        for wish in at_once.more:
            self._more.add(wish, card, names)
        for wish in in_time.more:
            if wish.key not in known:
                self._later.add(wish, card, names)
        for wish in {one.key: one for one in (*at_once.fewer, *in_time.fewer)}.values():
            self._fewer.add(wish, card, names)

    def plain(self) -> Plain:
        names = self._book.directory
        return {
            "cards": self._looked,
            "changes": [self._change(one) for one in self._differences],
            "now": self._more.plain(names),
            "ahead": self._later.plain(names),
            "no_more": self._fewer.plain(names),
            "unknown": self._unknown,
        }

    def _change(self, one: planning.Difference) -> Plain:
        owed = self._owed.get(one.robot, Counter())
        return {
            "sign": one.sign.value,
            "robot": one.robot,
            "said": one.said,
            "place": one.mark,
            "open_tasks": sum(owed.values()),
            "people": tally.people(+owed, self._book.directory),
        }


def _owed(memory: ports.Memory) -> Iterator[tuple[model.UserId, intents.RobotId]]:
    """Whose tasks of which robot aren't known closed."""
    tasks = set(seats.own_tasks(memory.past))
    for row in memory.past:
        if isinstance(row.wish.act, intents.SetTask) and row.made in tasks:
            yield row.wish.act.responsible, row.wish.robot
