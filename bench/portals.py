"""Many portals on one machine and one PostgreSQL: does each get its due, and does a sick one cost the others anything?

    share    the worst-served portal's deals a second, against its floor: the same deals as fast as a portal gets them done that
             has the machine for itself, measured in the same run before the others start. Wanted: 90 %
    sick     p95 from a deal to its РОП at the healthy portals while one portal cuts every connection and one takes five
             seconds to answer anything, against the same load with all healthy. Wanted: at most 10 % more
    idle     memory (PSS: what is shared is counted once), processor and connections of a portal where nothing happens

`voronka run` works one portal, so N portals are N of them (`--workers W`: each a crew of W). All portals live in one sandbox
process (bench/crowd.py). `python -m bench portals`, `python -m bench.portals --portals 40 --workers 4`, `--portals 1000`.
Before anything starts it is reckoned whether the machine has the memory for it; if it hasn't, that is said and nothing starts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench import crowd, far, report
from tests.acceptance import driver
from tests.contract import postgres_server

PORTALS, WORKERS = 12, 1
DEALS, LEAST_DEALS, MOST_DEALS = 96, 3, 8
"""In all, and to a portal."""
LONE_DEALS, PACE, LONE_PACE = 6, 5.0, 4.0
PATIENCE, SICK_PATIENCE = 30.0, 10.0
REST, STOP = 15.0, 20.0
DEAD, SLOW, SLOW_S = 0, 1, 5.0
"""Numbers of the portals that fall ill, and how long the slow one takes."""
SHARE, WORSE = 0.9, 1.1
NEEDED_MIB = 120
"""Of a worker's process with its connections, generously."""
AT_ONCE, READY = 8, 60.0
"""So many start side by side, within so many seconds."""
FORMULA = "a portal that has the machine for itself; for p95: the same with all portals healthy"


class TooLittle(Exception):
    """This machine hasn't the memory: a sentence."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Of a process and all below it. MiB (PSS), seconds of processor, how many they are."""

    mib: float
    cpu: float
    processes: int


def weigh(*pids: int) -> Weight:
    mib = cpu = 0.0
    family = [one for pid in pids for one in _family(pid)]
    for one in family:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a connection that ended meanwhile
            lines = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text("ascii").splitlines()
            mib += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
            cpu += far.cpu(one)
    return Weight(mib, cpu, len(family))


