"""5,000 updates of one field, as fast as the portal lets: our client beside fast-bitrix24 and a script of one call each.

    floor = max(bucket, operating)   bucket = (ceil(n / 50) - 50) / 2 s from an empty one; operating = 0 on `instant`

All of them go to the same portal, one after the other, each from an empty bucket and each writing numbers of its own, which
are then read back from the portal: what isn't there wasn't done. fast-bitrix24 runs as its README says (a list to `call`)
and within `slow(1)`. The script is sampled for some seconds and reckoned on at the full rate of the bucket, which flatters
it. Run: `python -m bench updates`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import logging
import math
import pathlib
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import fast_bitrix24
import requests

from bench import far, report
from connector import clock, ports
from connector.bitrix24 import portal, secret
from robots import model
from tests.acceptance import driver

COUNT, BATCH = 5_000, 50
LIMIT = 180.0
"""Seconds after which a worker is stopped; its seconds say nothing then, and what it has written does."""
SAMPLE = 10.0
WARM, REST = 40, 5.0
"""Updates before the clock starts, for all but the script: a client that has worked knows what the method costs.
Then so many seconds of rest."""
FORMULA = "(ceil(n / 50) - 50) / 2 seconds from an empty bucket; allowed 1/0.9 of it + 1 s"
RIVAL = "crm.item.update, one call at a time, sampled and reckoned on at 2 a second"
Jobs = Sequence[Mapping[str, Any]]
Work = Callable[[Jobs], Awaitable[None]]
Worker = Callable[[str], contextlib.AbstractAsyncContextManager[Work]]


def floor(count: int) -> float:
    return far.by_rate(math.ceil(count / BATCH))


def wanted(count: int, first: int) -> list[dict[str, Any]]:
    """What is to be written: deal n gets the sum `first` + n."""
    return [
        {"entityTypeId": driver.DEAL, "id": n, "fields": {"opportunity": first + n}}
        for n in range(1, count + 1)
    ]


@contextlib.asynccontextmanager
async def ours(url: str) -> AsyncIterator[Work]:
    here = portal.Bitrix24Portal(
        secret.WebhookUrl(url, insecure_http=True), portal=model.PortalId("bench"), clock=clock.SystemClock()
    )

    async def work(jobs: Jobs) -> None:
        lane = ports.Lane.LIVE
        calls = [here.client.call("crm.item.update", job, lane=lane, write=True) for job in jobs]
        await asyncio.gather(*calls)

    try:
        yield work
    finally:
        await here.close()


@contextlib.asynccontextmanager
async def library(url: str, slow: int = 0) -> AsyncIterator[Work]:
    bitrix = fast_bitrix24.BitrixAsync(url, verbose=False)

    async def work(jobs: Jobs) -> None:
        with bitrix.slow(slow) if slow else contextlib.nullcontext():
            await bitrix.call("crm.item.update", [dict(job) for job in jobs])

    yield work


WORKERS: Mapping[str, Worker] = {
    "voronka": ours,
    "fast_bitrix24": library,
    "slow(1)": functools.partial(library, slow=1),
}


def script(url: str, jobs: Jobs, seconds: float) -> int:
    """How many it made within so many seconds."""
    until = time.monotonic() + seconds
    with requests.Session() as session:
        for made, job in enumerate(jobs):
            if time.monotonic() > until:
                return made
            far.call(session, url, "crm.item.update", dict(job))
    return len(jobs)


async def timed(there: far.Far, worker: Worker, jobs: Jobs) -> dict[str, Any]:
    """Seconds of the work and of our processor, from when the bucket is empty and a few updates were made before."""
    async with worker(there.url) as work:
        await work(jobs[:WARM])
        await asyncio.sleep(REST)
        there.drain()
        before, began, used, trouble = there.journal(), time.monotonic(), time.process_time(), ""
        try:
            async with asyncio.timeout(LIMIT):
                await work(jobs[WARM:])
        except Exception as failed:  # noqa: BLE001 - a rival's failure is its figure
            trouble = f"{type(failed).__name__}: {failed}"[:200]
        spent = {"seconds": time.monotonic() - began, "cpu_s": time.process_time() - used}
        return {**spent, "trouble": trouble, **counted(before, there.journal())}


def counted(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    refused = (after["statuses"].get(one, 0) - before["statuses"].get(one, 0) for one in ("503", "429"))
    counts = {name: after[name] - before[name] for name in ("requests", "commands")}
    return {**counts, "refused": sum(refused)}


def measured(there: far.Far, worker: Worker, jobs: Jobs) -> dict[str, Any]:
    """The same with how many are really written."""
    found = asyncio.run(timed(there, worker, jobs))
    return {**found, "done": written(there, jobs[WARM:])}


def written(there: far.Far, jobs: Jobs) -> int:
    rows = there.session.get(f"http://127.0.0.1:{there.port}/_sandbox/items/{driver.DEAL}", timeout=120)
    sums = {row["id"]: float(row["opportunity"] or 0) for row in rows.json()}
    return sum(sums.get(job["id"]) == job["fields"]["opportunity"] for job in jobs)


def case(count: int) -> dict[str, Any]:
    for noisy in ("fast_bitrix24", "asyncio"):  # a rival that gives up says so in hundreds of lines
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    found: dict[str, Any] = {"floor_s": floor(count)}
    with tempfile.TemporaryDirectory() as place, far.portal(pathlib.Path(place), deals=count + WARM) as there:
        for at, (name, worker) in enumerate(WORKERS.items(), 1):
            found[name] = measured(there, worker, wanted(count + WARM, at * 1_000_000))
        there.drain()
        made = script(there.url, wanted(count, 9_000_000), SAMPLE)
        found["script"] = {"in_s": SAMPLE, "made": made, "all_s": (count - far.BURST) / far.RATE}
    return found


def figures(found: dict[str, Any], count: int) -> list[report.Figure]:
    mine, least, naive = found["voronka"], found["floor_s"], found["script"]["all_s"]
    allowed = least / 0.9 + 1
    name = f"{count:,} updates"
    lines = [
        report.Figure(f"{name}: seconds", mine["seconds"], "s", least, naive, f"<= {report.number(allowed)} s", mine["done"] == count and mine["seconds"] <= allowed),
        report.Figure(f"{name}: written", mine["done"], "", count, None, "all", mine["done"] == count, more=True),
        report.Figure(f"{name}: requests", mine["requests"], "", math.ceil(count / BATCH), count),
        report.Figure(f"{name}: commands run", mine["commands"], "", count, count, "once each", mine["commands"] == count),
        report.Figure(f"{name}: refused for a limit", mine["refused"], "", None, None, "<= 0.1 %", mine["refused"] <= 0.001 * mine["requests"]),
        report.Figure(f"{name}: our processor", mine["cpu_s"], "s"),
    ]  # fmt: skip
    for rival in ("fast_bitrix24", "slow(1)"):
        its = found[rival]
        if its["done"] == count:
            lines.append(report.Figure(f"{name}, {rival}: seconds", its["seconds"], "s", least, naive))
        lines += [
            report.Figure(f"{name}, {rival}: written", its["done"], "", count, None, more=True),
            report.Figure(f"{name}, {rival}: commands run", its["commands"], "", count),
            report.Figure(f"{name}, {rival}: refused for a limit", its["refused"], ""),
        ]
    return lines


def run(count: int = COUNT) -> report.Report:
    found = case(count)
    notes = [f"{name}: {found[name]['trouble']}" for name in WORKERS if found[name]["trouble"]]
    return report.Report("updates", figures(found, count), FORMULA, RIVAL, notes, found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    print(report.table([run(parser.parse_args().count)]))


if __name__ == "__main__":
    main()
