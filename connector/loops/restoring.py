"""After a store was put back from an old copy: the portal knows what this store forgot (`voronka run --after-restore`).

Keys follow from causes, so the same looks wish the same things under the same marks. While the mode is on, no wish goes
out before it was looked for as one of unknown outcome is (`settle`): what is there is adopted. Stays that a card went
through meanwhile are looked at one by one, so that what was begun in each is found and finished. A value that may since
have been changed by a person isn't written again: a person is asked. The mode is a note in the store and outlives a crash;
it ends when everything that the sweep found was looked at and nothing waits to be looked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector import ports
from connector.loops import desk as desks
from connector.loops import outcomes, supervisor
from robots import intents, model

NOTE = "restored"
"""Notebook: {since, at} while the mode is on: how old the copy was, when it was put to work; else None."""
SLACK = timedelta(minutes=5)
"""Before the last sweep of the copy: what was sent then may be missing in it."""
TOUCHED = timedelta(seconds=5)
DOUBT = (
    "после восстановления базы не видно, делалось ли это раньше: карточку с тех пор меняли. "
    "Сверьте её сами; если всё же нужно: voronka retry"
)
ASKED = "сверяю с порталом после восстановления базы"
WAITING = (intents.WishState.WISHED, intents.WishState.SENT, intents.WishState.UNKNOWN)
MANY = 1000


@dataclass
class Mode:
    """What the ledger, the portal and the loop of a restored store share."""

    since: datetime
    at: datetime
    on: bool = True
    asked: dict[intents.WishKey, model.CardRef] = field(default_factory=dict)
    """Wishes that were or are being looked for; none of the others is sent."""
    cut: set[model.CardRef] = field(default_factory=set)
    """Cards shown as they were at an earlier stay."""
    again: set[model.CardRef] = field(default_factory=set)
    """Cards of which something was adopted: what follows from it is owed."""
    touched: dict[model.CardRef, bool] = field(default_factory=dict)
    """Whether the lost life or a person may have written to the card; as it was before this life wrote anything."""
    adopted: int = 0
    doubted: set[intents.WishKey] = field(default_factory=set)
    """Refused for a person to decide; wished again by `retry`, they go out."""
    sweeps: int = 0
    """Whole sweeps of this life."""

    def words(self) -> str:
        return (
            f"сверяюсь с порталом после восстановления базы (копия от {self.since:%d.%m %H:%M} UTC): "
            f"засчитано сделанного раньше {self.adopted}, оставлено на решение человека {len(self.doubted)}"
        )


class Careful(ports.Ledger):
    """Gives out no wish that wasn't looked for."""

    def __init__(self, ledger: ports.Ledger, mirror: ports.Mirror, mode: Mode) -> None:
        self._ledger, self._mirror, self._mode = ledger, mirror, mode
        self._unsaid: list[ports.End] = []
        """Made `sent` by us without a socket; the store refused to take the rest."""

    async def ready(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[model.CardRef]
    ) -> Sequence[ports.Row]:
        mode = self._mode
        if not mode.on:
            return await self._ledger.ready(portal, now, limit, busy)
        await self._say(portal)
        rows = await self._ledger.ready(portal, now, limit, busy)
        known = [row for row in rows if row.deleted or row.wish.key in mode.asked]
        await self._ask(portal, [row for row in rows if row not in known], now)
        known = [row for row in known if row.wish.card not in mode.cut]
        doubted = [row for row in known if self._doubtful(row)]
        refused = intents.WishState.REFUSED
        ends = [ports.End(row.wish.key, refused, now, note=DOUBT) for row in doubted]
        await self._ledger.end(portal, ends)
        mode.doubted |= {end.key for end in ends}
        return [row for row in known if row not in doubted]

    async def _ask(self, portal: model.PortalId, rows: Sequence[ports.Row], now: datetime) -> None:
        """Each becomes a wish of unknown outcome, sent by the lost life at the earliest when the copy was made."""
        if not rows:
            return
        await self._feel(portal, rows)
        cards = {row.wish.key: row.wish.card for row in rows}
        granted = await self._ledger.sending(portal, list(cards), self._mode.since - SLACK)
        unknown = intents.WishState.UNKNOWN
        self._unsaid += [
            ports.End(key, unknown, now, note=ASKED, retry_at=now) for key in cards if key in granted
        ]
        self._mode.asked |= {key: cards[key] for key in granted}
        await self._say(portal)

    async def _say(self, portal: model.PortalId) -> None:
        if self._unsaid:
            await self._ledger.end(portal, self._unsaid)
            self._unsaid = []

    async def _feel(self, portal: model.PortalId, rows: Sequence[ports.Row]) -> None:
        mode = self._mode
        cards = {row.wish.card for row in rows} - mode.touched.keys()
        for ref, memory in (await self._mirror.memories(portal, cards)).items():
            card = memory.card
            mode.touched[ref] = (
                card is not None
                and card.created <= mode.at
                and card.updated > mode.since
                and card.updated - card.created > TOUCHED
            )

    def _doubtful(self, row: ports.Row) -> bool:
        """It would write over a value, and who wrote that isn't known."""
        act = row.wish.act
        if row.wish.key in self._mode.doubted:
            return False
        if not isinstance(act, intents.SetFields) or not self._mode.touched.get(row.wish.card):
            return False
        return any(act.replaces.get(code) not in (None, "", 0, ()) for code in act.values)

    async def behind(
        self, portal: model.PortalId, cards: Collection[model.CardRef], now: datetime
    ) -> Sequence[ports.Row]:
        """While the mode is on each wish waits for its own turn to be looked for."""
        return () if self._mode.on else await self._ledger.behind(portal, cards, now)

    async def sending(
        self, portal: model.PortalId, keys: Collection[intents.WishKey], now: datetime
    ) -> frozenset[intents.WishKey]:
        return await self._ledger.sending(portal, keys, now)

    async def end(self, portal: model.PortalId, ends: Sequence[ports.End]) -> None:
        await self._ledger.end(portal, ends)
        mode = self._mode
        found = [
            mode.asked[end.key] for end in ends if end.note == outcomes.ADOPTED and end.key in mode.asked
        ]
        mode.again.update(found)
        mode.adopted += len(found)

    async def unsettled(self, portal: model.PortalId, now: datetime, window: float) -> Sequence[ports.Row]:
        return await self._ledger.unsettled(portal, now, window)

    async def supersede(
        self, portal: model.PortalId, loaded: Mapping[intents.RobotId, str], at: datetime
    ) -> int:
        return await self._ledger.supersede(portal, loaded, at)

    async def rows(
        self,
        portal: model.PortalId | None,
        *,
        card: model.CardRef | None = None,
        states: Collection[intents.WishState] = (),
        limit: int = 1000,
    ) -> Sequence[ports.Row]:
        return await self._ledger.rows(portal, card=card, states=states, limit=limit)

    async def by_marker(self, portal: model.PortalId, marker: str) -> ports.Row | None:
        return await self._ledger.by_marker(portal, marker)

    async def cards_of_tasks(
        self, portal: model.PortalId, tasks: Collection[int]
    ) -> Mapping[int, model.CardRef]:
        return await self._ledger.cards_of_tasks(portal, tasks)

    async def redo(self, portal: model.PortalId, keys: Collection[intents.WishKey], at: datetime) -> int:
        return await self._ledger.redo(portal, keys, at)

    async def next_moment(self, portal: model.PortalId) -> datetime | None:
        return await self._ledger.next_moment(portal)


