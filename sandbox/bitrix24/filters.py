"""The filter language of lists: prefixes, IN, nested logic (reference §5.1), compiled to one predicate.

Two dialects: `strict` (crm.item.list: an unknown field or an unreadable value is INVALID_ARG_VALUE) and lenient
(classic lists: an unknown key is ignored, an unreadable value matches nothing, no OR).
Top-level conditions are also kept as data, so that a list can answer from an index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Protocol

from sandbox.bitrix24 import kernel, schema, values

PREFIXES = ("!=%", "!%=", "!=", "!@", "!%", "=%", "%=", ">=", "<=", "><", "!", "=", ">", "<", "@", "%")
_NOTHING = object()


class Row(Protocol):
    def get(self, name: str) -> Any: ...


Predicate = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """`op` is one of = != > >= < <= in !in like !like; `wanted` is already of the field's stored type."""

    field: schema.Field
    op: str
    wanted: Any

    def test(self, row: Row) -> bool:
        have = row.get(self.field.name)
        if isinstance(have, tuple):
            if self.op in ("!=", "!in", "!like"):
                return all(_OPS[self.op](each, self.wanted) for each in have)
            return any(_OPS[self.op](each, self.wanted) for each in have) or (
                not have and self._matches_unset()
            )
        return bool(_OPS[self.op](have, self.wanted))

    def quick(self) -> Predicate:
        """`test` without its generality, for the conditions that long tables are walked with."""
        name, wanted = self.field.name, self.wanted
        if self.field.multiple or _blank(wanted):
            return self.test
        if self.op == "=":
            return lambda row: bool(row.get(name) == wanted)
        if self.op == "!=":
            return lambda row: bool(row.get(name) != wanted)
        if self.op == "in" and not any(_blank(each) for each in wanted):
            return lambda row: row.get(name) in wanted
        return self.test

    def _matches_unset(self) -> bool:
        return self.op == "=" and _blank(self.wanted)


@dataclass(slots=True)
class Filter:
    """`conditions` are those joined by AND at the top; `tests` the nested rest."""

    conditions: list[Condition] = field(default_factory=list)
    tests: list[Predicate] = field(default_factory=list)
    least: dict[str, Any] = field(default_factory=dict)
    """Field -> a value below which nothing can match by what is nested: for whoever looks where to begin."""

    def least_of(self, name: str) -> Any:
        """The greatest of what the filter says; None where it says nothing."""
        said = [c.wanted for c in self.conditions if c.field.name == name and c.op in ("=", ">", ">=")]
        return max([*filter(None, said), *filter(None, [self.least.get(name)])], default=None)

    def predicate(self) -> Predicate:
        """One test for the whole filter; the simplest filters get the quickest one."""
        tests = [each.quick() for each in self.conditions] + self.tests
        if len(tests) == 1:
            return tests[0]
        return lambda row: all(test(row) for test in tests)


def _blank(value: Any) -> bool:
    return value is None or value in ("", 0, "N", ())


