"""Every kind of act x every fault that may strike its request: once, whole, never twice (R2, R3).

The table is complete by construction: a new act in the union or a new kind of fault is in it or fails the first test.
"""

from __future__ import annotations

import typing

import pytest

from robots import intents
from sandbox.bitrix24 import faults
from tests.simulation import actfaults, acts

OPEN = {state.value for state in intents.WishState if not state.final}
ACTS = actfaults.ACTS


def test_the_table_is_whole() -> None:
    """Every act of the union, every fault of the vocabulary that concerns a request or a command."""
    told = {one.kind for one in actfaults.TROUBLES.values()} | actfaults.UNREADABLE
    told |= {"invisible_in_lists", "delete_between"}
    assert set(acts.KINDS) == set(typing.get_args(intents.Act))
    assert told >= faults.REQUEST_KINDS | faults.COMMAND_KINDS


@pytest.mark.parametrize("kind", acts.KINDS, ids=lambda kind: str(kind.__name__))
def test_in_fair_weather_it_is_done(kind: type) -> None:
    """What the others are compared with is something: written, done, seen."""
    fair = acts.fair(kind)
    assert (fair.breaches, set(fair.states) - {"done", "nothing_to_do"}) == ((), set())
    assert "done" in fair.states
    if kind in ACTS:
        assert fair.writes > 0
        assert fair.picture != acts.fair(intents.Remember).picture


@pytest.mark.parametrize("trouble", actfaults.TROUBLES)
def test_whatever_strikes_it_is_done_once(trouble: str) -> None:
    """At each of its requests in turn; the portal ends as if nothing had been in the way."""
    cases = actfaults.cases([trouble])
    assert [f"{case}: {line}" for case in cases for line in case.breaches()] == []


@pytest.mark.parametrize("kind", ACTS, ids=lambda kind: str(kind.__name__))
def test_a_card_that_is_deleted_meanwhile_ends_its_wishes(kind: type) -> None:
    """Before each of its requests in turn: nobody falls, nothing stays open, no task hangs on the card that is gone."""
    wrong = []
    for nth in range(1, acts.fair(kind).writes + 1):
        seen = acts.tell(kind, acts.Trouble(""), deleted=nth)
        told = f"before request {nth}"
        wrong += [f"{told}: {line}" for line in seen.breaches]
        wrong += [f"{told}: {state}" for state in seen.states if state in OPEN]
        wrong += [f"{told}: {line}" for line in seen.picture if line.startswith("task") and "OPEN" in line]
    assert wrong == []
