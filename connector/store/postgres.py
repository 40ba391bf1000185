"""PostgreSQL behind the same seam: the store that several workers on several machines share.

The driver is asyncpg, the works are the same plain functions over a `sqlalchemy.Connection`. Each thread here has an event
loop of its own in which SQLAlchemy's greenlets wait for the driver: so the daemon's loop neither decodes rows nor waits
for statements, and a lost connection hangs no SIGTERM (daemon threads, joined for `CLOSE_WITHIN` seconds at most).

Two writers: marks don't wait for works. Reads are snapshots (REPEATABLE READ). What another process may be doing at the
same time shows as a deadlock or a lost connection: such a transaction is done again unless its COMMIT was already on its
way; then StoreError is told, and who can't bear the doubt looks (ledger: `sending`).
"""

from __future__ import annotations

import asyncio
import queue
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import asyncpg
import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext import asyncio as sa_asyncio
from sqlalchemy.util import concurrency

from connector import errors
from connector.store import engine, listening, pgwords, writer

T = TypeVar("T")

READERS = 3
CONNECT_WITHIN, ANSWER_WITHIN, CLOSE_WITHIN = 5.0, 20.0, 3.0
SESSION = {
    "application_name": "voronka",
    "synchronous_commit": "on",  # a doorbell's 200 is a promise
    "timezone": "UTC",
    "jit": "off",
    "lock_timeout": "8000",
    # A frozen worker must not keep its rows locked: the server ends its transaction, and it finds that out when it thaws.
    "idle_in_transaction_session_timeout": "5000",
}


async def connect(dsn: str) -> asyncpg.Connection[Any]:
    return await asyncpg.connect(
        dsn, timeout=CONNECT_WITHIN, command_timeout=ANSWER_WITHIN, server_settings=SESSION
    )


def connections(dsn: str, *, snapshots: bool = False) -> sa.Engine:
    """To be used inside `live` only."""
    made = sa_asyncio.create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect(dsn),
        pool_size=1,
        max_overflow=0,
        hide_parameters=True,  # an error's text must not carry a card's values into logs
        isolation_level="REPEATABLE READ" if snapshots else "READ COMMITTED",
    ).sync_engine
    return made.execution_options(postgresql_readonly=True) if snapshots else made


def live(life: Callable[[], T]) -> T:
    """Runs plain code that may wait for the driver; in a thread without a loop."""
    return asyncio.run(concurrency.greenlet_spawn(life))


class Postgres(engine.Engine):
    def __init__(self, dsn: str, marking: writer.Marking) -> None:
        self.life = uuid.uuid4().hex
        loop = asyncio.get_running_loop()

        def mark_and_tell(conn: sa.Connection, marks: Sequence[writer.Mark]) -> None:
            marking(conn, in_one_order(marks))
            for portal in sorted({portal for portal, _, _ in marks}):
                conn.execute(listening.TELL, {"channel": listening.CHANNEL, "said": f"{self.life} {portal}"})

        self._dsn, self._loop = dsn, loop
        self._readers = Readers(dsn, loop)
        self._works = writer.Writer(PostgresHand(dsn), marking, loop)
        self._marks = writer.Writer(PostgresHand(dsn), mark_and_tell, loop)
        self._listener: listening.Listener | None = None

    async def listen(self, heard: Callable[[str], None], anew: Callable[[], None]) -> None:
        """`heard`: a portal that another process marked; `anew`: something may have been missed."""
        self._listener = listening.Listener(
            lambda: connect(self._dsn), self._loop, self.life, heard=heard, anew=anew
        )
        await asyncio.to_thread(self._listener.wait, CONNECT_WITHIN)

    async def read(self, work: engine.Work[T]) -> T:
        return cast(T, await self._readers.submit(work))

    async def write(self, work: engine.Work[T]) -> T:
        return cast(T, await self._works.submit(work))

    async def mark(self, marks: Sequence[writer.Mark]) -> None:
        await self._marks.mark(marks)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close(CLOSE_WITHIN)
        self._readers.close(CLOSE_WITHIN)
        self._marks.close(CLOSE_WITHIN)
        self._works.close(CLOSE_WITHIN)


