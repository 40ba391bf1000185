"""`python -m bench soak --for 10m`: does the daemon grow while it works? Its memory and descriptors, an hour's slope of each.

The installed program on SQLite works a sandbox portal over real HTTP: every few seconds a deal comes, another is moved on,
somebody looks at the status page, and faults are drawn all the time (answers lost, connections reset, doorbells dropped),
for it is the paths of failure that forget to close. The first quarter isn't counted: there memory grows steeply (caches that
fill is the guess, which nobody has measured). Then the memory (resident), the descriptors (without the connections of those who ring) and the threads are
read every few seconds, and a line is laid through them (bench/slopes.py).

What is promised: neither grows. Broken (exit code 1) is what surely grows by more than its limit an hour (three standard
errors taken off) and by more than a step that may happen once. A run of minutes can show only steep slopes: `--for 1h` is
what proves. In the end all is let finish, and what was lost or done twice is counted as well.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from bench import far, report, slopes
from tests.acceptance import conftest, driver, kills

DEFAULT = "4m"
TICK, SAMPLED = 2.0, 2.0
"""Seconds between two doings of people, and between two samples."""
WARM, WARM_PART = 600.0, 0.25
"""Seconds that aren't counted: a quarter, ten minutes at most."""
MOST_MIB, STEP_MIB = 8.0, 4.0
MOST_OPEN, STEP_OPEN = 4.0, 3.0
"""An hour; and what may be opened once, such as a connection more."""
QUIET = 180.0
"""Seconds for everything to be finished in the end."""
FAULTS = {
    "reset_before_commit": 0.01,
    "commit_then_reset": 0.005,
    "commit_then_502": 0.005,
    "internal_500": 0.01,
    "query_limit_503": 0.01,
    "event_drop": 0.02,
    "event_double": 0.02,
}
"""Kind -> probability, for ever."""
NEEDED: dict[str, Any] = {driver.NEEDS: "окно"}
UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass
class Seen:
    """Samples by name, and what was done meanwhile."""

    samples: dict[str, list[slopes.Sample]] = field(default_factory=dict)
    deals: list[int] = field(default_factory=list)
    struck: int = 0
    requests: int = 0
    lost: int = 0
    doubled: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    """What is open, by kind: at the end more of it than at the first sample, or less."""

    def compare(self, pid: int, sign: int) -> None:
        now = kinds(pid)
        for kind in {*now, *self.opened}:
            self.opened[kind] += sign * now[kind]

    def sample(self, pid: int, port: int, at: float) -> None:
        here = pathlib.Path(f"/proc/{pid}")
        found = {
            "memory": far.rss(pid) / far.MIB,
            "descriptors": float(len(list((here / "fd").iterdir())) - len(visitors(port))),
            "threads": float(len(list((here / "task").iterdir()))),
        }
        for name, value in found.items():
            self.samples.setdefault(name, []).append((at, value))


def seconds(text: str) -> float:
    """`90`, `90s`, `10m`, `1h`, in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r}: how long is written like 90s, 10m, 1h")
    return float(found[1]) * UNITS[found[2]]


def visitors(port: int) -> list[str]:
    """Connections that others have open to this port: how many those who ring keep is theirs to say, not the daemon's."""
    lines = pathlib.Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    rows = [line.split() for line in lines]
    return [row[2] for row in rows if row[3] == "01" and int(row[1].split(":")[1], 16) == port]


def kinds(pid: int) -> Counter[str]:
    """Descriptors by what they are of: `socket`, `voronka.sqlite-wal` …"""
    found: Counter[str] = Counter()
    for one in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found[one.readlink().name.split(":")[0]] += 1
    return found


