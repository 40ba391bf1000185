"""The ledger: durable wishes and their lives. States change only here, and only as `transitions` allows; how rows are found
and read stands in `ledger_rows`.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connector import errors, ports
from connector.store import bells, binding, codec, engine, erasing, inbox, ledger_rows, tables, transitions
from robots import intents, model

S = intents.WishState
ROW = tables.ledger.c
ENDING = (
    sa.update(tables.ledger)
    .where(ROW.portal == sa.bindparam("p"), ROW.key == sa.bindparam("k"))
    .values(
        state=sa.bindparam("to"),
        open=sa.bindparam("o"),
        done_at=sa.bindparam("d"),
        retry_at=sa.bindparam("r"),
        note=sa.func.coalesce(sa.bindparam("n"), ROW.note),
        made=sa.func.coalesce(sa.bindparam("m"), ROW.made),
    )
)
"""A note and an id that an answer doesn't name stay as they were."""


# ---------------------------------------------------------------- works


def _states(conn: sa.Connection, portal: str, keys: Iterable[str]) -> dict[intents.WishKey, S]:
    query = sa.select(ROW.key, ROW.state).where(ROW.portal == portal)
    return {
        intents.WishKey(row.key): S(row.state)
        for part in engine.chunks(keys)
        for row in conn.execute(query.where(ROW.key.in_(part)))
    }


def insert(
    conn: sa.Connection, portal: str, wishes: Sequence[tuple[intents.Wish, datetime]]
) -> list[intents.WishKey]:
    """In order; returns the keys that weren't there yet. An open one that is wished for another stay is bound to that."""
    fresh = {wish.key: (wish, at) for wish, at in reversed(wishes)}  # of twins the first wins
    known = _states(conn, portal, fresh)
    again = (fresh[key][0] for key, state in known.items() if not state.final)
    binding.bind(conn, portal, again)
    order = list(dict.fromkeys(wish.key for wish, _ in wishes if wish.key not in known))
    rows = []
    for wish, at in (fresh[key] for key in order):
        state = S.DRY_RUN if wish.dry_run else S.WISHED
        rows.append(
            {
                "portal": portal,
                "key": wish.key,
                "marker": ports.marker(wish.key),
                "card": str(wish.card),
                "robot": wish.robot,
                "digest": wish.digest,
                "stands_on": wish.stands_on,
                "body": codec.dump(wish),
                "state": state.value,
                "open": int(not state.final),
                "wished_at": codec.micros(at),
                "done_at": codec.micros(at) if state.final else None,
            }
        )
    engine.bulk(conn, tables.ledger, rows)
    return order


def _finish(conn: sa.Connection, portal: str, seqs: Sequence[int], to: S, at: datetime, note: str) -> None:
    change = {"state": to.value, "open": 0, "done_at": codec.micros(at), "retry_at": None, "note": note}
    for part in engine.chunks(seqs):
        mine = (ROW.portal == portal) & ROW.seq.in_(part)
        conn.execute(sa.update(tables.ledger).where(mine).values(**change))


def _unsent(portal: str) -> sa.Select[Any]:
    """Obligations (no digest) are left out: a task that was set is closed though its robot or its card is gone."""
    return sa.select(ROW.seq, ROW.card, ROW.robot, ROW.digest).where(
        ROW.portal == portal, ROW.state.in_(ledger_rows.values(transitions.UNSENT)), ROW.digest != ""
    )


def call_off(conn: sa.Connection, portal: str, ref: model.CardRef, at: datetime) -> None:
    """The card is gone: what wasn't sent never will be."""
    rows = conn.execute(_unsent(portal).where(ROW.card == str(ref))).all()
    _finish(conn, portal, [row.seq for row in rows], S.SUPERSEDED, at, transitions.DELETED_NOTE)


