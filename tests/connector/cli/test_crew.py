"""`run --workers N`: the parent of the workers, with small programs in their place."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from connector.cli import crew, exits

PATIENCE = 30.0
PARENT = """
import json, sys
from connector.cli import crew
crew.PROVEN_AFTER, crew.FIRST_PAUSE, crew.LONGEST_PAUSE = 0.5, 0.2, 0.4
sys.exit(crew.Crew(json.loads(sys.argv[1]), int(sys.argv[2])).run())
"""
WORKER = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
assert os.environ["VORONKA_SHARED_PORT"] == "1"
def stop(*_):
    (folder / f"{os.getpid()}.stopped").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(folder / f"{os.getpid()}.up").touch()
while True:
    time.sleep(0.05)
"""


class Crew:
    def __init__(self, folder: pathlib.Path, program: str, size: int) -> None:
        import json

        self.folder = folder
        self.errors = (folder / "errors.txt").open("w")
        command = [sys.executable, "-c", program, str(folder)]
        self.parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, json.dumps(command), str(size)], stderr=self.errors
        )

    def marked(self, how: str) -> set[int]:
        return {int(path.stem) for path in self.folder.glob(f"*.{how}")}

    def said(self) -> list[str]:
        return (self.folder / "errors.txt").read_text("utf-8").splitlines()


def wait_for(what: str, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < until, what
        time.sleep(0.02)


@pytest.fixture
def start(tmp_path: pathlib.Path) -> Iterator[Callable[[str, int], Crew]]:
    made: list[Crew] = []

    def begin(program: str, size: int) -> Crew:
        made.append(Crew(tmp_path, program, size))
        return made[-1]

    yield begin
    for one in made:
        one.parent.kill()
        one.parent.wait()
        one.errors.close()
        for pid in one.marked("up"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_stop_stops_everybody_in_order(start: Callable[[str, int], Crew]) -> None:
    """SIGTERM to the parent: each worker ends by itself, and so does the command, with 0."""
    crew = start(WORKER, 3)
    wait_for("three workers", lambda: len(crew.marked("up")) == 3)
    crew.parent.terminate()
    assert crew.parent.wait(PATIENCE) == 0
    assert crew.marked("stopped") == crew.marked("up")


def test_whoever_died_is_started_anew(start: Callable[[str, int], Crew]) -> None:
    """kill -9: the others aren't touched, the dead one is replaced, and it is said."""
    crew = start(WORKER, 2)
    wait_for("two workers", lambda: len(crew.marked("up")) == 2)
    dead, alive = sorted(crew.marked("up"))
    os.kill(dead, signal.SIGKILL)
    wait_for("a third", lambda: len(crew.marked("up")) == 3)
    assert "завершился (сигнал SIGKILL): запускаю снова через" in crew.said()[2]
    crew.parent.terminate()
    assert crew.parent.wait(PATIENCE) == 0
    assert crew.marked("stopped") == crew.marked("up") - {dead}
    assert alive in crew.marked("stopped")


def test_what_keeps_one_from_starting_ends_all(start: Callable[[str, int], Crew]) -> None:
    """A wrong file is no reason to start it for ever: its own exit code, and nobody is left behind."""
    once = "import os, pathlib, sys\ntry:\n    os.mkdir(sys.argv[1] + '/first')\nexcept OSError:\n    sys.exit(4)\n"
    crew = start(once + WORKER, 2)
    assert crew.parent.wait(PATIENCE) == 4
    assert crew.marked("stopped") == crew.marked("up")


def test_one_that_worked_once_is_started_again_and_again(start: Callable[[str, int], Crew]) -> None:
    """A base that is down for an hour must not end the crew that ran before."""
    fails = "import os, pathlib, sys\nif (pathlib.Path(sys.argv[1]) / 'down').exists():\n    sys.exit(5)\n"
    crew = start(fails + WORKER, 1)
    wait_for("a worker", lambda: len(crew.marked("up")) == 1)
    time.sleep(1)  # proven by now
    (crew.folder / "down").touch()
    os.kill(*crew.marked("up"), signal.SIGKILL)
    wait_for("some tries", lambda: sum("код 5" in line for line in crew.said()) >= 2)
    (crew.folder / "down").unlink()
    wait_for("the worker again", lambda: len(crew.marked("up")) == 2)
    crew.parent.terminate()
    assert crew.parent.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("url", "after_restore", "said"),
    [
        ("sqlite:////var/v.sqlite", False, "несколько процессов работают только с PostgreSQL"),
        ("postgresql://db/v", True, "--after-restore: сначала одним процессом"),
    ],
)
def test_where_a_crew_can_t_work_it_is_said(url: str, after_restore: bool, said: str) -> None:
    """Before anything is started."""
    with pytest.raises(exits.Stop, match=said) as stop:
        crew.check(2, url, after_restore=after_restore)
    assert stop.value.code is exits.Code.USAGE
    crew.check(2, "postgresql://db/v", after_restore=False)
