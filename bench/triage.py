"""A backlog of leads sorted by saved rules (`voronka enroll 'Лиды/triage/*'`): seconds, requests, the daemon's memory.

    commands  = per lead crm.item.update; per 50 leads 3 reads of the look
    bucket    = max(0, ceil(commands / 50) - 50) / 2            requests: a burst of 50, then 2 a second
    operating = 600 * (ceil(updates * seconds of one / 480) - 1)  480 s of work per method in 10 minutes
    floor     = max(bucket, operating), from an empty bucket; wanted: at least 90 % of its rate (+ 2 s to begin and to end)

Every lead is to be told apart: a third is advertising (rule 1), a third is a job-seeker's (rule 2), a third is nobody's and
stays. The leads are older than the robots, and are copied and counted before the clock starts. The rival is a script: one
call to read a lead, one to move it, one at a time, sampled and reckoned on at the full rate of the bucket. On `cloud` 60,000
leads take hours whoever asks (an update is 0.4 s of work): a sample is run and its pace compared. Run: `python -m bench
triage`, `python -m bench.triage --leads 60000 --profile instant`.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time
from typing import Any

import requests

from bench import arrivals, far, report
from tests.acceptance import driver

LEAD = 1
TITLES = ("Реклама на радио", "Вакансия монтажника", "Окна на дачу")
JUNK, UPDATE = "JUNK", "crm.item.update"
CASES = ((60_000, "instant"), (2_400, "cloud"))
CHUNK = 5_000
SAMPLE = 10.0
POLL = 0.5
GROWTH_MIB = 30.0
YAML = (
    driver.PORTAL
    + """\
leads:
  mode: on
  triage:
    - name: офферы
      if: {{Название: {{contains: реклама}}}}
      move: Некачественный лид
    - name: резюме
      if: {{Название: {{contains: вакансия}}}}
      move: Некачественный лид
"""
)
FORMULA = "max(bucket, operating) from an empty bucket: an update for each matched lead and 3 reads for 50; allowed 1/0.9 of it + 2 s"
RIVAL = "two calls a lead, one at a time, sampled and reckoned on at 2 a second"


def matched(leads: int) -> int:
    return sum(at % len(TITLES) < len(TITLES) - 1 for at in range(leads))


def floor(leads: int, profile: str) -> float:
    """Seconds that no client can beat."""
    updates, reads = matched(leads), 3 * math.ceil(matched(leads) / 50)
    bucket = far.by_rate(math.ceil((updates + reads) / 50))
    worked = updates * arrivals.SECONDS[profile]["crm.item.update"]
    return max(bucket, arrivals.WINDOW * max(0, math.ceil(worked / arrivals.BUDGET) - 1))


def fill(portal: driver.Sandbox, leads: int) -> None:
    """In the order of TITLES, so that each lead's number tells what is to become of it."""
    for first in range(0, leads, CHUNK):
        chunk = [
            {"user_id": driver.IVANOV, "fields": {"title": title(at), "assignedById": driver.IVANOV}}
            for at in range(first, min(leads, first + CHUNK))
        ]
        portal.lever("POST", f"items/{LEAD}", chunk)


def title(at: int) -> str:
    return f"{TITLES[at % len(TITLES)]} {at}"


def sorted_out(portal: driver.Sandbox) -> tuple[int, int]:
    """How many stand where the rules want them, and how many where they don't."""
    rows = requests.get(f"http://127.0.0.1:{portal.port}/_sandbox/items/{LEAD}", timeout=120).json()
    moved = [row["title"] for row in rows if row["stageId"] == JUNK]
    wrong = sum(one.startswith(TITLES[-1]) for one in moved)
    return len(moved) - wrong, wrong


def updates(journal: dict[str, Any]) -> int:
    return int(journal["methods"].get(UPDATE, 0))