def soaked(pair: conftest.Pair, long: float, tell: Callable[[str], None]) -> Seen:
    seen, portal, daemon = Seen(), pair.sandbox, pair.daemon
    daemon.start().ready()
    assert daemon.process is not None
    pid = daemon.process.child.pid
    for kind, probability in FAULTS.items():
        portal.fault(kind, "*", probability=probability, times=None)
    began = time.monotonic()
    warm, act_at, tell_at = min(WARM, long * WARM_PART), began, began + 60
    while (now := time.monotonic()) - began < long:
        if now >= act_at:
            act_at += TICK
            _people(portal, seen.deals)
            requests.get(f"http://127.0.0.1:{daemon.port}/", timeout=30).raise_for_status()
        if now - began >= warm:
            if not seen.samples:
                seen.compare(pid, -1)
            seen.sample(pid, daemon.port, now - began)
        if now >= tell_at:
            tell_at += 60
            tell(f"{(now - began) / 60:.0f} min: {far.rss(pid) / far.MIB:.1f} MiB, {len(seen.deals)} deals")
        time.sleep(SAMPLED)
    seen.compare(pid, 1)
    _finish(pair, seen)
    return seen


def _people(portal: driver.Sandbox, deals: list[int]) -> None:
    """A deal comes, the one before the last is moved on."""
    deals.append(portal.deal(**NEEDED))
    if len(deals) > 2:
        portal.move(deals[-3], "Обрабатываем запрос")


def _finish(pair: conftest.Pair, seen: Seen) -> None:
    """Without faults, as long as it takes; then what stands in the portal is counted."""
    portal = pair.sandbox
    seen.struck = len(portal.struck())
    portal.lever("DELETE", "faults")
    for deal in seen.deals[-2:]:
        portal.move(deal, "Обрабатываем запрос")
    left, until = list(seen.deals), time.monotonic() + QUIET
    while left and time.monotonic() < until:
        left = [deal for deal in left if not kills.worked(portal, deal)]
        time.sleep(1)
    seen.lost, seen.requests = len(left), portal.requests()["requests"]
    lines = [portal.task_lines(deal) for deal in seen.deals]
    seen.doubled = sum(len(each) > 2 for each in lines)


def figures(seen: Seen, long: float) -> report.Report:
    memory, descriptors, threads = (
        slopes.of(seen.samples[name]) for name in ("memory", "descriptors", "threads")
    )
    span = f"over {long / 60:.0f} min"
    counted = len(seen.samples["memory"])
    made = [
        _figure("memory", memory, "MiB", MOST_MIB, STEP_MIB),
        _figure("descriptors", descriptors, "", MOST_OPEN, STEP_OPEN),
        _figure("threads", threads, "", MOST_OPEN, STEP_OPEN),
        report.Figure("memory at the end", memory.last, "MiB", memory.first),
        report.Figure("descriptors at the end", descriptors.last, "", descriptors.first),
        report.Figure("deals lost", seen.lost, "", None, None, "0", seen.lost == 0),
        report.Figure("deals worked twice", seen.doubled, "", None, None, "0", seen.doubled == 0),
    ]
    notes = [
        f"{span}: {len(seen.deals):,} deals, {seen.requests:,} requests, {seen.struck:,} faults, {counted:,} samples",
        f"memory {memory} MiB, descriptors {descriptors}, threads {threads}",
    ]
    more = ", ".join(f"{kind} {count:+d}" for kind, count in sorted(seen.opened.items()) if count)
    notes.append(f"open at the end, against the first sample: {more or 'the same'}")
    detail = {"seconds": long, "samples": seen.samples, "deals": len(seen.deals), "faults": seen.struck}
    return report.Report("soak", made, "the same at the beginning, once warm", "", notes, detail)


def _figure(what: str, slope: slopes.Slope, unit: str, most: float, step: float) -> report.Figure:
    wanted, met = f"<= {most:g} surely", not slope.leaks(most, step)
    return report.Figure(f"{what}: slope an hour", slope.an_hour, unit, None, None, wanted, met)


def run(long: float = seconds(DEFAULT), tell: Callable[[str], None] = lambda _: None) -> report.Report:
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        pair = conftest.Pair(pathlib.Path(folder))
        try:
            return figures(soaked(pair, long, tell), long)
        finally:
            pair.close()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--for", type=seconds, default=seconds(DEFAULT), dest="long", metavar="TIME", help=f"90s, 10m, 1h; {DEFAULT} without it")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    given = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it early leaves no daemon behind
    found = run(given.long, lambda line: print(line, file=sys.stderr, flush=True))
    print(report.table([found]))
    if given.json:
        print(json.dumps(found.as_json(), ensure_ascii=False))
    return 0 if found.met else 1


if __name__ == "__main__":
    sys.exit(main())
