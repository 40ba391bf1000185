"""What holds when the disk, a neighbour, or a single work goes wrong."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector import errors, ports
from connector.store import api, clientele, engine, inbox, ledger_rows, opening
from robots import intents
from tests.contract import stores
from tests.contract.stores import ACME, NOW, looked, thing, wish


@dataclass
class Opened:
    path: Path
    database: engine.Sqlite
    store: api.Store
    conns: list[sa.Connection] = field(default_factory=list)

    async def tell(self, pragma: str) -> None:
        """To the writing connection, while it rests; past its transactions, which a read-only one can't begin."""
        conns: list[sa.Connection] = self.conns
        if not conns:
            await self.database.write(conns.append)
        engine.driver(conns[0]).execute(f"PRAGMA {pragma}").fetchall()


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    path = tmp_path / "store.sqlite"
    with opening.only_daemon(path):
        opening.prepare(path)
        database = engine.Sqlite(path, inbox.mark)
        try:
            yield Opened(path, database, api.over(database))
        finally:
            await database.aclose()


async def fill(store: api.Store, acked: list[int]) -> None:
    """Marks for ever; `acked` grows with each answer."""
    for number in itertools.count():
        await store.inbox.mark(ACME, [thing(number * 1000 + n) for n in range(200)])
        acked.append(number)


async def test_a_full_disk_is_said_and_outlived(opened: Opened) -> None:
    """Acked is there, refused isn't, nothing is half there; with room again the same store goes on."""
    await opened.tell("max_page_count = 60")
    acked: list[int] = []
    with pytest.raises(errors.StoreError, match="full"):
        await fill(opened.store, acked)
    depth = await opened.store.inbox.depth(ACME)
    big = looked(1, *(wish(f"k{n}", because="слово " * 2000) for n in range(50)))
    with pytest.raises(errors.StoreError):
        await opened.store.mirror.record(ACME, [big])
    assert (depth, list(await opened.store.ledger.rows(ACME))) == (len(acked) * 200, [])
    assert (await opened.store.mirror.memories(ACME, [big.ref]))[big.ref] == ports.Memory()
    await opened.tell("max_page_count = 1000000")
    assert len(await opened.store.mirror.record(ACME, [big])) == 50
    await opened.store.inbox.mark(ACME, [thing(1)])


async def test_a_read_only_disk_is_said_and_outlived(opened: Opened) -> None:
    """Reading goes on meanwhile."""
    await opened.store.inbox.mark(ACME, [thing(1)])
    await opened.tell("query_only = 1")
    for work in (
        opened.store.inbox.mark(ACME, [thing(2)]),
        opened.store.notebook.write(ACME, "n", 1),
        opened.store.mirror.record(ACME, [looked(1)]),
    ):
        with pytest.raises(errors.StoreError, match="readonly"):
            await work
    assert await opened.store.inbox.depth(ACME) == 1
    await opened.tell("query_only = 0")
    await opened.store.inbox.mark(ACME, [thing(2)])
    assert await opened.store.inbox.depth(ACME) == 2


