"""What may have changed, and who goes first: the words that doorbells, sweep and moments share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from robots import model


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
