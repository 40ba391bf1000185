"""What `decide` looks at: one card's facts, gathered by the shell before any rule is asked.

Facts that cost REST calls beyond the first round are `None` until gathered; a rule that needs one raises `NotGathered`,
the shell gathers and asks again. So a card pays only for what its own robots ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from robots import intents, model


class Need(StrEnum):
    CLIENTS = "clients"
    DUPLICATES = "duplicates"
    ACTIVITIES = "activities"
    PLANS = "plans"


class NotGathered(Exception):
    """A rule needs facts that this look lacks."""

    def __init__(self, need: Need) -> None:
        super().__init__(need.value)
        self.need = need


@dataclass(frozen=True, slots=True)
class Activation:
    """When a robot began to act, as a watermark: what lies at or below is past (X8).

    `card` and `row` are the newest card id and history row id of its kind of card at that moment;
    `at` is the moment itself, from which terms of waiting run.
    """

    at: datetime
    card: int
    row: int


@dataclass(frozen=True, slots=True)
class Match:
    """Something that shares a phone or an e-mail with the card, or belongs to a client that does."""

    ref: model.CardRef | model.ClientRef
    title: str
    responsible: model.UserId | None
    created: datetime | None = None
    closed: bool = False
    via: str = ""
    """The normalised phone or e-mail by which it was found (masked only in texts); empty for a deal found through
    its client."""
    client: model.ClientRef | None = None
    """For a deal or lead: the client through whom it was found."""
    origin: tuple[str, str] | None = None
    shared_by: int = 1
    """How many cards share that phone or e-mail; over 10 it is a common one and says nothing."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Everything with any of the card's comms, the card's own things included: telling them apart is the kind's work."""

    comms: tuple[str, ...]
    """The card's normalised phones and e-mails (its own or its clients')."""
    matches: tuple[Match, ...] = ()


class Reached(StrEnum):
    """How somebody tried to reach a client."""

    CALL = "call"
    LETTER = "letter"
    MESSAGE = "message"
    TODO = "todo"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something done in a card's feed that may have been an attempt to reach its client (S2.10)."""

    how: Reached
    at: datetime
    text: str = ""
    """Of a comment: what is written."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An open task or activity of a card."""

    title: str
    until: datetime | None = None
    task: bool = False


@dataclass(frozen=True, slots=True)
class Plans:
    ahead: tuple[Plan, ...] = ()
    done: datetime | None = None
    """When the last of those that are closed was."""


@dataclass(frozen=True, slots=True)
class Care:
    """The robots that an older card is given to (`enroll`)."""

    robots: frozenset[intents.RobotId] = frozenset()
    quiet: bool = False
    """Nobody is told."""
    fire: bool = False
    """What is done is a cause for other robots."""


NOBODYS = Care()


@dataclass(frozen=True, slots=True)
class Look:
    """One card, whole. The mirror's memory of it is in `before`, `accepted`, `refused`, `changes`, `past`."""

    card: model.Card
    directory: model.Directory
    visit: model.Visit
    """The present stay."""
    before: model.Card | None = None
    """The card at the last look; None at the first."""
    accepted: model.Visit | None = None
    """The last stay whose gates were passed; None until the first was."""
    refused: model.VisitId | None = None
    """The stay that a gate judged and refused, until the card is seen elsewhere."""
    judged: datetime | None = None
    """When the card was last looked at whole by robots that time calls."""
    heard: frozenset[str] = frozenset()
    """News (`happenings`) that an earlier look judged: keys of its rows."""
    first: bool = False
    """No look at this card was ever decided: what was created is news now."""
    arrived: tuple[model.Visit, ...] = ()
    """Stays after the accepted one, oldest first, the present one last (all of them at the first look). Empty if the
    card stands where it was accepted. They are kept until accepted: a gate may wait over several looks."""
    changes: Mapping[str, int] = field(default_factory=dict)
    """Change number per field code (and `@contacts`, `@comms`), this look's changes counted in; absent is 0."""
    changed: frozenset[str] = frozenset()
    """What changed in this look."""
    tasks: Mapping[model.TaskId, model.Task | None] = field(default_factory=dict)
    """The robots' own tasks of this card that the ledger doesn't know closed; None: gone from the portal."""
    past: tuple[intents.Past, ...] = ()
    """The card's ledger rows, oldest first."""
    activations: Mapping[intents.RobotId, Activation] = field(default_factory=dict)
    clients: tuple[model.Client, ...] | None = None
    """Bound contacts in order, then the company. None: not gathered."""
    duplicates: Duplicates | None = None
    found: Match | None = None
    """Whom the duplicate check found, for the acts that it embeds."""
    attempts: tuple[Attempt, ...] | None = None
    """What was done in the card's feed; None: not gathered."""
    plans: Plans | None = None
    """What is planned for the card; None: not gathered."""
    unfinished_origin: bool = False
    """The card was made by a saga of ours that isn't done yet: nothing is decided about it."""
    origin_card: model.CardRef | None = None
    """The card this one was copied from by hand_over."""
    depth: int = 0
    """How many of our own effects lie behind what changed; 0 if people did it."""
    care: Care = NOBODYS
    """Whose care the card is taken into at this look by a person's hand."""

    def need_clients(self) -> tuple[model.Client, ...]:
        if not self.card.contacts and self.card.company is None:
            return ()
        if self.clients is None:
            raise NotGathered(Need.CLIENTS)
        return self.clients

    def need_duplicates(self) -> Duplicates:
        if self.duplicates is None:
            raise NotGathered(Need.DUPLICATES)
        return self.duplicates

    def need_attempts(self) -> tuple[Attempt, ...]:
        if self.attempts is None:
            raise NotGathered(Need.ACTIVITIES)
        return self.attempts

    def need_plans(self) -> Plans:
        if self.plans is None:
            raise NotGathered(Need.PLANS)
        return self.plans

    def contact(self) -> model.Client | None:
        """The primary contact."""
        return next((c for c in self.need_clients() if c.ref.kind is model.ClientKind.CONTACT), None)

    def company(self) -> model.Client | None:
        return next((c for c in self.need_clients() if c.ref.kind is model.ClientKind.COMPANY), None)

    def change(self, name: str) -> int:
        return self.changes.get(name, 0)
