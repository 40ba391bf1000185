"""The seam through which doorbells become durable."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from connector.ports import doorbells
from robots import model


class Inbox(Protocol):
    """Where doorbells become durable. `mark` returns only after the commit (R1): 200 goes out after it."""

    async def mark(
        self,
        portal: model.PortalId,
        things: Collection[doorbells.Thing],
        lane: doorbells.Lane = doorbells.Lane.LIVE,
    ) -> None:
        """Raises StoreError if nothing was saved."""
        ...

    async def take(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[doorbells.Thing]
    ) -> Sequence[doorbells.Dirty]:
        """Due and unparked rows, most urgent lane first, oldest first; none of `busy`. Taking changes nothing."""
        ...

    async def finish(self, portal: model.PortalId, done: Collection[doorbells.Dirty]) -> None:
        """Clears rows whose version is still the taken one."""
        ...

    async def park(self, portal: model.PortalId, dirty: doorbells.Dirty, until: datetime, why: str) -> None:
        """Sets a thing aside that could not be looked at; `tries` grows, `why` is shown in `problems`."""
        ...

    async def wait(self, portal: model.PortalId, seconds: float) -> None:
        """Returns at once after a mark of this portal since the last take, or after `seconds`."""
        ...

    async def depth(self, portal: model.PortalId) -> int: ...
