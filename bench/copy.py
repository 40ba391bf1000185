"""The first copy: 20,000 and 200,000 deals read by keyset and written into a mirror on disk, as the daemon does it.

    requests: floor = ceil(n / 2500)      50 pages of 50 to a batch; allowed: 1.1 * floor + 2
    seconds:  floor = max(bucket, work)   bucket = max(0, requests - 50) / 2; work = pages * seconds of a list, one
                                          after the other, because each page begins where the one before ended
    memory:   growth of the copying process alone, from just before the first page to its highest; allowed: 30 MiB

The client is a process of its own, the sandbox another. Beside it, on the same portal: a script that asks for 50 deals at
a time with `start=0, 50, 100 …`, stopped after a while and reckoned on; and the same batches sent by hand, their answers
thrown away: what the portal itself takes on this machine. Run: `python -m bench copy`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

import requests

from bench import far, report
from connector import clock, ports
from connector.bitrix24 import names, phpquery, portal, secret
from connector.store import api
from robots import model

PAGE, CHAIN = 50, 50
LIST_SECONDS = {"instant": 0.0, "cloud": 0.05}
ALLOWED_MIB = 30.0
CASES = ((20_000, "instant"), (200_000, "instant"), (20_000, "cloud"))
FORMULA = (
    "requests ceil(n/2500), allowed 1.1x + 2; seconds max(max(0, requests - 50)/2, pages * seconds of a list)"
)
RIVAL = "crm.item.list with start=0, 50, 100 …, one call at a time, sampled and reckoned on"


def floors(deals: int, profile: str) -> dict[str, float]:
    least = math.ceil(deals / (PAGE * CHAIN))
    work = math.ceil(deals / PAGE) * LIST_SECONDS[profile]
    return {
        "requests": least,
        "allowed": 1.1 * least + 2,
        "seconds": max(far.by_rate(least), work),
    }


async def child(url: str, folder: pathlib.Path) -> dict[str, Any]:
    """Copies all deals into a mirror; what it took."""
    here = model.PortalId("bench")
    async with contextlib.AsyncExitStack() as stack:
        kept = await stack.enter_async_context(
            api.open_store(f"sqlite:///{folder / 'copy.sqlite'}", daemon=True)
        )
        far_end = portal.Bitrix24Portal(
            secret.WebhookUrl(url, insecure_http=True), portal=here, clock=clock.SystemClock()
        )
        stack.push_async_callback(far_end.close)
        await far_end.directory()
        asked, before, began = far_end.client.requests, far.rss(), time.monotonic()
        far.forget_peak()
        copied = 0
        async for page in far_end.copy(ports.Kind.DEAL, None):
            cards = [one for one in page if isinstance(one, ports.CopiedCard)]
            await kept.mirror.copy_cards(here, cards)
            copied += len(cards)
        return {
            "copied": copied,
            "seconds": time.monotonic() - began,
            "requests": far_end.client.requests - asked,
            "grown_mib": (far.peak() - before) / far.MIB,
            "kept": len(await kept.mirror.card_ids(here, model.CardKind.DEAL)),
            "bytes_per_card": _size(folder) / max(1, copied),
        }  # fmt: skip


def _size(folder: pathlib.Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("copy.sqlite*"))


def ours(url: str, folder: pathlib.Path) -> dict[str, Any]:
    args = [sys.executable, "-m", "bench.copy", "--child", url, "--folder", str(folder)]
    done = subprocess.run(args, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def script(url: str, deals: int, profile: str, limit: float) -> dict[str, float]:
    """50 at a time by number of the row, one call at a time."""
    pages, began, start = 0, time.monotonic(), 0
    with requests.Session() as session:
        while start < deals and time.monotonic() - began < limit:
            body = {
                "entityTypeId": 2,
                "select": list(names.CARD_SELECT),
                "order": {"id": "ASC"},
                "start": start,
            }
            far.call(session, url, "crm.item.list", body)  # fmt: skip
            pages, start = pages + 1, start + PAGE
    spent = time.monotonic() - began
    if start >= deals:
        return {"pages": pages, "in_s": spent, "all_s": spent}
    # A second's pause for each refusal is the script's own choice: it is reckoned at the bucket's full rate.
    pace = math.ceil(deals / PAGE) * LIST_SECONDS[profile]
    return {"pages": pages, "in_s": spent, "all_s": max(far.by_rate(math.ceil(deals / PAGE)), pace)}


def bare(url: str, deals: int) -> float:
    """Seconds of the same batches by hand, their answers thrown away but for the last id."""
    began, last, got = time.monotonic(), 0, 0
    with requests.Session() as session:
        while got < deals:
            lines = {
                f"p{n}": phpquery.encode(_page(n, last), {f"p{n - 1}": f"p{n - 1}"}) for n in range(CHAIN)
            }
            answer = far.call(session, url, "batch", {"halt": 0, "cmd": lines})["result"]["result"]
            pages = [page["items"] for page in answer.values() if page["items"]]
            last, got = int(pages[-1][-1]["id"]), got + sum(map(len, pages))
    return time.monotonic() - began


def _page(n: int, last: int) -> phpquery.Command:
    after: Any = phpquery.Ref(f"p{n - 1}", "items", PAGE - 1, "id") if n else last
    select = {"select": list(names.CARD_SELECT), "order": {"id": "ASC"}, "start": -1}
    return phpquery.Command("crm.item.list", {"entityTypeId": 2, "filter": {">id": after}, **select})


def case(deals: int, profile: str, script_limit: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        with far.portal(folder, deals=deals, profile=profile) as there:
            before = there.journal()["requests"]
            mine = ours(there.url, folder)
            seen = there.journal()["requests"] - before
            there.drain()
            by_hand = bare(there.url, deals)
            there.drain()
            theirs = script(there.url, deals, profile, script_limit)
    return {"deals": deals, "profile": profile, "ours": mine, "portal_saw": seen, "bare_s": by_hand, "script": theirs}  # fmt: skip


def figures(found: dict[str, Any]) -> list[report.Figure]:
    deals, profile, mine, theirs = found["deals"], found["profile"], found["ours"], found["script"]
    low = floors(deals, profile)
    name = f"{deals:,} deals, {profile}"
    whole = mine["copied"] == mine["kept"] >= deals
    asked = mine["requests"]
    return [
        report.Figure(
            f"{name}: requests",
            asked,
            "",
            low["requests"],
            math.ceil(deals / PAGE),
            wanted=f"<= {report.number(low['allowed'])}",
            met=whole and asked <= low["allowed"],
        ),
        report.Figure(f"{name}: seconds", mine["seconds"], "s", low["seconds"] or None, theirs["all_s"]),
        report.Figure(f"{name}: the portal alone", found["bare_s"], "s"),
        report.Figure(
            f"{name}: memory grown",
            mine["grown_mib"],
            "MiB",
            wanted=f"<= {ALLOWED_MIB:.0f} MiB",
            met=mine["grown_mib"] <= ALLOWED_MIB,
        ),
    ]


def run(script_limit: float = 10.0) -> report.Report:
    seen = [case(deals, profile, script_limit) for deals, profile in CASES]
    return report.Report(
        "copy",
        [one for found in seen for one in figures(found)],
        FORMULA,
        RIVAL,
        detail={"cases": seen},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", help=argparse.SUPPRESS, required=True)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS, required=True)
    given = parser.parse_args()
    print(json.dumps(asyncio.run(child(given.child, given.folder))))


if __name__ == "__main__":
    main()