def _supersede(conn: sa.Connection, portal: str, loaded: Mapping[intents.RobotId, str], at: datetime) -> int:
    rows = [row for row in conn.execute(_unsent(portal)) if loaded.get(row.robot) != row.digest]
    _finish(conn, portal, [row.seq for row in rows], S.SUPERSEDED, at, transitions.CHANGED_NOTE)
    inbox.mark(
        conn, [(portal, card, int(ports.Lane.LIVE)) for card in dict.fromkeys(row.card for row in rows)]
    )
    return len(rows)


def _sending(
    conn: sa.Connection, portal: str, keys: Collection[intents.WishKey], now: datetime, life: str
) -> frozenset[intents.WishKey]:
    sent = {"state": S.SENT.value, "open": 1, "sent_at": codec.micros(now), "retry_at": None, "life": life}
    mine = (ROW.portal == portal) & ROW.state.in_(ledger_rows.values(transitions.SENDABLE))
    update = sa.update(tables.ledger).values(**sent, tries=ROW.tries + 1).returning(ROW.key)
    return frozenset(
        intents.WishKey(key)
        for part in engine.chunks(keys)
        for key in conn.execute(update.where(mine, ROW.key.in_(part))).scalars()
    )


def _still_out(conn: sa.Connection, portal: str, ends: Sequence[ports.End], life: str) -> list[ports.End]:
    """Of answers that came after the portal was lost: those whose row this worker sent and nobody has settled since."""
    query = sa.select(ROW.key).where(
        ROW.portal == portal, ROW.state == S.SENT.value, ROW.life.startswith(f"{life}.")
    )
    keys = {end.key for end in ends}
    out = {
        key for part in engine.chunks(keys) for key in conn.execute(query.where(ROW.key.in_(part))).scalars()
    }
    return [end for end in ends if end.key in out]


def end(conn: sa.Connection, portal: str, ends: Sequence[ports.End]) -> None:
    ends = binding.unbroken(conn, portal, ends)
    states = _states(conn, portal, {end.key for end in ends})
    rows: list[dict[str, Any]] = []
    for end in ends:
        state = states.get(end.key)
        transitions.check(end.key, state, end.to)
        if state is end.to and end.to.final:
            continue
        states[end.key] = end.to
        rows.append(
            {
                "p": portal,
                "k": end.key,
                "to": end.to.value,
                "o": int(not end.to.final),
                "d": codec.micros(end.at) if end.to.final else None,
                "r": codec.maybe_micros(end.retry_at),
                "n": erasing.said(conn, portal, codec.clean_text(end.note)) or None,
                "m": codec.whole(end.made),
            }
        )
    engine.many(conn, ENDING, rows)


def _redo(conn: sa.Connection, portal: str, keys: Collection[intents.WishKey], at: datetime) -> int:
    again = {
        "state": S.WISHED.value,
        "open": 1,
        "done_at": None,
        "retry_at": None,
        "sent_at": None,
        "tries": 0,
    }
    mine = (ROW.portal == portal) & ROW.state.in_(ledger_rows.values(transitions.REDOABLE))
    update = sa.update(tables.ledger).values(**again, wished_at=codec.micros(at))
    return sum(conn.execute(update.where(mine, ROW.key.in_(part))).rowcount for part in engine.chunks(keys))


# ---------------------------------------------------------------- the port


