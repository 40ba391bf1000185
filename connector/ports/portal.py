"""The seam of a portal: reads, and the making true of one wish."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from connector.ports import doorbells, entries, looks, readings
from robots import intents, look, model

OnSending = Callable[[Collection[intents.WishKey]], Awaitable[frozenset[intents.WishKey]]]
"""Called by the portal's client with the wishes of a batch just before its socket opens; see Ledger.sending."""


class Portal(Protocol):
    """A portal as the loops need it. Rounds, batches, limits and retries of reads are the adapter's own matter.

    Every method may raise PortalClosed and Retryable; reads raise Unreadable for answers that aren't as documented.
    """

    def crowded(self) -> float:
        """0 … 1: how near its limits the portal is worked; at 1 each request more delays all others."""
        return 0.0

    def pace(self) -> float:
        """Writes a second that its limits leave, as far as is known of what one costs."""
        return 0.64

    def coming(self, cards: int) -> None:
        """So many cards more are being looked at (negative: no longer): what comes of them may ride together."""

    async def directory(self) -> model.Directory: ...

    async def watermarks(self) -> readings.Watermarks: ...

    async def facts(
        self, asks: Sequence[readings.FactsAsk], lane: doorbells.Lane
    ) -> Mapping[model.CardRef, readings.Facts | readings.Absent | Exception]:
        """Every ask is answered; one card's trouble is its own."""
        ...

    async def clients(
        self, cards: Sequence[model.Card], lane: doorbells.Lane
    ) -> Mapping[model.CardRef, tuple[model.Client, ...] | Exception]:
        """Bound contacts in order, then the company; a client that can't be read is left out and the card is an
        Exception only if none could be."""
        ...

    async def duplicates(
        self, asks: Sequence[readings.CommsAsk], lane: doorbells.Lane
    ) -> Mapping[model.CardRef, look.Duplicates | Exception]: ...

    async def attempts(
        self, cards: Sequence[model.CardRef], lane: doorbells.Lane
    ) -> Mapping[model.CardRef, tuple[look.Attempt, ...] | Exception]:
        """What was done in the feed of each card that may have been an attempt to reach its client: the newest page."""
        ...

    async def plans(
        self, cards: Sequence[model.CardRef], lane: doorbells.Lane
    ) -> Mapping[model.CardRef, look.Plans | Exception]:
        """Open tasks and activities of each card, and when the last one was done."""
        ...

    async def owners(
        self, things: Sequence[doorbells.Thing], lane: doorbells.Lane
    ) -> Mapping[doorbells.Thing, Sequence[doorbells.Thing]]:
        """Cards and clients that tasks, activities and comments belong to; clients' cards by contactId/companyId."""
        ...

    async def sweep(self, cursors: Mapping[str, Any]) -> readings.Swept: ...

    async def traces(self, cursors: Mapping[str, Any]) -> readings.Traces | None:
        """What bears our mark and was made since these cursors of a sweep; None if they say no moment."""
        del cursors
        return None

    def copy(
        self, kind: doorbells.Kind, below: int | None
    ) -> AsyncIterator[Sequence[looks.CopiedCard] | Sequence[looks.CopiedClient]]:
        """Every card or client of a kind, page by page in constant memory; open cards first."""
        ...

    def ids(self, kind: model.CardKind) -> AsyncIterator[Sequence[int]]:
        """Every card id of a kind, ascending, page by page in constant memory."""
        ...

    async def perform(self, row: entries.Row) -> readings.Done:
        """Makes one wish true. Rejected: never will be. Retryable: surely not done. Unknown: look before trying again."""
        ...

    async def find(self, row: entries.Row) -> readings.Done | None:
        """What a wish of unknown outcome made, found by its marker or content; None: it isn't there."""
        ...
