"""Batch commands as text: `method?a[b][0]=c`, as PHP's parse_str reads it back.

A command's string is encoded once. References to earlier answers are `Ref`, never text: card texts are written by
strangers, and a `$result[…]` in one of them would be answered with another card's data.
"""

from __future__ import annotations

import functools
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Params = Mapping[str, Any]
REFERENCE = "$result"
_BROKEN = "$\u2060result"
"""The same to the eye, nothing to the portal: U+2060 is an invisible joiner."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The answer of an earlier command of the same group: `Ref("task", "task", "id")`."""

    command: str
    path: tuple[str | int, ...]

    def __init__(self, command: str, *path: str | int) -> None:
        object.__setattr__(self, "command", command)
        object.__setattr__(self, "path", path)


@dataclass(frozen=True, slots=True)
class Command:
    """One REST call. `name` is what a `Ref` of the same group calls it by."""

    method: str
    params: Params = field(default_factory=dict)
    write: bool = False
    name: str = ""


def encode(command: Command, labels: Mapping[str, str]) -> str:
    """`labels`: names within the group -> keys of the batch. An empty list goes as one empty element."""
    pairs = [
        f"{_quoted_key(key)}={urllib.parse.quote(text, safe='')}"
        for key, text in _flat(command.params, labels)
    ]
    return f"{command.method}?{'&'.join(pairs)}" if pairs else command.method


@functools.lru_cache(4096)
def _quoted_key(key: str) -> str:
    """Keys are few and come again; texts are not kept."""
    return urllib.parse.quote(key, safe="[]")


def needs_own_request(command: Command) -> bool:
    """True for what a batch would garble: a text that looks like a reference, an empty list or map."""
    return any(_awkward(value) for value in command.params.values())


def _awkward(value: Any) -> bool:
    if isinstance(value, str):
        return REFERENCE in value
    if isinstance(value, Mapping):
        return not value or any(_awkward(part) for part in value.values())
    if isinstance(value, Sequence):
        return not value or any(_awkward(part) for part in value)
    return False


def _flat(params: Params, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in params.items():
        yield from _branch(_escaped_key(key), value, labels)


def _branch(key: str, value: Any, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _branch(f"{key}[{_escaped_key(str(name))}]", part, labels)
    elif isinstance(value, list | tuple):
        if not value:
            yield f"{key}[0]", ""
        for at, part in enumerate(value):
            yield from _branch(f"{key}[{at}]", part, labels)
    else:
        yield key, _text(value, labels)


def _text(value: Any, labels: Mapping[str, str]) -> str:
    match value:
        case Ref():
            path = "".join(f"[{step}]" for step in value.path)
            return f"{REFERENCE}[{labels[value.command]}]{path}"
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case _:
            return str(value).replace(REFERENCE, _BROKEN)


def _escaped_key(name: str) -> str:
    """Field names come from the portal; brackets in one would nest it elsewhere."""
    return name.replace("[", "").replace("]", "")
