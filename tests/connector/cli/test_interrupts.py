"""Ctrl-C in the first second of a command: it ends, quietly, and leaves nothing behind."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

STARTER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are born deaf to it
from connector import __main__
class Begun:
    def find_spec(self, name, path, target=None):
        if name == "connector.cli.app":
            print("up", flush=True)
sys.meta_path.insert(0, Begun())
sys.argv[0] = "voronka"
__main__.main()
"""
"""Says so from inside the program: before that line a Ctrl-C is the interpreter's own, and not ours to answer."""
FUNNEL = """\
version: 1
portal: {kind: bitrix24, address: "127.0.0.1:9", events: none, insecure_http: true}
"""
DELAYS = (0.0, 0.05, 0.15, 0.3, 0.6, 1.0)
"""Seconds after the program began to import its commands, which lasts about one."""


def interrupted(folder: pathlib.Path, delay: float, *command: str) -> tuple[int, str]:
    """The exit code, and all that a person would see, of a command stopped so soon."""
    started = subprocess.Popen(
        [sys.executable, "-c", STARTER, *command],
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(folder),
            "VORONKA_HOME": str(folder / "home"),
            "VORONKA_HTTP_PORT": "0",
            "B24_URL": "http://127.0.0.1:9/rest/1/secret/",
            "NO_COLOR": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "up\n"
    time.sleep(delay)
    os.killpg(started.pid, signal.SIGINT)
    said, _ = started.communicate(timeout=60)
    return started.returncode, said


@pytest.mark.parametrize(
    "command", [("demo", "--no-browser", "--port", "0"), ("run", "romashka.yaml")], ids=lambda it: it[0]
)
@pytest.mark.parametrize("delay", DELAYS)
def test_a_very_early_stop_is_no_accident(
    tmp_path: pathlib.Path, delay: float, command: tuple[str, ...]
) -> None:
    """While its modules are being imported, or just after: no traceback, 130 or 0, no folder of the demo left."""
    (tmp_path / "romashka.yaml").write_text(FUNNEL, "utf-8")
    code, said = interrupted(tmp_path, delay, *command)

    assert (code in (0, 130), "Traceback" in said, "KeyboardInterrupt" in said) == (True, False, False), said
    assert list(tmp_path.glob("voronka-demo-*")) == []
