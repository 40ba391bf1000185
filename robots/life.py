"""What counts as somebody's own doing: the portal shows the last editor alone, and our acts bear a person's name (users.md F11)."""

from __future__ import annotations

from datetime import datetime, timedelta

from robots import intents, look, model

NEAR = timedelta(minutes=1)
"""What the webhook's owner did this near to an act of ours is ours: he may work cards himself."""
ACTIVE, ACTIVE_BY = model.FieldCode("lastActivityTime"), model.FieldCode("lastActivityBy")


def ours(seen: look.Look, by: model.Value, at: datetime) -> bool:
    """Whether what `by` did then was done by us in his name."""
    if by != seen.directory.me:
        return False
    done = (
        row.done_at
        for row in seen.past
        if row.done_at is not None and not isinstance(row.wish.act, intents.Remember)
    )
    return any(abs(at - moment) <= NEAR for moment in done)


def activity(seen: look.Look) -> datetime | None:
    """When a person or the client last did something in the card's feed, as far as the portal shows it."""
    at = seen.card.value(ACTIVE)
    if not isinstance(at, datetime) or ours(seen, seen.card.value(ACTIVE_BY), at):
        return None
    return at
