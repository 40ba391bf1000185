"""The law of a wish's life, as laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.store import transitions
from robots.intents import WishState as S

states = st.sampled_from(list(S))


@given(states, states)
def test_a_step_is_in_the_table_or_raises(source: S, target: S) -> None:
    """There is no third way; standing still is allowed everywhere."""
    if target is source or target in transitions.DAEMON[source]:
        transitions.check("k", source, target)
    else:
        with pytest.raises(transitions.ImpossibleTransition, match=f"{source.value} -> {target.value}"):
            transitions.check("k", source, target)


@given(st.lists(states, max_size=12))
def test_no_walk_leaves_a_final_state(walk: list[S]) -> None:
    """What ended stays ended, whatever the loops try; only a person may begin it again."""
    state, ended = S.WISHED, None
    for target in walk:
        if target in transitions.DAEMON[state]:
            state = target
        ended = ended or (state if state.final else None)
    assert ended in (None, state)


def test_what_was_sent_is_never_called_off() -> None:
    """It may have happened: it is settled first."""
    assert not transitions.DAEMON[S.SENT] & {S.SUPERSEDED, S.BLOCKED, S.TOO_LATE, S.DRY_RUN, S.HELD}
    assert {S.WISHED, S.HELD, S.WAITING} == transitions.UNSENT


def test_only_the_wished_and_the_unknown_are_sent() -> None:
    """And unknown comes only from sent."""
    assert {S.WISHED, S.UNKNOWN} == transitions.SENDABLE
    assert [state for state, to in transitions.DAEMON.items() if S.UNKNOWN in to] == [S.SENT]


def test_every_state_has_its_law() -> None:
    """A new state breaks here, not at a customer's."""
    assert set(transitions.DAEMON) == set(S)
    assert all(state.final for state in transitions.REDOABLE)


def test_nobodys_wish_has_no_step() -> None:
    """An end for a key that isn't in the ledger is a bug."""
    with pytest.raises(transitions.ImpossibleTransition, match="no such wish"):
        transitions.check("k", None, S.DONE)
