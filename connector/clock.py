"""The only reader of the wall clock; everything else is given `now`."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from connector import ports


class SystemClock(ports.Clock):
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