def _equal(have: Any, wanted: Any) -> bool:
    if _blank(wanted) and _blank(have):
        return not isinstance(wanted, int) or isinstance(wanted, bool) or have in (None, 0)
    return bool(have == wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda have, wanted: have is not None and wanted is not None and compare(have, wanted)


def _like(have: Any, wanted: re.Pattern[str]) -> bool:
    return have is not None and wanted.search(str(have)) is not None


_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "!=": lambda have, wanted: not _equal(have, wanted),
    ">": _ordered(lambda have, wanted: have > wanted),
    ">=": _ordered(lambda have, wanted: have >= wanted),
    "<": _ordered(lambda have, wanted: have < wanted),
    "<=": _ordered(lambda have, wanted: have <= wanted),
    "in": lambda have, wanted: have in wanted or (have is None and any(_blank(each) for each in wanted)),
    "!in": lambda have, wanted: have not in wanted,
    "like": _like,
    "!like": lambda have, wanted: not _like(have, wanted),
}
_PLAIN_OPS = {"": "=", "=": "=", "!": "!=", "!=": "!=", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_LIKE_OPS = {"%": "like", "!%": "!like", "=%": "like", "%=": "like", "!=%": "!like", "!%=": "!like"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one list method reads filters. `resolve` answers None for an unknown field."""

    resolve: Callable[[str], schema.Field | None]
    zone: tzinfo
    strict: bool = False
    unknown_is_error: bool = False
    array_is_in: bool = True
    logic: bool = True
    empty_is_least: bool = False
    """`>`, `>=` with an empty value: every row is more, not none."""
    special: Callable[[str, str, Any], Condition | None] = lambda _name, _op, _value: None
    """Keys outside the schema (PHONE, EMAIL of the classic lists): (name, prefix, value) -> condition, or None."""


def split(key: str) -> tuple[str, str]:
    """(prefix, field name)"""
    prefix = next((each for each in PREFIXES if key.startswith(each)), "")
    return prefix, key[len(prefix) :]


def compiled(raw: Any, dialect: Dialect) -> Filter:
    """Reads a filter as sent. Raises Refusal where the dialect is strict."""
    result = Filter()
    for key, value in _pairs(raw):
        if key.lower() == "logic":
            continue
        if key.isdecimal() and isinstance(value, dict | list):
            if dialect.logic:
                _nest(result, value, dialect)
            continue
        _read(result, key, value, dialect)
    return result


def _pairs(raw: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(raw, dict):
        yield from ((str(key), value) for key, value in raw.items())
    elif isinstance(raw, list):
        yield from ((str(at), value) for at, value in enumerate(raw))


def _nest(result: Filter, raw: Any, dialect: Dialect) -> None:
    logic = next((str(value).upper() for key, value in _pairs(raw) if key.lower() == "logic"), "AND")
    if logic != "OR":
        inner = compiled(raw, dialect)
        result.tests.append(inner.predicate())
        _know(result, [inner])
        return
    parts = [compiled({key: value}, dialect) for key, value in _pairs(raw) if key.lower() != "logic"]
    live = [part for part in parts if part.conditions or part.tests]
    tests = [part.predicate() for part in live]
    result.tests.append(lambda row: not tests or any(test(row) for test in tests))
    _know(result, live)


def _know(result: Filter, parts: list[Filter]) -> None:
    """What all parts of an alternative say of a time, the whole says."""
    said = [part.least_of("updatedTime") for part in parts]
    if said and all(said):
        result.least["updatedTime"] = max(filter(None, [result.least.get("updatedTime"), min(said)]))


def _read(result: Filter, key: str, value: Any, dialect: Dialect) -> None:
    prefix, name = split(key)
    found = dialect.resolve(name)
    if found is None or found.type == "crm_multifield":
        special = dialect.special(name, prefix, value)
        if special is not None:
            result.conditions.append(special)
        elif dialect.unknown_is_error:
            raise _invalid(f"Invalid filter: field '{name}' is not allowed in filter")
        return
    try:
        result.conditions.extend(_conditions(found, prefix, value, dialect))
    except values.BadValue:
        if dialect.strict:
            raise _invalid(f"Invalid filter: field '{name}' has invalid value") from None
        result.tests.append(lambda _row: prefix.startswith("!"))


def _invalid(text: str) -> kernel.Refusal:
    return kernel.Refusal(400, "INVALID_ARG_VALUE", text)


def _conditions(found: schema.Field, prefix: str, value: Any, dialect: Dialect) -> list[Condition]:
    parts = list(value.values()) if isinstance(value, dict) else value
    if prefix in _LIKE_OPS:
        return [Condition(found, _LIKE_OPS[prefix], _pattern(prefix, parts))]
    if prefix == "><":
        if not isinstance(parts, list) or len(parts) != 2:
            raise values.BadValue(value)
        low, high = (_wanted(found, part, dialect) for part in parts)
        return [Condition(found, ">=", low), Condition(found, "<=", high)]
    if prefix in ("@", "!@") or (isinstance(parts, list) and prefix in ("", "=", "!", "!=")):
        if isinstance(parts, list) and "@" not in prefix and not dialect.array_is_in:
            raise values.BadValue(value)
        several = parts if isinstance(parts, list) else [parts]
        wanted = frozenset(_wanted(found, part, dialect) for part in several)
        return [Condition(found, "!in" if prefix.startswith("!") else "in", wanted)]
    wanted = _wanted(found, parts, dialect)
    if dialect.empty_is_least and wanted is None and prefix in (">", ">="):
        return []
    return [Condition(found, _PLAIN_OPS[prefix], wanted)]


def _pattern(prefix: str, value: Any) -> re.Pattern[str]:
    several = value if isinstance(value, list) else [value]
    texts = []
    for each in several:
        text = values.to_text(each)
        if "=" in prefix:
            texts.append("^" + ".*".join(re.escape(part) for part in text.split("%")) + "$")
        else:
            texts.append(re.escape(text))
    return re.compile("|".join(texts), re.IGNORECASE | re.DOTALL)


def _wanted(found: schema.Field, raw: Any, dialect: Dialect) -> Any:
    """A filter value as stored. A user field's boolean takes 1/0 only: Y and N match nothing (§5.1)."""
    if isinstance(raw, dict | list):
        raise values.BadValue(raw)
    if found.user_field and found.type == "boolean":
        return {"1": "Y", "0": "N", "True": "Y", "False": "N"}.get(
            str(raw), object() if raw not in ("", None) else None
        )
    if found.type == "date" and isinstance(raw, str) and raw:
        return values.to_day(raw, dialect.zone)
    if raw is False or raw is None or raw == "":
        return "N" if found.type in values.FLAGS and raw is False else None
    return values.stored(found, raw, dialect.zone)
