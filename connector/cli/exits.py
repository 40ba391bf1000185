"""Exit codes, a contract with scripts (docs/harness.md), and the one way out with a message."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    FINE = 0
    FINDINGS = 1
    """Findings, or failed tests."""
    CHANGES = 2
    """The plan has changes."""
    USAGE = 3
    CONFIG = 4
    PORTAL = 5
    """Unreachable or denied."""
    REFUSED = 6
    """For safety."""


class Stop(Exception):
    """Ends a command: `text` for stderr (may be empty), `code` for the caller."""

    def __init__(self, code: Code, text: str = "") -> None:
        super().__init__(text)
        self.code, self.text = code, text


def usage_error() -> type[Exception]:
    """The class of the command line's own complaints: the base of the public BadParameter."""
    import typer

    return typer.BadParameter.__mro__[1]


def words(wrong: Exception) -> str:
    formatted = getattr(wrong, "format_message", None)
    return str(formatted()) if callable(formatted) else str(wrong)
