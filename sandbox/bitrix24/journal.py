"""What the portal was asked: requests and commands counted, and the last of them remembered for tests to read."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

KEPT = 20_000


@dataclass(slots=True)
class Request:
    """One HTTP request. `commands` are method names: one, or those of a batch that were begun."""

    at: float
    source: str
    verb: str
    method: str
    commands: list[str] = field(default_factory=list)
    status: int = 0


@dataclass(slots=True)
class Journal:
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=KEPT))
    request_count: int = 0
    command_count: int = 0
    by_method: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    """Defects of the sandbox itself; a test that finds any has found a bug here."""

    def begin(self, at: float, source: str, verb: str, method: str) -> Request:
        row = Request(at, source, verb, method)
        self.requests.append(row)
        self.request_count += 1
        return row

    def command(self, row: Request, method: str) -> None:
        row.commands.append(method)
        self.command_count += 1
        self.by_method[method] += 1

    def end(self, row: Request, status: int) -> None:
        row.status = status
        self.by_status[status] += 1

    def counts(self) -> dict[str, Any]:
        return {
            "requests": self.request_count,
            "commands": self.command_count,
            "methods": dict(self.by_method),
            "statuses": {str(status): count for status, count in self.by_status.items()},
        }

    def clear(self) -> None:
        self.requests.clear()
        self.by_method.clear()
        self.by_status.clear()
        self.request_count = self.command_count = 0
