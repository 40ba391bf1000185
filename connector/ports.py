"""The shell's seams: what the loops need of a portal and of a store, and the values that cross them.

Each port is named by the need and has few methods; adapters subclass the Protocol so that mypy blames the adapter's own
file. Every promise here is kept by one contract suite run against every adapter (tests/contract).
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from robots import intents, look, model

# ---------------------------------------------------------------- doorbells and dirt


class Kind(StrEnum):
    """What a doorbell may name. All but cards are resolved to cards first."""

    DEAL = "deal"
    LEAD = "lead"
    CONTACT = "contact"
    COMPANY = "company"
    TASK = "task"
    ACTIVITY = "activity"
    COMMENT = "comment"


class Lane(IntEnum):
    """Who goes first at the gate; smaller is sooner."""

    SWEEP = 0
    LIVE = 1
    MOMENT = 2
    BACKFILL = 3


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """Something of a portal that may have changed."""

    kind: Kind
    id: int

    @property
    def card(self) -> model.CardRef | None:
        if self.kind in (Kind.DEAL, Kind.LEAD):
            return model.CardRef(model.CardKind(self.kind.value), self.id)
        return None


@dataclass(frozen=True, slots=True)
class Dirty:
    """A row of `dirty`: finishing it matches `version`, so that a mark made during the look is never lost."""

    thing: Thing
    version: int
    lane: Lane
    tries: int = 0


class Inbox(Protocol):
    """Where doorbells become durable. `mark` returns only after the commit (R1): 200 goes out after it."""

    async def mark(self, portal: model.PortalId, things: Collection[Thing], lane: Lane = Lane.LIVE) -> None:
        """Raises StoreError if nothing was saved."""
        ...

    async def take(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[Thing]
    ) -> Sequence[Dirty]:
        """Due and unparked rows, most urgent lane first, oldest first; none of `busy`. Taking changes nothing."""
        ...

    async def finish(self, portal: model.PortalId, done: Collection[Dirty]) -> None:
        """Clears rows whose version is still the taken one."""
        ...

    async def park(self, portal: model.PortalId, dirty: Dirty, until: datetime, why: str) -> None:
        """Sets a thing aside that could not be looked at; `tries` grows, `why` is shown in `problems`."""
        ...

    async def wait(self, portal: model.PortalId, seconds: float) -> None:
        """Returns at once after a mark of this portal since the last take, or after `seconds`."""
        ...

    async def depth(self, portal: model.PortalId) -> int: ...


# ---------------------------------------------------------------- the mirror


@dataclass(frozen=True, slots=True)
class Memory:
    """What the mirror knows of one card."""

    card: model.Card | None = None
    visit: model.Visit | None = None
    """The present stay as last seen."""
    accepted: model.Visit | None = None
    refused: model.VisitId | None = None
    since: tuple[model.Visit, ...] = ()
    """Stays after the accepted one, oldest first; empty once the present one is accepted."""
    changes: Mapping[str, int] = field(default_factory=dict)
    comms: str = ""
    """Keyed digest of the card's comms at the last look that gathered them."""
    unseen_rows: int = 0
    """How many stays had no history row: the number of the next synthetic visit."""
    torn: int = 0
    """Looks in a row at which history and card disagreed."""
    deleted: bool = False
    past: tuple[intents.Past, ...] = ()

    @property
    def last_row(self) -> int:
        return self.visit.row if self.visit is not None and self.visit.row is not None else 0


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line of the story: which robot, how it ended, why in plain Russian, and where it stands in the YAML."""

    robot: intents.RobotId
    outcome: str
    reason: str
    mark: str = ""
    wish: intents.WishKey | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """The result of one look, recorded in one transaction with all it says."""

    dirty: Dirty
    ref: model.CardRef
    look_id: str
    at: datetime
    memory: Memory
    """The card's new memory (`past` is ignored: the ledger keeps it)."""
    arrived: tuple[model.Visit, ...] = ()
    clients: tuple[model.ClientRef, ...] | None = None
    wishes: tuple[intents.Wish, ...] = ()
    wake_at: datetime | None = None
    trace: tuple[TraceLine, ...] = ()
    due_again: datetime | None = None
    """Not whole (torn, a page missing): stays dirty until then."""
    config: str = ""


