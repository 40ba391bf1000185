"""Who may open a store, and what it is brought to."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import autogenerate
from alembic.runtime import migration

from connector import errors
from connector.store import api, engine, tables
from tests.contract import stores
from tests.contract.stores import ACME, NOW, looked, thing, wish


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "store.sqlite"


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        return [row for statement in statements for row in raw.execute(statement).fetchall()]


def put(path: Path, text: str) -> None:
    path.write_text(text)


def content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


async def refused(path: Path, *, daemon: bool = True) -> str:
    with pytest.raises(errors.StoreError) as error:
        async with api.open_store(url(path), daemon=daemon):
            pass
    return str(error.value).replace(str(path), "STORE")


async def test_a_first_start_makes_the_store(path: Path) -> None:
    """With its folder, for its owner alone: there are people's data in it."""
    async with api.open_store(url(path), daemon=True) as store:
        await store.inbox.mark(ACME, [thing(1)])
        modes = {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()}
    assert set(modes.values()) == {"0o600"}
    async with api.open_store(url(path), daemon=True) as store:
        assert await store.inbox.depth(ACME) == 1


async def test_a_second_daemon_is_refused(path: Path) -> None:
    """Two would do everything twice. When the first ends, the next may come."""
    async with api.open_store(url(path), daemon=True):
        assert await refused(path) == (
            "с STORE уже работает другая Voronka; две делали бы всё дважды. Остановите её или дайте этой свою базу"
        )
    async with api.open_store(url(path), daemon=True):
        pass


async def test_a_guest_works_beside_the_daemon(path: Path) -> None:
    """Read-outs, and `retry`, which the daemon finds by its poll."""
    async with api.open_store(url(path), daemon=True) as store:
        await store.mirror.record(ACME, [looked(1, wish("a"))])
        await store.ledger.end(ACME, [stores.end("a", stores.S.REFUSED)])
        async with api.open_store(url(path), daemon=False) as guest:
            assert stores.keys(await guest.ledger.rows(ACME)) == ["a"]
            assert await guest.ledger.redo(ACME, [wish("a").key], NOW) == 1
        assert stores.keys(await store.ledger.ready(ACME, NOW, 9, ())) == ["a"]
    async with api.open_store(url(path), daemon=False) as guest:
        assert stores.keys(await guest.ledger.rows(ACME)) == ["a"]


async def test_a_guest_makes_no_store(path: Path) -> None:
    """A read-out with a wrong path must not leave an empty store there."""
    assert await refused(path, daemon=False) == "базы STORE нет: Voronka здесь ещё не работала"
    assert content(path) is None


async def test_a_newer_store_is_refused(path: Path) -> None:
    """An older program would not know what it breaks. What was only added disturbs nobody (old workers go on)."""
    async with api.open_store(url(path), daemon=True):
        pass
    sql(path, "UPDATE alembic_version SET version_num = '9999'")
    said = (
        f"STORE от более новой программы (версия 9999, эта знает {tables.HEAD}): "
        "запустите ту или верните копию базы"
    )
    assert [await refused(path), await refused(path, daemon=False)] == [said, said]
    sql(path, f"UPDATE alembic_version SET version_num = '{tables.HEAD[:2]}99'")
    async with api.open_store(url(path), daemon=True):
        pass


async def test_a_guest_does_not_migrate(path: Path) -> None:
    """Only a daemon, which has the store for itself, may change its shape."""
    async with api.open_store(url(path), daemon=True):
        pass
    sql(path, "UPDATE alembic_version SET version_num = '0000'")
    assert "запустите voronka run один раз" in await refused(path, daemon=False)


async def test_a_strangers_database_is_left_alone(path: Path) -> None:
    """A typo in the path may name somebody's accounts."""
    path.parent.mkdir()
    sql(path, "CREATE TABLE accounts (id)")
    assert await refused(path) == "STORE — база другой программы"
    assert sql(path, "SELECT name FROM sqlite_master") == [("accounts",)]


async def test_what_is_no_database_is_refused(path: Path) -> None:
    """Said in a sentence, left as it was."""
    path.parent.mkdir()
    put(path, "не база" * 500)
    assert await refused(path) == "STORE: это не база данных (file is not a database)"
    assert content(path) == "не база" * 500


async def test_a_broken_migration_leaves_nothing(path: Path) -> None:
    """Its last step fails: none of its steps is there, and the next start does it from the beginning."""
    path.parent.mkdir()
    sql(path, "CREATE TABLE alembic_version (version_num TEXT)", "CREATE TABLE notes (id)")
    assert "already exists" in await refused(path)
    assert sql(path, "SELECT name FROM sqlite_master ORDER BY name") == [("alembic_version",), ("notes",)]
    sql(path, "DROP TABLE notes")
    async with api.open_store(url(path), daemon=True) as store:
        await store.inbox.mark(ACME, [thing(1)])


