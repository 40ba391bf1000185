"""The store as the loop of reports needs it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from connector.store import api, readout
from robots import intents, model
from robots.insight import letter, rows

T = TypeVar("T")
DONE = (intents.WishState.DONE,)
WATCHED = (intents.WishState.DRY_RUN,)


class Numbers:
    def __init__(self, store: api.Store) -> None:
        self._store = store

    async def lives(
        self,
        portal: model.PortalId,
        since: int,
        people: Collection[str],
        report: Callable[[Iterator[rows.Life]], T],
    ) -> T:
        wanted = readout.Wanted(since=since, people=tuple(sorted(people)))
        return await self._store.readout.lives(portal, wanted, report)

    async def deeds(self, portal: model.PortalId, since: datetime, until: datetime) -> Sequence[letter.Deed]:
        found = await self._store.hands.acts(portal, DONE, since, until)
        return [
            letter.Deed(
                one.wish.card, one.wish.act, one.wish.key, one.wish.because, int(one.wished_at.timestamp())
            )
            for one in found
        ]

    async def watched(
        self, portal: model.PortalId, since: datetime, until: datetime
    ) -> Sequence[intents.Wish]:
        found = await self._store.hands.acts(portal, WATCHED, since, until)
        return [one.wish for one in found]

    async def add(
        self, portal: model.PortalId, wishes: Sequence[intents.Wish], at: datetime
    ) -> Sequence[intents.WishKey]:
        return await self._store.hands.add(portal, wishes, at)
