"""Many portals on one machine and one PostgreSQL: does each get its due, and does a sick one cost the others anything?

    share    the worst-served portal's deals a second, against its floor: the same deals as fast as a portal gets them done that
             has the machine for itself, measured in the same run before the others start. Wanted: 90 %
    sick     p95 from a deal to its РОП at the healthy portals while one portal cuts every connection and one takes five
             seconds to answer anything, against the same load with all healthy. Wanted: at most 10 % more
    idle     memory (PSS: what is shared is counted once), processor and connections of a portal where nothing happens

One program works them all: `voronka run a.yaml b.yaml … --workers W`. All portals live in one sandbox process
(bench/crowd.py). `python -m bench portals`, `python -m bench.portals --portals 40 --workers 4`, `--portals 1000`.
Before anything starts it is reckoned whether the machine has the memory for it; if it hasn't, that is said and nothing starts.
"""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import signal
import statistics
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from bench import report
from bench import town as towns

PORTALS, WORKERS = 24, 4
DEALS, LEAST_DEALS, MOST_DEALS = 96, 2, 8
"""In all, and to a portal."""
LONE_DEALS, LONE_PACE = 6, 4.0
ROUNDS, FEW = 3, 50
"""With more portals than a few one round is long enough."""
PACE, MOST_A_SECOND = 5.0, 5.0
SICK_PATIENCE = 10.0
DEAD, SLOW, SLOW_S = 0, 1, 5.0
"""Numbers of the portals that fall ill, and how long the slow one takes."""
SHARE, WORSE = 0.9, 1.1
FORMULA = "a portal that has the machine for itself; for p95: the same with all portals healthy"


def waits(found: Sequence[dict[str, Any]], portals: Sequence[int]) -> list[float]:
    """ms of all the deals of these portals; those never done count as long as they were waited for."""
    chosen = [found[number] for number in portals]
    return [ms for one in chosen for ms in [*one["ms"], *[towns.PATIENCE * 1000] * one["missing"]]]


def deals_each(portals: int) -> int:
    return max(LEAST_DEALS, min(MOST_DEALS, DEALS // portals))


def pace(portals: int) -> float:
    """Seconds between two deals of a portal: all together get no more than the machine can bear, sandbox and all."""
    return max(PACE, portals / MOST_A_SECOND)


def worst_share(found: Sequence[dict[str, Any]], lone_ms: float) -> float:
    """Of the deals a second that a lone portal would get done when they come at this pace."""
    deals = deals_each(len(found))
    floor_s = (deals - 1) * pace(len(found)) + lone_ms / 1000
    shares: list[float] = [floor_s / one["seconds"] * (1 - one["missing"] / deals) for one in found]
    return min(shares)


def measured(town: towns.Town, portals: int) -> dict[str, Any]:
    every, healthy = list(range(portals)), [n for n in range(portals) if n not in (DEAD, SLOW)]
    town.start(healthy[:1])
    lone = town.work(healthy[:1], LONE_DEALS, LONE_PACE)[0]["ms"][1:]
    town.stop()
    started = town.start(every)
    town.work(every, 1, pace(portals))  # the first deal of a portal finds nothing in any cache
    rest = town.rest()
    found: dict[str, list[list[dict[str, Any]]]] = {"well": [], "sick": []}
    for _ in range(
        ROUNDS if portals <= FEW else 1
    ):  # in turns: what else the machine does in these minutes meets both
        found["well"].append(town.work(every, deals_each(portals), pace(portals)))
        town.order(ill=DEAD, kind="refuse", params={})
        town.order(ill=SLOW, kind="hang_commit_later", params={"seconds": SLOW_S})
        found["sick"].append(town.work(every, deals_each(portals), pace(portals), SICK_PATIENCE))
        town.order(well=[DEAD, SLOW])
        town.work(every, 1, pace(portals))  # what piled up at them is done
    well, sick = ([ms for one in found[name] for ms in waits(one, healthy)] for name in ("well", "sick"))
    return {
        "lone_ms": statistics.median(lone),
        "started_s": started,
        "share": worst_share(found["well"][0], statistics.median(lone)),
        "p50_ms": statistics.median(well),
        "sick_p50_ms": statistics.median(sick),
        "well_p95_ms": statistics.quantiles(well, n=20)[-1],
        "sick_p95_ms": statistics.quantiles(sick, n=20)[-1],
        "missing": sum(each[number]["missing"] for each in found["well"] for number in healthy),
        **rest,
    }


def _figures(found: dict[str, Any], name: str) -> list[report.Figure]:
    share, lost = found["share"], found["missing"]
    p50, well, sick = found["p50_ms"], found["well_p95_ms"], found["sick_p95_ms"]
    best, most = f">= {SHARE}", f"<= x{WORSE}"
    ill = f"{name}: the healthy while one is dead and one slow"
    idle = "an idle portal"
    return [
        report.Figure(
            f"{name}: the worst-served one's share of its floor",
            share,
            "",
            1.0,
            None,
            best,
            share >= SHARE,
            True,
        ),
        report.Figure(f"{name}: deal to РОП, p50", p50, "ms", found["lone_ms"]),
        report.Figure(f"{ill}, p50", found["sick_p50_ms"], "ms", p50),
        report.Figure(f"{ill}, p95", sick, "ms", well, None, most, sick <= WORSE * well),
        report.Figure(f"{name}: deals without a РОП", lost, "", None, None, "0", not lost),
        report.Figure(f"{idle}: memory", found["mib"], "MiB"),
        report.Figure(f"{idle}: memory of PostgreSQL", found["pg_mib"], "MiB"),
        report.Figure(f"{idle}: processor in a minute", found["cpu_s"], "s"),
        report.Figure(f"{idle}: PostgreSQL's processor in a minute", found["pg_cpu_s"], "s"),
        report.Figure(f"{idle}: connections to PostgreSQL", found["connections"], ""),
    ]


def run(portals: int = PORTALS, workers: int = WORKERS) -> report.Report:
    """Raises TooLittle."""
    towns.enough(portals, workers)
    with tempfile.TemporaryDirectory(prefix="portals-") as folder, contextlib.ExitStack() as stack:
        town = towns.Town(pathlib.Path(folder), portals, workers)
        stack.callback(town.close)
        found = measured(town, portals)
    figures = _figures(found, f"{portals} portals")
    mib, cores = found["mib"] + found["pg_mib"], (found["cpu_s"] + found["pg_cpu_s"]) / 60
    notes = [
        f"{workers} workers in all; {deals_each(portals)} deals each, one in {pace(portals):.0f} s; all started within {found['started_s']:.0f} s",
        f"by these, 1,000 idle portals want {mib * 1000 / 1024:,.1f} GB, {cores * 1000:,.1f} cores and "
        f"{found['connections'] * 1000:,.0f} connections",
    ]
    return report.Report("portals", figures, FORMULA, "", notes, found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portals", type=int, default=PORTALS)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    given = parser.parse_args()
    if given.portals < 3:
        parser.error("two of them fall ill: three at least")
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # whoever ends it early leaves no daemons behind
    try:
        found = run(given.portals, given.workers)
    except towns.TooLittle as why:
        print(why, file=sys.stderr)
        return 1
    print(report.table([found]))
    return 0 if found.met else 1


if __name__ == "__main__":
    sys.exit(main())