@dataclass(frozen=True, slots=True)
class CopiedCard:
    card: model.Card
    clients: tuple[model.ClientRef, ...] = ()


@dataclass(frozen=True, slots=True)
class CopiedClient:
    client: model.Client
    comms: tuple[str, ...]
    """Keyed hashes of normalised phones and e-mails (`store` never sees the comms themselves)."""


class Mirror(Protocol):
    """The local copy of cards and what is remembered of each."""

    async def memories(
        self, portal: model.PortalId, refs: Collection[model.CardRef]
    ) -> Mapping[model.CardRef, Memory]:
        """Every ref is answered; a card never seen has an empty Memory. `past` holds the card's ledger rows."""
        ...

    async def record(self, portal: model.PortalId, looked: Sequence[Looked]) -> Sequence[intents.WishKey]:
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

    async def copy_cards(self, portal: model.PortalId, cards: Sequence[CopiedCard]) -> None:
        """Backfill: inserts cards the mirror doesn't have; never overwrites a looked-at one."""
        ...

    async def copy_clients(self, portal: model.PortalId, clients: Sequence[CopiedClient]) -> None: ...

    async def due(self, portal: model.PortalId, now: datetime, limit: int) -> int:
        """Marks cards whose `wake_at` has come dirty in lane MOMENT and clears it; returns how many."""
        ...

    async def next_wake(self, portal: model.PortalId) -> datetime | None: ...

    async def tombstone(self, portal: model.PortalId, dirty: Dirty, ref: model.CardRef, at: datetime) -> None:
        """The portal says NOT_FOUND: unsent wishes and waits end `superseded`, the row becomes a tombstone."""
        ...


class Notebook(Protocol):
    """Small durable facts of a portal: cursors, watermarks, activations, the accepted configuration, pauses."""

    async def read(self, portal: model.PortalId, name: str) -> Any | None:
        """A JSON value, None where nothing was written."""
        ...

    async def write(self, portal: model.PortalId, name: str, value: Any) -> None: ...


# ---------------------------------------------------------------- the ledger


@dataclass(frozen=True, slots=True)
class Row:
    """A wish in the ledger with what the executor must know before it is sent."""

    seq: int
    wish: intents.Wish
    state: intents.WishState
    wished_at: datetime
    sent_at: datetime | None = None
    done_at: datetime | None = None
    tries: int = 0
    made: int | None = None
    note: str = ""
    accepted: model.VisitId | None = None
    """The card's accepted visit at its last look."""
    looked_at: datetime | None = None
    deleted: bool = False
    before: intents.WishState | None = None
    """The state of the wish it stands on."""
    before_made: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """A transition of one row. `retry_at` only with WISHED (surely not done) or UNKNOWN (when to look)."""

    key: intents.WishKey
    to: intents.WishState
    at: datetime
    note: str = ""
    made: int | None = None
    retry_at: datetime | None = None


def marker(key: intents.WishKey) -> str:
    """What is left in whatever a wish creates, to find it again (origin id; in a task's XML_ID; short, under a comment):
    16 hex digits. Adapters write this very text, the ledger looks rows up by it."""
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()


