"""What happened, in order: always as one hash (the same seed, the same hash), as readable lines on replay."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

WIDE = 300
"""Letters of a line that a person is shown; the hash has all."""


def nowhere(_line: str) -> None:
    """Nobody reads along."""


class Trace:
    def __init__(self, now: Callable[[], datetime], say: Callable[[str], None] = nowhere) -> None:
        self._now, self._say = now, say
        self._hash = hashlib.blake2s()
        self._loud = say is not nowhere
        self.count = 0

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()[:16]

    def note(self, who: str, *what: object) -> None:
        at = self._now()
        line = " ".join(str(one) for one in what)
        self._hash.update(f"{at.isoformat()} {who} {line}\n".encode())
        self.count += 1
        if self._loud:
            self._say(f"{at:%H:%M:%S.%f}"[:-3] + f"  {who:<7} {line[:WIDE]}")


class Log:
    """As the daemon's structlog logger."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.failures: list[str] = []
        """Loops that crashed: a bug, whatever else the run shows."""

    def debug(self, event: str, **known: object) -> None:
        self.log(10, event, **known)

    def info(self, event: str, **known: object) -> None:
        self.log(20, event, **known)

    def warning(self, event: str, **known: object) -> None:
        self.log(30, event, **known)

    def error(self, event: str, **known: object) -> None:
        self.log(40, event, **known)

    def log(self, level: int, event: str, **known: object) -> None:
        if event == "loop.failed":
            self.failures.append(f"{known.get('loop')}: {known.get('error')}")
        if level >= 20:
            self._trace.note("daemon", event, *(f"{name}={value}" for name, value in known.items() if value))
