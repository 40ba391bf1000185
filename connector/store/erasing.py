"""Erasing a person from the store, and keeping them out of it (R15).

`guarded` stands in every transaction that writes what came from the portal: what the no-copy list names is scrubbed by
whoever writes it, so that a look which was in the air while a person was erased brings nothing back. `SqlErasure.erase`
goes over what was kept before: read in pages, scrubbed outside the writer, written back only where the row is still the
one that was read. Bytes that SQLite leaves in free pages and in the WAL are `purge`'s matter.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector import ports
from connector.store import codec, engine, persons, tables
from robots import forgetting, intents, model

PAGE, ROUNDS = 500, 6
DIGEST_KEY = "digest_key"
"""The note that holds the key of hashes; it is no text."""
COMMS, CLIENTS, CARDS = tables.comms.c, tables.clients.c, tables.cards.c
NO_COPY = tables.no_copy.c
_ESCAPED = re.compile(r'\\(?:[nrtbf"/\\]|u[0-9a-f]{4})')
Row = dict[str, Any]
Scrub = Callable[[forgetting.Marks, Row], Row]


# ---------------------------------------------------------------- the guard of every write


def marks(conn: sa.Connection, portal: str, key: bytes = b"") -> forgetting.Marks:
    written = conn.execute(sa.select(NO_COPY.mark).where(NO_COPY.portal == portal)).scalars().all()
    return forgetting.marks(written, key or _key(conn, portal)) if written else forgetting.Marks()


def _key(conn: sa.Connection, portal: str) -> bytes:
    notes = tables.notes.c
    query = sa.select(notes.value).where(notes.portal == portal, notes.name == DIGEST_KEY)
    text = conn.execute(query).scalar_one_or_none()
    return bytes.fromhex(codec.load_json(text) or "") if text else b""


def guarded(conn: sa.Connection, portal: str, looked: Sequence[ports.Looked]) -> Sequence[ports.Looked]:
    """The looks as they may be kept."""
    known = marks(conn, portal)
    return [ports.scrubbed(known, look) for look in looked] if known else looked


def cards(conn: sa.Connection, portal: str, copied: Sequence[ports.CopiedCard]) -> Sequence[ports.CopiedCard]:
    known = marks(conn, portal)
    return [dataclasses.replace(one, card=known.card(one.card)) for one in copied] if known else copied


def clients(
    conn: sa.Connection, portal: str, copied: Sequence[ports.CopiedClient]
) -> Sequence[ports.CopiedClient]:
    known = marks(conn, portal)
    return [copy for one in copied if (copy := ports.copiable(known, one))] if known else copied


def said(conn: sa.Connection, portal: str, text: str) -> str:
    """Words of the portal as they may be kept: a refusal may quote what was written."""
    known = marks(conn, portal) if text else forgetting.Marks()
    return known.text(text) if known else text


# ---------------------------------------------------------------- texts of each table


def _bodies(turn: Callable[[forgetting.Marks, str], str], *columns: str) -> Scrub:
    return lambda known, row: {name: turn(known, row[name]) for name in columns if row[name]}


def _plain(known: forgetting.Marks, text: str) -> str:
    return known.text(text)


def _card(known: forgetting.Marks, text: str) -> str:
    return codec.dump(known.card(codec.load(model.Card, text)))


def _wish(known: forgetting.Marks, row: Row) -> Row:
    body = codec.dump(known.wish(codec.load(intents.Wish, row["body"])))
    return {"body": body, "note": known.text(row["note"])}


def _client(known: forgetting.Marks, text: str) -> str:
    return codec.dump(known.client(codec.load(model.Client, text)))


def _trace(known: forgetting.Marks, text: str) -> str:
    lines = codec.load_trace(text)
    return codec.dump_trace(tuple(dataclasses.replace(one, reason=known.text(one.reason)) for one in lines))


def _note(known: forgetting.Marks, row: Row) -> Row:
    return (
        {}
        if row["name"] == DIGEST_KEY
        else {"value": codec.dump_json(walked(known, codec.load_json(row["value"])))}
    )


def walked(known: forgetting.Marks, value: Any) -> Any:
    """Free JSON without the person; keys stay."""
    if isinstance(value, str):
        return known.text(value)
    if isinstance(value, Mapping):
        return {name: walked(known, one) for name, one in value.items()}
    return [walked(known, one) for one in value] if isinstance(value, list) else value


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """A table that holds people's texts: `columns` are read, `scrub` says what they become."""

    name: str
    table: sa.Table
    key: tuple[str, ...]
    columns: tuple[str, ...]
    scrub: Scrub


