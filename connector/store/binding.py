"""Which stay an open wish is wanted for (`while_visit`): another one once its cause came again before it was over.

A deal won, reopened and won again hands over once: the wish of the first win, still open, is the second one's. What was
reckoned of it for the stay before (`End.bound_to`: «the deal has gone on») is no news by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, tables
from robots import intents

ROW = tables.ledger.c
BINDING = (
    sa.update(tables.ledger)
    .where(ROW.portal == sa.bindparam("p"), ROW.key == sa.bindparam("k"))
    .values(body=sa.bindparam("b"))
)


def bind(conn: sa.Connection, portal: str, wishes: Iterable[intents.Wish]) -> None:
    """`wishes`: open ones, wished again. Nothing but the stay is taken over from them."""
    stays = {wish.key: wish.while_visit for wish in wishes if wish.while_visit is not None}
    rows = [
        {"p": portal, "k": known.key, "b": codec.dump(replace(known, while_visit=stays[known.key]))}
        for known in _known(conn, portal, stays)
        if known.while_visit != stays[known.key]
    ]
    engine.many(conn, BINDING, rows)


def unbroken(conn: sa.Connection, portal: str, ends: Sequence[ports.End]) -> Sequence[ports.End]:
    """Without those reckoned for a stay that the wish isn't bound to any more."""
    reckoned = {end.key for end in ends if end.bound_to is not None}
    if not reckoned:
        return ends
    stays = {wish.key: wish.while_visit for wish in _known(conn, portal, reckoned)}
    return [end for end in ends if end.bound_to is None or stays.get(end.key, end.bound_to) == end.bound_to]


def _known(conn: sa.Connection, portal: str, keys: Iterable[intents.WishKey]) -> Iterator[intents.Wish]:
    query = sa.select(ROW.body).where(ROW.portal == portal)
    for part in engine.chunks(keys):
        for body in conn.execute(query.where(ROW.key.in_(part))).scalars():
            yield codec.load(intents.Wish, body)
