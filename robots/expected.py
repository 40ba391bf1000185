"""What people set going over many cards (`enroll`, `undo`) is seen and remembered, but is no cause for robots (design.md).

A change is expected if it is exactly what a calm wish of ours set out to do, sent since the card was last seen.
"""

from __future__ import annotations

from dataclasses import replace

from robots import depth, intents, look


def without(seen: look.Look) -> look.Look:
    """The look with nothing in `changed` that calm wishes did."""
    if not (seen.changed and seen.past):
        return seen
    ours = {
        code
        for row in _calm(seen)
        if isinstance(row.wish.act, intents.SetFields)
        for code, value in row.wish.act.values.items()
        if seen.card.value(code) == value
    }
    return replace(seen, changed=seen.changed - ours) if ours & seen.changed else seen


def moved(seen: look.Look) -> bool:
    """The card's last move was a calm wish's: it stands where it was put, and nothing begins there."""
    if not (seen.arrived and seen.past):
        return False
    last = seen.arrived[-1]
    return any(
        isinstance(row.wish.act, intents.MoveStage)
        and (row.wish.act.pipeline, row.wish.act.stage) == (last.pipeline, last.stage)
        and last.entered >= row.wished_at - depth.CLOCKS_APART - _SECOND
        for row in _calm(seen)
    )


_SECOND = depth.CLOCKS_APART / 5
"""The portal's moments are whole seconds."""


def _calm(seen: look.Look) -> list[intents.Past]:
    return [
        row
        for row in seen.past
        if row.wish.calm and row.state in depth.SENT and depth.since(row, seen.before)
    ]
