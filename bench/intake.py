"""How fast doorbells are acknowledged, each only after its commit: 2,000 a second for 10 seconds, open loop.

Beside: a bare aiohttp handler that answers 200 and saves nothing, under the same load in the same run; the ratio says
what durability costs. The daemon looks at the cards meanwhile, as it would. Run: `python -m bench.intake`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse
from typing import Any

from aiohttp import web

from tests.acceptance import driver

CONNECTIONS = 64


def form(deal: int) -> bytes:
    fields = {
        "event": "ONCRMDEALUPDATE",
        "event_handler_id": "201",
        "data[FIELDS][ID]": str(deal),
        "ts": "1736405807",
        "auth[domain]": "127.0.0.1",
        "auth[member_id]": "0123456789abcdef0123456789abcdef",
        "auth[application_token]": driver.TOKEN,
    }
    return urllib.parse.urlencode(fields).encode()


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, body: bytes) -> int:
    """A request by hand: the client must cost less than what it measures."""
    writer.write(head % len(body) + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    if length:
        await reader.readexactly(length)
    return int(answer[9:12])


async def load(port: int, path: str, rate: int, seconds: float, deals: int) -> dict[str, Any]:
    """`rate` requests a second whatever the answers do: waiting in the queue counts as latency."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    queue: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()
    took: list[float] = []
    statuses: dict[int, int] = {}

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (job := await queue.get()) is not None:
            due, body = job
            status = await _one(reader, writer, head.encode(), body)
            took.append(time.perf_counter() - due)
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    workers = [asyncio.create_task(worker()) for _ in range(CONNECTIONS)]
    bodies = [form(deal + 1) for deal in range(deals)]
    started, sent = time.perf_counter(), 0
    while sent < rate * seconds:
        due = started + sent / rate
        if due > time.perf_counter():
            await asyncio.sleep(due - time.perf_counter())
        queue.put_nowait((due, bodies[sent % deals]))
        sent += 1
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    took.sort()
    return {
        "sent": sent,
        "statuses": statuses,
        "p50_ms": round(took[len(took) // 2] * 1000, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 2),
        "max_ms": round(took[-1] * 1000, 2),
    }


async def _bare(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


def bare_server(port: int) -> None:
    app = web.Application()
    app.router.add_post("/hooks/127-0-0-1", _bare)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--deals", type=int, default=500)
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        bare_server(given.bare)
        return
    port = driver.free_port()
    child = subprocess.Popen([sys.executable, "-m", "bench.intake", "--bare", str(port)])
    time.sleep(1.5)
    bare = asyncio.run(load(port, "/hooks/127-0-0-1", given.rate, given.seconds, given.deals))
    child.kill()
    with tempfile.TemporaryDirectory() as folder:
        port = driver.free_port()
        sandbox = driver.Sandbox(pathlib.Path(folder), daemon_port=driver.free_port())
        daemon = driver.Daemon(pathlib.Path(folder), sandbox.port, port, VORONKA_SWEEP_PERIOD="30")
        for number in range(given.deals):
            sandbox.deal(title=f"Сделка {number}")
        try:
            daemon.start().ready()
            time.sleep(5)
            ours = asyncio.run(load(port, "/hooks/127-0-0-1", given.rate, given.seconds, given.deals))
        finally:
            daemon.kill()
            sandbox.close()
    result = {
        "bench": "intake",
        "rate": given.rate,
        "seconds": given.seconds,
        "acked_after_commit": ours,
        "bare_handler": bare,
        "p99_ratio": round(ours["p99_ms"] / bare["p99_ms"], 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
