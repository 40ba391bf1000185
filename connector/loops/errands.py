"""What a command beside the daemon asks of it: a question in the notebook, answered there (enroll, undo).

The portal's directory, the rules in force and the gate are the daemon's, so it is the daemon that reckons and acts; the
command shows, asks the person, and only then sends the second errand. One at a time; an old question is not answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connector import errors
from connector.loops import desk as desks
from connector.loops import supervisor

ASKED = "errand"
"""Notebook, of a portal, written by a command: {id, kind, at, …}; None once it has read the answer."""
ANSWERED = "errand_answer"
"""Of a portal: {id, done: …} or {id, refused: sentence}."""
STALE = timedelta(minutes=10)

Handler = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Refused(Exception):
    """It can't be done, in one sentence for the person."""


class Errands:
    def __init__(self, desk: desks.Desk, handlers: Mapping[str, Handler]) -> None:
        self._desk, self._handlers, self._last = desk, handlers, ""

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return self._desk.settings.errand_poll

        await supervisor.pulse(self._desk, "errands", step, stop)

    async def step(self) -> bool:
        """Whether there was something to answer."""
        desk = self._desk
        asked = await desk.notebook.read(desk.id, ASKED)
        if not asked or asked["id"] == self._last:
            return False
        self._last = asked["id"]
        if desk.clock.now() - datetime.fromisoformat(asked["at"]) > STALE:
            return False
        try:
            answer: dict[str, Any] = {"done": await self._handlers[asked["kind"]](asked)}
        except (Refused, errors.PortalError) as refused:
            answer = {"refused": str(refused)}
        await desk.notebook.write(desk.id, ANSWERED, {"id": asked["id"], **answer})
        return True
