"""Lists of the classic kind: a filter of prefixed keys, an order, pages of fifty.

For tasks, activities, comments and people. The cards of CRM have their own, quicker lists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.bitrix24 import kernel, moments
from sandbox.bitrix24 import portal as portals

PAGE = 50
CLASSIC = ("!%=", "!=%", "=%", "%=", "!%", "!@", "!=", ">=", "<=", "><", "=", "!", ">", "<", "%", "@", "?")
"""Longest first, so that `!=` is not read as `!`."""

Read = Callable[[str], Any]


def split(key: str, prefixes: Collection[str] = CLASSIC) -> tuple[str, str]:
    """The prefix and the bare UPPER name of a filter key; the prefix is empty where none of these begins it."""
    prefix = next((one for one in sorted(prefixes, key=len, reverse=True) if key.startswith(one)), "")
    return prefix, key[len(prefix) :].upper()


def matches(value: Any, prefix: str, wanted: Any) -> bool:
    """One condition. A list value matches if any of its members does; a list wanted means «one of»."""
    if prefix.startswith("!"):
        return not matches(value, prefix[1:] or "=", wanted)
    if isinstance(wanted, dict):
        wanted = list(wanted.values())
    if isinstance(wanted, list | tuple):
        return any(matches(value, prefix, one) for one in wanted)
    if isinstance(value, list | tuple):
        return any(matches(one, prefix, wanted) for one in value) or (not value and _unset(wanted))
    if "%" in prefix:
        return str(wanted).strip("%").casefold() in str(value or "").casefold()
    return _compared(value, prefix, wanted)


def _compared(value: Any, prefix: str, wanted: Any) -> bool:
    left, right = _alike(value, wanted)
    if prefix in ("", "=", "@"):
        return bool(left == right)
    if left is None or right is None:
        return False
    return bool({">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}.get(prefix))


def _unset(wanted: Any) -> bool:
    """A condition on «nothing». The number 0 is a number: `>ID: 0` begins a keyset."""
    return wanted is None or wanted is False or wanted == ""


def _alike(value: Any, wanted: Any) -> tuple[Any, Any]:
    if _unset(wanted):
        return (None if value in (None, "", 0) else value), None
    try:
        if isinstance(value, datetime):
            return value.replace(microsecond=0), moments.parse(wanted, value.tzinfo or UTC)
        if isinstance(value, int):
            return value, int(wanted)
    except (TypeError, ValueError):
        return value, None
    return (None if value is None else str(value)), str(wanted)


def ordered(
    rows: Iterable[Any], order: Any, read: Callable[[Any, str], Any], default: Mapping[str, str]
) -> list[Any]:
    """Rows by the given `{FIELD: ASC|DESC}`; unset values sort before set ones."""
    keys = order if isinstance(order, dict) and order else default
    result = list(rows)
    for name, direction in reversed(list(keys.items())):
        result.sort(
            key=lambda row: _sortable(read(row, str(name).upper())),
            reverse=str(direction).upper().startswith("DESC"),
        )
    return result


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    if isinstance(value, bool | int | float):
        return 1, value
    if isinstance(value, datetime):
        return 1, value.timestamp()
    return 2, str(value)


def page(
    call: kernel.Call,
    rows: list[Any],
    show: Callable[[Any], Any],
    wrap: Callable[[list[Any]], Any] | None = None,
) -> kernel.Answer:
    """The page that `start` asks for, with `total` and `next` as documented (§2.4)."""
    start = _start(call.param("start"))
    without_count = start < 0
    start = max(start, 0)
    shown = [show(row) for row in rows[start : start + PAGE]]
    result = wrap(shown) if wrap else shown
    if without_count:
        zero = call.portal.switch.get("start_minus_one_total") == "zero"
        return kernel.Answer(result, total=0 if zero else None)
    following = start + PAGE
    return kernel.Answer(result, total=len(rows), next=following if following < len(rows) else None)


def _start(given: Any) -> int:
    try:
        return int(given)
    except (TypeError, ValueError):
        return 0


def visible(portal: portals.Portal, rows: Iterable[Any]) -> list[Any]:
    """Those rows that lists already show: what was created a moment ago may still be missing (§9.12).

    A row has `shown_from`, the portal's time from which lists know it.
    """
    now = portal.clock.time()
    return [row for row in rows if row.shown_from <= now]
