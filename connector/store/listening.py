"""Doorbells that other processes took: LISTEN, in a thread of its own.

A hint and no more: whoever hears nothing finds the same by its poll. So a connection that is lost is taken up again in
peace (LISTEN first, then `anew`: what rang between is looked for), and nobody is told.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import sqlalchemy as sa

CHANNEL = "voronka_marks"
TELL = sa.text("SELECT pg_notify(:channel, :said)")
FIRST, MOST = 0.2, 5.0
"""Seconds between tries to listen again."""
STILL_THERE = 15.0
"""A listener says nothing, so a dead connection shows only when it is asked something."""


class Listener:
    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection[Any]]],
        loop: asyncio.AbstractEventLoop,
        life: str,
        *,
        heard: Callable[[str], None],
        anew: Callable[[], None],
    ) -> None:
        """`heard` and `anew` are called in `loop`."""
        self._connect, self._outer, self._life, self._heard, self._anew = connect, loop, life, heard, anew
        self._inner: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        """Set when it is stopped, and when the connection is lost."""
        self._stopped = False
        self._begun, self._first = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-listen", daemon=True)
        self._thread.start()

    def wait(self, within: float) -> None:
        """Until the first try to listen, however it ended."""
        self._first.wait(within)

    def close(self, within: float) -> None:
        self._begun.wait(within)
        self._stopped = True
        if self._inner is not None:
            self._inner.call_soon_threadsafe(self._wake.set)
        self._thread.join(within)

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        asyncio.run(self._keep())

    async def _keep(self) -> None:
        self._inner = asyncio.get_running_loop()
        self._begun.set()
        delay = FIRST
        while not self._stopped:
            try:
                await self._listen()
                delay = FIRST
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                delay = min(MOST, delay * 2)
            self._first.set()
            if not self._stopped:
                self._wake.clear()
                await self._woken(delay)

    async def _listen(self) -> None:
        """Returns when stopped or cut off."""
        conn = await self._connect()
        self._wake.clear()
        conn.add_termination_listener(lambda _conn: self._wake.set())
        try:
            await conn.add_listener(CHANNEL, self._on_notice)
            self._outer.call_soon_threadsafe(self._anew)
            self._first.set()
            while not self._stopped and not await self._woken(STILL_THERE):
                await conn.execute("SELECT 1")
        finally:
            conn.terminate()

    async def _woken(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    def _on_notice(self, _conn: object, _pid: int, _channel: str, said: object) -> None:
        life, _, portal = str(said).partition(" ")
        if life != self._life:
            self._outer.call_soon_threadsafe(self._heard, portal)
