"""How long the journal is kept, and what must outlive it.

A look's story is dropped whole. A wish is never dropped: its key is why the same cause isn't acted on twice («once per
card» means for ever), its state and `made` say what stands over there. What is dropped of an old ended wish is every word
that people wrote or read. Until a task that was set is surely closed, its row keeps its words: the notice of its end
needs them. Both go in small transactions over rows in the order of their numbers, which is the order of time.

The WAL of a file is folded back into it here too: `fold` gives its disk space back when no reader holds it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connector.store import codec, engine, tables
from robots import forgetting, intents, model

LOOKS, ROW = tables.looks.c, tables.ledger.c
FORGOTTEN = "подробности стёрты: срок хранения истории прошёл"
FOLD_PATIENCE = 0.2
"""Seconds that a fold may wait for readers and writers; then it is left for the next time."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """One small transaction: `rows` were dropped or emptied; from `upto` on the next one goes on; `over`: nothing older
    is left."""

    rows: int
    upto: int
    over: bool


class SqlRetention:
    """As connector.loops.retention.Keeping asks."""

    def __init__(self, database: engine.Engine) -> None:
        self._engine = database

    async def drop_looks(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 500
    ) -> Cleared:
        """Drops looks older than `before`, from number `after` on."""
        long_ago = codec.micros(before)
        query = sa.select(LOOKS.seq, LOOKS.at, LOOKS.portal).where(LOOKS.seq > after)
        query = query.order_by(LOOKS.seq).limit(limit)
        rows = await self._engine.read(lambda conn: conn.execute(query).all())
        old = [row.seq for row in rows if row.portal == portal and row.at < long_ago]
        if old:
            await self._engine.write(
                engine.run(sa.delete(tables.looks).where(LOOKS.portal == portal, LOOKS.seq.in_(old)))
            )
        mine = sum(row.portal == portal for row in rows)
        over = len(rows) < limit or (mine > 0 and not old)
        return Cleared(len(old), rows[-1].seq if rows else after, over)

    async def empty_wishes(
        self, portal: model.PortalId, before: datetime, after: int, limit: int = 200
    ) -> Cleared:
        """Takes the words out of wishes that ended before `before`, from number `after` on."""
        long_ago = codec.micros(before)
        query = sa.select(ROW.seq, ROW.portal, ROW.wished_at).where(ROW.seq > after)
        query = query.order_by(ROW.seq).limit(limit)
        rows = await self._engine.read(lambda conn: conn.execute(query).all())
        mine = [row.seq for row in rows if row.portal == portal and row.wished_at < long_ago]
        emptied = await self._engine.write(lambda conn: _empty(conn, portal, mine, long_ago)) if mine else 0
        # One young row is no end: a wish that was tried again is young for its number.
        over = len(rows) < limit or (not mine and any(row.portal == portal for row in rows))
        return Cleared(emptied, rows[-1].seq if rows else after, over)

    async def fold(self) -> int:
        """Folds the WAL into the file and cuts it off; returns its bytes afterwards. A server does this itself: 0."""
        path = await self._engine.read(_file)
        if path is None:
            return 0
        await asyncio.to_thread(_fold, path)
        return wal_bytes(path)


def wal_bytes(path: Path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def forgotten(wish: intents.Wish) -> intents.Wish:
    """The same wish without a word of people's: key, cause, ids and moments stay. Written values go too, but for numbers:
    a robot knows its own filling by the id it wrote."""
    act: Any = wish.act
    if isinstance(act, intents.SetFields | intents.SetClient):
        kept = {code: value if isinstance(value, int) else None for code, value in act.values.items()}
        bare: Any = dataclasses.replace(act, values=kept, replaces={})
    else:
        blank = {name: _blank(getattr(act, name)) for name in forgetting.TEXTS[type(act)]}
        bare = dataclasses.replace(act, **blank)
    return dataclasses.replace(wish, act=bare, because=FORGOTTEN)


def may_forget(wish: intents.Wish, state: intents.WishState, closed: Collection[str]) -> bool:
    """`closed`: keys of wishes whose task is surely closed by us."""
    if not state.final:
        return False
    return not (isinstance(wish.act, intents.SetTask) and state.happened) or wish.key in closed


def closes(wish: intents.Wish, state: intents.WishState) -> intents.WishKey | None:
    """Whose task is closed by this row."""
    return wish.act.set_by if isinstance(wish.act, intents.CloseTask) and state.happened else None


def _blank(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {}
    return "" if isinstance(value, str) else () if isinstance(value, tuple) else None


def _empty(conn: sa.Connection, portal: str, seqs: Collection[int], long_ago: int) -> int:
    query = sa.select(ROW.seq, ROW.card, ROW.state, ROW.body, ROW.note, ROW.done_at)
    rows = conn.execute(query.where(ROW.portal == portal, ROW.seq.in_(seqs))).all()
    wishes = {row.seq: codec.load(intents.Wish, row.body) for row in rows}
    tasks = {row.card for row in rows if isinstance(wishes[row.seq].act, intents.SetTask)}
    closed = _closed(conn, portal, tasks)
    emptied: list[Mapping[str, Any]] = []
    for row in rows:
        wish = wishes[row.seq]
        if row.done_at is None or row.done_at >= long_ago:
            continue
        if not may_forget(wish, intents.WishState(row.state), closed):
            continue
        body = codec.dump(forgotten(wish))
        if body != row.body or row.note:
            emptied.append({"s": row.seq, "b": body})
    update = sa.update(tables.ledger).where(ROW.seq == sa.bindparam("s"))
    engine.many(conn, update.values(body=sa.bindparam("b"), note=""), [dict(one) for one in emptied])
    return len(emptied)


def _closed(conn: sa.Connection, portal: str, cards: Collection[str]) -> set[str]:
    query = sa.select(ROW.body, ROW.state).where(ROW.portal == portal, ROW.body.contains('"close_task"'))
    found: set[str] = set()
    for part in engine.chunks(cards):
        for row in conn.execute(query.where(ROW.card.in_(part))):
            key = closes(codec.load(intents.Wish, row.body), intents.WishState(row.state))
            found |= {key} if key else set()
    return found


def _file(conn: sa.Connection) -> Path | None:
    if conn.dialect.name != "sqlite":
        return None
    rows = conn.execute(sa.text("PRAGMA database_list")).all()
    return next((Path(row[2]) for row in rows if row[1] == "main" and row[2]), None)


def _fold(path: Path) -> None:
    """On a connection of its own: in a transaction it can't be done. A reader that holds on is no error."""
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=FOLD_PATIENCE)
        ) as raw:
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise engine.store_error(error) from error