def in_one_order(marks: Sequence[writer.Mark]) -> list[writer.Mark]:
    """Rows are locked in one order by everybody, so that two intakes don't wait for each other; nearly that of coming."""
    return sorted(marks, key=lambda mark: (mark[0], len(mark[1]), mark[1]))


class Readers:
    """Threads that take reads from one queue."""

    def __init__(self, dsn: str, loop: asyncio.AbstractEventLoop) -> None:
        self._dsn, self._loop, self._closed = dsn, loop, False
        self._queue: queue.SimpleQueue[tuple[asyncio.Future[Any], engine.Work[Any]] | None]
        self._queue = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=live, args=(self._run,), name="store-read", daemon=True)
            for _ in range(READERS)
        ]
        for thread in self._threads:
            thread.start()

    async def submit(self, work: engine.Work[Any]) -> Any:
        if self._closed:
            raise errors.StoreError("the store is closed")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put((future, work))
        return await future

    def close(self, within: float) -> None:
        self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(within)

    def _run(self) -> None:
        made = connections(self._dsn, snapshots=True)
        while (job := self._queue.get()) is not None:
            future, work = job
            result, error = self._answer(made, work)
            self._loop.call_soon_threadsafe(_settle, future, result, error)
        made.dispose()

    def _answer(self, made: sa.Engine, work: engine.Work[Any]) -> tuple[Any, Exception | None]:
        """A connection that was cut while it rested is no trouble of the reader's: once more over a new one."""
        for tries in (1, 2):
            try:
                with made.connect() as conn, conn.begin():
                    return work(conn), None
            except Exception as error:  # noqa: BLE001  told to the one who asked
                if tries == 1 and pgwords.lost(error):
                    continue
                return None, pgwords.store_error(error)
        raise AssertionError("the second try answers")


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class PostgresHand(writer.Hand):
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._made: sa.Engine | None = None
        self._saved: sa.NestedTransaction | None = None
        self._committing = self._connected = False

    def live(self, life: Callable[[], None]) -> None:
        live(life)

    def connect(self) -> sa.Connection:
        self._connected = False
        if self._made is None:
            self._made = connections(self._dsn)
        conn = self._made.connect()
        self._connected = True
        return conn

    def begin(self, conn: sa.Connection) -> None:
        self._committing = False
        conn.begin()

    def commit(self, conn: sa.Connection) -> None:
        self._committing = True
        conn.commit()

    def save(self, conn: sa.Connection) -> None:
        self._saved = conn.begin_nested()

    def release(self, _conn: sa.Connection) -> None:
        if self._saved is not None and self._saved.is_active:
            self._saved.commit()
        self._saved = None

    def go_back(self, _conn: sa.Connection, error: Exception) -> bool:
        if pgwords.lost(error) or pgwords.collided(error) or self._saved is None:
            return False
        self._saved.rollback()
        return True

    def roll_back(self, conn: sa.Connection) -> bool:
        self._saved = None
        try:
            conn.rollback()
        except (exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False
        return not conn.closed and not conn.invalidated

    def again(self, error: Exception) -> bool:
        """Before COMMIT was sent nothing is in doubt; a server that can't be reached is told of at once."""
        if pgwords.collided(error):
            return True
        return self._connected and not self._committing and pgwords.lost(error)

    def translate(self, error: Exception) -> Exception:
        return pgwords.store_error(error)

    def close(self) -> None:
        if self._made is not None:
            self._made.dispose()


def once(dsn: str, work: Callable[[sa.Connection], T]) -> T:
    """One transaction over a connection of its own, from a thread without a loop. Raises StoreError."""

    def life() -> T:
        made = connections(dsn)
        try:
            with made.connect() as conn, conn.begin():
                return work(conn)
        finally:
            made.dispose()

    try:
        return live(life)
    except (exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise pgwords.store_error(error) from None
