"""What is asked of a portal and what it answers, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.ports import doorbells
from robots import model


@dataclass(frozen=True, slots=True)
class FactsAsk:
    """What one look wants of a card."""

    ref: model.CardRef
    after_row: int
    """History rows above this one are wanted; 0: all."""
    tasks: tuple[model.TaskId, ...] = ()
    """Own tasks to read."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Whole facts of one card: the card was read first, history after it."""

    card: model.Card
    rows: tuple[model.Visit, ...]
    """History above `after_row`, ascending by row; the connector has read on over full pages."""
    tasks: Mapping[model.TaskId, model.Task | None]


@dataclass(frozen=True, slots=True)
class Absent:
    """The card isn't in the list: `gone` if the portal says NOT_FOUND, else rights hide it or the portal wouldn't say."""

    gone: bool
    why: str


@dataclass(frozen=True, slots=True)
class CommsAsk:
    """A duplicate look-up: which normalised phones (E.164) and e-mails, for which card with which own clients."""

    ref: model.CardRef
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    clients: tuple[model.ClientRef, ...] = ()
    """Whose they are: the search will surely find them."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that the sweep saw: a card's present stage and update moment, or another thing that changed."""

    thing: doorbells.Thing
    updated: datetime | None = None
    stage: model.StageId | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """One sweep: what was seen, the cursors to go on from (opaque JSON), whether a page was full (sweep again now)."""

    seen: tuple[Seen, ...]
    cursors: Mapping[str, Any]
    more: bool
    portal_now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something came for a card: a client's call, letter, message, form; the payment of an invoice."""

    what: str
    number: int
    """Of the activity, of the invoice."""
    at: datetime
    things: tuple[doorbells.Thing, ...] | None = None
    """Cards and clients that it is of; None: not asked yet."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """What came since the cursor, and where to go on from (opaque JSON). Some come again."""

    found: tuple[Arrival, ...]
    cursor: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """Something on the portal that bears the mark of a wish (`marker`)."""

    thing: doorbells.Thing
    marker: str


@dataclass(frozen=True, slots=True)
class Traces:
    """What was made there with our mark since a moment (the portal's clock)."""

    since: datetime
    found: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The portal did it (or it stood so already: `changed=False`)."""

    made: int | None = None
    note: str = ""
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Watermarks:
    """The newest ids of a portal at one moment, by kind of card."""

    cards: Mapping[model.CardKind, int]
    rows: Mapping[model.CardKind, int]