class Restoring:
    """The loop that brings the mode to its end."""

    def __init__(self, desk: desks.Desk, mode: Mode) -> None:
        self._desk, self._mode = desk, mode

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            return supervisor.OVER if await self.step() else self._desk.settings.poll

        await supervisor.pulse(self._desk, "restoring", step, stop)

    async def step(self) -> bool:
        """True: the mode is over."""
        desk, mode = self._desk, self._mode
        if not mode.on:
            return True
        refs, mode.again = mode.cut | mode.again, set()
        if refs:
            await desk.inbox.mark(desk.id, [_thing(ref) for ref in sorted(refs)])
            return False
        if not await self._quiet():
            return False
        await desk.notebook.write(desk.id, NOTE, None)
        mode.on = False
        desk.log.info("restore.done", adopted=mode.adopted, doubtful=len(mode.doubted))
        return True

    async def _quiet(self) -> bool:
        """Two whole sweeps: what the first one saw is marked by the time of the second."""
        desk, mode = self._desk, self._mode
        if mode.sweeps < 2 or await desk.inbox.depth(desk.id):
            return False
        wake = await desk.mirror.next_wake(desk.id)
        if wake is not None and wake <= desk.clock.now():
            return False
        rows = await desk.ledger.rows(desk.id, states=WAITING, limit=MANY)
        return len(rows) < MANY and all(self._is_asked(row) for row in rows)

    def _is_asked(self, row: ports.Row) -> bool:
        return row.wish.key in self._mode.asked and row.state is not intents.WishState.UNKNOWN


def _thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)
