"""Open cards that nobody touched for long (S3.7), per person: what to work off first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from robots import model
from robots.insight import rows

STEPS = tuple(days * rows.DAY for days in (7, 14, 30, 90))


@dataclass(slots=True)
class Silent:
    """`older[n]`: open cards untouched for longer than STEPS[n]; each includes the next."""

    user: model.UserId | None
    open: int = 0
    older: tuple[int, ...] = (0,) * len(STEPS)
    oldest: model.CardRef | None = None
    since: int = 0
    """When the oldest was last touched."""


def stale(lives: Iterable[rows.Life], now: int) -> tuple[Silent, ...]:
    """Those with most beyond 30 days first."""
    found: dict[model.UserId | None, Silent] = {}
    for life in lives:
        if life.closed:
            continue
        one = found.setdefault(life.responsible, Silent(life.responsible))
        silence = now - life.updated
        one.open += 1
        one.older = tuple(n + (silence > step) for n, step in zip(one.older, STEPS, strict=True))
        if one.oldest is None or (life.updated, life.ref) < (one.since, one.oldest):
            one.oldest, one.since = life.ref, life.updated
    return tuple(sorted(found.values(), key=lambda one: (-one.older[2], -one.open, one.user or 0)))
