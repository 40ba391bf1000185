"""Many deals arrive at once; each needs РОП, a task and the duplicate check. How long until all are done?

Beside: the floor of the portal's limits, by the formula below, and a rival that answers each webhook with one call at a
time (what a script or an n8n flow does), on the same sandbox in the same run.

    commands    = per card: item.update (РОП) + tasks.task.add + 2 find-by-phone + share of the reads (50 cards a command)
    bucket      = max(0, ceil(commands / 50) - 50) / 2                       requests drain 2/s over a burst of 50
    operating   = per method: calls * seconds - 480 s, where positive, waits for the 10-minute window
    work        = commands * seconds / min(requests that the bucket lets go, commands)   all of them at once
    floor       = max(bucket, operating, work)

Run: `python -m bench.arrivals --deals 200 --profile instant`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import pathlib
import tempfile
import threading
import time
from typing import Any

import requests

from tests.acceptance import driver

WRITES = {
    "instant": {"crm.item.update": 0.0, "tasks.task.add": 0.0},
    "cloud": {"crm.item.update": 0.4, "tasks.task.add": 0.9},
}
READ = {"instant": 0.0, "cloud": 0.05}


def floor(deals: int, profile: str) -> dict[str, float]:
    reads_each, writes = 2, WRITES[profile]
    shared = 3 * math.ceil(deals / 50)
    commands = deals * (len(writes) + reads_each) + shared
    needed = math.ceil(commands / 50)
    bucket = max(0.0, (needed - 50) / 2)
    operating = max((deals * seconds - 480.0) for seconds in writes.values())
    total = deals * (sum(writes.values()) + reads_each * READ[profile]) + shared * READ[profile]
    return {
        "commands_per_card": round(commands / deals, 2),
        "bucket_s": bucket,
        "operating_s": max(0.0, operating),
        "work_s": round(total / 50, 2),
        "floor_s": round(max(bucket, operating, total / 50), 2),
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
    bound = {binding for task in portal.tasks() for binding in task.get("ufCrmTask") or []}
    heads = {item["id"] for item in portal.deals() if item.get(driver.ROP)}
    return sum(deal in heads and f"D_{deal}" in bound for deal in deals)


def ours(folder: pathlib.Path, deals: int, profile: str, limit: float) -> dict[str, Any]:
    port = driver.free_port()
    sandbox = driver.Sandbox(folder, daemon_port=port, profile=profile)
    daemon = driver.Daemon(
        folder, sandbox.port, port, VORONKA_REQUEST_TIMEOUT="70", VORONKA_SWEEP_PERIOD="30"
    )
    try:
        daemon.start().ready()
        known = clients(sandbox, deals)
        time.sleep(3)
        sandbox.lever("POST", "limits", {"clear": True})
        before = sandbox.requests()
        started = time.monotonic()
        made = arrive(sandbox, known)
        while done(sandbox, made) < deals and time.monotonic() - started < limit:
            time.sleep(0.1)
        spent = time.monotonic() - started
        after = sandbox.requests()
        tasks: dict[str, int] = {}
        for task in sandbox.tasks():
            for binding in task.get("ufCrmTask") or []:
                tasks[binding] = tasks.get(binding, 0) + 1
        return {
            "seconds": round(spent, 2),
            "done": done(sandbox, made),
            "doubled": sum(count > 1 for count in tasks.values()),
            "requests": after["requests"] - before["requests"],
            "commands": after["commands"] - before["commands"],
        }
    finally:
        daemon.kill()
        sandbox.close()


def naive(folder: pathlib.Path, deals: int, profile: str, limit: float) -> dict[str, Any]:
    """One webhook, four calls one after the other, no batch, no retry: acknowledged first, as they all are."""
    sandbox = driver.Sandbox(folder, daemon_port=driver.free_port(), profile=profile)
    url = f"http://127.0.0.1:{sandbox.port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"
    try:
        known = clients(sandbox, deals)
        sandbox.lever("POST", "limits", {"clear": True})
        started = time.monotonic()
        made = arrive(sandbox, known)
        threads = [threading.Thread(target=_script, args=(url, deal), daemon=True) for deal in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.1, limit - (time.monotonic() - started)))
        spent = time.monotonic() - started
        return {"seconds": round(spent, 2), "done": done(sandbox, made)}
    finally:
        sandbox.close()


def _script(url: str, deal: int) -> None:
    with contextlib.suppress(requests.RequestException, KeyError, TypeError), requests.Session() as session:

        def call(method: str, body: dict[str, Any]) -> Any:
            return session.post(url + method, json=body, timeout=70).json()["result"]

        item = call("crm.item.get", {"entityTypeId": 2, "id": deal})["item"]
        call("crm.duplicate.findbycomm", {"type": "PHONE", "values": ["+79160000000"]})
        call(
            "crm.item.update",
            {"entityTypeId": 2, "id": deal, "useOriginalUfNames": "Y", "fields": {driver.ROP: driver.HEAD}},
        )
        fields = {"TITLE": "Задача", "RESPONSIBLE_ID": item["assignedById"], "UF_CRM_TASK": [f"D_{deal}"]}
        call("tasks.task.add", {"fields": fields})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--deals", type=int, default=200)
    parser.add_argument("--profile", choices=["instant", "cloud"], default="instant")
    parser.add_argument("--limit", type=float, default=180.0)
    given = parser.parse_args()
    low = floor(given.deals, given.profile)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        mine = ours(pathlib.Path(one), given.deals, given.profile, given.limit)
        theirs = naive(pathlib.Path(two), given.deals, given.profile, given.limit)
    allowed = 1.15 * low["floor_s"] + 2
    print(
        json.dumps(
            {
                "bench": "arrivals",
                "deals": given.deals,
                "profile": given.profile,
                **low,
                "allowed_s": round(allowed, 2),
                "voronka": mine,
                "one_call_at_a_time": theirs,
            },
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main()
