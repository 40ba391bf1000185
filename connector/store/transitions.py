"""The law of a wish's life: which state may follow which. Rule 1: nothing else changes a state.

`DAEMON` is what the loops may do; `BY_HAND` is what only a person's `retry` may. A state that is repeated is no step at
all, so that an answer recorded twice is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping

from robots.intents import WishState as S

DAEMON: Mapping[S, frozenset[S]] = {
    S.WISHED: frozenset(S) - {S.UNKNOWN, S.WISHED},
    # What was sent is never called off: it may have happened. It is settled first.
    S.SENT: frozenset({S.DONE, S.NOTHING_TO_DO, S.NO_EFFECT, S.REFUSED, S.GIVEN_UP, S.UNKNOWN, S.WISHED}),
    S.UNKNOWN: frozenset(
        {S.SENT, S.DONE, S.NOTHING_TO_DO, S.NO_EFFECT, S.REFUSED, S.GIVEN_UP, S.WISHED, S.HELD}
    ),
    S.HELD: frozenset({S.WISHED, S.DONE, S.SUPERSEDED, S.TOO_LATE, S.BLOCKED, S.REFUSED, S.GIVEN_UP}),
    # It goes in a bundle or not at all, never by itself.
    S.WAITING: frozenset({S.DONE, S.SUPERSEDED, S.TOO_LATE, S.BLOCKED, S.HELD}),
} | {state: frozenset() for state in S if state.final}

BY_HAND: Mapping[S, frozenset[S]] = {
    state: frozenset({S.WISHED}) for state in (S.REFUSED, S.GIVEN_UP, S.BLOCKED)
}

OPEN: frozenset[S] = frozenset(state for state in S if not state.final)
UNSENT: frozenset[S] = frozenset({S.WISHED, S.HELD, S.WAITING})
"""Surely not over there: a deletion, a reload may call these off."""
BESIDE: frozenset[S] = frozenset({S.HELD, S.WAITING})
"""What waits for a person or for its hour lets its card's chain go on; what stands on it waits with it."""
SENDABLE: frozenset[S] = frozenset(state for state, to in DAEMON.items() if S.SENT in to)
REDOABLE: frozenset[S] = frozenset(BY_HAND)

DELETED_NOTE = "карточка удалена"
CHANGED_NOTE = "робот изменён, остановлен или убран"


class ImpossibleTransition(Exception):
    """A bug of the caller: nothing was written."""

    def __init__(self, key: str, state: S | None, to: S) -> None:
        super().__init__(f"{key}: {state.value if state else 'no such wish'} -> {to.value}")
        self.key, self.state, self.to = key, state, to


def check(key: str, state: S | None, to: S) -> None:
    """Raises ImpossibleTransition. The same state again passes."""
    if state is None or (state is not to and to not in DAEMON[state]):
        raise ImpossibleTransition(key, state, to)
