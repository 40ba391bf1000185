"""The demo, as somebody meets it who knows nothing of it: one command, plain words, nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

VORONKA = pathlib.Path(sys.executable).with_name("voronka")
BEHAVIOURS = {
    "the head of sales is filled in": r"вписан РОП: Петрова Анна",
    "a task is set": r"поставлена задача «Взять в работу .*…» → ",
    "a task is closed": r"закрыта задача «.+»: стадия пройдена",
    "a deal is sent back": r"возвращена в «Новый лид»: не заполнено «Требования»",
    "two managers learn of one client": r"похоже, этого клиента уже ведёт Сидорова Ольга",
    "a won deal is handed over": r"выиграна, передана дальше: «Доставка / Новый заказ»",
}
TOTALS = [
    "cards",
    "rop_filled",
    "duplicates_found",
    "tasks_set",
    "tasks_closed",
    "stages_reverted",
    "deals_handed_over",
    "doorbells",
    "rest_requests",
    "rest_commands",
    "problems",
]


class Demo:
    """The command at work; what it says comes line by line."""

    def __init__(self, folder: pathlib.Path, *arguments: str) -> None:
        self.errors = folder / "stderr.txt"
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        with self.errors.open("wb") as err:
            self.child = subprocess.Popen(
                [str(VORONKA), "demo", "--no-browser", *arguments],
                stdout=subprocess.PIPE,
                stderr=err,
                env={**os.environ, "TMPDIR": str(folder), "VORONKA_LANG": "ru"},
                text=True,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def until(self, patterns: dict[str, str], seconds: float = 120.0) -> dict[str, bool]:
        """Reads on until all were seen, the output ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not all(self._seen(patterns).values()) and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=1)
                if line is None:
                    break
                self.said.append(line)
        return self._seen(patterns)

    def _seen(self, patterns: dict[str, str]) -> dict[str, bool]:
        return {
            name: any(re.search(pattern, line) for line in self.said) for name, pattern in patterns.items()
        }

    def ended(self) -> int:
        """The exit code; the rest of its lines are read."""
        code = self.child.wait(60)
        self._reader.join(10)
        while (line := self._lines.get(timeout=1)) is not None:
            self.said.append(line)
        return code

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        self._reader.join(10)
        if self.child.stdout is not None:
            self.child.stdout.close()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def left(folder: pathlib.Path) -> list[str]:
    """Files of the demo that are still there."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("voronka-demo-"))


def answers(address: str) -> bool:
    host, _, port = address.rstrip("/").rpartition("/")[2].partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=2):
        return True
    return False


def test_every_behaviour_is_seen_and_ctrl_c_ends_it(tmp_path: pathlib.Path) -> None:
    """Line by line in words; then Ctrl-C: totals, code 0, no traceback, no sandbox left, no folder left."""
    demo = Demo(tmp_path, "--port", "0")
    try:
        seen = demo.until(BEHAVIOURS)
        board = re.search(r"Доска учебного портала: (\S+)", demo.errors.read_text("utf-8"))
        assert seen == dict.fromkeys(BEHAVIOURS, True), "\n".join(demo.said)
        assert board is not None
        assert answers(board[1])
        demo.child.send_signal(signal.SIGINT)
        code = demo.ended()
        assert (code, left(tmp_path), answers(board[1])) == (0, [], False)
        assert "Traceback" not in demo.errors.read_text("utf-8")
        assert demo.said[-1].strip() == "0  действий не вышло"
        acts = [line for line in demo.said if re.match(r"\d\d:\d\d:\d\d", line)]
        odd = [line for line in acts if not re.fullmatch(r"[\d:]{8}  [^\x00-\x1fA-Za-z_]+", line)]
        assert odd == [], "ids and Latin words have no place in front of people"
    finally:
        demo.close()


def test_a_taken_port_and_json(tmp_path: pathlib.Path, taken: int) -> None:
    """Another port is chosen; twice as fast is possible; the last line is the totals as one object, the only data."""
    demo = Demo(tmp_path, "--port", str(taken), "--for", "3s", "--pace", "2", "--json")
    try:
        code = demo.ended()
        assert code == 0, demo.errors.read_text("utf-8")
        assert [list(json.loads(line)) for line in demo.said] == [TOTALS]
        assert left(tmp_path) == []
        assert f":{taken}/" not in demo.errors.read_text("utf-8")
    finally:
        demo.close()


def test_a_bad_duration_is_a_sentence(tmp_path: pathlib.Path) -> None:
    """Usage: code 3 and what to write instead."""
    demo = Demo(tmp_path, "--for", "soon")
    try:
        assert (demo.ended(), demo.errors.read_text("utf-8")) == (
            3,
            "не понимаю срок «soon»: 20s, 2m или 1h\n",
        )
    finally:
        demo.close()
