"""How many of our own effects lie behind what changed in a card: the breaker's measure (R6).

A change counts as ours only if it is exactly what a wish of ours set out to do, sent since the card was last seen.
Everything else has depth 0: people, the portal's own robots, an impatient manager's four drags.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from robots import intents, model

CLOCKS_APART = timedelta(seconds=5)
"""The portal's clock and ours may differ by this much unnoticed (design.md «Time and money»)."""

SENT = frozenset({intents.WishState.SENT, intents.WishState.UNKNOWN, intents.WishState.DONE})


def depth(
    before: model.Card | None,
    card: model.Card,
    arrived: Sequence[model.Visit],
    changed: Collection[str],
    past: Sequence[intents.Past],
    *,
    made_by: intents.Wish | None = None,
) -> int:
    """`made_by`: the hand-over that created this card, if this is the first look at it."""
    found = [made_by.depth + 1] if made_by is not None else []
    for row in past:
        if row.state in SENT and since(row, before) and _explains(row.wish.act, card, arrived, changed):
            found.append(row.wish.depth + 1)
    return max(found, default=0)


def since(row: intents.Past, before: model.Card | None) -> bool:
    return before is None or row.done_at is None or row.done_at >= before.updated - CLOCKS_APART


def _explains(
    act: intents.Act, card: model.Card, arrived: Sequence[model.Visit], changed: Collection[str]
) -> bool:
    match act:
        case intents.SetFields(values):
            return any(code in changed and card.value(code) == value for code, value in values.items())
        case intents.MoveStage(pipeline, stage):
            return any((visit.pipeline, visit.stage) == (pipeline, stage) for visit in arrived)
        case _:
            return False
