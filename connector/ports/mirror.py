"""The seams of what is kept of a portal: its cards, small facts of its own, the story of each card."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from connector.ports import doorbells, looks
from robots import intents, model


class Mirror(Protocol):
    """The local copy of cards and what is remembered of each."""

    async def memories(
        self, portal: model.PortalId, refs: Collection[model.CardRef]
    ) -> Mapping[model.CardRef, looks.Memory]:
        """Every ref is answered; a card never seen has an empty Memory. `past` holds the card's ledger rows."""
        ...

    async def record(
        self, portal: model.PortalId, looked: Sequence[looks.Looked]
    ) -> Sequence[intents.WishKey]:
        """One transaction: cards, visits, wishes (insert or ignore by key), wake_at, story, dirty cleared where the
        version is still the taken one. Returns the keys that were new. Raises StoreError with nothing written."""
        ...

    async def cards_of(self, portal: model.PortalId, client: model.ClientRef) -> Sequence[model.CardRef]:
        """Open cards that the mirror links to the client."""
        ...

    async def known(
        self, portal: model.PortalId, stages: Mapping[model.CardRef, tuple[model.StageId, datetime]]
    ) -> set[model.CardRef]:
        """Of (stage, updated) pairs seen by the sweep: those that the mirror already holds just so, looked at later
        than the second of the update (the portal's moments are whole seconds: a look within it may have been too
        early for a second change)."""
        ...

    async def rows_known(
        self, portal: model.PortalId, kind: model.CardKind, rows: Collection[int]
    ) -> set[int]:
        """Which history rows the mirror has as visits."""
        ...

    async def card_ids(self, portal: model.PortalId, kind: model.CardKind) -> Sequence[int]:
        """Ids of the cards not known deleted, ascending, packed (a million is some megabytes)."""
        ...

    async def copy_cards(self, portal: model.PortalId, cards: Sequence[looks.CopiedCard]) -> None:
        """Backfill: inserts cards the mirror doesn't have; never overwrites a looked-at one."""
        ...

    async def copy_clients(self, portal: model.PortalId, clients: Sequence[looks.CopiedClient]) -> None: ...

    async def due(self, portal: model.PortalId, now: datetime, limit: int) -> int:
        """Marks cards whose `wake_at` has come dirty in lane MOMENT and clears it; returns how many."""
        ...

    async def next_wake(self, portal: model.PortalId) -> datetime | None: ...

    async def tombstone(
        self, portal: model.PortalId, dirty: doorbells.Dirty, ref: model.CardRef, at: datetime
    ) -> None:
        """The portal says NOT_FOUND: unsent wishes and waits end `superseded`, the row becomes a tombstone."""
        ...


class Notebook(Protocol):
    """Small durable facts of a portal: cursors, watermarks, activations, the accepted configuration, pauses."""

    async def read(self, portal: model.PortalId, name: str) -> Any | None:
        """A JSON value, None where nothing was written."""
        ...

    async def write(self, portal: model.PortalId, name: str, value: Any) -> None: ...


class Journal(Protocol):
    """The story of a card: looks with their traces, for `why`."""

    async def story(
        self, portal: model.PortalId, ref: model.CardRef, limit: int = 200
    ) -> Sequence[looks.StoryLook]: ...
