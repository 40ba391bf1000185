"""One thing goes wrong, once, at the n-th occasion of a story, for every n: after it everything is as if nothing had been.

`SIMULATION_STEP` says how many occasions are passed over between two that are tried; 1 tries all, as `make torture` does.
A case is replayed by `drill.tell(drill.Case("answer", 10))`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

from tests.simulation import drill, net

STEP = int(os.environ.get("SIMULATION_STEP", "10"))


def broken(cases: Iterable[drill.Case]) -> list[str]:
    return [f"{case}: {line}" for case in cases for line in case.breaches()]


def test_the_story_has_something_to_break() -> None:
    """In fair weather the laws hold, nothing strikes, and all that the loops below break is there."""
    told = drill.fair()
    assert (told.breaches, told.lives, told.struck) == ((), 1, 0)
    assert told.wishes >= 10
    assert min(told.writes, told.requests) > 40
    assert told.points > 300


@pytest.mark.parametrize("what", [drill.WRITE, drill.ANSWER])
def test_a_write_of_the_store_fails(what: str) -> None:
    """The disk is full for one write, or the write is done and its answer lost: told, tried again, nothing doubled."""
    assert broken(drill.cases(what, max(1, STEP // 2))) == []


@pytest.mark.parametrize("first", range(0, len(net.KINDS), 3))
def test_a_request_fails(first: int) -> None:
    """Each kind of fault at each request, reads and look-ups too, not only at what writes."""
    kinds = net.KINDS[first : first + 3]
    assert broken(case for case in drill.cases(drill.REQUEST, STEP) if case.kind in kinds) == []


@pytest.mark.parametrize("part", range(2))
def test_the_daemon_dies(part: int) -> None:
    """At each await of the store and of the wire, and at each named point."""
    assert broken(drill.cases(drill.CRASH, STEP)[part::2]) == []


def test_what_is_told_happens() -> None:
    """A case that strikes nothing shows nothing."""
    told = [
        drill.tell(drill.Case(drill.REQUEST, 9, "refuse")),
        drill.tell(drill.Case(drill.CRASH, 150)),
        drill.tell(drill.Case(drill.WRITE, 9)),
    ]
    assert [(one.struck, one.lives) for one in told] == [(1, 1), (0, 2), (1, 1)]
