"""Envelopes of answers taken apart: one command's, a batch's five maps, the `time` block. Pure.

PHP shows an empty map as `[]` and a map of keys 0..n-1 as a list; both are read as maps here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

UTC_ZONE: tzinfo = UTC
READ_ENDINGS = (".get", ".list", ".fields", ".getlist", ".getfields", ".getaccess", ".items")
READ_METHODS = frozenset(
    [
        "server.time",
        "profile",
        "scope",
        "user.current",
        "user.admin",
        "user.search",
        "crm.duplicate.findbycomm",
        "crm.status.entity.types",
        "crm.status.entity.items",
        "crm.enum.settings.mode",
        "methods",
    ]
)


def is_read(method: str) -> bool:
    """The allow-list of what changes nothing over there."""
    folded = method.lower()
    return folded in READ_METHODS or folded.endswith(READ_ENDINGS)


@dataclass(frozen=True, slots=True)
class Answer:
    """A command's result, with what lists add."""

    result: Any
    total: int | None = None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """One command of an answer before judgement. `present` is False where neither result nor error came."""

    present: bool
    result: Any = None
    error: Any = None
    total: int | None = None
    next: int | None = None
    time: Any = None


def single(data: dict[str, Any]) -> Raw:
    return Raw(
        "result" in data,
        data.get("result"),
        total=whole(data.get("total")),
        next=whole(data.get("next")),
        time=data.get("time"),
    )


def batch(data: dict[str, Any], labels: Sequence[str]) -> list[Raw]:
    """One Raw per label, in order."""
    inner = data.get("result")
    inner = inner if isinstance(inner, dict) else {}
    results, failures, totals, nexts, times = (
        as_map(inner.get(name), labels)
        for name in ("result", "result_error", "result_total", "result_next", "result_time")
    )
    return [
        Raw(
            label in results,
            results.get(label),
            failures.get(label),
            whole(totals.get(label)),
            whole(nexts.get(label)),
            times.get(label),
        )
        for label in labels
    ]


def as_map(node: Any, labels: Sequence[str]) -> dict[str, Any]:
    if isinstance(node, dict):
        return node
    if isinstance(node, list) and len(node) == len(labels):
        return dict(zip(labels, node, strict=True))
    return {}


def whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(time: Any, name: str) -> float | None:
    """A number of a `time` block; None where it is absent, odd or not finite."""
    value = time.get(name) if isinstance(time, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def took(time: Any) -> float | None:
    """Seconds that a command ran."""
    seconds = number(time, "duration")
    return seconds if seconds is not None and 0 <= seconds < 3600 else None


def stamp(data: Any) -> datetime | None:
    """The portal's moment in its own zone, from `time.date_finish` and the finer `finish`."""
    time = data.get("time") if isinstance(data, dict) else None
    text = time.get("date_finish") if isinstance(time, dict) else None
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    finer = number(time, "finish")
    if finer is not None and abs(finer - moment.timestamp()) < 5:
        return datetime.fromtimestamp(finer, moment.tzinfo)
    return moment
