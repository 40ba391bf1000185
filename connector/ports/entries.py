"""A wish as the ledger keeps it, the end of one, and the mark by which what it made is found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from connector.ports import doorbells
from robots import intents, model


@dataclass(frozen=True, slots=True)
class Row:
    """A wish in the ledger with what the executor must know before it is sent."""

    seq: int
    wish: intents.Wish
    state: intents.WishState
    wished_at: datetime
    sent_at: datetime | None = None
    done_at: datetime | None = None
    tries: int = 0
    made: int | None = None
    note: str = ""
    accepted: model.VisitId | None = None
    """The card's accepted visit at its last look."""
    visit: model.VisitId | None = None
    """Of a gate's return alone: the card's stay at its last look."""
    looked_at: datetime | None = None
    deleted: bool = False
    before: intents.WishState | None = None
    """The state of the wish it stands on."""
    before_made: int | None = None
    lane: doorbells.Lane = doorbells.Lane.LIVE
    """How urgent it is to whoever sends it; the ledger doesn't keep it."""


@dataclass(frozen=True, slots=True)
class End:
    """A transition of one row. `retry_at` only with WISHED (surely not done) or UNKNOWN (when to look)."""

    key: intents.WishKey
    to: intents.WishState
    at: datetime
    note: str = ""
    made: int | None = None
    retry_at: datetime | None = None
    bound_to: model.VisitId | None = None
    """It was reckoned while the wish was bound to this stay: bound to another one since, the row stays as it is."""


def returns(wish: intents.Wish) -> bool:
    """A gate's return: what it sends back is the stay that is its cause, and no later one in the same stage."""
    return isinstance(wish.act, intents.MoveStage) and wish.act.back


def marker(key: intents.WishKey) -> str:
    """What is left in whatever a wish creates, to find it again (origin id; in a task's XML_ID; short, under a comment):
    16 hex digits. Adapters write this very text, the ledger looks rows up by it."""
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()
