"""The seam of the durable wishes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from connector.ports import entries
from robots import intents, model


class Ledger(Protocol):
    """The durable wishes. States change only through `connector.store`'s one transition table."""

    async def ready(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[model.CardRef]
    ) -> Sequence[entries.Row]:
        """The heads of the chains: per card the oldest row not final, if it is `wished` and its retry moment has
        come. None of `busy`'s cards. A chain whose head is sent or unknown has no ready row; what is held or waits for
        its hour is no head, and the chain goes on beside it."""
        ...

    async def behind(
        self, portal: model.PortalId, cards: Collection[model.CardRef], now: datetime
    ) -> Sequence[entries.Row]:
        """What stands behind the ready heads of these cards, in order: up to the first row that isn't `wished` or whose
        retry moment hasn't come."""
        ...

    async def sending(
        self, portal: model.PortalId, keys: Collection[intents.WishKey], now: datetime
    ) -> frozenset[intents.WishKey]:
        """Commits `sent` for rows that are still `wished` (or `unknown` and being re-sent); returns those. It is called
        just before the socket opens: what isn't returned must not be sent."""
        ...

    async def end(self, portal: model.PortalId, ends: Sequence[entries.End]) -> None:
        """Transitions, all in one transaction; an impossible one raises (a bug), a repeated one is a no-op."""
        ...

    async def unsettled(self, portal: model.PortalId, now: datetime, window: float) -> Sequence[entries.Row]:
        """Rows `unknown` whose moment to look has come, and rows left `sent` by another life of the daemon for longer
        than `window` seconds."""
        ...

    async def supersede(
        self, portal: model.PortalId, loaded: Mapping[intents.RobotId, str], at: datetime
    ) -> int:
        """Ends the unsent wishes of robots that changed or went, and marks their cards dirty; how many. Wishes with an
        empty digest are obligations (closing a task that was set) and stay, whatever became of their robot."""
        ...

    async def rows(
        self,
        portal: model.PortalId | None,
        *,
        card: model.CardRef | None = None,
        states: Collection[intents.WishState] = (),
        limit: int = 1000,
    ) -> Sequence[entries.Row]: ...

    async def by_marker(self, portal: model.PortalId, marker: str) -> entries.Row | None:
        """The wish whose marker (`marker(key)`) stands on something that we created, whatever its state; None: it isn't
        of this ledger. A card whose origin names a row that hasn't happened is half-made."""
        ...

    async def cards_of_tasks(
        self, portal: model.PortalId, tasks: Collection[int]
    ) -> Mapping[int, model.CardRef]:
        """Whose tasks these are, of those that we set: their doorbells need no REST to find the card."""
        ...

    async def redo(self, portal: model.PortalId, keys: Collection[intents.WishKey], at: datetime) -> int:
        """`retry`: refused, given up and blocked rows are wished again."""
        ...

    async def next_moment(self, portal: model.PortalId) -> datetime | None:
        """When the next retry or look-up is due."""
        ...
