"""The portal's clock: real time, or time that a test sets, moves or makes run faster."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta, timezone, tzinfo


class Clock:
    """Seconds since the epoch as the portal sees them; `speed` > 1 makes the portal's day pass faster, 0 stops it."""

    def __init__(self, *, speed: float = 1.0, start: float | None = None, zone: tzinfo | None = None) -> None:
        self.speed = speed
        self.zone = zone or timezone(timedelta(hours=3))
        self._origin = time.monotonic()
        self._start = time.time() if start is None else start

    def time(self) -> float:
        return self._start + (time.monotonic() - self._origin) * self.speed

    def advance(self, seconds: float) -> None:
        self._start += seconds

    async def sleep(self, seconds: float) -> None:
        """Lets so much of the portal's time pass; a clock that stands (speed 0) is moved on instead."""
        if self.speed:
            await asyncio.sleep(seconds / self.speed)
        else:
            self.advance(seconds)
            await asyncio.sleep(0)

    def set_speed(self, speed: float) -> None:
        """From now on; the time that has passed stays as it is."""
        self._start, self._origin, self.speed = self.time(), time.monotonic(), speed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), self.zone)

    def iso(self, moment: datetime | None = None) -> str:
        """The form in which the API gives moments: server zone, whole seconds, explicit offset."""
        return (moment or self.now()).astimezone(self.zone).replace(microsecond=0).isoformat()
