"""Whose a portal is: one worker at a time, for some seconds, under a token that never comes again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from robots import model


@dataclass(frozen=True, slots=True)
class Lease:
    portal: model.PortalId
    token: int
    """Higher with each new holder. What is written under an older one is refused (the store's `under`)."""
    now: datetime
    """The database's clock, which alone decides when a lease is over."""


class Leases(Protocol):
    """Seconds are counted by the database's clock: workers' clocks may differ."""

    async def attend(
        self, worker: str, portals: Collection[model.PortalId], seconds: float
    ) -> Mapping[model.PortalId, int]:
        """«I am here, and can serve these»: how many workers each has that said so within `seconds`, this one with them."""
        ...

    async def claim(self, portal: model.PortalId, worker: str, seconds: float) -> Lease | None:
        """None: another worker's lease still runs. A claim always gets a new token, even after one's own lease."""
        ...

    async def renew(self, portal: model.PortalId, token: int, seconds: float) -> Lease | None:
        """None: it is another one's by now. A lease that ran out unclaimed is renewed: nobody worked between."""
        ...

    async def release(self, portal: model.PortalId, token: int) -> None:
        """The next claim needn't wait."""
        ...

    async def leave(self, worker: str) -> None:
        """It is counted no more."""
        ...
