"""The PostgreSQL of the tests: what a killed run leaves behind."""

from __future__ import annotations

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from tests.acceptance import driver

STARTED = """
import time
from tests.contract import postgres_server
server = postgres_server.Server().start()
print(server.port, server.folder, flush=True)
time.sleep(600)
"""


class Run:
    """A test process that has a server, its temporary folder its own."""

    def __init__(self, temporary: pathlib.Path) -> None:
        temporary.chmod(0o1777)
        env = {**os.environ, "TMPDIR": str(temporary)}
        self.child = subprocess.Popen(
            [sys.executable, "-c", STARTED],
            stdout=subprocess.PIPE,
            text=True,
            env=env,
            start_new_session=True,
        )
        assert self.child.stdout is not None
        port, folder = self.child.stdout.readline().split()
        self.port, self.folder = int(port), pathlib.Path(folder)

    def kill(self, *, group: bool) -> None:
        if self.child.poll() is None:
            (os.killpg if group else os.kill)(self.child.pid, signal.SIGKILL)
            self.child.communicate()

    def listens(self) -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0


class Runs:
    """Their temporary folder is open to all, as /tmp is, where it lies: a server of root's run is somebody else's."""

    def __init__(self, temporary: pathlib.Path) -> None:
        self.temporary, self.all = temporary, list[Run]()

    def one(self) -> Run:
        self.all.append(Run(self.temporary))
        return self.all[-1]

    def left(self) -> list[pathlib.Path]:
        return list(self.temporary.iterdir())


@pytest.fixture
def runs() -> Iterator[Runs]:
    with tempfile.TemporaryDirectory() as folder:
        made = Runs(pathlib.Path(folder))
        try:
            yield made
        finally:
            for run in made.all:
                run.kill(group=True)
            driver.wait_for("an empty folder", lambda: made.left() == [], 30)


@pytest.mark.parametrize("group", [False, True], ids=["alone", "with its group"])
def test_a_killed_run_leaves_no_server(runs: Runs, group: bool) -> None:
    """kill -9 of the test process: its server ends and its folder goes, lock files and all."""
    run = runs.one()
    assert run.listens()
    run.kill(group=group)
    driver.wait_for("the server's end", lambda: not run.listens(), 30)
    driver.wait_for("an empty folder", lambda: runs.left() == [], 30)


def test_two_runs_meet_nowhere(runs: Runs) -> None:
    """Both have servers at once in one temporary folder; the end of one is not the other's."""
    one, other = runs.one(), runs.one()
    one.kill(group=True)
    driver.wait_for("one folder left", lambda: runs.left() == [other.folder], 30)
    assert other.listens()
