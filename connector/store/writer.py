"""A writer: a thread that owns a writing connection and commits what has gathered. A `Hand` knows the database's ways.

A transaction is: works from the queue until it is `FULL_AFTER` seconds old (at least one), each in a savepoint of its own
so that one that fails takes nobody along; then every mark that waits by then; COMMIT, one fsync for all. Marks go last
because so those that came during the works are in. Nobody is answered before the commit. If the transaction itself
fails, nothing is written and everybody who waits is told at once (an honest 503 and no queue to run dry); the next
transaction tries anew, so a disk with room again needs no restart. Where the database itself asks for another try (two
processes stood in each other's way), the same jobs are done once more.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, Protocol

import sqlalchemy as sa

from connector import errors

FULL_AFTER = 0.004
APART = 0.003
"""Marks alone are committed no more often: a lone mark waits for nothing, a flood shares its commits."""

Mark = tuple[str, str, int]
"""(portal, thing, lane)"""
Marking = Callable[[sa.Connection, Sequence[Mark]], None]


TRIES = 5
"""Of one transaction that the database asks to do again."""


class Hand(Protocol):
    """What two databases do differently about a transaction. All of it is called in the writer's thread."""

    def live(self, life: Callable[[], None]) -> None:
        """Runs the thread's whole life; where the driver needs something around it, it is there."""
        ...

    def connect(self) -> sa.Connection: ...

    def begin(self, conn: sa.Connection) -> None: ...

    def commit(self, conn: sa.Connection) -> None: ...

    def save(self, conn: sa.Connection) -> None:
        """A savepoint; `release` it in the end, after `go_back` too."""
        ...

    def release(self, conn: sa.Connection) -> None: ...

    def go_back(self, conn: sa.Connection, error: Exception) -> bool:
        """To the savepoint. False: the whole transaction is lost with what failed."""
        ...

    def roll_back(self, conn: sa.Connection) -> bool:
        """False: the connection is good for nothing any more."""
        ...

    def again(self, error: Exception) -> bool:
        """Whether the same transaction may well go through now."""
        ...

    def translate(self, error: Exception) -> Exception: ...

    def close(self) -> None: ...


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

    def put_back(self, jobs: Sequence[Job]) -> None:
        """They go first again, in their order."""
        with self.ready:
            self.works.extendleft(job for job in reversed(jobs) if job.work is not None)
            self.marks[:0] = [job for job in jobs if job.work is None]

    def close(self) -> None:
        with self.ready:
            self.closing = True
            self.ready.notify()


class Writer:
    def __init__(self, hand: Hand, marking: Marking, loop: asyncio.AbstractEventLoop) -> None:
        self._hand, self._marking, self._loop = hand, marking, loop
        self._queue = Queue()
        self._conn: sa.Connection | None = None
        # A daemon thread: a store that somebody forgot to close must not hold the process at SIGTERM. Cutting it off
        # is what kill -9 does, and that is survived.
        self._thread = threading.Thread(target=hand.live, args=(self._run,), name="store-write", daemon=True)
        self._thread.start()

    async def submit(self, work: Callable[[sa.Connection], Any]) -> Any:
        job = Job(self._loop.create_future(), work)
        self._queue.put(job)
        return await job.future

    async def mark(self, marks: Sequence[Mark]) -> None:
        job = Job(self._loop.create_future(), marks=marks)
        self._queue.put(job)
        await job.future

    def close(self, within: float | None = None) -> None:
        """Blocks until what waits is committed, or `within` seconds; not for the loop's own thread."""
        self._queue.close()
        self._thread.join(within)

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        committed, tries = 0.0, 0
        while self._queue.wait():
            early = committed + APART - monotonic()
            if early > 0 and self._queue.only_marks():
                sleep(early)
            jobs: list[Job] = []
            try:
                self._transaction(jobs)
                tries = 0
            except Exception as error:  # noqa: BLE001  told to everybody who waits
                self._roll_back()
                tries += 1
                if tries < TRIES and self._hand.again(error):
                    self._queue.put_back(jobs)
                    continue
                jobs.extend(self._queue.take_all())
                tries, told = 0, self._hand.translate(error)
                for job in jobs:
                    job.error = told
            committed = monotonic()
            self._loop.call_soon_threadsafe(_answer, jobs)
        if self._conn is not None:
            self._conn.close()
        self._hand.close()

    def _transaction(self, jobs: list[Job]) -> None:
        if self._conn is None:
            self._conn = self._hand.connect()
        conn = self._conn
        self._hand.begin(conn)
        begun = monotonic()
        while job := self._queue.next_work():
            jobs.append(job)
            self._work(conn, job)
            if monotonic() - begun > FULL_AFTER:
                break
        marking = self._queue.take_marks()
        jobs.extend(marking)
        if marking:
            self._marking(conn, [mark for job in marking for mark in job.marks])
        self._hand.commit(conn)

    def _work(self, conn: sa.Connection, job: Job) -> None:
        assert job.work is not None  # noqa: S101  only marks have none
        job.error = None
        self._hand.save(conn)
        try:
            job.result = job.work(conn)
        except Exception as error:  # told to the one who asked
            if not self._hand.go_back(conn, error):
                raise
            job.error = self._hand.translate(error)
        self._hand.release(conn)

    def _roll_back(self) -> None:
        """After a failure the connection is used again only if it can still say that nothing is open."""
        if self._conn is not None and not self._hand.roll_back(self._conn):
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
