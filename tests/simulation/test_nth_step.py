"""The real store, cut off at the n-th step of SQLite's own machine, for every n: each of its writes is all there or not at all.

SQLite asks a handler after each instruction of its machine whether to go on; one «no» ends the statement as a failing disk
does, in the middle of an insert, of a savepoint, at COMMIT. The same write made again then does what it always does.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connector import errors, ports
from connector.store import api, engine, inbox, opening
from robots import intents, model
from tests.contract import stores
from tests.contract.stores import ACME, NOW, at, deal, end, looked, thing, wish

S = intents.WishState
LONG = re.compile(r"[0-9a-f]{32}|\d{12,}")
PLACES = int(os.environ.get("SIMULATION_PLACES", "10"))
"""At so many places, evenly, each write is cut off."""
Write = Callable[[api.Store], Awaitable[Any]]
CARD = stores.card(7, contacts=(4,), fields={model.FieldCode("UF"): "да"})
CLIENT = model.Client(stores.contact(9), "Анна")


def keys(letters: str) -> list[intents.WishKey]:
    return [intents.WishKey(one) for one in letters]


async def _finish(store: api.Store) -> None:
    await store.inbox.finish(ACME, await store.inbox.take(ACME, NOW, 9, ()))


WRITES: Mapping[str, Write] = {
    "mark": lambda store: store.inbox.mark(ACME, [thing(n) for n in range(5)]),
    "finish": _finish,
    "park": lambda store: store.inbox.park(ACME, ports.Dirty(thing(3), 1, ports.Lane.LIVE), at(9), "не читается"),
    "record": lambda store: store.mirror.record(
        ACME,
        [looked(n, wish(f"fresh{n}", n), memory=ports.Memory(card=stores.card(n)), arrived=(stores.visit(n),))
         for n in range(1, 4)],
    ),
    "tombstone": lambda store: store.mirror.tombstone(ACME, stores.dirty(1), deal(1), at(9)),
    "due": lambda store: store.mirror.due(ACME, at(99), 10),
    "copy_cards": lambda store: store.mirror.copy_cards(ACME, [ports.CopiedCard(CARD, (stores.contact(4),))]),
    "copy_clients": lambda store: store.mirror.copy_clients(ACME, [ports.CopiedClient(CLIENT, ("h1", "h2"))]),
    "sending": lambda store: store.ledger.sending(ACME, keys("ab"), at(1)),
    "end": lambda store: store.ledger.end(ACME, [end("c", S.DONE, made=7), end("d", S.REFUSED, note="нет")]),
    "supersede": lambda store: store.ledger.supersede(ACME, {intents.RobotId("other"): "d"}, at(5)),
    "note": lambda store: store.notebook.write(ACME, "cursors", {"deal": [1, 2, 3]}),
}  # fmt: skip


@dataclass
class Cut:
    """Says no to the `at`-th question, once; 0: never. Called in the writer's thread."""

    at: int = 0
    asked: int = 0
    armed: bool = False

    def __call__(self) -> int:
        if not self.armed:
            return 0
        self.asked += 1
        return int(self.asked == self.at)


@contextlib.asynccontextmanager
async def opened(path: Path, cut: Cut) -> AsyncIterator[api.Store]:
    with opening.only_daemon(path):
        database = engine.Sqlite(path, inbox.mark)
        try:
            await database.write(lambda conn: _handler(conn, cut))
            yield api.over(database)
        finally:
            await database.aclose()


async def fill(path: Path) -> None:
    """A store in which something has happened: open wishes of all sorts, dirty cards, moments to come."""
    opening.prepare(path)
    async with opened(path, Cut()) as store:
        await store.inbox.mark(ACME, [thing(n) for n in (1, 2, 3)])
        wishes = [wish(key, number) for number, key in enumerate("abcd", 1)]
        await store.mirror.record(ACME, [looked(n, one, wake_at=at(n)) for n, one in enumerate(wishes, 1)])
        await store.inbox.mark(ACME, [thing(n) for n in (1, 2, 3)])
        await store.ledger.sending(ACME, keys("cd"), NOW)


def _handler(conn: sa.Connection, cut: Cut) -> None:
    engine.driver(conn).set_progress_handler(cut, 1)


def contents(path: Path) -> list[str]:
    """All rows, as SQL; without versions and names of lives, which are drawn anew."""
    with contextlib.closing(sqlite3.connect(path)) as raw:
        return [LONG.sub("N", line) for line in raw.iterdump() if line.startswith("INSERT")]


async def tried(filled: Path, write: Write, cut: Cut) -> tuple[bool, list[str]]:
    """In a copy. Whether it failed, and what is there then; the same once more goes well."""
    path = filled.with_name(f"{cut.at}.sqlite")
    shutil.copy(filled, path)
    async with opened(path, cut) as store:
        cut.armed = True
        try:
            await write(store)
            failed = False
        except errors.StoreError:
            failed = True
        cut.armed = False
        left = contents(path)
        if failed:
            await write(store)
        return failed, left


@pytest.mark.parametrize("name", WRITES)
async def test_a_write_is_whole_or_nothing(tmp_path: Path, name: str) -> None:
    """Wherever it breaks off; and it says so, for nobody is told «saved» of what isn't. Broken off behind the commit it is
    there and was refused: whoever asks again asks for what is there."""
    filled, fair = tmp_path / "filled.sqlite", Cut()
    await fill(filled)
    before = contents(filled)
    failed, after = await tried(filled, WRITES[name], fair)
    assert (failed, after == before, fair.asked > PLACES) == (False, False, True)
    nothing = 0
    for nth in range(1, fair.asked + 1, max(1, fair.asked // PLACES)):
        failed, left = await tried(filled, WRITES[name], Cut(nth))
        assert failed, f"said «saved» though cut off at {nth} of {fair.asked}"
        assert left in (before, after), f"half of it is there, cut off at {nth} of {fair.asked}"
        nothing += left == before
    assert nothing > PLACES // 2