class Ledger(Protocol):
    """The durable wishes. States change only through `connector.store`'s one transition table."""

    async def ready(
        self, portal: model.PortalId, now: datetime, limit: int, busy: Collection[model.CardRef]
    ) -> Sequence[Row]:
        """The heads of the chains: per card the oldest row not final, if it is `wished` and its retry moment has
        come. None of `busy`'s cards. A chain whose head is sent or unknown has no ready row."""
        ...

    async def behind(
        self, portal: model.PortalId, cards: Collection[model.CardRef], now: datetime
    ) -> Sequence[Row]:
        """What stands behind the ready heads of these cards, in order: up to the first row that isn't `wished` or whose
        retry moment hasn't come."""
        ...

    async def sending(
        self, portal: model.PortalId, keys: Collection[intents.WishKey], now: datetime
    ) -> frozenset[intents.WishKey]:
        """Commits `sent` for rows that are still `wished` (or `unknown` and being re-sent); returns those. It is called
        just before the socket opens: what isn't returned must not be sent."""
        ...

    async def end(self, portal: model.PortalId, ends: Sequence[End]) -> None:
        """Transitions, all in one transaction; an impossible one raises (a bug), a repeated one is a no-op."""
        ...

    async def unsettled(self, portal: model.PortalId, now: datetime, window: float) -> Sequence[Row]:
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
    ) -> Sequence[Row]: ...

    async def by_marker(self, portal: model.PortalId, marker: str) -> Row | None:
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


class Journal(Protocol):
    """The story of a card: looks with their traces, for `why`."""

    async def story(
        self, portal: model.PortalId, ref: model.CardRef, limit: int = 200
    ) -> Sequence[StoryLook]: ...


@dataclass(frozen=True, slots=True)
class StoryLook:
    look_id: str
    at: datetime
    stage: model.StageId
    pipeline: model.PipelineId
    config: str
    trace: tuple[TraceLine, ...]


# ---------------------------------------------------------------- the portal


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


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that the sweep saw: a card's present stage and update moment, or another thing that changed."""

    thing: Thing
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


OnSending = Callable[[Collection[intents.WishKey]], Awaitable[frozenset[intents.WishKey]]]
"""Called by the portal's client with the wishes of a batch just before its socket opens; see Ledger.sending."""


class Portal(Protocol):
    """A portal as the loops need it. Rounds, batches, limits and retries of reads are the adapter's own matter.

    Every method may raise PortalClosed and Retryable; reads raise Unreadable for answers that aren't as documented.
    """

    async def directory(self) -> model.Directory: ...

    async def watermarks(self) -> Watermarks: ...

    async def facts(
        self, asks: Sequence[FactsAsk], lane: Lane
    ) -> Mapping[model.CardRef, Facts | Absent | Exception]:
        """Every ask is answered; one card's trouble is its own."""
        ...

    async def clients(
        self, cards: Sequence[model.Card], lane: Lane
    ) -> Mapping[model.CardRef, tuple[model.Client, ...] | Exception]:
        """Bound contacts in order, then the company; a client that can't be read is left out and the card is an
        Exception only if none could be."""
        ...

    async def duplicates(
        self, asks: Sequence[CommsAsk], lane: Lane
    ) -> Mapping[model.CardRef, look.Duplicates | Exception]: ...

    async def owners(self, things: Sequence[Thing], lane: Lane) -> Mapping[Thing, Sequence[Thing]]:
        """Cards and clients that tasks, activities and comments belong to; clients' cards by contactId/companyId."""
        ...

    async def sweep(self, cursors: Mapping[str, Any]) -> Swept: ...

    def copy(
        self, kind: Kind, below: int | None
    ) -> AsyncIterator[Sequence[CopiedCard] | Sequence[CopiedClient]]:
        """Every card or client of a kind, page by page in constant memory; open cards first."""
        ...

    def ids(self, kind: model.CardKind) -> AsyncIterator[Sequence[int]]:
        """Every card id of a kind, ascending, page by page in constant memory."""
        ...

    async def perform(self, row: Row) -> Done:
        """Makes one wish true. Rejected: never will be. Retryable: surely not done. Unknown: look before trying again."""
        ...

    async def find(self, row: Row) -> Done | None:
        """What a wish of unknown outcome made, found by its marker or content; None: it isn't there."""
        ...


class Clock(Protocol):
    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...
