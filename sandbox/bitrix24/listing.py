"""Pages of lists: order, `start`, `total`, `next` (reference §2.4), answered from an index where there is one."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24 import filters, kernel, schema, store, values

PAGE = 50
WALK = 2000
"""With more ids than this under one value, a keyset page is found sooner by walking the table than by sorting them."""
Order = list[tuple[schema.Field, bool]]
"""(field, descending)"""


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Any]
    total: int | None
    next: int | None

    def answer(self, result: Any) -> kernel.Answer:
        return kernel.Answer(result, self.total, self.next)


def start_of(call: kernel.Call) -> int:
    """The `start` parameter; anything unreadable counts as 0."""
    try:
        return values.to_int(call.param("start", 0))
    except values.BadValue:
        return 0


def order_of(raw: Any, resolve: Callable[[str], schema.Field | None], *, strict: bool) -> Order:
    """Reads `order`; a lenient list ignores what it does not know."""
    result: Order = []
    for name, direction in raw.items() if isinstance(raw, dict) else ():
        found = resolve(str(name))
        if found is None:
            if strict:
                raise kernel.Refusal(
                    400, "INVALID_ARG_VALUE", f"Invalid order: field '{name}' is not allowed in order"
                )
            continue
        way = str(direction).upper()
        if strict and way not in ("ASC", "DESC"):
            raise kernel.Refusal(400, "INVALID_ARG_VALUE", "Invalid order: allowed order is ASC or DESC")
        result.append((found, way.startswith("DESC")))
    return result


def page(call: kernel.Call, rows: Iterable[Any], *, size: int | None = None) -> Page:
    """A page of rows that are already filtered and in order. `size`: how many there are, if it is known."""
    start = start_of(call)
    if start < 0:
        total = 0 if call.portal.switch.get("start_minus_one_total") == "zero" else None
        return Page(list(itertools.islice(rows, PAGE)), total, None)
    if size is None:
        rows = list(rows)
        size = len(rows)
    found = (
        list(rows[start : start + PAGE])
        if isinstance(rows, Sequence)
        else list(itertools.islice(rows, start, start + PAGE))
    )
    return Page(found, size, start + PAGE if start + PAGE < size else None)


def in_order(rows: Iterable[Any], order: Order) -> list[Any]:
    """Sorts by several keys; unset values come first going up, as NULLs do."""
    result = list(rows)
    for found, down in reversed(order):
        result.sort(key=functools.partial(_key_of, found.name), reverse=down)
    return result


def _key_of(name: str, row: Any) -> tuple[bool, Any]:
    return _sort_key(row.get(name))


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value.casefold() if isinstance(value, str) else (value or 0))


@dataclass(frozen=True, slots=True)
class Query:
    """A question to a table of cards: what matches, in which order, and who may see it."""

    filter: filters.Filter
    order: Order
    visible: Callable[[store.Item], bool] | None = None


def of_table(call: kernel.Call, table: store.Table, query: Query) -> Page:
    """The page of cards that `call` asks for."""
    ids, natural, exact = _candidates(table, query, counted=start_of(call) >= 0)
    down = natural == "id" and _is_down(query.order)
    if exact and isinstance(ids, Sequence) and query.visible is None and not table.hidden:
        return _slice(call, table, _Down(ids) if down else ids)
    if down:
        ids = reversed(ids if isinstance(ids, Sequence) else list(ids))
    rows: Iterable[Any] = filter(_seen(call, table, query), (table.rows[item_id] for item_id in ids))
    if not _is_natural(natural, query.order):
        rows = in_order(rows, query.order)
    return page(call, rows)


def _slice(call: kernel.Call, table: store.Table, ids: Sequence[int]) -> Page:
    cut = page(call, ids, size=len(ids))
    return Page([table.rows[item_id] for item_id in cut.rows], cut.total, cut.next)


def _seen(call: kernel.Call, table: store.Table, query: Query) -> Callable[[store.Item], bool]:
    now = call.portal.clock.time()
    for item_id in [each for each, until in table.hidden.items() if until <= now]:
        del table.hidden[item_id]
    hidden, matches, visible = table.hidden, query.filter.predicate(), query.visible
    if visible is None and not hidden:
        return matches
    return lambda item: item.id not in hidden and matches(item) and (visible is None or visible(item))


def _is_down(order: Order) -> bool:
    return bool(order) and order[0][0].name == "id" and order[0][1]


def _is_natural(natural: str, order: Order) -> bool:
    """Whether candidates already come in this order."""
    if not order or order[0][0].name == "id":
        return natural == "id"
    names = [(found.name, down) for found, down in order]
    return natural == "updatedTime" and names in (
        [("updatedTime", False)],
        [("updatedTime", False), ("id", False)],
    )


def _candidates(table: store.Table, query: Query, *, counted: bool) -> tuple[Iterable[int], str, bool]:
    """(ids, the order they come in, whether they are exactly those that match)."""
    conditions = query.filter.conditions
    narrow = _by_equality(table, conditions)
    walking = not counted and _is_natural("id", query.order)
    if narrow is not None and not (walking and len(narrow) > WALK):
        return sorted(narrow), "id", False
    since = query.filter.least_of("updatedTime")
    if since:
        changed = table.changed_since(since)
        if _is_natural("updatedTime", query.order):
            return changed, "updatedTime", False
        return sorted(changed), "id", False
    low, high = _id_range(table.ids, conditions)
    plain = not query.filter.tests and all(_is_range(condition) for condition in conditions)
    exact = plain and (not query.order or query.order[0][0].name == "id")
    return _Slice(table.ids, low, high), "id", exact


class _Slice(Sequence[int]):
    """A view of ids[low:high]: a keyset page of a long table must not copy the table."""

    __slots__ = ("_high", "_ids", "_low")

    def __init__(self, ids: Sequence[int], low: int, high: int) -> None:
        self._ids, self._low, self._high = ids, low, max(low, high)

    def __len__(self) -> int:
        return self._high - self._low

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, _ = key.indices(len(self))
            return self._ids[self._low + start : self._low + stop]
        if not -len(self) <= key < len(self):
            raise IndexError(key)
        return self._ids[(self._low if key >= 0 else self._high) + key]


class _Down(Sequence[int]):
    """The same ids from the last to the first."""

    __slots__ = ("_ids",)

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self._ids[-1 - at] for at in range(*key.indices(len(self)))]
        return self._ids[-1 - key]


def _is_range(condition: filters.Condition) -> bool:
    return (
        condition.field.name == "id"
        and condition.op in (">", ">=", "<", "<=")
        and condition.wanted is not None
    )


def _id_range(ids: list[int], conditions: list[filters.Condition]) -> tuple[int, int]:
    low, high = 0, len(ids)
    for condition in filter(_is_range, conditions):
        wanted = condition.wanted
        if condition.op in (">", ">="):
            low = max(low, bisect.bisect_left(ids, wanted + (condition.op == ">")))
        else:
            high = min(high, bisect.bisect_left(ids, wanted + (condition.op == "<=")))
    return low, high


def _by_equality(table: store.Table, conditions: list[filters.Condition]) -> set[int] | None:
    """The smallest set of ids that an exact condition leaves; None where there is none."""
    best: set[int] | None = None
    for condition in conditions:
        if condition.op not in ("=", "in"):
            continue
        wanted = condition.wanted if condition.op == "in" else {condition.wanted}
        name = condition.field.name
        if name == "id":
            found = {each for each in wanted if each in table.rows}
        elif name in table.index and all(wanted):
            buckets = table.index[name]
            several = [buckets[each] for each in wanted if each in buckets]
            found = several[0] if len(several) == 1 else set().union(*several)
        else:
            continue
        best = found if best is None or len(found) < len(best) else best
    return best
