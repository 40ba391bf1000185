"""How work reaches a database: `Engine` is the seam, `Sqlite` is here, `postgres.Postgres` beside it.

Work is a plain function of a `sqlalchemy.Connection`; it is run whole in one transaction and never sees the event loop.
What dialects say differently is at the end of this file. SQLite has one writer by nature: a thread with group commit
(`writer`); reads are snapshots of WAL in two threads of their own and wait for nobody. Threads and not aiosqlite: a hop
per statement costs more than the statement, and what must be closed is closed in one place.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import exc, pool
from sqlalchemy.dialects import postgresql, sqlite

from connector import errors
from connector.store import writer

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

READERS = 2
BUSY_MS = 5_000
CHUNK = 500
"""How many names go into one IN list."""


class Engine(Protocol):
    life: str
    """This run of the process: rows left `sent` by another one are nobody's now."""

    async def read(self, work: Work[T]) -> T: ...

    async def write(self, work: Work[T]) -> T:
        """Returns after the commit. StoreError: nothing of this work was written."""
        ...

    async def answer(self, work: Callable[[sa.Connection, bool], T]) -> T:
        """Like `write`, for what may come late: the work is told whether the portal is another worker's by now."""
        return await self.write(lambda conn: work(conn, False))

    async def mark(self, marks: Sequence[writer.Mark]) -> None:
        """The hot path: like `write`, but a mark goes before other work and shares its commit with all that wait."""
        ...

    async def aclose(self) -> None: ...


class Sqlite(Engine):
    def __init__(self, path: Path, marking: writer.Marking, *, read_only: bool = False) -> None:
        self.life = uuid.uuid4().hex
        self._readers = connections(path, read_only=True, size=READERS)
        self._closed = False
        self._threads = futures.ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        writers = connections(path, read_only=read_only, size=1)
        self._writer = writer.Writer(SqliteHand(writers), marking, asyncio.get_running_loop())

    async def read(self, work: Work[T]) -> T:
        if self._closed:
            raise errors.StoreError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._snapshot, work)

    def _snapshot(self, work: Work[T]) -> T:
        try:
            with self._readers.connect() as conn, transaction(conn, "BEGIN"):
                return work(conn)
        except (sqlite3.Error, exc.DBAPIError) as error:
            raise store_error(error) from error

    async def write(self, work: Work[T]) -> T:
        return cast(T, await self._writer.submit(work))

    async def mark(self, marks: Sequence[writer.Mark]) -> None:
        await self._writer.mark(marks)

    async def aclose(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown(wait=True)
        self._readers.dispose()
        # The writer goes last: the last connection to close folds the WAL into the file.
        self._writer.close()


def driver(conn: sa.Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, conn.connection.driver_connection)


class SqliteHand(writer.Hand):
    def __init__(self, connections: sa.Engine) -> None:
        self._connections = connections

    def live(self, life: Callable[[], None]) -> None:
        life()

    def connect(self) -> sa.Connection:
        return self._connections.connect()

    def begin(self, conn: sa.Connection) -> None:
        driver(conn).execute("BEGIN IMMEDIATE")

    def commit(self, conn: sa.Connection) -> None:
        driver(conn).execute("COMMIT")

    def save(self, conn: sa.Connection) -> None:
        driver(conn).execute("SAVEPOINT work")

    def release(self, conn: sa.Connection) -> None:
        driver(conn).execute("RELEASE work")

    def go_back(self, conn: sa.Connection, _error: Exception) -> bool:
        raw = driver(conn)
        if not raw.in_transaction:  # a full disk may end the whole transaction: then nobody's work is in
            return False
        raw.execute("ROLLBACK TO work")
        return True

    def roll_back(self, conn: sa.Connection) -> bool:
        try:
            raw = driver(conn)
            if raw.in_transaction:
                raw.execute("ROLLBACK")
        except (sqlite3.Error, sa.exc.SQLAlchemyError):
            return False
        return True

    def again(self, _error: Exception) -> bool:
        return False

    def translate(self, error: Exception) -> Exception:
        return store_error(error)

    def close(self) -> None:
        self._connections.dispose()


def connections(path: Path, *, read_only: bool, size: int) -> sa.Engine:
    """Transactions are begun by us (`isolation_level=None`): the driver's own would leave reads without a snapshot."""

    def connect() -> sqlite3.Connection:
        mode = "ro" if read_only else "rw"
        raw = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_MS / 1000,
        )
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("PRAGMA foreign_keys=ON")
        return raw

    return sa.create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=pool.QueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,  # an error's text must not carry a card's values into logs
    )


