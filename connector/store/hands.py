"""The ledger under a person's hands: what `resume`, `undo` and `enroll` ask of it.

No loop sends by these. A row goes back to `wished` only from states in which nothing of it can stand over there, so that
nothing is done twice; whether it is still wanted is asked again before it is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, inbox, ledger, tables
from robots import intents, model

S = intents.WishState
ROW, CARD = tables.ledger.c, tables.cards.c
REVIVABLE = (S.SUPERSEDED, S.BLOCKED)
"""Surely not over there."""
MANY = 20_000
"""Rows that limits are reckoned from, at most."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A wish that was sent, and when."""

    wish: intents.Wish
    at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the ledger as a person asks for it."""

    seq: int
    wish: intents.Wish
    state: S
    wished_at: datetime
    sent_at: datetime | None
    done_at: datetime | None
    made: int | None
    note: str


DUE = (
    sa.select(ROW.body)
    .where(
        ROW.portal == sa.bindparam("portal"),
        ROW.state == S.WAITING.value,
        ROW.retry_at <= sa.bindparam("now", type_=sa.BigInteger()),
    )
    .order_by(ROW.seq)
)
HELD = (
    sa.select(ROW.robot, sa.func.count())
    .where(ROW.portal == sa.bindparam("portal"), ROW.state == S.HELD.value)
    .group_by(ROW.robot)
)


class SqlHands:
    def __init__(self, database: engine.Engine) -> None:
        self._engine = database

    async def add(
        self, portal: model.PortalId, wishes: Sequence[intents.Wish], at: datetime
    ) -> Sequence[intents.WishKey]:
        """Wishes that no look made; the keys that weren't there yet."""
        return await self._engine.write(
            lambda conn: ledger.insert(conn, portal, [(wish, at) for wish in wishes])
        )

    async def called(self, portal: model.PortalId, news: intents.Wish, at: datetime) -> bool:
        """News of a card is written down and the card is looked at, in one transaction. False: it was known."""

        def work(conn: sa.Connection) -> bool:
            fresh = ledger.insert(conn, portal, [(news, at)])
            inbox.mark(conn, [(portal, str(news.card), int(ports.Lane.LIVE))])
            return bool(fresh)

        return await self._engine.write(work)

    async def revive(
        self, portal: model.PortalId, keys: Collection[intents.WishKey], at: datetime, note: str
    ) -> int:
        """Wished again as if now; how many were. `note` says by whose will."""
        again = {
            "state": S.WISHED.value,
            "open": 1,
            "wished_at": codec.micros(at),
            "done_at": None,
            "retry_at": None,
            "sent_at": None,
            "tries": 0,
            "note": note,
        }
        mine = (ROW.portal == portal) & ROW.state.in_([state.value for state in REVIVABLE])
        update = sa.update(tables.ledger).values(**again)

        def work(conn: sa.Connection) -> int:
            return sum(
                conn.execute(update.where(mine, ROW.key.in_(part))).rowcount for part in engine.chunks(keys)
            )

        return await self._engine.write(work)

    async def acts(
        self,
        portal: model.PortalId,
        states: Collection[S],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[Act]:
        """Rows in these states, oldest first: by when they ended; what is open by when it was wished."""
        moment = sa.func.coalesce(ROW.done_at, ROW.wished_at)
        query = sa.select(tables.ledger).where(
            ROW.portal == portal, ROW.state.in_([state.value for state in states])
        )
        if since is not None:
            query = query.where(moment >= codec.micros(since))
        if until is not None:
            query = query.where(moment <= codec.micros(until))
        return await self._engine.read(
            lambda conn: [_act(row) for row in conn.execute(query.order_by(ROW.seq))]
        )

    async def sent(self, portal: model.PortalId, since: datetime) -> Sequence[Gone]:
        """What was sent since then and not called back, oldest first: the newest `MANY` of it."""
        query = (
            sa.select(ROW.seq, ROW.body, ROW.sent_at)
            .where(ROW.portal == portal, ROW.sent_at >= codec.micros(since))
            .order_by(ROW.seq.desc())
            .limit(MANY)
        )
        found = await self._engine.read(
            lambda conn: [
                Gone(codec.load(intents.Wish, row.body), codec.moment(row.sent_at))
                for row in conn.execute(query)
            ]
        )
        return found[::-1]

    async def due(self, portal: model.PortalId, now: datetime) -> Sequence[intents.Wish]:
        """Messages whose hour has come, oldest first."""
        asked = {"portal": portal, "now": codec.micros(now)}
        return await self._engine.read(
            lambda conn: [codec.load(intents.Wish, body) for body in conn.execute(DUE, asked).scalars()]
        )

    async def bundle(
        self,
        portal: model.PortalId,
        wishes: Sequence[intents.Wish],
        ends: Sequence[ports.End],
        at: datetime,
    ) -> None:
        """Adds the wishes by which others go, and ends those, in one transaction."""

        def work(conn: sa.Connection) -> None:
            ledger.insert(conn, portal, [(wish, at) for wish in wishes])
            ledger.end(conn, portal, ends)

        await self._engine.write(work)

    async def held(self, portal: model.PortalId) -> Mapping[intents.RobotId, int]:
        """How much of whom waits for a person."""
        asked = {"portal": portal}
        rows = await self._engine.read(lambda conn: conn.execute(HELD, asked).all())
        return {intents.RobotId(robot): count for robot, count in rows}

    async def let_go(self, portal: model.PortalId, robots: Collection[intents.RobotId], note: str) -> int:
        """What of theirs is held is wished again, in its old place; how many were."""
        return await self._unheld(portal, robots, {"state": S.WISHED.value, "note": note})

    async def drop(
        self, portal: model.PortalId, robots: Collection[intents.RobotId], at: datetime, note: str
    ) -> int:
        """What of theirs is held never goes; how many were."""
        ended = {"state": S.SUPERSEDED.value, "open": 0, "done_at": codec.micros(at), "note": note}
        return await self._unheld(portal, robots, ended)

    async def _unheld(
        self, portal: model.PortalId, robots: Collection[intents.RobotId], change: Mapping[str, Any]
    ) -> int:
        mine = (ROW.portal == portal) & (ROW.state == S.HELD.value)
        update = sa.update(tables.ledger).values(**change, retry_at=None)

        def work(conn: sa.Connection) -> int:
            return sum(
                conn.execute(update.where(mine, ROW.robot.in_(part))).rowcount
                for part in engine.chunks(robots)
            )

        return await self._engine.write(work)

    async def open_cards(self, portal: model.PortalId, kind: model.CardKind) -> Sequence[model.CardRef]:
        """Cards of a kind that are in work, the newest first."""
        query = sa.select(CARD.card).where(
            CARD.portal == portal, CARD.closed == 0, CARD.deleted == 0, CARD.card.startswith(f"{kind.value}:")
        )
        found = await self._engine.read(
            lambda conn: [codec.card_ref(name) for name in conn.execute(query).scalars()]
        )
        return sorted(found, key=lambda ref: ref.id, reverse=True)


def _act(row: sa.Row[tuple[object, ...]]) -> Act:
    return Act(
        seq=row.seq,
        wish=codec.load(intents.Wish, row.body),
        state=S(row.state),
        wished_at=codec.moment(row.wished_at),
        sent_at=codec.maybe_moment(row.sent_at),
        done_at=codec.maybe_moment(row.done_at),
        made=row.made,
        note=row.note,
    )
