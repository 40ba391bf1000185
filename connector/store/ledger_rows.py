"""What the ledger reads: rows as people and loops see them, and the questions that are asked of it again and again.

A card's rows in `seq` order are its chain; the oldest open one is its head, and only heads are ready. The partial indexes
hold open rows alone, so hundreds of thousands of finished ones cost nothing. A question of every poll is built once: building
costs more than the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import codec, inbox, tables, transitions
from robots import intents, model

S = intents.WishState
ROW, CARD = tables.ledger.c, tables.cards.c
BEFORE = tables.ledger.alias("before")
OLDER = tables.ledger.alias("older")
IS_OPEN = sa.text("ledger.open = 1")
"""Literal: SQLite takes a partial index only if it can read its condition in the query."""
OLDER_IS_OPEN = sa.text("older.open = 1")

FULL = sa.select(
    tables.ledger,
    CARD.accepted.label("accepted"),
    CARD.looked_at.label("looked_at"),
    CARD.deleted.label("deleted"),
    CARD.memory.label("memory"),
    BEFORE.c.state.label("before"),
    BEFORE.c.made.label("before_made"),
).select_from(
    tables.ledger.outerjoin(tables.cards, (CARD.portal == ROW.portal) & (CARD.card == ROW.card)).outerjoin(
        BEFORE, (BEFORE.c.portal == ROW.portal) & (BEFORE.c.key == ROW.stands_on)
    )
)


def values(states: Iterable[S]) -> list[str]:
    return [state.value for state in states]


def _stay(wish: intents.Wish, memory: str | None) -> model.VisitId | None:
    if memory is None or not ports.returns(wish):
        return None
    stay = codec.load(ports.Memory, memory).visit
    return stay.id if stay is not None else None


def row_of(row: sa.Row[Any]) -> ports.Row:
    wish = codec.load(intents.Wish, row.body)
    return ports.Row(
        seq=row.seq,
        wish=wish,
        state=S(row.state),
        wished_at=codec.moment(row.wished_at),
        sent_at=codec.maybe_moment(row.sent_at),
        done_at=codec.maybe_moment(row.done_at),
        tries=row.tries,
        made=row.made,
        note=row.note,
        accepted=row.accepted,
        visit=_stay(wish, row.memory),
        looked_at=codec.maybe_moment(row.looked_at),
        deleted=bool(row.deleted),
        before=S(row.before) if row.before else None,
        before_made=row.before_made,
    )


def past(conn: sa.Connection, portal: str, cards: Sequence[str]) -> dict[str, list[intents.Past]]:
    """The rows of these cards as facts of a look, oldest first."""
    query = (
        sa.select(ROW.card, ROW.body, ROW.state, ROW.wished_at, ROW.done_at, ROW.made, ROW.note)
        .where(ROW.portal == portal, ROW.card.in_(cards))
        .order_by(ROW.card, ROW.seq)
    )
    found: defaultdict[str, list[intents.Past]] = defaultdict(list)
    for row in conn.execute(query):
        found[row.card].append(
            intents.Past(
                wish=codec.load(intents.Wish, row.body),
                state=S(row.state),
                wished_at=codec.moment(row.wished_at),
                done_at=codec.maybe_moment(row.done_at),
                made=row.made,
                note=row.note,
            )
        )
    return found


def _older() -> sa.Exists:
    """A row of the same card that is to go before this one."""
    return sa.exists().where(
        OLDER.c.portal == ROW.portal,
        OLDER.c.card == ROW.card,
        OLDER.c.seq < ROW.seq,
        OLDER_IS_OPEN,
        OLDER.c.state.not_in(values(transitions.BESIDE)),
    )


PORTAL: sa.BindParameter[str] = sa.bindparam("portal")
NOW: sa.BindParameter[int] = sa.bindparam("now", type_=sa.BigInteger())
HEADS = (
    FULL.where(
        ROW.portal == PORTAL,
        IS_OPEN,
        ROW.state == S.WISHED.value,
        ROW.retry_at.is_(None) | (ROW.retry_at <= NOW),
        ROW.card.not_in(sa.bindparam("busy", expanding=True)),
        ~_older(),
        BEFORE.c.open.is_(None) | (BEFORE.c.open == 0) | (BEFORE.c.state == S.HELD.value),
        ~inbox.parked_cards(ROW.portal, ROW.card, NOW),
    )
    .order_by(ROW.seq)
    .limit(sa.bindparam("most", type_=sa.Integer()))
)
UNSETTLED = FULL.where(
    ROW.portal == PORTAL,
    ROW.state.in_(
        values((S.UNKNOWN, S.SENT))
    ),  # said once more by itself, so that the index by state is taken
    ((ROW.state == S.UNKNOWN.value) & (ROW.retry_at.is_(None) | (ROW.retry_at <= NOW)))
    | (
        (ROW.state == S.SENT.value)
        & (ROW.life != sa.bindparam("life"))
        & (ROW.sent_at <= sa.bindparam("long_ago", type_=sa.BigInteger()))
    ),
).order_by(ROW.seq)
NEXT_MOMENT = sa.select(sa.func.min(ROW.retry_at)).where(ROW.portal == PORTAL, ROW.retry_at.is_not(None))


def behind(portal: str, now: int, cards: Collection[model.CardRef]) -> sa.Select[Any]:
    older = _older()
    in_the_way = older.where((OLDER.c.state != S.WISHED.value) | (OLDER.c.retry_at > now))
    return FULL.where(
        ROW.portal == portal,
        ROW.card.in_([str(ref) for ref in cards]),
        IS_OPEN,
        ROW.state == S.WISHED.value,
        ROW.retry_at.is_(None) | (ROW.retry_at <= now),
        older,
        ~in_the_way,
    ).order_by(ROW.seq)
