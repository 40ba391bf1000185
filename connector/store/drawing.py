"""Draws from queues, in the transaction that records the wishes: a row that isn't new draws nothing (`robots.draws`).

A queue's turns are a note of the portal, `draw/NAME`. Load is counted over the mirror's open cards, only if somebody asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, tables
from robots import draws, intents, model

CARDS, LEDGER, NOTES = tables.cards.c, tables.ledger.c, tables.notes.c
PREFIX = "draw/"


def drawn(conn: sa.Connection, portal: str, looked: Sequence[ports.Looked]) -> Sequence[ports.Looked]:
    """The same looks with names in the place of picks."""
    picks = [(wish, wish.pick) for look in looked for wish in look.wishes if wish.pick is not None]
    if not picks:
        return looked
    tallies = _tallies(conn, portal, {draws.queue_name(wish, pick) for wish, pick in picks})
    known = _drawn_before(conn, portal, [wish.key for wish, _ in picks])
    drawing = draws.Drawing(tallies, known, _Loads(conn, portal))
    made = [settled(look, drawing) for look in looked]
    _keep(conn, portal, tallies)
    return made


def settled(look: ports.Looked, drawing: draws.Drawing) -> ports.Looked:
    wishes = drawing.settle(look.wishes, look.at)
    because = {wish.key: wish.because for wish in wishes}
    trace = tuple(
        replace(line, reason=because.get(line.wish, line.reason)) if line.wish is not None else line
        for line in look.trace
    )
    return replace(look, wishes=wishes, trace=trace)


def dump(tally: draws.Tally) -> Any:
    """As free JSON."""
    return {
        "turns": {str(user): credit for user, credit in tally.turns.items()},
        "given": [[str(one.card), one.user, one.at.isoformat()] for one in tally.given],
    }


def load(plain: Any) -> draws.Tally:
    return draws.Tally(
        {model.UserId(int(user)): credit for user, credit in plain["turns"].items()},
        tuple(
            draws.Given(codec.card_ref(card), model.UserId(user), datetime.fromisoformat(at))
            for card, user, at in plain["given"]
        ),
    )


def _tallies(conn: sa.Connection, portal: str, queues: Collection[str]) -> dict[str, draws.Tally]:
    query = sa.select(NOTES.name, NOTES.value).where(
        NOTES.portal == portal, NOTES.name.in_([f"{PREFIX}{queue}" for queue in queues])
    )
    return {row.name.removeprefix(PREFIX): load(codec.load_json(row.value)) for row in conn.execute(query)}


def _keep(conn: sa.Connection, portal: str, tallies: dict[str, draws.Tally]) -> None:
    rows = [
        {"portal": portal, "name": f"{PREFIX}{queue}", "value": codec.dump_json(dump(tally))}
        for queue, tally in tallies.items()
    ]
    engine.bulk(conn, tables.notes, rows, "ON CONFLICT (portal, name) DO UPDATE SET value = excluded.value")


def _drawn_before(
    conn: sa.Connection, portal: str, keys: Iterable[intents.WishKey]
) -> dict[intents.WishKey, model.UserId | None]:
    query = sa.select(LEDGER.key, LEDGER.body).where(LEDGER.portal == portal)
    return {
        intents.WishKey(row.key): draws.who(codec.load(intents.Wish, row.body).act)
        for part in engine.chunks(keys)
        for row in conn.execute(query.where(LEDGER.key.in_(part)))
    }


class _Loads:
    """Everybody's open cards, counted once for all draws of a recording: it reads every open card."""

    def __init__(self, conn: sa.Connection, portal: str) -> None:
        self._conn = conn
        if conn.dialect.name == "postgresql":
            said = sa.cast(CARDS.body, sa.JSON)["responsible"].as_string()
            self._holder: sa.ColumnElement[Any] = sa.cast(said, sa.BigInteger).label("holder")
        else:
            self._holder = sa.func.json_extract(CARDS.body, "$.responsible").label("holder")
        self._opened = (CARDS.portal == portal) & (CARDS.closed == 0) & (CARDS.deleted == 0)
        self._counts: dict[model.UserId, int] | None = None

    def __call__(self, asked: Collection[model.CardRef]) -> draws.Load:
        if self._counts is None:
            query = sa.select(self._holder, sa.func.count().label("cards")).where(self._opened)
            rows = self._conn.execute(query.group_by(self._holder))
            self._counts = {model.UserId(row.holder): row.cards for row in rows if row.holder is not None}
        holders: dict[model.CardRef, model.UserId | None] = {}
        query = sa.select(CARDS.card, self._holder).where(self._opened)
        for part in engine.chunks(str(ref) for ref in asked):
            found = self._conn.execute(query.where(CARDS.card.in_(part)))
            holders |= {codec.card_ref(row.card): _user(row.holder) for row in found}
        return draws.Load(self._counts, holders)


def _user(number: int | None) -> model.UserId | None:
    return None if number is None else model.UserId(number)
