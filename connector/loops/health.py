"""What is red and why, by loop and by cause; and whether the portal as a whole is shut.

A shut portal is a state, not an error each: every loop waits for `PortalState`, and the sweep alone tries the door.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connector import errors
from connector.loops import config

CLOSED = "portal_closed"
STORE = "store"
RIGHTS = "rights"
GONE = "gone"
SWEEP = "sweep_late"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A constant code for machines, a Russian sentence for people."""

    code: str
    text: str


class Health:
    """`ready` is cheap and never fails: web pages ask it at any time."""

    def __init__(self, settings: config.LoopSettings) -> None:
        self._patience = 3 * settings.sweep_period + 30
        self._troubles: dict[str, Trouble] = {}
        self._beats: dict[str, datetime] = {}
        self.alive = False
        """The portal's loops are being kept running."""
        self.begun = False
        """Robots have their watermarks: a card that comes from now on is new to them. Before, whoever takes "ready" at its
        word and makes a deal at once would find it counted as past."""

    def beat(self, loop: str, at: datetime) -> None:
        """The loop has done a whole step."""
        self._beats[loop] = at
        self._troubles.pop(f"loop_{loop}", None)

    def trouble(self, code: str, text: str) -> None:
        self._troubles[code] = Trouble(code, text)

    def clear(self, code: str) -> None:
        self._troubles.pop(code, None)

    def has(self, code: str) -> bool:
        return code in self._troubles

    def says(self, code: str, text: str) -> bool:
        return self._troubles.get(code) == Trouble(code, text)

    @property
    def beats(self) -> Mapping[str, datetime]:
        """The last success of each loop."""
        return dict(self._beats)

    def troubles(self, now: datetime) -> tuple[Trouble, ...]:
        swept = self._beats.get("sweep")
        quiet = (now - swept).total_seconds() if swept is not None else 0.0
        late = (
            (Trouble(SWEEP, f"портал не обходили {int(quiet)} с: потерянные сигналы не найдены"),)
            if quiet > self._patience and CLOSED not in self._troubles
            else ()
        )
        return (*self._troubles.values(), *late)

    def ready(self, now: datetime) -> bool:
        return self.alive and self.begun and "sweep" in self._beats and not self.troubles(now)


class PortalState:
    """Open, or shut for one reason."""

    def __init__(self, settings: config.LoopSettings, health: Health) -> None:
        self._settings, self._health = settings, health
        self._open = asyncio.Event()
        self._open.set()
        self._refused = 0
        self.why: errors.Closed | None = None

    @property
    def shut(self) -> bool:
        return not self._open.is_set()

    def close(self, closed: errors.PortalClosed) -> bool:
        """Returns whether that is news."""
        news = self.why is not closed.why
        self.why = closed.why
        self._open.clear()
        self._health.trouble(CLOSED, errors.words(closed))
        return news

    def refused_again(self) -> float:
        """Seconds until the door is tried next."""
        delay = config.backoff(self._refused, self._settings.closed_first, self._settings.closed_most)
        self._refused += 1
        return delay

    def opened(self) -> bool:
        """An answer came. Returns whether the portal had been shut."""
        was, self.why, self._refused = self.shut, None, 0
        self._open.set()
        self._health.clear(CLOSED)
        return was

    async def until_open(self) -> None:
        await self._open.wait()
