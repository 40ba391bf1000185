"""The ledger under a person's hands: what `resume`, `undo` and `enroll` ask of it.

No loop sends by these. A row goes back to `wished` only from states in which nothing of it can stand over there, so that
nothing is done twice; whether it is still wanted is asked again before it is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connector.store import codec, engine, ledger, tables
from robots import intents, model

S = intents.WishState
ROW, CARD = tables.ledger.c, tables.cards.c
REVIVABLE = (S.SUPERSEDED, S.BLOCKED)
"""Surely not over there."""


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
