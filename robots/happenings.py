"""What happened to a card outside it and was written into its ledger as news: another program called.

A piece of news is a row that only remembers, under the name of its source. It is judged by the first whole look that finds
it and by no other (`heard`), so that a condition which comes true later is no answer to it; news from before a robot, or older
than LATE, is none for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from robots import intents, look, model

SOURCE = "/"
"""Names of sources begin with it, names of robots don't."""
CALLED = "/trigger/"
LATE = timedelta(days=3)


def called(name: str, ref: model.CardRef, number: str) -> intents.Wish:
    """Another program says so. The same number of the same card is the same call."""
    source, cause = intents.RobotId(f"{CALLED}{name}"), f"call {number}"
    why = f"внешний вызов «{name}»"
    key = intents.WishKey(f"{source}/{ref}/{cause}/came")
    return intents.Wish(key, source, "", ref, cause, intents.Remember(why), why)


def all_of(seen: look.Look, now: datetime) -> Iterator[intents.Past]:
    """The card's news, heard or not."""
    for row in seen.past:
        if row.wish.robot.startswith(SOURCE) and row.wished_at > now - LATE:
            yield row


def heard(seen: look.Look, now: datetime) -> frozenset[str]:
    """What the next look needn't hear of: their keys."""
    return frozenset(row.wish.key for row in all_of(seen, now))


def fresh(source: str, seen: look.Look, began: datetime, now: datetime) -> Iterator[str]:
    """Causes of what is news of that source for a robot that began then, in order."""
    for row in all_of(seen, now):
        if row.wish.robot == source and row.wish.key not in seen.heard and row.wished_at > began:
            yield row.wish.cause