ROOMS = (
    Room("cards", tables.cards, ("card",), ("body",), _bodies(_card, "body")),
    Room("clients", tables.clients, ("client",), ("body",), _bodies(_client, "body")),
    Room("ledger", tables.ledger, ("seq",), ("body", "note"), _wish),
    Room("looks", tables.looks, ("seq",), ("trace",), _bodies(_trace, "trace")),
    Room("parked", tables.dirty, ("seq",), ("why",), _bodies(_plain, "why")),
    Room("notes", tables.notes, ("name",), ("value",), _note),
)


def _suspect(known: forgetting.Marks, row: Row, columns: Iterable[str]) -> bool:
    """Whether the raw text may say anything: decoding it is dear, and nearly no row does."""
    texts = (_ESCAPED.sub(" ", row[name]) for name in columns if row[name])
    return any(known.text(text) != text for text in texts)


def _news(room: Room, known: forgetting.Marks, rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Rows that change, and what becomes of them."""
    for row in rows:
        if room.name == "clients" and row["client"] in known.refs:
            continue  # dropped whole
        own = room.name == "cards" and row["card"] in known.refs
        if not own and not _suspect(known, row, room.columns):
            continue
        new = {name: text for name, text in room.scrub(known, row).items() if text != row[name]}
        if new:
            yield row, new


# ---------------------------------------------------------------- works


def _page(conn: sa.Connection, portal: str, room: Room, after: Row | None) -> list[Row]:
    wanted = [room.table.c[name] for name in (*room.key, *room.columns)]
    (key,) = (room.table.c[name] for name in room.key)
    query = sa.select(*wanted).where(room.table.c.portal == portal).order_by(key).limit(PAGE)
    if after is not None:
        query = query.where(key > after[room.key[0]])
    return [dict(row._mapping) for row in conn.execute(query)]


def _write(conn: sa.Connection, portal: str, room: Room, news: Sequence[tuple[Row, Row]]) -> int:
    """Rows that were changed meanwhile are left to the next round."""
    written = 0
    for row, new in news:
        mine = [room.table.c.portal == portal, *(room.table.c[name] == row[name] for name in room.key)]
        same = [room.table.c[name] == row[name] for name in new]
        written += conn.execute(sa.update(room.table).where(*mine, *same).values(**new)).rowcount
    return written


def _drop(conn: sa.Connection, portal: str, known: forgetting.Marks) -> Counter[str]:
    """The person's own entry, and their comms in the index of duplicates."""
    dropped: Counter[str] = Counter()
    for part in engine.chunks(sorted(known.refs)):
        of_them = (CLIENTS.portal == portal) & CLIENTS.client.in_(part)
        dropped["clients"] += conn.execute(sa.delete(tables.clients).where(of_them)).rowcount
        index = (COMMS.portal == portal) & COMMS.client.in_(part)
        dropped["comms"] += conn.execute(sa.delete(tables.comms).where(index)).rowcount
    return dropped


def _counted(conn: sa.Connection, portal: str, known: forgetting.Marks) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, column in (("clients", CLIENTS), ("comms", COMMS)):
        query = sa.select(sa.func.count()).where(
            column.portal == portal, column.client.in_(sorted(known.refs))
        )
        found[name] = conn.execute(query).scalar_one()
    return found


def _without_comms(conn: sa.Connection, portal: str, bound: Collection[str]) -> None:
    """The digest of a card's phones counts theirs too. A card of nobody else has none now, and no change is seen."""
    for part in engine.chunks(sorted(bound)):
        rows = conn.execute(
            sa.select(CARDS.card, CARDS.memory).where(CARDS.portal == portal, CARDS.card.in_(part))
        )
        for card, text in rows.all():
            memory = codec.load(ports.Memory, text)
            if memory.comms:
                lean = codec.dump(dataclasses.replace(memory, comms=""))
                mine = (CARDS.portal == portal) & (CARDS.card == card)
                conn.execute(sa.update(tables.cards).where(mine).values(memory=lean))


def _forget(conn: sa.Connection, portal: str, written: Collection[str], key: bytes, at: datetime) -> None:
    notes = {"portal": portal, "name": DIGEST_KEY, "value": codec.dump_json(key.hex())}
    conn.execute(engine.insert(conn, tables.notes).values(**notes).on_conflict_do_nothing())
    for mark in sorted(written):
        row = {"portal": portal, "mark": mark, "at": codec.micros(at)}
        conn.execute(engine.insert(conn, tables.no_copy).values(**row).on_conflict_do_nothing())
    refs = {mark for mark in written if not mark.startswith((forgetting.COMM, forgetting.NAME))}
    bound = {card for found in persons.bound(conn, portal, refs).values() for card in found}
    _without_comms(conn, portal, bound)


# ---------------------------------------------------------------- the port


class SqlErasure(ports.Erasure):
    def __init__(self, database: engine.Engine) -> None:
        self._engine = database

    async def marks(self, portal: model.PortalId, key: bytes) -> forgetting.Marks:
        return await self._engine.read(lambda conn: marks(conn, portal, key))

    async def known(
        self, portal: model.PortalId, key: bytes, refs: Collection[str], comms: Collection[str]
    ) -> tuple[ports.Known, ...]:
        return await self._engine.read(lambda conn: persons.known(conn, portal, key, refs, comms))

    async def alone(
        self, portal: model.PortalId, words: Collection[str], but: Collection[str]
    ) -> frozenset[str]:
        return await self._engine.read(lambda conn: persons.alone(conn, portal, words, but))

    async def traces(self, portal: model.PortalId, marks: forgetting.Marks) -> Mapping[str, int]:
        found = await self._engine.read(lambda conn: _counted(conn, portal, marks))
        for room in ROOMS:
            async for news in self._pages(portal, room, marks):
                found[room.name] += len(news)
        return +found

    async def forget(
        self, portal: model.PortalId, written: Collection[str], key: bytes, at: datetime
    ) -> None:
        await self._engine.write(lambda conn: _forget(conn, portal, written, key, at))

    async def erase(self, portal: model.PortalId, marks: forgetting.Marks) -> Mapping[str, int]:
        erased: Counter[str] = Counter()
        for _ in range(ROUNDS):
            now: Counter[str] = await self._engine.write(lambda conn: _drop(conn, portal, marks))
            for room in ROOMS:
                async for news in self._pages(portal, room, marks):
                    now[room.name] += await self._engine.write(
                        functools.partial(_write, portal=portal, room=room, news=news)
                    )
            erased += now
            if not +now:
                break
        return erased

    async def _pages(
        self, portal: model.PortalId, room: Room, known: forgetting.Marks
    ) -> AsyncIterator[list[tuple[Row, Row]]]:
        """Read, and scrubbed, in a reader's thread: a daemon beside goes on writing."""
        after: Row | None = None
        while True:
            rows, news = await self._engine.read(
                functools.partial(_read, portal=portal, room=room, known=known, after=after)
            )
            if news:
                yield news
            if len(rows) < PAGE:
                return
            after = rows[-1]


def _read(
    conn: sa.Connection, portal: str, room: Room, known: forgetting.Marks, after: Row | None
) -> tuple[list[Row], list[tuple[Row, Row]]]:
    rows = _page(conn, portal, room, after)
    return rows, list(_news(room, known, rows))
