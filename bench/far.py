"""The far end of a bench: a sandbox portal in a process of its own, with so many deals, and what a process weighs.

The naive rival is here too: one call at a time over real HTTP, waiting a second where the portal refuses.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.acceptance import driver

MIB = 1024 * 1024
REFUSED = (429, 503)
BURST, RATE = 50, 2.0
"""What an ordinary portal's bucket lets through: so many requests at once, then so many a second."""


@dataclass
class Far:
    port: int
    process: driver.Process
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rest/{driver.ROBOT}/{driver.ROBOT_SECRET}/"

    def journal(self) -> dict[str, Any]:
        """{requests, commands, methods, statuses} since the start."""
        answer = self.session.get(f"http://127.0.0.1:{self.port}/_sandbox/state", timeout=60)
        counts: dict[str, Any] = answer.json()["journal"]
        return counts

    def drain(self) -> None:
        """An empty bucket and no operating time spent: where every floor is reckoned from."""
        self.session.post(f"http://127.0.0.1:{self.port}/_sandbox/limits", json={"clear": True}, timeout=30)

    def up(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return self.session.get(f"http://127.0.0.1:{self.port}/_sandbox/state", timeout=60).ok
        return False


@contextlib.contextmanager
def portal(folder: pathlib.Path, *, deals: int, profile: str = "instant") -> Iterator[Far]:
    port = driver.free_port()
    args = [sys.executable, "-m", "sandbox", "bitrix24", "--port", str(port), "--profile", profile]
    process = driver.Process([*args, "--deals", str(deals)], folder / f"sandbox-{port}.log")
    try:
        far = Far(port, process)
        driver.wait_for("the sandbox", far.up, 120)
        yield far
    finally:
        process.kill()


def call(session: requests.Session, url: str, method: str, body: dict[str, Any]) -> dict[str, Any]:
    """One call as a script makes it: answered, or tried again after a second."""
    while (answer := session.post(url + method, json=body, timeout=70)).status_code in REFUSED:
        time.sleep(1)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def by_rate(requests_: int) -> float:
    """Seconds that the bucket makes so many requests take, from an empty one."""
    return max(0.0, (requests_ - BURST) / RATE)


def rss(pid: int | None = None) -> int:
    """Bytes in memory now."""
    return _status("VmRSS", pid)


def peak(pid: int | None = None) -> int:
    """Bytes at most, since the process began or `forget_peak`."""
    return _status("VmHWM", pid)


def forget_peak() -> None:
    pathlib.Path("/proc/self/clear_refs").write_text("5", "ascii")


def cpu(pid: int) -> float:
    """Seconds of a processor that a process has used, its threads included."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(name: str, pid: int | None) -> int:
    lines = pathlib.Path(f"/proc/{pid or 'self'}/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
