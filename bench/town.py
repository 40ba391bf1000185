"""Many portals under one program, for `bench.portals`: the sandboxes (bench/crowd.py), the crew, the database, and what they weigh."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import requests

from bench import crowd, far
from connector import settings
from tests.acceptance import driver
from tests.contract import postgres_server

REST, STOP = 15.0, 20.0
PORTAL_MIB, WORKER_MIB = 12.0, 130.0
"""Of a portal in the program and in the sandbox, and of a worker, generously."""
READY_S = 2.0
"""So many seconds a portal may take to start, when all do at once; half a minute is given to begin with."""
PATIENCE = 30.0


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
    """The portals, their files, the database; then the program, for one of them or for all."""

    def __init__(self, folder: pathlib.Path, portals: int, workers: int) -> None:
        self.portals, self.workers = portals, workers
        self.server = postgres_server.Server(max_connections=str(40 + workers * 16)).start()
        self._port, self._far_port, self._folder = driver.free_port(), driver.free_port(), folder
        hooks = [f"http://127.0.0.1:{self._port}/hooks/{_name(number)}" for number in range(portals)]
        self._far = subprocess.Popen(
            [sys.executable, "-m", "bench.crowd", "--port", str(self._far_port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.order(hooks=hooks)
        self.files = [self._file(number) for number in range(portals)]
        self._daemon: driver.Daemon | None = None

    def _file(self, number: int) -> pathlib.Path:
        host, file = crowd.address(number), self._folder / f"{_name(number)}.yaml"
        file.write_text(driver.FUNNEL.replace("127.0.0.1", host).format(port=self._far_port), "utf-8")
        url = f"http://{host}:{self._far_port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"
        settings.write_secrets(file, settings.Secrets(url, driver.TOKEN))
        return file

    def start(self, numbers: Sequence[int]) -> float:
        """The program for these; seconds until all are ready."""
        chosen = [self.files[number] for number in numbers]
        self._daemon = driver.Daemon(
            self._folder,
            self._far_port,
            self._port,
            B24_URL="",
            B24_EVENTS_TOKEN="",
            VORONKA_DATABASE_URL=self.server.dsn,
            VORONKA_SWEEP_PERIOD="30",
            VORONKA_REQUEST_TIMEOUT="70",
        )
        self._daemon.file = chosen[0]
        more = ["--workers", str(self.workers)] if self.workers > 1 else []
        began = time.monotonic()
        self._daemon.start(*map(str, chosen[1:]), *more)
        driver.wait_for("all portals", self._all_ready, 30 + READY_S * len(chosen))
        return time.monotonic() - began

    def _all_ready(self) -> bool:
        """Of whichever worker answers: a portal of another one counts once its doorbells are taken."""
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            said = requests.get(f"http://127.0.0.1:{self._port}/health/ready", timeout=5).json()
            return all(one["ready"] for one in said.get("portals", {"": said}).values())
        time.sleep(0.5)
        return False

    def stop(self) -> None:
        """A crew is asked: its workers are in groups of their own and would outlive a kill of its parent."""
        if self._daemon is None or self._daemon.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._daemon.process.stop(STOP)
        self._daemon.process.kill()

    def order(self, **order: Any) -> Any:
        assert self._far.stdin is not None
        assert self._far.stdout is not None
        self._far.stdin.write(json.dumps(order) + "\n")
        self._far.stdin.flush()
        return json.loads(self._far.stdout.readline())

    def work(
        self, numbers: Sequence[int], deals: int, pace: float, patience: float = PATIENCE
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
        return {
            "mib": ours.mib / self.portals,
            "pg_mib": base.mib / self.portals,
            "cpu_s": (ours.cpu - before[0].cpu) / minutes / self.portals,
            "pg_cpu_s": (base.cpu - before[1].cpu) / minutes / self.portals,
            "connections": postgres_server.wait(_connections(self.server.dsn)) / self.portals,
        }

    def _weights(self) -> tuple[Weight, Weight]:
        """(the program, the database)"""
        assert self._daemon is not None
        assert self._daemon.process is not None
        return weigh(self._daemon.process.child.pid), weigh(self.server.pid)

    def close(self) -> None:
        self.stop()
        self._far.kill()  # it would wait for what the slow portal still owes
        self._far.communicate()
        self.server.close()


def _name(number: int) -> str:
    return crowd.address(number).replace(".", "-")


def enough(portals: int, workers: int) -> None:
    """Raises TooLittle."""
    lines = pathlib.Path("/proc/meminfo").read_text("ascii").splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) / 1024
    needed = portals * PORTAL_MIB + (workers + 1) * WORKER_MIB
    if needed > free * 0.8:
        raise TooLittle(
            f"{portals:,} portals under {workers} workers want {needed / 1024:,.0f} GB, here are {free / 1024:.0f} free"
        )
