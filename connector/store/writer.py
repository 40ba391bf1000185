"""The one writer: a thread that owns the writing connection and commits what has gathered.

A transaction is: works from the queue until it is `FULL_AFTER` seconds old (at least one), each in a savepoint of its own
so that one that fails takes nobody along; then every mark that waits by then; COMMIT, one fsync for all. Marks go last
because so those that came during the works are in. Nobody is answered before the commit. If the transaction itself
fails, nothing is written and everybody who waits is told at once (an honest 503 and no queue to run dry); the next
transaction tries anew, so a disk with room again needs no restart.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, cast

import sqlalchemy as sa

from connector import errors

FULL_AFTER = 0.004
APART = 0.003
"""Marks alone are committed no more often: a lone mark waits for nothing, a flood shares its commits."""

Mark = tuple[str, str, int]
"""(portal, thing, lane)"""
Marking = Callable[[sa.Connection, Sequence[Mark]], None]


def driver(conn: sa.Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, conn.connection.driver_connection)


@dataclass(slots=True)
class Job:
    future: asyncio.Future[Any]
    work: Callable[[sa.Connection], Any] | None = None
    """None: a mark."""
    marks: Sequence[Mark] = ()
    result: Any = None
    error: Exception | None = None


@dataclass
class Queue:
    """What waits, under one lock."""

    ready: threading.Condition = field(default_factory=threading.Condition)
    works: deque[Job] = field(default_factory=deque)
    marks: list[Job] = field(default_factory=list)
    closing: bool = False

    def put(self, job: Job) -> None:
        with self.ready:
            if self.closing:
                raise errors.StoreError("the store is closed")
            if job.work is None:
                self.marks.append(job)
            else:
                self.works.append(job)
            self.ready.notify()

    def wait(self) -> bool:
        """False: closed, and nothing waits any more."""
        with self.ready:
            self.ready.wait_for(lambda: self.works or self.marks or self.closing)
            return bool(self.works or self.marks)

    def only_marks(self) -> bool:
        with self.ready:
            return not self.works and not self.closing

    def next_work(self) -> Job | None:
        with self.ready:
            return self.works.popleft() if self.works else None

    def take_marks(self) -> list[Job]:
        with self.ready:
            taken, self.marks = self.marks, []
            return taken

    def take_all(self) -> list[Job]:
        with self.ready:
            taken = [*self.works, *self.marks]
            self.works, self.marks = deque(), []
            return taken

    def close(self) -> None:
        with self.ready:
            self.closing = True
            self.ready.notify()


class Writer:
    def __init__(
        self,
        connections: sa.Engine,
        marking: Marking,
        loop: asyncio.AbstractEventLoop,
        translate: Callable[[Exception], Exception],
    ) -> None:
        self._connections, self._marking, self._loop, self._translate = connections, marking, loop, translate
        self._queue = Queue()
        self._conn: sa.Connection | None = None
        # A daemon thread: a store that somebody forgot to close must not hold the process at SIGTERM. Cutting it off
        # is what kill -9 does, and that is survived.
        self._thread = threading.Thread(target=self._run, name="store-write", daemon=True)
        self._thread.start()

    async def submit(self, work: Callable[[sa.Connection], Any]) -> Any:
        job = Job(self._loop.create_future(), work)
        self._queue.put(job)
        return await job.future

    async def mark(self, marks: Sequence[Mark]) -> None:
        job = Job(self._loop.create_future(), marks=marks)
        self._queue.put(job)
        await job.future

    def close(self) -> None:
        """Blocks until what waits is committed; not for the loop's own thread."""
        self._queue.close()
        self._thread.join()

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        committed = 0.0
        while self._queue.wait():
            early = committed + APART - monotonic()
            if early > 0 and self._queue.only_marks():
                sleep(early)
            jobs: list[Job] = []
            try:
                self._transaction(jobs)
            except Exception as error:  # noqa: BLE001  told to everybody who waits
                self._roll_back()
                jobs.extend(self._queue.take_all())
                for job in jobs:
                    job.error = self._translate(error)
            committed = monotonic()
            self._loop.call_soon_threadsafe(_answer, jobs)
        if self._conn is not None:
            self._conn.close()
        self._connections.dispose()

    def _transaction(self, jobs: list[Job]) -> None:
        if self._conn is None:
            self._conn = self._connections.connect()
        conn, raw = self._conn, driver(self._conn)
        raw.execute("BEGIN IMMEDIATE")
        begun = monotonic()
        while job := self._queue.next_work():
            jobs.append(job)
            self._work(conn, raw, job)
            if monotonic() - begun > FULL_AFTER:
                break
        marking = self._queue.take_marks()
        jobs.extend(marking)
        if marking:
            self._marking(conn, [mark for job in marking for mark in job.marks])
        raw.execute("COMMIT")

    def _work(self, conn: sa.Connection, raw: sqlite3.Connection, job: Job) -> None:
        assert job.work is not None  # noqa: S101  only marks have none
        raw.execute("SAVEPOINT work")
        try:
            job.result = job.work(conn)
        except Exception as error:  # told to the one who asked
            if not raw.in_transaction:  # a full disk may end the whole transaction: then nobody's work is in
                raise
            raw.execute("ROLLBACK TO work")
            job.error = self._translate(error)
        raw.execute("RELEASE work")

    def _roll_back(self) -> None:
        """After a failure the connection is used again only if it can still say that nothing is open."""
        if self._conn is None:
            return
        try:
            raw = driver(self._conn)
            if raw.in_transaction:
                raw.execute("ROLLBACK")
        except (sqlite3.Error, sa.exc.SQLAlchemyError):
            self._conn.invalidate()
            self._conn.close()
            self._conn = None


def _answer(jobs: list[Job]) -> None:
    for job in jobs:
        if job.future.done():  # who asked was cancelled meanwhile
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)
