"""What the reports read: a card's life with its stays, and small sums over numbers.

Lives are named tuples and moments whole seconds since 1970 (UTC): a report reads a million stays, and a dataclass with
a `datetime` in it costs more than all that is then reckoned from it.
A life without stays is a card that was only copied: its history isn't known, only where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from robots import model

DAY = 86_400


class Place(NamedTuple):
    pipeline: model.PipelineId
    stage: model.StageId
    semantic: model.Semantic


class Stay(NamedTuple):
    place: Place
    entered: int


class Life(NamedTuple):
    ref: model.CardRef
    place: Place
    """Where the card stands now."""
    created: int
    updated: int
    responsible: model.UserId | None = None
    source: str = ""
    """The portal's code of the channel."""
    amount: Decimal = Decimal(0)
    currency: str = ""
    planned: date | None = None
    """The card's own planned closing day; the portal writes the real day over it as the card closes."""
    lead: int | None = None
    handovers: int = 0
    """How often the responsible person was seen to change."""
    held: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """(field code, people) of the card's own fields of kind «employee»."""
    stays: tuple[Stay, ...] = ()
    """Oldest first."""
    moved: int | None = None
    """When the card came into its present stage, by the card itself; known without any history."""

    @property
    def closed(self) -> bool:
        return self.place.semantic is not model.Semantic.WORK

    @property
    def ended(self) -> int | None:
        """When it was closed."""
        return self.arrived if self.closed else None

    @property
    def arrived(self) -> int:
        """When it came into its present stage: by its history, else by the card, else its last edit."""
        if self.stays and self.stays[-1].place == self.place:
            return self.stays[-1].entered
        return self.updated if self.moved is None else self.moved


@dataclass(frozen=True, slots=True)
class Period:
    """Seconds: `since` is in it, `until` isn't."""

    since: int
    until: int

    def __contains__(self, moment: int) -> bool:
        return self.since <= moment < self.until


def percentile(ordered: Sequence[int], share: float) -> int:
    """Nearest rank: always one of the values, so that «half took N» is true of a real card. `ordered` isn't empty."""
    return ordered[min(len(ordered) - 1, max(0, -int(-len(ordered) * share // 1) - 1))]


def rate(part: int, whole: int) -> float | None:
    """A share of 0…1; None of nothing: «0 %» would say that somebody failed."""
    return part / whole if whole else None


def percent(share: float | None) -> str:
    return (
        "—"
        if share is None
        else f"{share * 100:.0f} %"
        if share >= 0.1
        else f"{share * 100:.1f} %".replace(".", ",")
    )


def in_base(life: Life, directory: model.Directory) -> Decimal | None:
    """The life's sum in the portal's base currency, by its own rates; None: no rate, the sum can't be added."""
    if not life.amount or life.currency in ("", directory.base_currency):
        return life.amount
    worth = directory.rates.get(life.currency)
    return None if worth is None else life.amount * worth
