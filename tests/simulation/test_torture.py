"""What `python -m bench torture` makes of its trials."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from bench import sittings, torture
from tests.simulation import runner


def outcome(*breaches: str, **changes: Any) -> runner.Outcome:
    plain = {"ends": {}, "faults": {}, "bells": {}} | changes
    return runner.Outcome(1, "", 10, 2, 5, 50, breaches=breaches, **plain)


def test_trials_are_counted_by_kind_and_breaches_by_what_they_did() -> None:
    """A world counts in the rows whose trouble it had; what is no doubling is a loss."""
    said: list[str] = []
    rows = torture.tally(
        [
            outcome(ends={"wire.after": 2, "stop": 1}, bells={"well": 9, "late": 3}),
            outcome("tasks_once: deal 1: 2 tasks", faults={"commit_then_reset": 4, "well": 30}),
            outcome("copies: deal 1 stands won and was never handed over", ends={"before_end": 1}),
            outcome("copies: 2 copies of «Заказ»", "mirrored: deal:1 was never looked at"),
        ],
        said.append,
    )
    found = {row.promise: (row.trials, row.lost, row.doubled) for row in rows}
    assert found == {"R17": (4, 2, 2), "R2": (3, 1, 0), "R3": (4, 0, 1), "R4": (3, 0, 0), "R16": (1, 0, 0)}
    assert len(said) == 3


def test_a_rate_is_a_bound_where_nothing_was_seen() -> None:
    """3/N at 95 %; never more than everything; and nothing tried says nothing."""
    rows = [torture.Row("R1", "", 300), torture.Row("R1", "", 2), torture.Row("R1", "")]
    assert [row.rate for row in rows] == ["< 0.01 at 95 %", "< 1 at 95 %", "not tried"]
    assert torture.Row("R1", "", 1000, 3, 1).rate == "0.004"
    assert torture.Row("R2", "", 400, every=True).rate == "all of them"


def test_the_report_says_how_to_print_it_again() -> None:
    """The command, the seeds, the table."""
    text = torture.report([torture.Row("R1", "kills", 5)], 0, 1000, 5)
    assert "python -m bench torture --seeds 1000 --from 0 --kills 5" in text
    assert "Seeds 0 to 999" in text
    assert "| R1      | kills          | 5 | 0    | 0       | < 0.6 at 95 % |" in text


def test_a_run_goes_on_where_it_was_broken_off(tmp_path: pathlib.Path) -> None:
    """Each seed is tried once; a line that was cut in half is tried again; another program's trials are refused."""
    path = tmp_path / "worlds"
    first = list(sittings.Sittings(path, "one").over(range(3), 1))
    cut = path.read_text("utf-8")[:-5]
    path.write_text(cut, "utf-8")

    again = sittings.Sittings(path, "one")
    assert list(again.left(range(5))) == [2, 3, 4]
    assert [one.digest for one in again.over(range(3), 1)] == [one.digest for one in first]
    assert list(sittings.Sittings(path, "one").left(range(5))) == [3, 4]
    with pytest.raises(sittings.OtherCode, match="kept by other code"):
        sittings.Sittings(path, "two")
