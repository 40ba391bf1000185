"""`python -m bench torture --trials N`: tries to make Voronka lose work or do it twice, and says how hard it tried.

Three rooms. *Each*: one story with one thing broken at every occasion in turn, and every act with every fault at each of its
requests (tests/simulation/drill.py, actfaults.py); `--no-each` leaves it out. *Worlds*: N x 500 seeds of the simulation (tests/simulation): a portal, people, a network and a daemon that dies, on a
virtual clock; each world has some crashes, lost answers, lost doorbells. *Kills*: the installed program under load, killed N
times with kill -9 at drawn moments, against a sandbox portal over real HTTP. `--keep FILE` lets a long run take several sittings.

A line is: promise, what was tried, N, lost, doubled, rate. Nothing in N independent trials bounds the rate below 3/N at 95 %;
else the rate is what was seen. A row of worlds counts the trials of its kind and the worlds with such trials that broke a law.
The exit code is 1 where anything was lost or doubled.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench import sittings
from tests.acceptance import conftest, kills
from tests.simulation import actfaults, drill, runner

SEEDS = 500
"""Worlds to a trial."""
UNKNOWN = (
    "reset_before_commit",
    "commit_then_reset",
    "commit_then_502",
    "half_commit_then_reset",
    "hang_never_commit",
    "hang_commit_later",
    "internal_500",
)
"""Faults after which nobody knows what the portal has done."""
TWICE = ("marks_once", "tasks_once", "comments_once", "notices_once", "returns")
"""Laws that break when something is done twice; of a copy the words tell."""
HEADS = ("promise", "what was tried", "N", "lost", "doubled", "rate")


@dataclass(slots=True)
class Row:
    promise: str
    what: str
    trials: int = 0
    lost: int = 0
    doubled: int = 0
    every: bool = False
    """Nothing was left to chance: N are all there are."""

    @property
    def rate(self) -> str:
        if not self.trials:
            return "not tried"
        broken = self.lost + self.doubled
        if self.every:
            return f"{broken} of all" if broken else "all of them"
        return f"{broken / self.trials:.2g}" if broken else f"< {min(1.0, 3 / self.trials):.2g} at 95 %"

    def cells(self) -> tuple[str, ...]:
        return (
            self.promise,
            self.what,
            f"{self.trials:,}",
            str(self.lost),
            str(self.doubled),
            self.rate,
        )


Count = Callable[[runner.Outcome], int]
"""How many trials of a kind a world held."""


def _crashes(one: runner.Outcome) -> int:
    return sum(count for where, count in one.ends.items() if where != "stop")


def _unknown(one: runner.Outcome) -> int:
    return sum(one.faults.get(kind, 0) for kind in UNKNOWN)


def _bad_bells(one: runner.Outcome) -> int:
    return sum(count for kind, count in one.bells.items() if kind != "well")


KINDS: Sequence[tuple[str, str, Count]] = (
    ("R17", "worlds: whole runs of people, portal, network and daemon", lambda _: 1),
    ("R2", "worlds: ends of the daemon at a crash point", _crashes),
    ("R3", "worlds: requests unanswered, half done or very late", _unknown),
    ("R4", "worlds: doorbells dropped, doubled or late", _bad_bells),
    ("R16", "worlds: polite stops", lambda one: one.ends.get("stop", 0)),
)


def doubles(breach: str) -> bool:
    """Something was done twice, rather than lost."""
    law, _, words = breach.partition(": ")
    return law in TWICE or breach.startswith("+ ") or (law == "copies" and "never" not in words)


def tally(outcomes: Iterable[runner.Outcome], tell: Callable[[str], None]) -> list[Row]:
    rows = [Row(promise, what) for promise, what, _ in KINDS]
    for done, one in enumerate(outcomes, 1):
        if one.breaches:
            tell(str(one))
        if done % SEEDS == 0:
            tell(f"{done:,} worlds")
        for row, (_, _, count) in zip(rows, KINDS, strict=True):
            if (trials := count(one)) > 0:
                row.trials += trials
                row.doubled += any(doubles(breach) for breach in one.breaches)
                row.lost += any(not doubles(breach) for breach in one.breaches)
    return rows


Trial = drill.Case | actfaults.Case
EACH: Sequence[tuple[str, str, Callable[[], Sequence[Trial]]]] = (
    ("R2", "one story: the daemon dies at each await", lambda: drill.cases(drill.CRASH)),
    ("R10", "one story: each write of the store is refused", lambda: drill.cases(drill.WRITE)),
    ("R10", "one story: the answer to each write of the store is lost", lambda: drill.cases(drill.ANSWER)),
    ("R3", "one story: each kind of fault at each request", lambda: drill.cases(drill.REQUEST)),
    ("R3", "each act, each fault at each of its requests", actfaults.cases),
)


def each(jobs: int, tell: Callable[[str], None]) -> list[Row]:
    """Every occasion once."""
    rows = []
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for promise, what, cases in EACH:
            trials = cases()
            row = Row(promise, what, len(trials), every=True)
            for trial, breaches in zip(trials, pool.map(_breaches, trials, chunksize=8), strict=True):
                for breach in breaches:
                    tell(f"{trial}: {breach}")
                row.doubled += any(doubles(breach) for breach in breaches)
                row.lost += any(not doubles(breach) for breach in breaches)
            tell(f"{what}: {row.trials}")
            rows.append(row)
    return rows


def _breaches(trial: Trial) -> list[str]:
    return trial.breaches()


def killed(times: int, tell: Callable[[str], None]) -> Row:
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        pair = conftest.Pair(pathlib.Path(folder))
        try:
            found = kills.under_load(
                pair, times, said=lambda done: tell(f"{done} kills") if done % 10 == 0 else None
            )
        finally:
            pair.close()
    for deal, tasks in {**found.lost, **found.doubled}.items():
        tell(f"deal {deal}: {tasks}")
    what = f"the program: kill -9 under load, {found.deals:,} deals"
    return Row("R1", what, times, len(found.lost), len(found.doubled))


def table(rows: Sequence[Row]) -> str:
    """Markdown, its columns aligned."""
    lines = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADS))]
    shown = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines]  # fmt: skip
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(shown)


def report(rows: Sequence[Row], first: int, worlds: int, times: int) -> str:
    again = f"python -m bench torture --seeds {worlds} --from {first} --kills {times}"
    return f"""# What was tried to break it

