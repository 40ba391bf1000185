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
    assert set(acts.KINDS) | {intents.SendLetter} | acts.BESIDE == set(typing.get_args(intents.Act))
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


@pytest.mark.parametrize("trouble", ["", *actfaults.TROUBLES])
def test_whatever_strikes_a_letter_goes_at_most_once(trouble: str) -> None:
    """Class C: sent and done, or a person is asked; never a second one, and none that is told done without having left."""
    told = actfaults.TROUBLES.get(trouble, acts.Trouble(""))
    for nth in (1, 2):
        seen = acts.tell(intents.SendLetter, acts.at(told, nth))
        mails = sum(line.startswith("mail ") for line in seen.picture)
        if seen.states == ("done",):
            assert (seen.breaches, mails) == ((), 1)
        else:
            assert (seen.states, mails <= 1) == (("held",), True)
            assert [one for one in seen.breaches if "act held" not in one] == []


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


@pytest.mark.parametrize(
    ("trouble", "ends", "mails"), [("commit_then_reset", "done", 1), ("reset_before_commit", "held", 0)]
)
def test_a_letter_that_the_portal_took_is_adopted_and_a_lost_one_is_asked_about(
    trouble: str, ends: str, mails: int
) -> None:
    """Never sent again by ourselves: that none is seen doesn't prove that none left."""
    seen = acts.tell(intents.SendLetter, acts.at(actfaults.TROUBLES[trouble], 2))
    assert (seen.states, sum(line.startswith("mail ") for line in seen.picture)) == ((ends,), mails)
