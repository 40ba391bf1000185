"""N deals arrive at once; each needs its РОП, a task and the duplicate check. Time until all stand in the portal.

Beside it, in the same run on the same sandbox: the floor that the portal's limits set, and a script that answers each
webhook with one call at a time (it waits a second where it is refused), stopped after a while and reckoned on.

    commands    = per card: crm.item.update (РОП) + tasks.task.add + 1 crm.duplicate.findbycomm; per 50 cards: 3 reads
    bucket      = max(0, ceil(commands / 50) - 50) / 2         requests: a burst of 50, then 2 a second
    operating   = 600 * (ceil(seconds of a method / 480) - 1)  480 s of work per method in 10 minutes, the worst method
    work        = seconds of all commands / 50                 a batch runs them one after the other, 50 batches at once
    floor       = max(bucket, operating, work)                 from an empty bucket; allowed: 1.15 * floor + 2 s

The daemon has worked before (a deal of its own goes ahead), so that it knows what the portal's methods cost, and its
bucket has drained. Run: `python -m bench arrivals`.
"""

from __future__ import annotations

import collections
import math
import pathlib
import tempfile
import time
from typing import Any

import requests

from bench import far, report
from tests.acceptance import driver

SECONDS = {
    "instant": {"crm.item.update": 0.0, "tasks.task.add": 0.0, "read": 0.0},
    "cloud": {"crm.item.update": 0.4, "tasks.task.add": 0.9, "read": 0.05},
}
WRITES = ("crm.item.update", "tasks.task.add")
READS_EACH, READS_PER_PAGE, PAGE = 1, 3, 50
BURST, RATE = 50, 2.0
WINDOW, BUDGET = 600.0, 480.0
CALLS_OF_SCRIPT = 4
POLL = 0.1
CASES = ((200, "instant"), (1000, "instant"), (200, "cloud"), (1000, "cloud"))
FORMULA = (
    "max(bucket, operating, work) from an empty bucket: bucket = max(0, ceil(commands/50) - 50)/2; operating = "
    "600 * (ceil(seconds of a method/480) - 1); work = seconds of all commands/50; allowed 1.15x + 2 s"
)
RIVAL = (
    "four calls a deal, one at a time, on a portal of the same profile; a sample of some seconds, reckoned on"
)
ACTIVATION = 5.0
"""Seconds until the robots surely have their watermarks: what comes before is past."""


def floor(deals: int, profile: str) -> dict[str, float]:
    """Seconds that no client can beat, and what they are made of."""
    cost = SECONDS[profile]
    shared = READS_PER_PAGE * math.ceil(deals / PAGE)
    commands = deals * (len(WRITES) + READS_EACH) + shared
    bucket = max(0, math.ceil(commands / PAGE) - BURST) / RATE
    operating = max(WINDOW * max(0, math.ceil(deals * cost[each] / BUDGET) - 1) for each in WRITES)
    total = deals * (sum(cost[each] for each in WRITES) + READS_EACH * cost["read"]) + shared * cost["read"]
    return {
        "commands_per_card": round(commands / deals, 2),
        "bucket_s": round(bucket, 2),
        "operating_s": round(operating, 2),
        "work_s": round(total / BURST, 2),
        "floor_s": round(max(bucket, operating, total / BURST), 2),
    }


def clients(portal: driver.Sandbox, deals: int) -> list[int]:
    return [portal.contact(f"Клиент {n}", f"+7916{n:07d}") for n in range(deals)]


def arrive(portal: driver.Sandbox, contacts: list[int]) -> list[int]:
    """All deals at once, as an import or a campaign does; each with a client of its own."""
    number = portal.categories["Продажи"]
    deals = [
        {
            "user_id": driver.IVANOV,
            "fields": {
                "categoryId": number,
                "assignedById": driver.IVANOV,
                "title": f"Сделка {at}",
                "contactIds": [contact],
            },
        }
        for at, contact in enumerate(contacts)
    ]
    return [int(item["id"]) for item in portal.lever("POST", f"items/{driver.DEAL}", deals)]


def done(portal: driver.Sandbox, deals: list[int]) -> int:
    tasks = tasks_by_deal(portal)
    heads = {item["id"] for item in portal.deals() if item.get(driver.ROP)}
    return sum(deal in heads and tasks[deal] > 0 for deal in deals)


def tasks_by_deal(portal: driver.Sandbox) -> collections.Counter[int]:
    """Open and closed ones."""
    tasks = portal.lever("GET", "state/taskbook")["tasks"].values()
    bound = [binding for task in tasks for binding in task["values"].get("UF_CRM_TASK") or []]
    return collections.Counter(int(each.removeprefix("D_")) for each in bound if each.startswith("D_"))


def finished(portal: driver.Sandbox, before: dict[str, Any], deals: list[int]) -> bool:
    """Counters first: what is asked of the portal takes its time too."""
    methods, old = portal.requests()["methods"], before["methods"]
    if any(methods.get(each, 0) - old.get(each, 0) < len(deals) for each in WRITES):
        return False
    return done(portal, deals) == len(deals)


def drained(portal: driver.Sandbox) -> None:
    """Until the daemon's own reckoning of the bucket has run out too."""
    while True:
        before = portal.requests()["requests"]
        time.sleep(BURST / RATE)
        if portal.requests()["requests"] - before <= 4:  # the sweep goes on
            portal.lever("POST", "limits", {"clear": True})
            return


def refused(journal: dict[str, Any]) -> int:
    return sum(int(journal["statuses"].get(status, 0)) for status in ("503", "429"))