def methods(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """Commands by method."""
    old = before["methods"]
    return {
        name: count - old.get(name, 0)
        for name, count in after["methods"].items()
        if count != old.get(name, 0)
    }


def copied(store: pathlib.Path) -> int:
    """Leads in the copy. Beside the daemon, for reading alone."""
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as here:
        return int(here.execute("SELECT count(*) FROM cards WHERE card LIKE 'lead:%'").fetchone()[0])


def enroll(daemon: driver.Daemon, count: int) -> None:
    args = [str(driver.VORONKA), "enroll", "Лиды/triage/*", "--yes", str(count)]
    subprocess.run(args, env={**os.environ, **daemon.env}, cwd=daemon.folder, check=True, timeout=300)


def ours(folder: pathlib.Path, leads: int, profile: str, limit: float) -> dict[str, Any]:
    port, wanted = driver.free_port(), matched(leads)
    sandbox = driver.Sandbox(folder, daemon_port=port, profile=profile)
    times = {"VORONKA_REQUEST_TIMEOUT": "70", "VORONKA_SWEEP_PERIOD": "30", "VORONKA_LOG_LEVEL": "WARNING"}
    daemon = driver.Daemon(folder, sandbox.port, port, YAML, **times)
    try:
        fill(sandbox, leads)
        daemon.start().ready(120)
        driver.wait_for("the copy", lambda: copied(folder / "voronka.sqlite") == leads, 1_800)
        arrivals.drained(sandbox)
        assert daemon.process is not None
        pid = daemon.process.child.pid
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")
        weight, used, before, began = far.rss(pid), far.cpu(pid), sandbox.requests(), time.monotonic()
        enroll(daemon, wanted)
        counting = time.monotonic() - began
        sandbox.lever("POST", "limits", {"clear": True})
        while updates(sandbox.requests()) - updates(before) < wanted and time.monotonic() - began < limit:
            time.sleep(POLL)
        spent, after = time.monotonic() - began - counting, sandbox.requests()
        right, wrong = sorted_out(sandbox)
        return {
            "seconds": round(spent, 1),
            "counting_s": round(counting, 1),
            "moved": right,
            "moved_wrongly": wrong,
            "requests": after["requests"] - before["requests"],
            "commands": after["commands"] - before["commands"],
            "updates": updates(after) - updates(before),
            "methods": methods(before, after),
            "limit_errors": arrivals.refused(after) - arrivals.refused(before),
            "grown_mib": round((far.peak(pid) - weight) / far.MIB, 1),
            "cpu_s": round(far.cpu(pid) - used, 1),
        }
    finally:
        daemon.kill()
        sandbox.close()


def script(folder: pathlib.Path, leads: int, profile: str) -> dict[str, Any]:
    """One lead after the other, a call to read it and a call to move it; what all would take."""
    sandbox = driver.Sandbox(folder, daemon_port=driver.free_port(), profile=profile)
    url = f"http://127.0.0.1:{sandbox.port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"
    try:
        fill(sandbox, 2_000)
        began, calls, worked = time.monotonic(), 0, 0
        with requests.Session() as session:
            while time.monotonic() - began < SAMPLE:
                worked += 1
                item = {"entityTypeId": LEAD, "id": worked}
                found = far.call(session, url, "crm.item.get", item)["result"]["item"]
                calls += 1
                if not found["title"].startswith(TITLES[-1]):
                    far.call(session, url, UPDATE, {**item, "fields": {"stageId": JUNK}})
                    calls += 1
        pace = (time.monotonic() - began) / worked * leads if profile == "cloud" else 0.0
        return {
            "leads": worked,
            "calls": calls,
            "all_s": round(max(pace, (leads + matched(leads) - far.BURST) / far.RATE)),
        }
    finally:
        sandbox.close()


def case(leads: int, profile: str) -> dict[str, Any]:
    least = floor(leads, profile)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        mine = ours(pathlib.Path(one), leads, profile, limit=4 * least + 120)
        theirs = script(pathlib.Path(two), leads, profile)
    return {
        "leads": leads,
        "profile": profile,
        "floor_s": least,
        "allowed_s": least / 0.9 + 2,
        "voronka": mine,
        "script": theirs,
    }


def figures(found: dict[str, Any]) -> list[report.Figure]:
    mine, leads = found["voronka"], found["leads"]
    name, wanted = f"{leads:,} leads, {found['profile']}", matched(leads)
    whole = mine["moved"] == wanted and not mine["moved_wrongly"]
    least = math.ceil((wanted + 3 * math.ceil(wanted / 50)) / 50)
    return [
        report.Figure(f"{name}: seconds", mine["seconds"], "s", found["floor_s"], found["script"]["all_s"], f"<= {report.number(found['allowed_s'])} s", whole and mine["seconds"] <= found["allowed_s"]),
        report.Figure(f"{name}: sorted as the rules say", mine["moved"], "", wanted, None, "all, no other", whole, more=True),
        report.Figure(f"{name}: updates", mine["updates"], "", wanted, None, "once each", mine["updates"] == wanted),
        report.Figure(f"{name}: requests", mine["requests"], "", least, leads + wanted),
        report.Figure(f"{name}: counted before", mine["counting_s"], "s"),
        report.Figure(f"{name}: memory grown", mine["grown_mib"], "MiB", None, None, f"<= {GROWTH_MIB:.0f} MiB", mine["grown_mib"] <= GROWTH_MIB),
        report.Figure(f"{name}: refused for a limit", mine["limit_errors"], "", None, None, "<= 0.1 %", mine["limit_errors"] <= 0.001 * mine["requests"]),
        report.Figure(f"{name}: our processor", mine["cpu_s"], "s"),
    ]  # fmt: skip


def run(cases: tuple[tuple[int, str], ...] = CASES) -> report.Report:
    seen = [case(leads, profile) for leads, profile in cases]
    return report.Report(
        "triage", [one for found in seen for one in figures(found)], FORMULA, RIVAL, detail={"cases": seen}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=CASES[0][0])
    parser.add_argument("--profile", choices=list(arrivals.SECONDS), default="instant")
    given = parser.parse_args()
    made = run(((given.leads, given.profile),))
    print(report.table([made]))
    print(made.detail)


if __name__ == "__main__":
    main()