KILLED = """
import os, signal, sys
from pathlib import Path
from alembic import command, config
from connector.store import engine, opening

path, to = Path(sys.argv[1]), sys.argv[2]
pool = engine.connections(path, read_only=False, size=1)
with pool.connect() as conn, engine.transaction(conn, "BEGIN IMMEDIATE"):
    settings = config.Config()
    settings.set_main_option("script_location", str(opening.MIGRATIONS))
    settings.attributes["connection"] = conn
    command.upgrade(settings, to)
    if to == "head":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def upgraded(path: Path, to: str) -> int:
    """By a process of its own, which is killed before it commits if that is the newest version."""
    return subprocess.run([sys.executable, "-c", KILLED, str(path), to], timeout=60, check=False).returncode


async def test_a_migration_that_was_killed_is_begun_again(path: Path) -> None:
    """R2: power went off in its middle. What the older program wrote is there, and nothing is there by halves."""
    path.parent.mkdir()
    sql(path, "PRAGMA journal_mode=WAL")
    assert upgraded(path, "0001") == 0
    sql(path, "INSERT INTO dirty (portal, thing, lane) VALUES ('acme', 'deal:1', 1)")
    tables_before = sql(path, "SELECT name, sql FROM sqlite_master ORDER BY name")
    assert upgraded(path, "head") == -signal.SIGKILL
    assert sql(path, "SELECT name, sql FROM sqlite_master ORDER BY name") == tables_before
    assert sql(path, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert "запустите voronka run один раз" in await refused(path, daemon=False)
    async with api.open_store(url(path), daemon=True) as store:
        assert await store.inbox.depth(ACME) == 1
        await store.ledger.rows(ACME)
    assert sql(path, "SELECT version_num FROM alembic_version") == [(tables.HEAD,)]


async def test_migrations_lead_to_the_tables(path: Path) -> None:
    """What the program believes and what the file has are the same, and HEAD names it."""
    async with api.open_store(url(path), daemon=True):
        pass
    connections = engine.connections(path, read_only=True, size=1)
    with connections.connect() as conn:
        context = migration.MigrationContext.configure(conn)
        assert autogenerate.compare_metadata(context, tables.metadata) == []
        assert context.get_current_revision() == tables.HEAD
    connections.dispose()


async def test_every_key_begins_with_the_portal(path: Path) -> None:
    """So that the tables can be dealt out by portal."""
    for table in tables.metadata.tables.values():
        for index in table.indexes:
            assert next(iter(index.columns)).name == "portal", index.name
        assert next(column.name for column in table.primary_key) in ("portal", "seq")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("voronka.sqlite", "не читается"),
        ("sqlite://", "должна быть файлом"),
        ("sqlite:///:memory:", "должна быть файлом"),
        ("mysql://db/voronka", "не работает, только sqlite:///… и postgresql://…"),
        ("postgresql://db", "не названа сама база"),
        ("postgresql://db:порт/voronka", "не читается"),
    ],
)
async def test_a_url_of_no_store_is_refused(wrong: str, said: str) -> None:
    """Before anything is made."""
    with pytest.raises(errors.StoreError, match=said):
        async with api.open_store(wrong, daemon=True):
            pass


async def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """One sentence, no traceback of the system."""
    put(tmp_path / "home", "a file")
    assert "ile exists" in await refused(tmp_path / "home" / "store.sqlite")


async def test_closing_leaves_no_thread(path: Path) -> None:
    """An unclosed connection would hang SIGTERM; what was submitted is committed first."""
    before = set(threading.enumerate())
    async with api.open_store(url(path), daemon=True) as store:
        marks = [
            asyncio.get_running_loop().create_task(store.inbox.mark(ACME, [thing(n)])) for n in range(50)
        ]
        await asyncio.sleep(0)
    assert [mark.exception() for mark in await asyncio.gather(*([_done(m) for m in marks]))] == [None] * 50
    assert [t.name for t in set(threading.enumerate()) - before if t.name.startswith("store")] == []
    assert sorted(os.listdir(path.parent)) == ["store.sqlite", "store.sqlite.lock"]
    with pytest.raises(errors.StoreError, match="closed"):
        await store.inbox.mark(ACME, [thing(1)])
    with pytest.raises(errors.StoreError, match="closed"):
        await store.inbox.depth(ACME)


async def _done(task: asyncio.Task[None]) -> asyncio.Task[None]:
    await asyncio.wait([task])
    return task


def test_the_door_is_light() -> None:
    """`voronka --help` doesn't wait for a database: nothing heavy is imported before a store is opened."""
    code = "import sys; from connector.store import api; print([m for m in ('sqlalchemy', 'alembic') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"
