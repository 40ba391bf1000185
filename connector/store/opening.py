"""Opening a store: who may have it, which version it is, and bringing it to ours. A server's: `opening_postgres`.

Law for a file: one daemon at a time (an OS lock on `FILE.lock`, which dies with its holder, however it dies); only a daemon creates
or migrates, check and migration in one transaction; nobody works on a store that a newer program wrote.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from connector import errors
from connector.store import engine, tables

MIGRATIONS = Path(__file__).parent / "migrations"


KINDS = "sqlite:///voronka.sqlite или postgresql://имя:пароль@сервер/база"


def database(url: str) -> Path | str:
    """The file of a `sqlite:///…` URL, or the DSN of a server."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise errors.StoreError(f"адрес базы не читается; он выглядит так: {KINDS}") from error
    if parsed.drivername in ("postgresql", "postgres", "postgresql+asyncpg"):
        rest = url.partition("://")[2]
        if not parsed.database:
            raise errors.StoreError(f"в адресе базы не названа сама база; он выглядит так: {KINDS}")
        return f"postgresql://{rest}"
    if parsed.get_backend_name() != "sqlite":
        raise errors.StoreError(
            f"с базой вида {parsed.get_backend_name()} Voronka не работает, только sqlite:///… и postgresql://…"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise errors.StoreError("база должна быть файлом: то, что в памяти, пропадёт вместе с программой")
    return Path(parsed.database)


@contextmanager
def only_daemon(path: Path) -> Iterator[None]:
    """Raises StoreError if another daemon has the file. The lock file stays: removing it would let two in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise errors.StoreError(f"{path}: {engine.said(error.strerror or str(error))}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise errors.StoreError(
                f"с {path} уже работает другая Voronka; две делали бы всё дважды. Остановите её или дайте этой свою базу"
            ) from error
        yield
    finally:
        os.close(handle)


def prepare(path: Path) -> None:
    """Creates or migrates; the daemon's lock is held by the caller."""
    try:
        _create(path)
        connections = engine.connections(path, read_only=False, size=1)
        try:
            with connections.connect() as conn, engine.transaction(conn, "BEGIN IMMEDIATE"):
                if behind(_version(engine.driver(conn), path)):
                    migrate(conn)
        finally:
            connections.dispose()
    except (sqlite3.Error, sa.exc.OperationalError, sa.exc.DatabaseError) as error:
        raise errors.StoreError(f"{path}: {engine.store_error(error)}") from error
    except OSError as error:
        raise errors.StoreError(f"{path}: {engine.said(error.strerror or str(error))}") from error


def inspect(path: Path) -> bool:
    """For guests beside a daemon. True: the file can only be read. Raises StoreError if there is no store of ours."""
    if not path.exists():
        raise errors.StoreError(f"базы {path} нет: Voronka здесь ещё не работала")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as raw:
            version = _version(raw, path)
    except sqlite3.Error as error:
        raise errors.StoreError(f"{path}: {engine.said(str(error))}") from error
    if behind(version):
        raise too_old(version, str(path))
    return not os.access(path, os.W_OK)


def _create(path: Path) -> None:
    """Personal data: the file is its owner's alone, and so are SQLite's own files beside it, which take its mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(path, isolation_level=None, timeout=engine.BUSY_MS / 1000)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")


def _version(raw: sqlite3.Connection, path: Path) -> str | None:
    """Without Alembic: its import costs a second that nearly no start needs."""
    if not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        if raw.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise errors.StoreError(f"{path} — база другой программы")
        return None
    found = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    return known(str(found[0]) if found else None, str(path))


def known(version: str | None, where: str) -> str | None:
    """Raises StoreError for a store that this program would not understand.

    A version is two digits of the shape and two of additions: what was only added to a store doesn't disturb a program
    that knows nothing of it, so old workers go on while a new one has already migrated.
    """
    if version is not None and version[:2] > tables.HEAD[:2]:
        raise errors.StoreError(
            f"{where} от более новой программы (версия {version}, эта знает {tables.HEAD}): "
            "запустите ту или верните копию базы"
        )
    return version


def behind(version: str | None) -> bool:
    return version is None or version < tables.HEAD


def too_old(version: str | None, where: str) -> errors.StoreError:
    return errors.StoreError(
        f"{where} от более старой программы (версия {version}, нужна {tables.HEAD}): "
        "запустите voronka run один раз, она обновит базу"
    )


def migrate(conn: sa.Connection) -> None:
    from alembic import command, config

    settings = config.Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = conn
    command.upgrade(settings, "head")