async def test_a_locked_database_is_said_and_outlived(opened: Opened) -> None:
    """Somebody holds the file from outside: who waits is told, later ones are served."""
    await opened.tell("busy_timeout = 10")
    with closing(sqlite3.connect(opened.path, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(errors.StoreError, match="locked"):
            await opened.store.inbox.mark(ACME, [thing(1)])
        assert await opened.store.inbox.depth(ACME) == 0
        stranger.execute("ROLLBACK")
    await opened.store.inbox.mark(ACME, [thing(1)])
    assert await opened.store.inbox.depth(ACME) == 1


async def test_a_failing_work_takes_nobody_along(opened: Opened) -> None:
    """Works share a commit, not their failures: what a bad one wrote is taken back, its fellows and marks stay."""

    def half_done(conn: sa.Connection) -> None:
        conn.execute(sa.text("INSERT INTO notes VALUES ('acme', 'half', '1')"))
        raise LookupError("a bug")

    results = await asyncio.gather(
        opened.store.notebook.write(ACME, "before", 1),
        opened.database.write(half_done),
        opened.store.inbox.mark(ACME, [thing(1)]),
        opened.store.notebook.write(ACME, "after", 2),
        opened.database.write(lambda conn: conn.execute(sa.text("INSERT INTO notes VALUES (1)"))),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == [
        "NoneType",
        "LookupError",
        "NoneType",
        "NoneType",
        "StoreError",
    ]
    notes = [await opened.store.notebook.read(ACME, name) for name in ("before", "half", "after")]
    assert (notes, await opened.store.inbox.depth(ACME)) == ([1, None, 2], 1)


async def test_who_stops_waiting_harms_nobody(opened: Opened) -> None:
    """A cancelled caller's work may be in or not; the others are answered."""
    marks = [
        asyncio.get_running_loop().create_task(opened.store.inbox.mark(ACME, [thing(n)])) for n in range(20)
    ]
    await asyncio.sleep(0)
    for mark in marks[::2]:
        mark.cancel()
    await asyncio.gather(*marks, return_exceptions=True)
    assert [mark.cancelled() for mark in marks] == [True, False] * 10
    seen = {row.thing.id for row in await opened.store.inbox.take(ACME, NOW, 50, ())}
    assert seen >= set(range(1, 20, 2))


async def test_values_never_stand_in_an_errors_text(opened: Opened) -> None:
    """Errors go to logs; a client's words must not."""
    secret = "+79161234567"
    with pytest.raises(sa.exc.IntegrityError) as error:
        await opened.database.write(
            lambda conn: conn.execute(
                sa.text("INSERT INTO notes (portal, name) VALUES (:p, :n)"), {"p": secret, "n": secret}
            )
        )
    assert secret not in str(error.value)


async def test_a_read_sees_one_moment(opened: Opened) -> None:
    """A snapshot: what is committed between two of its queries isn't in it."""
    count = sa.text("SELECT count(*) FROM notes")
    loop = asyncio.get_running_loop()

    def two_queries(conn: sa.Connection) -> tuple[int, int]:
        first = conn.execute(count).scalar_one()
        asyncio.run_coroutine_threadsafe(opened.store.notebook.write(ACME, "n", 1), loop).result(30)
        return first, conn.execute(count).scalar_one()

    assert await opened.database.read(two_queries) == (0, 0)
    assert await opened.database.read(lambda conn: conn.execute(count).scalar_one()) == 1


async def test_finished_rows_cost_nothing(opened: Opened) -> None:
    """Heads are found by the indexes of state and of open rows: hundreds of thousands of ended ones aren't walked."""
    query = ledger_rows.HEADS.params(portal=ACME, now=0, most=50, busy=[])

    def plan(conn: sa.Connection) -> list[str]:
        text = query.compile(conn, compile_kwargs={"literal_binds": True})
        return [row[3] for row in conn.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]

    told = await opened.database.read(plan)
    assert [
        step
        for step in told
        if step.startswith(("SEARCH ledger", "SEARCH older", "SCAN ledger", "SCAN older"))
    ] == [
        "SEARCH ledger USING INDEX ledger_state (portal=? AND state=?)",
        "SEARCH older USING INDEX ledger_chain (portal=? AND card=? AND seq<?)",
    ]
    assert "USE TEMP B-TREE FOR ORDER BY" not in told


async def test_many_looks_of_one_round(opened: Opened) -> None:
    """A round of fifty is one transaction: either all of it is there or nothing."""
    good = [looked(number, wish(f"k{number}", number)) for number in range(1, 50)]
    bad = looked(50, wish("bad", 50, act=intents.SetFields({"UF": object()})))  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        await opened.store.mirror.record(ACME, [*good, bad])
    assert list(await opened.store.ledger.rows(ACME)) == []
    assert len(await opened.store.mirror.record(ACME, good)) == 49
    assert stores.keys(await opened.store.ledger.ready(ACME, NOW, 100, ())) == [f"k{n}" for n in range(1, 50)]


async def test_a_looks_links_are_found_by_their_cards(opened: Opened) -> None:
    """However many links a portal has: a round of looks isn't to walk them all."""

    def plan(conn: sa.Connection) -> list[str]:
        query = f"EXPLAIN QUERY PLAN {clientele.linked(conn).text}".replace(":cards", "('deal:1', 'deal:2')")
        return [row[3] for row in conn.execute(sa.text(query), {"portal": ACME})]

    assert await opened.database.read(plan) == ["SEARCH links USING INDEX links_card (portal=? AND card=?)"]