def _family(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(FileNotFoundError):
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text("ascii").split():
                yield from _family(int(child))


async def _connections(dsn: str) -> int:
    conn = await asyncpg.connect(dsn)
    try:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'voronka'"
        return int(await conn.fetchval(query))
    finally:
        await conn.close()


class Town:
    """The portals, their daemons and the database."""

    def __init__(self, folder: pathlib.Path, portals: int, workers: int) -> None:
        self.workers = workers
        most = str(40 + portals * workers * 8)
        self.server = postgres_server.Server(max_connections=most).start()
        self.port, ports = driver.free_port(), [driver.free_port() for _ in range(portals)]
        self.daemons = [self._daemon(folder / f"p{at}", at, port) for at, port in enumerate(ports)]
        hooks = [f"http://127.0.0.1:{one}/hooks/{self._name(at)}" for at, one in enumerate(ports)]
        self._far = subprocess.Popen(
            [sys.executable, "-m", "bench.crowd", "--port", str(self.port), *hooks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _name(self, number: int) -> str:
        return crowd.address(number).replace(".", "-")

    def _daemon(self, folder: pathlib.Path, number: int, port: int) -> driver.Daemon:
        folder.mkdir()
        host = crowd.address(number)
        return driver.Daemon(
            folder,
            self.port,
            port,
            driver.FUNNEL.replace("127.0.0.1", host),
            B24_URL=f"http://{host}:{self.port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/",
            VORONKA_DATABASE_URL=self.server.dsn,
            VORONKA_SWEEP_PERIOD="30",
            VORONKA_REQUEST_TIMEOUT="70",
        )

    def start(self, numbers: Sequence[int]) -> None:
        more = ["--workers", str(self.workers)] if self.workers > 1 else []
        for first in range(0, len(numbers), AT_ONCE):
            wave = numbers[first : first + AT_ONCE]
            for number in wave:
                self.daemons[number].start(*more)
            for number in wave:
                self.daemons[number].ready(READY)

    def order(self, **order: Any) -> Any:
        assert self._far.stdin is not None
        self._far.stdin.write(json.dumps(order) + "\n")
        self._far.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._far.stdout is not None
        return json.loads(self._far.stdout.readline())

    def work(
        self, numbers: Sequence[int], deals: int, pace: float = PACE, patience: float = PATIENCE
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.order(
            work=list(numbers), deals=deals, pace=pace, patience=patience
        )
        return found

    def rest(self) -> dict[str, float]:
        """Of one portal while nothing happens anywhere, the mean."""
        time.sleep(5)
        before, began = self._weights(), time.monotonic()
        time.sleep(REST)
        (ours, base), minutes = self._weights(), (time.monotonic() - began) / 60
        each, connections = len(self.daemons), self._connections()
        return {
            "mib": ours.mib / each,
            "pg_mib": base.mib / each,
            "cpu_s": (ours.cpu - before[0].cpu) / minutes / each,
            "pg_cpu_s": (base.cpu - before[1].cpu) / minutes / each,
            "connections": connections / each,
        }

    def _weights(self) -> tuple[Weight, Weight]:
        """(the daemons, the database)"""
        pids = [one.process.child.pid for one in self.daemons if one.process is not None]
        return weigh(*pids), weigh(self.server.pid)

    def _connections(self) -> int:
        return postgres_server.wait(_connections(self.server.dsn))

    def close(self) -> None:
        """A crew is asked to stop: its workers are in groups of their own and would outlive a kill of its parent."""
        begun = [one.process for one in self.daemons if one.process is not None]
        for process in begun if self.workers > 1 else ():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.stop(STOP)
        for process in begun:
            process.kill()
        self._far.kill()  # it would wait for what the slow portal still owes
        self._far.communicate()
        self.server.close()


def enough(portals: int, workers: int) -> None:
    """Raises TooLittle."""
    lines = pathlib.Path("/proc/meminfo").read_text("ascii").splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) / 1024
    needed = portals * (workers + (workers > 1)) * NEEDED_MIB
    if needed > free * 0.8:
        most = int(free * 0.8 / NEEDED_MIB / (workers + (workers > 1)))
        raise TooLittle(
            f"{portals:,} portals of {workers} workers want {needed / 1024:,.0f} GB, here are {free / 1024:.0f} free: "
            f"at most {most} portals. A process to a portal is what limits it."
        )


def waits(found: Sequence[dict[str, Any]], portals: Sequence[int]) -> list[float]:
    """ms of all the deals of these portals; those never done count as long as they were waited for."""
    chosen = [found[number] for number in portals]
    return [ms for one in chosen for ms in [*one["ms"], *[PATIENCE * 1000] * one["missing"]]]


def deals_each(portals: int) -> int:
    return max(LEAST_DEALS, min(MOST_DEALS, DEALS // portals))


def worst_share(found: Sequence[dict[str, Any]], lone_ms: float) -> float:
    """Of the deals a second that a lone portal would get done when they come at this pace."""
    deals = deals_each(len(found))
    floor_s = (deals - 1) * PACE + lone_ms / 1000
    shares: list[float] = [floor_s / one["seconds"] * (1 - one["missing"] / deals) for one in found]
    return min(shares)


def measured(town: Town, portals: int) -> dict[str, Any]:
    every, healthy = list(range(portals)), [n for n in range(portals) if n not in (DEAD, SLOW)]
    town.start(healthy[:1])
    lone = town.work(healthy[:1], LONE_DEALS, LONE_PACE)[0]["ms"][1:]
    began = time.monotonic()
    town.start([number for number in every if number != healthy[0]])
    started = time.monotonic() - began
    town.work(every, 1)  # the first deal of a portal finds nothing in any cache
    rest = town.rest()
    well = town.work(every, deals_each(portals))
    town.order(ill=DEAD, kind="refuse", params={})
    town.order(ill=SLOW, kind="hang_commit_later", params={"seconds": SLOW_S})
    sick = town.work(every, deals_each(portals), patience=SICK_PATIENCE)
    return {
        "lone_ms": statistics.median(lone),
        "started_s": started,
        "share": worst_share(well, statistics.median(lone)),
        "p50_ms": statistics.median(waits(well, healthy)),
        "sick_p50_ms": statistics.median(waits(sick, healthy)),
        "well_p95_ms": statistics.quantiles(waits(well, healthy), n=20)[-1],
        "sick_p95_ms": statistics.quantiles(waits(sick, healthy), n=20)[-1],
        "missing": sum(one["missing"] for one in well),
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
    enough(portals, workers)
    with tempfile.TemporaryDirectory(prefix="portals-") as folder, contextlib.ExitStack() as stack:
        town = Town(pathlib.Path(folder), portals, workers)
        stack.callback(town.close)
        found = measured(town, portals)
    figures = _figures(found, f"{portals} portals")
    mib, cores = found["mib"] + found["pg_mib"], (found["cpu_s"] + found["pg_cpu_s"]) / 60
    notes = [
        f"{workers} workers to a portal; {deals_each(portals)} deals each, one in {PACE:.0f} s; all started within {found['started_s']:.0f} s",
        f"by these, 1,000 idle portals want {mib * 1000 / 1024:,.0f} GB, {cores * 1000:,.0f} cores and "
        f"{found['connections'] * 1000:,.0f} connections: a process to a portal is what limits it",
    ]
    return report.Report("portals", figures, FORMULA, "", notes, found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portals", type=int, default=PORTALS)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes to a portal")
    given = parser.parse_args()
    if given.portals < 3:
        parser.error("two of them fall ill: three at least")
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # whoever ends it early leaves no daemons behind
    try:
        found = run(given.portals, given.workers)
    except TooLittle as why:
        print(why, file=sys.stderr)
        return 1
    print(report.table([found]))
    return 0 if found.met else 1


if __name__ == "__main__":
    sys.exit(main())