def ours(folder: pathlib.Path, deals: int, profile: str, limit: float) -> dict[str, Any]:
    port = driver.free_port()
    sandbox = driver.Sandbox(folder, daemon_port=port, profile=profile)
    daemon = driver.Daemon(
        folder, sandbox.port, port, VORONKA_REQUEST_TIMEOUT="70", VORONKA_SWEEP_PERIOD="30"
    )
    try:
        known = clients(sandbox, deals + 1)
        daemon.start().ready()
        time.sleep(ACTIVATION)
        (first,) = arrive(sandbox, known[:1])
        driver.wait_for("the deal that goes ahead", lambda: done(sandbox, [first]), 60)
        drained(sandbox)
        at_work = daemon.process.child.pid if daemon.process else 0
        used = [far.cpu(pid) for pid in (at_work, sandbox.process.child.pid)]
        before, started = sandbox.requests(), time.monotonic()
        made = arrive(sandbox, known[1:])
        while not finished(sandbox, before, made) and time.monotonic() - started < limit:
            time.sleep(POLL)
        spent, after = time.monotonic() - started, sandbox.requests()
        count = tasks_by_deal(sandbox)
        return {
            "seconds": round(spent, 2),
            "done": done(sandbox, made),
            "doubled": sum(count[deal] > 1 for deal in made),
            "requests": after["requests"] - before["requests"],
            "commands": after["commands"] - before["commands"],
            "limit_errors": refused(after) - refused(before),
            "cpu_s": round(far.cpu(at_work) - used[0], 2),
            "portal_cpu_s": round(far.cpu(sandbox.process.child.pid) - used[1], 2),
        }
    finally:
        daemon.kill()
        sandbox.close()


def script(folder: pathlib.Path, deals: int, profile: str, limit: float) -> dict[str, Any]:
    """One webhook after the other, four calls each, one call at a time, no batch."""
    sandbox = driver.Sandbox(folder, daemon_port=driver.free_port(), profile=profile)
    url = f"http://127.0.0.1:{sandbox.port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"
    try:
        known = clients(sandbox, deals)
        sandbox.lever("POST", "limits", {"clear": True})
        started, worked = time.monotonic(), 0
        made = arrive(sandbox, known)
        with requests.Session() as session:
            for deal in made:
                if time.monotonic() - started > limit:
                    break
                _work(session, url, deal)
                worked += 1
        spent = time.monotonic() - started
        by_rate = (deals * CALLS_OF_SCRIPT - BURST) / RATE
        by_pace = spent / max(1, worked) * deals
        return {
            "done": done(sandbox, made),
            "in_s": round(spent, 1),
            "all_would_take_s": round(
                spent if worked == deals else max(by_rate, by_pace if profile == "cloud" else 0)
            ),
        }
    finally:
        sandbox.close()


def _work(session: requests.Session, url: str, deal: int) -> None:
    def call(method: str, body: dict[str, Any]) -> Any:
        while (answer := session.post(url + method, json=body, timeout=70)).status_code in (429, 503):
            time.sleep(1)
        return answer.json()["result"]

    item = call("crm.item.get", {"entityTypeId": 2, "id": deal})["item"]
    call("crm.duplicate.findbycomm", {"type": "PHONE", "values": ["+79160000000"]})
    head = {driver.ROP: driver.HEAD}
    call("crm.item.update", {"entityTypeId": 2, "id": deal, "useOriginalUfNames": "Y", "fields": head})
    fields = {"TITLE": "Задача", "RESPONSIBLE_ID": item["assignedById"], "UF_CRM_TASK": [f"D_{deal}"]}
    call("tasks.task.add", {"fields": fields})


def case(deals: int, profile: str, limit: float = 180.0, script_limit: float = 20.0) -> dict[str, Any]:
    low = floor(deals, profile)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        mine = ours(pathlib.Path(one), deals, profile, limit)
        theirs = script(pathlib.Path(two), deals, profile, script_limit)
    allowed = 1.15 * low["floor_s"] + 2
    return {
        "deals": deals,
        "profile": profile,
        **low,
        "allowed_s": round(allowed, 2),
        "met": mine["done"] == deals and mine["seconds"] <= allowed,
        "voronka": mine,
        "one_call_at_a_time": theirs,
    }


def figures(found: dict[str, Any]) -> list[report.Figure]:
    name = f"{found['deals']:,} deals, {found['profile']}"
    mine, deals = found["voronka"], found["deals"]
    least = found["commands_per_card"]
    return [
        report.Figure(
            f"{name}: seconds",
            mine["seconds"],
            "s",
            found["floor_s"],
            found["one_call_at_a_time"]["all_would_take_s"],
            f"<= {report.number(found['allowed_s'])} s",
            found["met"],
        ),
        report.Figure(f"{name}: requests", mine["requests"], "", math.ceil(least * deals / PAGE), deals * CALLS_OF_SCRIPT),
        report.Figure(f"{name}: commands a card", mine["commands"] / deals, "", least, CALLS_OF_SCRIPT),
        report.Figure(f"{name}: done", mine["done"], "", deals, None, "all, 0 doubled", mine["done"] == deals and not mine["doubled"], more=True),
        report.Figure(f"{name}: refused for a limit", mine["limit_errors"], "", None, None, "<= 0.1 %", mine["limit_errors"] <= 0.001 * mine["requests"]),
    ]  # fmt: skip


def run(cases: tuple[tuple[int, str], ...] = CASES) -> report.Report:
    seen = [case(deals, profile) for deals, profile in cases]
    by_robot = "commands a card by robot: fill 1 (crm.item.update), task 1 (tasks.task.add), duplicates 1 (findbycomm), the look 3 per 50 cards"
    return report.Report(
        "arrivals",
        [one for found in seen for one in figures(found)],
        FORMULA,
        RIVAL,
        [by_robot],
        {"cases": seen},
    )
