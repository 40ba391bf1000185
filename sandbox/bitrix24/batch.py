"""The `batch` method: commands one after the other, references between them, and the shape of its answer (§3).

Each of the five inner maps is an object when it holds anything and `[]` when empty; a map whose keys happen to be
0..n-1 is a list, as PHP encodes it. Nothing is rolled back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.bitrix24 import kernel, wire

MOST = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\[\]]*\])+)")
_MISSING = object()
TRANSFER = frozenset({"disk.file.get", "disk.folder.uploadfile", "disk.storage.uploadfile"})


class Unresolved(LookupError):
    """A $result reference that leads nowhere."""


@dataclass(frozen=True, slots=True)
class Command:
    key: str
    method: str
    query: str


@dataclass(slots=True)
class Results:
    """What the commands so far have answered."""

    result: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    total: dict[str, Any] = field(default_factory=dict)
    next: dict[str, Any] = field(default_factory=dict)
    time: dict[str, Any] = field(default_factory=dict)

    def good(self, key: str, answer: kernel.Answer, time: dict[str, Any]) -> None:
        self.result[key] = answer.result
        if answer.total is not None:
            self.total[key] = answer.total
        if answer.next is not None:
            self.next[key] = answer.next
        self.time[key] = time

    def bad(self, key: str, refusal: kernel.Refusal) -> None:
        self.error[key] = refusal.envelope()

    def envelope(self) -> dict[str, Any]:
        return {
            "result": wire.php_array(self.result),
            "result_error": wire.php_array(self.error),
            "result_total": wire.php_array(self.total),
            "result_next": wire.php_array(self.next),
            "result_time": wire.php_array(self.time),
        }


def commands(params: dict[str, Any], *, refuse_long: bool) -> list[Command]:
    """The commands of a batch in order. Raises 400 when there are too many and the whole request is refused."""
    raw = params.get("cmd")
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    made = []
    for key, text in pairs:
        method, _, query = (text if isinstance(text, str) else "").partition("?")
        made.append(Command(str(key), method.strip().removesuffix(".json").lower(), query))
    if len(made) > MOST and refuse_long:
        raise too_long()
    return made


def too_long() -> kernel.Refusal:
    return kernel.Refusal(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")


def halts(params: dict[str, Any]) -> bool:
    return params.get("halt") not in (None, "", 0, "0", False, "false", "N")


def refuse_nested(method: str) -> None:
    if method == "batch" or method in TRANSFER:
        raise kernel.Refusal(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")


def parameters(command: Command, results: Results, *, strict: bool) -> dict[str, Any]:
    """The command's parameters with references put in. `strict`: an unresolved one fails the command."""
    try:
        made = _resolved(wire.decode_query(command.query), results.result, strict=strict)
    except Unresolved as error:
        raise kernel.Refusal(400, "ERROR_ARGUMENT", f"Unresolved reference {error}") from None
    return made if isinstance(made, dict) else {}


def _resolved(node: Any, results: dict[str, Any], *, strict: bool) -> Any:
    if isinstance(node, dict):
        return {key: _resolved(value, results, strict=strict) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolved(value, results, strict=strict) for value in node]
    if not isinstance(node, str) or "$result" not in node:
        return node
    whole = _REFERENCE.fullmatch(node)
    if whole is not None:
        return _follow(whole[1], results, strict=strict)

    def text(found: re.Match[str]) -> str:
        value = _follow(found[1], results, strict=strict)
        return "" if value is None or isinstance(value, dict | list) else str(value)

    return _REFERENCE.sub(text, node)


def _follow(path: str, results: dict[str, Any], *, strict: bool) -> Any:
    node: Any = results
    for key in re.findall(r"\[([^\[\]]*)\]", path):
        bare = key.strip("'\"")
        if isinstance(node, dict):
            node = node.get(bare, _MISSING)
        elif isinstance(node, list) and bare.isdecimal() and int(bare) < len(node):
            node = node[int(bare)]
        else:
            node = _MISSING
        if node is _MISSING:
            if strict:
                raise Unresolved(f"$result{path}")
            return ""
    return node
