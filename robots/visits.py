"""Which stays a card has had since the last look, from the portal's history rows and the card itself.

The history is the best record of moves, and only that: rows may be seen late (commit order), and old boxes lose some.
So a stage that differs from the remembered one without a row is a stay too, and a history whose last row isn't the
card's stage is *torn*: nothing is decided about stages until it is whole, or until it stayed torn too long
(design.md «The look»).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robots import model

TORN_LOOKS = 5
"""After so many torn looks in a row the card's own stage wins, and the story says so."""


@dataclass(frozen=True, slots=True)
class Followed:
    """`torn`: come back in 2 s, decide nothing about stages; `unseen`: how many stays so far had no row."""

    visit: model.Visit
    arrived: tuple[model.Visit, ...]
    torn: bool
    unseen: int
    gave_up: bool = False
    """The history stayed torn; the card's own stage was taken."""


def follow(
    card: model.Card,
    rows: Sequence[model.Visit],
    *,
    last: model.Visit | None,
    unseen: int,
    torn_before: int,
) -> Followed:
    """`rows` are the history above `last.row`, in any order; known ones do no harm."""
    known = last.row if last is not None and last.row is not None else 0
    fresh = sorted((row for row in rows if row.row is not None and row.row > known), key=_row)
    newest = fresh[-1] if fresh else last
    if newest is not None and (newest.pipeline, newest.stage) == (card.pipeline, card.stage):
        return Followed(newest, tuple(fresh), torn=False, unseen=unseen)
    if torn_before + 1 < TORN_LOOKS and (fresh or last is not None or torn_before == 0):
        visit = last if last is not None else _unseen_visit(card, unseen)
        return Followed(visit, (), torn=True, unseen=unseen)
    stay = _unseen_visit(card, unseen)
    return Followed(stay, (*fresh, stay), torn=False, unseen=unseen + 1, gave_up=bool(fresh or last))


def _row(visit: model.Visit) -> int:
    return visit.row or 0


def _unseen_visit(card: model.Card, unseen: int) -> model.Visit:
    """A stay without a row begins when the portal says that the card was touched: it keeps nothing better."""
    return model.Visit(
        id=model.VisitId(f"s{unseen + 1}"),
        pipeline=card.pipeline,
        stage=card.stage,
        semantic=card.semantic,
        entered=card.updated,
    )
