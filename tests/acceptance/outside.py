"""The world outside the portal, for a daemon in another process: a mail server and a ping address in a thread."""

from __future__ import annotations

import asyncio
import threading

from tests.connector.alerts import sinks


class Outside:
    """A mail server and a dead man's switch in a thread of their own."""

    def __init__(self) -> None:
        self.post, self.bell = sinks.Post(), sinks.Bell()
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._live()))

    def __enter__(self) -> Outside:
        self._thread.start()
        self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._over is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)
        self._loop.close()

    async def _live(self) -> None:
        async with sinks.post() as self.post, sinks.bell() as self.bell:
            self._over = asyncio.Event()
            self._up.set()
            await self._over.wait()