Printed by `{again}`; not written by hand.
Seeds {first} to {first + worlds - 1}; a broken one is replayed by `python -m tests.simulation --seed N`.

{table(rows)}

*Lost* and *doubled* count worlds (or, of the program, deals) in which a law broke: work that was never done, or was done
twice. Nothing in N independent trials bounds the rate below 3/N at 95 %. Trials of one world share its story, so of the rows
of worlds R17 is the one whose trials are surely independent. The rows of one story and of each act leave nothing to chance:
each occasion that there is was tried once. The laws are listed in `tests/simulation/laws.py`; that they
bite is shown by `python scripts/teeth.py`.
"""


def tried(seeds: Sequence[int], given: argparse.Namespace) -> Iterable[runner.Outcome]:
    """Raises sittings.OtherCode."""
    if given.keep is None:
        return runner.many(seeds, given.jobs)
    return sittings.Sittings(given.keep).over(seeds, given.jobs)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench torture", description=__doc__)
    parser.add_argument("--trials", type=int, default=200, help="so many kills, and 500 times as many worlds")
    parser.add_argument("--seeds", type=int, help="so many worlds instead; 0: none")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--kills", type=int, help="so many kills instead; 0: none")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes for the worlds")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", help="write the table there as well")
    parser.add_argument("--no-each", action="store_true", help="leave out what is broken at every occasion")
    parser.add_argument(
        "--keep", type=pathlib.Path, metavar="FILE", help="keep each world there and go on from it"
    )
    given = parser.parse_args(argv)
    worlds = SEEDS * given.trials if given.seeds is None else given.seeds
    times = given.trials if given.kills is None else given.kills

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    rows = [] if given.no_each else each(given.jobs, tell)
    rows += tally(tried(range(given.first, given.first + worlds), given), tell) if worlds else []
    rows += [killed(times, tell)] if times else []
    print(table(rows))
    if given.report is not None:
        given.report.write_text(report(rows, given.first, worlds, times), "utf-8")
    return 1 if any(row.lost or row.doubled for row in rows) or not rows else 0