@contextmanager
def transaction(conn: sa.Connection, begin: str) -> Iterator[None]:
    """SQLAlchemy's own `begin` says nothing to the driver here, but then it knows (and Alembic knows) whose end it is."""
    with conn.begin():
        driver(conn).execute(begin)
        yield


def store_error(error: Exception) -> Exception:
    """What the database can't do becomes StoreError; what our own SQL did wrong stays a bug with its own name."""
    if isinstance(error, exc.DBAPIError):
        bug = isinstance(error, exc.IntegrityError | exc.ProgrammingError | exc.DataError)
        return error if bug else errors.StoreError(said(str(error.orig)))
    if isinstance(error, sqlite3.Error):
        return errors.StoreError(said(str(error)))
    return error


_SAID = {
    "full": "на диске нет места",
    "disk i/o": "на диске нет места, или он не пишет",
    "readonly": "сюда нельзя писать",
    "locked": "файл занят другой программой",
    "not a database": "это не база данных",
    "malformed": "файл базы испорчен",
    "unable to open": "файл не открывается",
    "no space left": "на диске нет места",
    "permission denied": "нет прав на этот файл или папку",
    "is a directory": "это папка, а нужен файл",
    "not a directory": "это не папка",
    "file exists": "такой файл уже есть, а нужна папка",
    "read-only file system": "диск только для чтения",
    "no such file": "такого файла или папки нет",
}


def said(text: str) -> str:
    """The system's words with what they mean before them."""
    meaning = next((words for part, words in _SAID.items() if part in text.casefold()), "")
    return f"{meaning} ({text})" if meaning else text


# ---------------------------------------------------------------- what dialects say differently


def insert(conn: sa.Connection, table: sa.Table) -> sqlite.Insert:
    """An insert that knows ON CONFLICT; both dialects' have the same methods."""
    if conn.dialect.name == "postgresql":
        return cast(sqlite.Insert, postgresql.insert(table))
    return sqlite.insert(table)


def now(conn: sa.Connection) -> int:
    """The database's clock in whole microseconds: of this very moment, not of the transaction's beginning."""
    if conn.dialect.name == "postgresql":
        clock = sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")
    else:
        clock = sa.text("SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS integer) * 1000")
    return int(conn.execute(clock).scalar_one())


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def run(statement: sa.Executable) -> Work[None]:
    """A work of one statement that answers nothing."""

    def work(conn: sa.Connection) -> None:
        conn.execute(statement)

    return work


def many(conn: sa.Connection, statement: sa.Executable, rows: Sequence[dict[str, Any]]) -> None:
    """executemany that takes an empty list."""
    if rows:
        conn.execute(statement, rows)


def bulk(conn: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]], conflict: str = "") -> None:
    """Inserts rows of equal keys, in order; `conflict`: the ON CONFLICT clause.

    SQLite gets them as one parameter of one statement: each row of an executemany would give the interpreter's lock
    away and wait for a busy event loop to have it again, for milliseconds under load.
    """
    if not rows:
        return
    # Names of our own tables and columns, nothing from outside: no injection (S608).
    into = f"INSERT INTO {table.name} ({', '.join(_quoted(rows[0]))})"
    if conn.dialect.name != "sqlite":
        values = ", ".join(f":{name}" for name in rows[0])
        conn.execute(sa.text(f"{into} VALUES ({values}) {conflict}"), rows)
        return
    picked = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(len(rows[0])))
    sql = f"{into} SELECT {picked} FROM json_each(?) WHERE true ORDER BY json_each.key {conflict}"  # noqa: S608
    driver(conn).execute(sql, (as_json([list(row.values()) for row in rows]),))


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
