"""How commands speak: data to stdout, messages to stderr, nothing of a stranger's text acting on the terminal."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def say(text: str = "") -> None:
    """A message for the person: stderr."""
    sys.stderr.write(clean(text) + "\n")
    sys.stderr.flush()


def data(text: str) -> None:
    """What was asked for: stdout."""
    sys.stdout.write(clean(text) + "\n")
    sys.stdout.flush()


def as_json(value: Any, *, indent: int | None = 2) -> None:
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=indent) + "\n")
    sys.stdout.flush()


def clean(text: str) -> str:
    """Control characters and direction overrides out: a card's title must not drive the terminal."""
    return _CONTROL.sub("", text.replace("\r\n", "\n"))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns padded by width; the last one isn't."""
    lines = [tuple(clean(cell).replace("\n", " ") for cell in row) for row in rows]
    widths = [max((len(row[at]) for row in [tuple(head), *lines]), default=0) for at in range(len(head))]
    for row in [tuple(head), *lines]:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        data("  ".join(padded).rstrip())


def plain(value: Any) -> Any:
    """A value of ours as JSON: dataclasses as objects, moments in ISO, sums as text."""
    match value:
        case None | bool() | int() | float():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return value.value
        case str():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case set() | frozenset():
            return sorted((plain(one) for one in value), key=str)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
        return (
            {"act": type(value).__name__, **fields} if type(value).__module__ == "robots.intents" else fields
        )
    return str(value)
