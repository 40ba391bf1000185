"""How fast doorbells are acknowledged, each only after its commit: 2,000 a second for 10 seconds, open loop.

    floor = the p99 of a bare aiohttp handler that answers 200 and saves nothing, under the same load in the same run

The ratio says what durability costs. On a machine that others use as well p99 tells of them; the seconds of a processor
that one doorbell costs the server tell of the server alone. The naive rival is the handler that a user would write: one transaction for each
doorbell in an SQLite file of the same settings. The daemon looks at the cards meanwhile, as it would. Run:
`python -m bench intake`.
"""

from __future__ import annotations

import asyncio
import pathlib
import socket
import sqlite3
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bench import far, report
from tests.acceptance import driver

CONNECTIONS = 64
DEALS = 500
WANTED_MS = 25.0
"""p99 of intake. R8 asks for 100 ms at 300 a second; this is its harder sister."""
FORMULA = "the same load on a bare aiohttp handler that saves nothing"
RIVAL = "one SQLite transaction (WAL, synchronous=FULL) for each doorbell"


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


def server(kind: str, port: int, folder: pathlib.Path) -> None:
    """The floor (`bare`) and the rival (`naive`), in a process of its own until it is killed."""
    app = web.Application()
    app.router.add_post("/hooks/127-0-0-1", _bare if kind == "bare" else _naive(folder / "naive.sqlite"))
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def _naive(path: pathlib.Path) -> Callable[[web.Request], Awaitable[web.Response]]:
    base = sqlite3.connect(path)
    base.executescript(
        "pragma journal_mode=wal; pragma synchronous=full; create table dirty (id primary key, n)"
    )
    told = "insert into dirty values (?, 1) on conflict (id) do update set n = n + 1"

    async def handle(request: web.Request) -> web.Response:
        fields = dict(urllib.parse.parse_qsl((await request.read()).decode()))
        with base:
            base.execute(told, (fields["data[FIELDS][ID]"],))
        return web.Response()

    return handle


def beside(kind: str, rate: int, seconds: float) -> dict[str, Any]:
    """The load on a server that isn't ours."""
    port = driver.free_port()
    with tempfile.TemporaryDirectory() as folder:
        args = [sys.executable, "-m", "bench.intake", kind, str(port), folder]
        child = driver.Process(args, pathlib.Path(folder) / "log")
        try:
            driver.wait_for(f"the {kind} server", lambda: answers(port), 20)
            return measured(child, port, rate, seconds)
        finally:
            child.kill()


def measured(server_: driver.Process, port: int, rate: int, seconds: float) -> dict[str, Any]:
    """The load, and `cpu_ms`: what one doorbell costs the server's process (the daemon's looks meanwhile included)."""
    before = far.cpu(server_.child.pid)
    found = asyncio.run(load(port, "/hooks/127-0-0-1", rate, seconds, DEALS))
    return found | {"cpu_ms": (far.cpu(server_.child.pid) - before) / found["sent"] * 1000}


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ours(rate: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder, port = pathlib.Path(place), driver.free_port()
        sandbox = driver.Sandbox(folder, daemon_port=driver.free_port())
        daemon = driver.Daemon(folder, sandbox.port, port, VORONKA_SWEEP_PERIOD="30")
        try:
            for number in range(DEALS):
                sandbox.deal(title=f"Сделка {number}")
            daemon.start().ready()
            time.sleep(5)
            assert daemon.process is not None
            return measured(daemon.process, port, rate, seconds)
        finally:
            daemon.kill()
            sandbox.close()


def run(rate: int = 2000, seconds: float = 10.0) -> report.Report:
    bare = beside("bare", rate, seconds)
    naive = beside("naive", rate, seconds)
    mine = ours(rate, seconds)
    name = f"{rate:,} doorbells/s for {seconds:.0f} s"
    acked = mine["statuses"].get(200, 0)
    return report.Report(
        "intake",
        [
            report.Figure(f"{name}: acked after commit", acked, "", mine["sent"], naive["statuses"].get(200, 0), "all", acked == mine["sent"], more=True),
            report.Figure(f"{name}: p50", mine["p50_ms"], "ms", bare["p50_ms"], naive["p50_ms"]),
            report.Figure(f"{name}: p99", mine["p99_ms"], "ms", bare["p99_ms"], naive["p99_ms"], f"<= {WANTED_MS:.0f} ms", mine["p99_ms"] <= WANTED_MS),
            report.Figure(f"{name}: processor per doorbell", mine["cpu_ms"], "ms", bare["cpu_ms"], naive["cpu_ms"]),
        ],
        FORMULA,
        RIVAL,
        detail={"ours": mine, "bare": bare, "naive": naive},
    )  # fmt: skip


def main() -> None:
    kind, port, folder = sys.argv[1:]
    server(kind, int(port), pathlib.Path(folder))


if __name__ == "__main__":
    main()
