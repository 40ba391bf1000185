"""`run --workers N`: N daemons on one computer, one program to start and stop.

The parent works no portal: it starts the workers, starts anew whoever died, with growing pauses, and passes a stop on. All
listen on one address (SO_REUSEPORT: the kernel deals the connections out); which of them works a portal is the leases'
matter. A crew whose first workers can't start at all ends as they did: what keeps one from starting keeps all of them.
Each worker holds the reading end of a pipe that nothing is written to: its end means that the parent is gone, by whatever
death, and the worker stops as if it were told to.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from connector import settings
from connector.cli import exits, output

PROVEN_AFTER = 10.0
"""Seconds after which a worker that still runs has surely started."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STOP_WITHIN = 15.0
"""Seconds: a worker itself stops within 10."""
POLL = 0.1
SHARED = "VORONKA_SHARED_PORT"
PARENT = "VORONKA_PARENT_FD"
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Worker:
    number: int
    child: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    again_at: float = 0.0
    pause: float = FIRST_PAUSE


class Crew:
    """`command` is a worker's command line; it gets `SHARED=1` in its environment."""

    def __init__(self, command: Sequence[str], size: int) -> None:
        self._command = list(command)
        self._alive, self._held = os.pipe()
        self._environ = settings.child_environment(**{SHARED: "1", PARENT: str(self._alive)})
        self._workers = [Worker(number) for number in range(1, size + 1)]
        self._stopping = self._proven = False

    def run(self) -> int:
        """Until a signal; 0, or the exit code of a worker that couldn't start."""
        before = {name: signal.signal(name, self._stop) for name in SIGNALS}
        try:
            failed = self._watch()
            return failed or self._stopped()
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)
            for end in (self._alive, self._held):
                os.close(end)

    def _stop(self, _signal: int, _frame: object) -> None:
        self._stopping = True

    def _watch(self) -> int:
        """Returns once it is to stop: 0, or why it can't go on."""
        while not self._stopping:
            now = time.monotonic()
            for worker in self._workers:
                if worker.child is None:
                    if now >= worker.again_at:
                        self._start(worker, now)
                elif worker.child.poll() is not None:
                    failed = self._ended(worker, now)
                    if failed:
                        self._stopped()
                        return failed
                elif now - worker.began >= PROVEN_AFTER:
                    self._proven, worker.pause = True, FIRST_PAUSE
            time.sleep(POLL)
        return 0

    def _start(self, worker: Worker, now: float) -> None:
        # In a group of its own, so that Ctrl-C reaches it through us alone.
        worker.child = subprocess.Popen(  # noqa: S603 - this program again
            self._command, env=self._environ, start_new_session=True, pass_fds=(self._alive,)
        )
        worker.began = now
        output.say(f"Рабочий процесс {worker.number} запущен (pid {worker.child.pid}).")

    def _ended(self, worker: Worker, now: float) -> int:
        """Non-zero: the whole crew ends with it."""
        code = worker.child.returncode if worker.child else 0
        worker.child = None
        if code > 0 and not self._proven:
            return code
        worker.again_at = now + worker.pause
        output.say(
            f"Рабочий процесс {worker.number} завершился ({_ending(code)}): "
            f"запускаю снова через {worker.pause:.0f} с."
        )
        worker.pause = min(LONGEST_PAUSE, worker.pause * 2)
        return 0

    def _stopped(self) -> int:
        """Everybody is told to stop, and waited for."""
        alive = [worker.child for worker in self._workers if worker.child is not None]
        for child in alive:
            child.terminate()
        until = time.monotonic() + STOP_WITHIN
        for child in alive:
            try:
                child.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        return 0


def _ending(code: int) -> str:
    return f"сигнал {signal.Signals(-code).name}" if code < 0 else f"код {code}"


def command(*args: str) -> list[str]:
    """This program again, with these arguments."""
    return [sys.executable, "-m", "connector", *args]


def check(size: int, database_url: str, *, after_restore: bool) -> None:
    """Raises exits.Stop if so many can't work here, in a sentence that says what to do."""
    if database_url.startswith("sqlite"):
        raise exits.Stop(
            exits.Code.USAGE,
            f"--workers {size}: несколько процессов работают только с PostgreSQL, а сейчас база — файл. "
            "Укажите VORONKA_DATABASE_URL=postgresql://… или запустите без --workers",
        )
    if after_restore:
        raise exits.Stop(exits.Code.USAGE, "--after-restore: сначала одним процессом, потом с --workers")
    if not hasattr(socket, "SO_REUSEPORT"):
        raise exits.Stop(
            exits.Code.USAGE,
            f"--workers {size}: эта система не даёт нескольким процессам один порт. Запустите voronka run "
            f"{size} раза с разными VORONKA_HTTP_PORT и одной базой",
        )
