"""What is remembered of a card, what one look of it says, and what the first copy brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.ports import doorbells
from robots import intents, model


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
    judged: datetime | None = None
    """When robots that time calls were last asked; None where there are none."""
    heard: tuple[str, ...] = ()
    """Keys of news that robots were asked about, the late ones left out."""
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

    dirty: doorbells.Dirty
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
class StoryLook:
    look_id: str
    at: datetime
    stage: model.StageId
    pipeline: model.PipelineId
    config: str
    trace: tuple[TraceLine, ...]


@dataclass(frozen=True, slots=True)
class CopiedCard:
    card: model.Card
    clients: tuple[model.ClientRef, ...] = ()


@dataclass(frozen=True, slots=True)
class CopiedClient:
    client: model.Client
    comms: tuple[str, ...]
    """Keyed hashes of normalised phones and e-mails (`store` never sees the comms themselves)."""
