"""New cards are counted by whose they are; from an import on, what robots wish of them at the first look is held (F4).

Counted is what this life has seen, by the portal's moments of creation, so that a weekend's import is known on Monday too.
An import once known is written down with its span: a restart goes on holding it. It is told once, by the key of its telling.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.loops import seats
from robots import imports, intents, limits, model, notices

if TYPE_CHECKING:
    from connector.loops import desk as desks

NOTE = "imports"
"""Notebook, of a portal: {whose: [its name, ISO moment of its first card known, of its last]}."""
MOST = 5_000
"""Births remembered of one hand."""


class Import(NamedTuple):
    name: str
    """By this it is told of, however far it reaches back."""
    first: datetime
    last: datetime

    def near(self, at: datetime, span: timedelta) -> bool:
        return self.first - span <= at <= self.last + span


class Imports:
    def __init__(self, desk: desks.Desk) -> None:
        self._desk = desk
        self._births: defaultdict[imports.Whose, list[imports.Birth]] = defaultdict(list)
        self._going: dict[str, Import] | None = None

    async def hold(self, table: Sequence[seats.Seat]) -> None:
        """Changes what was decided at this table."""
        rate = self._desk.book.rules.limits.get(imports.WORD)
        if rate is None:
            return
        born = [(seat, whose) for seat in table if (whose := imports.born(seat.look)) is not None]
        for seat, whose in born:
            self._remember(whose, (seat.look.card.created, seat.ref.id))
        going = await self._known() if born else {}
        before = dict(going)
        for seat, whose in born:
            one = self._of(seat.look.card.created, whose, going.get(str(whose)), rate)
            if one is not None:
                going[str(whose)] = one
                self._hold(seat, rate, list(self._tellings(whose, one, rate)))
        for seat in table:
            if imports.goes_on(seat.look):
                self._hold(seat, rate)
        if going != before:
            await self._desk.notebook.write(self._desk.id, NOTE, _plain(going))

    def _remember(self, whose: imports.Whose, birth: imports.Birth) -> None:
        births = self._births[whose]
        if birth not in births[-MOST // 10 :]:
            insort(births, birth)
            del births[:-MOST]

    def _of(
        self, at: datetime, whose: imports.Whose, known: Import | None, rate: limits.Rate
    ) -> Import | None:
        """The import that this card is of: one that is known, or the one that becomes known by it."""
        if known is not None and known.near(at, timedelta(seconds=rate.seconds)):
            return known._replace(first=min(known.first, at), last=max(known.last, at))
        if imports.crowded(self._births[whose], at, rate):
            return Import(f"{at:%Y%m%dT%H%M%S}", at, at)
        return None

    def _hold(self, seat: seats.Seat, rate: limits.Rate, also: Sequence[intents.Wish] = ()) -> None:
        wishes = tuple(imports.held(seat.decided.wishes, rate))
        if wishes != seat.decided.wishes:
            seat.decided = seat.decided._replace(wishes=(*wishes, *also))

    def _tellings(self, whose: imports.Whose, one: Import, rate: limits.Rate) -> Iterator[intents.Wish]:
        """Goes with every card and under one key: the ledger takes the first."""
        directory = self._desk.book.directory
        name = directory.user_name(model.UserId(whose.by)) if whose.by else ""
        for user in imports.to_tell(whose, directory):
            key = f"{notices.BUNDLE}/import/{whose}/{one.name}/{user}"
            yield intents.Wish(
                key=intents.WishKey(key),
                robot=notices.BUNDLE,
                digest="",
                card=notices.nobodys(user),
                cause=f"import/{whose}",
                act=intents.Notify(user, imports.told(whose, rate, name), key, urgent=True),
                because=f"похоже на импорт: {imports.usual(rate)}",
            )

    async def _known(self) -> dict[str, Import]:
        if self._going is None:
            kept: dict[str, Any] = await self._desk.notebook.read(self._desk.id, NOTE) or {}
            self._going = {
                whose: Import(name, datetime.fromisoformat(first), datetime.fromisoformat(last))
                for whose, (name, first, last) in kept.items()
            }
        return self._going


def _plain(going: dict[str, Import]) -> dict[str, list[str]]:
    return {whose: [one.name, one.first.isoformat(), one.last.isoformat()] for whose, one in going.items()}