class SqlLedger(ports.Ledger):
    def __init__(self, database: engine.Engine, ringing: bells.Bells) -> None:
        self._engine, self._bells = database, ringing
        self._page = itertools.count(1)
        self._turn_page()

    def _turn_page(self) -> None:
        """After a sending whose commit is in doubt: its rows may be `sent`, and nobody sends them. Under another name for
        this life they are settled like another one's."""
        self._life = f"{self._engine.life}.{next(self._page)}"

    async def _rows(self, query: sa.Select[Any], **asked: Any) -> Sequence[ports.Row]:
        """Read and decoded in the reader's thread: a long list must not hold up the loop."""
        return await self._engine.read(
            lambda conn: [ledger_rows.row_of(row) for row in conn.execute(query, asked)]
        )

    async def ready(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[model.CardRef]
    ) -> Sequence[ports.Row]:
        named = [str(ref) for ref in busy]
        return await self._rows(
            ledger_rows.HEADS, portal=portal, now=codec.micros(now), most=limit, busy=named
        )

    async def behind(
        self, portal: model.PortalId, cards: Collection[model.CardRef], now: datetime
    ) -> Sequence[ports.Row]:
        stamp = codec.micros(now)
        return [
            row
            for part in engine.chunks(cards)
            for row in await self._rows(ledger_rows.behind(portal, stamp, part))
        ]

    async def sending(
        self, portal: model.PortalId, keys: Collection[intents.WishKey], now: datetime
    ) -> frozenset[intents.WishKey]:
        life = self._life
        try:
            return await self._engine.write(lambda conn: _sending(conn, portal, keys, now, life))
        except errors.StoreError:
            self._turn_page()
            raise

    async def end(self, portal: model.PortalId, ends: Sequence[ports.End]) -> None:
        def work(conn: sa.Connection, late: bool) -> None:
            end(conn, portal, _still_out(conn, portal, ends, self._engine.life) if late else ends)

        if ends:
            await self._engine.answer(work)

    async def unsettled(self, portal: model.PortalId, now: datetime, window: float) -> Sequence[ports.Row]:
        long_ago = codec.micros(now - timedelta(seconds=window))
        stamp = codec.micros(now)
        return await self._rows(
            ledger_rows.UNSETTLED, portal=portal, now=stamp, long_ago=long_ago, life=self._life
        )

    async def supersede(
        self, portal: model.PortalId, loaded: Mapping[intents.RobotId, str], at: datetime
    ) -> int:
        ended = await self._engine.write(lambda conn: _supersede(conn, portal, loaded, at))
        if ended:
            self._bells.ring(portal)
        return ended

    async def rows(
        self,
        portal: model.PortalId | None,
        *,
        card: model.CardRef | None = None,
        states: Collection[intents.WishState] = (),
        limit: int = 1000,
    ) -> Sequence[ports.Row]:
        """The newest `limit`, oldest first."""
        query = ledger_rows.FULL.order_by(ROW.seq.desc()).limit(limit)
        if portal is not None:
            query = query.where(ROW.portal == portal)
        if card is not None:
            query = query.where(ROW.card == str(card))
        if states:
            query = query.where(ROW.state.in_(ledger_rows.values(states)))
        return list(reversed(await self._rows(query)))

    async def by_marker(self, portal: model.PortalId, marker: str) -> ports.Row | None:
        query = ledger_rows.FULL.where(ROW.portal == portal, ROW.marker == codec.clean_text(marker)).limit(1)
        return next(iter(await self._rows(query)), None)

    async def cards_of_tasks(
        self, portal: model.PortalId, tasks: Collection[int]
    ) -> Mapping[int, model.CardRef]:
        found: dict[int, model.CardRef] = {}
        for part in engine.chunks(task for task in tasks if codec.whole(task) is not None):
            for row in await self._rows(ledger_rows.FULL.where(ROW.portal == portal, ROW.made.in_(part))):
                if row.made is not None and isinstance(row.wish.act, intents.SetTask):
                    found[row.made] = row.wish.card
        return found

    async def redo(self, portal: model.PortalId, keys: Collection[intents.WishKey], at: datetime) -> int:
        return await self._engine.write(lambda conn: _redo(conn, portal, keys, at))

    async def next_moment(self, portal: model.PortalId) -> datetime | None:
        asked = {"portal": portal}
        found = await self._engine.read(
            lambda conn: conn.execute(ledger_rows.NEXT_MOMENT, asked).scalar_one()
        )
        return codec.maybe_moment(found)
