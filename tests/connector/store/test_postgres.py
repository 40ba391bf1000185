"""A server as the store: what it says when it can't be had, what holds when it is cut off, who hears whose doorbells."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from urllib import parse

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import autogenerate
from alembic.runtime import migration

from connector import errors
from connector.store import api, opening, opening_postgres, postgres, tables
from tests.contract import postgres_server, stores
from tests.contract.stores import ACME, NOW, OTHER, looked, thing, wish


@pytest.fixture
def dsn() -> Iterator[str]:
    made = postgres_server.fresh()
    yield made
    postgres_server.drop(made)


@pytest.fixture
def empty() -> Iterator[str]:
    made = postgres_server.fresh(empty=True)
    yield made
    postgres_server.drop(made)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[postgres.Postgres]:
    from connector.store import inbox

    made = postgres.Postgres(dsn, inbox.mark)
    yield made
    await made.aclose()


async def sql(dsn: str, *statements: str) -> None:
    conn = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await conn.execute(statement)
    finally:
        await conn.close()


async def cut(dsn: str) -> None:
    """Every connection of ours, as a restarted server does it."""
    await sql(
        dsn,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


async def refused(dsn: str, *, daemon: bool = True) -> str:
    with pytest.raises(errors.StoreError) as error:
        async with api.open_store(dsn, daemon=daemon):
            pass
    place = opening_postgres.where(dsn)
    return re.sub(
        r"\((?!CREATE)[^()]*\)", "(…)", str(error.value).replace(place, "STORE").partition(" (Connect")[0]
    )


def changed(dsn: str, **parts: str) -> str:
    return parse.urlsplit(dsn)._replace(**parts).geturl()


# ---------------------------------------------------------------- opening


async def test_a_first_start_makes_the_store(empty: str) -> None:
    """A guest makes none; the second worker finds it made."""
    assert await refused(empty, daemon=False) == "в базе STORE Voronka ещё не работала"
    async with api.open_store(empty, daemon=True) as store:
        await store.inbox.mark(ACME, [thing(1)])
        async with api.open_store(empty, daemon=True) as second:
            assert await second.inbox.depth(ACME) == 1


async def test_workers_that_start_together_migrate_once(empty: str) -> None:
    """Each asks, one does it, the others wait and find it done."""
    await asyncio.gather(*(asyncio.to_thread(opening_postgres.prepare, empty) for _ in range(4)))
    async with api.open_store(empty, daemon=False) as store:
        assert await store.inbox.depth(ACME) == 0


async def test_migrations_lead_to_the_tables(dsn: str) -> None:
    """What the program believes and what the database has are the same, and HEAD names it."""

    def compare(conn: sa.Connection) -> tuple[object, object]:
        context = migration.MigrationContext.configure(conn)
        return autogenerate.compare_metadata(context, tables.metadata), context.get_current_revision()

    assert await asyncio.to_thread(postgres.once, dsn, compare) == ([], tables.HEAD)


async def test_what_cannot_be_had_is_said_in_a_sentence(dsn: str, empty: str) -> None:
    """Down, a wrong password, no such database, a stranger's, a newer program's; the password is in none of them."""
    host = parse.urlsplit(dsn)
    told = {
        "down": await refused(changed(dsn, netloc=f"{host.username}:geheim@127.0.0.1:1")),
        "password": await refused(changed(dsn, netloc=f"{host.username}:geheim@{host.hostname}:{host.port}")),
        "missing": await refused(changed(dsn, path="/voronka_nowhere")),
    }
    await sql(empty, "CREATE TABLE accounts (id int)")
    told["stranger"] = await refused(empty)
    await sql(dsn, "UPDATE alembic_version SET version_num = '9901'")
    told["newer"] = await refused(dsn)
    assert told == {
        "down": "STORE: база не отвечает: сервер PostgreSQL выключен или недоступен",
        "password": "STORE: база не пускает: неверное имя или пароль в адресе базы (…)",
        "missing": "STORE: такой базы на сервере нет: создайте её (CREATE DATABASE) или поправьте адрес (…)",
        "stranger": "STORE — база другой программы",
        "newer": "STORE от более новой программы (…): запустите ту или верните копию базы",
    }


async def test_old_workers_go_on_beside_a_newer_program(dsn: str) -> None:
    """It only adds: a worker of the older program still starts, looks and sends on what the newer one has migrated."""
    async with api.open_store(dsn, daemon=True) as old:
        await sql(
            dsn,
            "ALTER TABLE ledger ADD COLUMN later text",
            "ALTER TABLE dirty ADD COLUMN later int DEFAULT 1",
            f"UPDATE alembic_version SET version_num = '{tables.HEAD[:2]}99'",
        )
        await old.mirror.record(ACME, [looked(1, wish("a"))])
        assert await old.ledger.sending(ACME, [wish("a").key], NOW) == {"a"}
    async with api.open_store(dsn, daemon=True) as again:
        assert stores.keys(await again.ledger.rows(ACME)) == ["a"]


def test_a_broken_migration_leaves_nothing(empty: str) -> None:
    """Check and migration are one transaction; the next start does it from the beginning."""
    steps = opening.migrate

    def half(conn: sa.Connection) -> None:
        steps(conn)
        conn.execute(sa.text("SELECT 1 / 0"))

    with pytest.raises(sa.exc.DBAPIError, match="division by zero"):
        postgres.once(empty, half)
    opening_postgres.prepare(empty)
    opening_postgres.inspect(empty)


# ---------------------------------------------------------------- troubles


async def test_a_server_that_restarts_costs_nobody_a_doorbell(dsn: str) -> None:
    """Connections that were cut while they rested are opened anew, unseen by who writes, marks and reads."""
    async with api.open_store(dsn, daemon=True) as store:
        await store.notebook.write(ACME, "n", 1)
        await store.inbox.mark(ACME, [thing(1)])
        assert await store.inbox.depth(ACME) == 1
        await cut(dsn)
        await store.inbox.mark(ACME, [thing(2)])
        await store.notebook.write(ACME, "n", 2)
        seen = [await store.inbox.depth(ACME) for _ in range(postgres.READERS)]
        assert (seen, await store.notebook.read(ACME, "n")) == ([2] * postgres.READERS, 2)


async def test_a_server_that_is_down_is_said_and_outlived() -> None:
    """An honest StoreError at once for a 503; when it is back the same store goes on."""
    server = postgres_server.Server().start()
    try:
        async with api.open_store(server.dsn, daemon=True) as store:
            await store.inbox.mark(ACME, [thing(1)])
            server.stop()
            works = (
                store.inbox.mark(ACME, [thing(2)]),
                store.notebook.write(ACME, "n", 1),
                store.inbox.depth(ACME),
            )
            for work in works:
                with pytest.raises(errors.StoreError, match="не отвечает"):
                    await work
            server.start()
            await store.inbox.mark(ACME, [thing(2)])
            assert await store.inbox.depth(ACME) == 2
    finally:
        server.close()


async def test_a_read_only_server_is_said_and_outlived(dsn: str) -> None:
    """A replica, or an admin's switch; reading goes on meanwhile."""
    name = parse.urlsplit(dsn).path[1:]
    async with api.open_store(dsn, daemon=True) as store:
        await store.inbox.mark(ACME, [thing(1)])
        await sql(dsn, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await cut(dsn)
        for work in (store.inbox.mark(ACME, [thing(2)]), store.mirror.record(ACME, [looked(1)])):
            with pytest.raises(errors.StoreError, match="сюда нельзя писать"):
                await work
        assert await store.inbox.depth(ACME) == 1
        await sql(dsn.replace(f"/{name}", "/postgres"), f"ALTER DATABASE {name} RESET ALL")
        await cut(dsn)
        await store.inbox.mark(ACME, [thing(2)])


async def test_a_failing_work_takes_nobody_along(database: postgres.Postgres) -> None:
    """Works share a commit, not their failures."""
    store = api.over(database)

    def half_done(conn: sa.Connection) -> None:
        conn.execute(sa.text("INSERT INTO notes VALUES ('acme', 'half', '1')"))
        raise LookupError("a bug")

    results = await asyncio.gather(
        store.notebook.write(ACME, "before", 1),
        database.write(half_done),
        database.write(lambda conn: conn.execute(sa.text("SELECT nothing"))),
        store.notebook.write(ACME, "after", 2),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == [
        "NoneType",
        "LookupError",
        "ProgrammingError",
        "NoneType",
    ]
    assert [await store.notebook.read(ACME, name) for name in ("before", "half", "after")] == [1, None, 2]


async def test_values_never_stand_in_an_errors_text(database: postgres.Postgres) -> None:
    """Errors go to logs with their causes; a client's words must not, neither the server's DETAIL nor the driver's."""
    secret = "+79161234567"
    row = {"p": secret, "n": secret}
    missing = sa.text("INSERT INTO notes (portal, name) VALUES (:p, :n)")
    wrong = sa.text("INSERT INTO dirty (portal, thing, lane) VALUES (:p, :p, :n)")
    for statement in (missing, wrong):
        with pytest.raises(sa.exc.DBAPIError) as error:
            await database.write(lambda conn, statement=statement: conn.execute(statement, row))
        link: BaseException | None = error.value
        while link is not None:
            assert secret not in f"{link} {link!r}"
            link = link.__cause__ or link.__context__


async def test_two_that_stand_in_each_others_way_both_get_through(
    database: postgres.Postgres, dsn: str
) -> None:
    """A deadlock with another process ends one of the two; that one is done again."""
    other, met = postgres.Postgres(dsn, lambda *_: None), threading.Barrier(2, timeout=20)

    def both(first: str, second: str, times: list[int]) -> engine_work:
        def work(conn: sa.Connection) -> None:
            times.append(1)
            for name in (first, second):
                conn.execute(sa.text("UPDATE notes SET value = value || '1' WHERE name = :n"), {"n": name})
                if len(times) == 1 and name == first:
                    met.wait()

        return work

    here: list[int] = []
    there: list[int] = []
    store = api.over(database)
    for name in ("a", "b"):
        await store.notebook.write(ACME, name, 7)
    await asyncio.gather(database.write(both("a", "b", here)), other.write(both("b", "a", there)))
    await other.aclose()
    assert (len(here) + len(there), await store.notebook.read(ACME, "a")) == (3, 711)


engine_work = postgres.engine.Work[None]


async def test_a_read_sees_one_moment(database: postgres.Postgres) -> None:
    """A snapshot: what is committed between two of its queries isn't in it; and it can't write."""
    count = sa.text("SELECT count(*) FROM notes")
    loop, store = asyncio.get_running_loop(), api.over(database)

    def two_queries(conn: sa.Connection) -> tuple[int, int]:
        first = conn.execute(count).scalar_one()
        asyncio.run_coroutine_threadsafe(store.notebook.write(ACME, "n", 1), loop).result(30)
        return first, conn.execute(count).scalar_one()

    assert await database.read(two_queries) == (0, 0)
    assert await database.read(lambda conn: conn.execute(count).scalar_one()) == 1
    with pytest.raises(errors.StoreError, match="сюда нельзя писать"):
        await database.read(lambda conn: conn.execute(sa.text("DELETE FROM notes")))


async def test_closing_leaves_no_thread(dsn: str) -> None:
    """What was submitted is committed first; afterwards everything is refused."""
    before = set(threading.enumerate())
    async with api.open_store(dsn, daemon=True) as store:
        await asyncio.gather(*(store.inbox.mark(ACME, [thing(n)]) for n in range(50)))
    assert [t.name for t in set(threading.enumerate()) - before if t.name.startswith("store")] == []
    for work in (store.inbox.mark(ACME, [thing(1)]), store.inbox.depth(ACME)):
        with pytest.raises(errors.StoreError, match="closed"):
            await work


# ---------------------------------------------------------------- hearing others


async def test_a_doorbell_taken_by_another_process_is_heard(dsn: str) -> None:
    """Any process takes webhooks; whoever waits for that portal is woken, nobody else."""
    async with api.open_store(dsn, daemon=True) as owner, api.open_store(dsn, daemon=True) as door:
        for portal in (ACME, OTHER):
            await owner.inbox.take(portal, NOW, 9, ())
        waiting = asyncio.get_running_loop().create_task(owner.inbox.wait(OTHER, 60))
        await asyncio.wait_for(_rung(owner, door), 20)
        assert not waiting.done()
        waiting.cancel()


async def _rung(owner: api.Store, door: api.Store) -> None:
    await door.inbox.mark(ACME, [thing(1)])
    await owner.inbox.wait(ACME, 60)


async def test_after_a_cut_it_listens_again_and_looks_through(dsn: str) -> None:
    """What rang while nobody listened is found: LISTEN first, then everything is looked through."""
    async with api.open_store(dsn, daemon=True) as owner, api.open_store(dsn, daemon=True) as door:
        await owner.inbox.take(ACME, NOW, 9, ())
        await cut(dsn)
        await asyncio.wait_for(owner.inbox.wait(ACME, 60), 20)
        await owner.inbox.take(ACME, NOW, 9, ())
        await asyncio.wait_for(_rung(owner, door), 20)
