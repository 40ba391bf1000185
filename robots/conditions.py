"""Conditions as data: yes, no with what was wanted and found, or «cannot be evaluated», which is not a no.

The unions here are what the YAML compiles to; `evaluate` answers them for one look. Habit 9 of style: a condition that
cannot be evaluated never counts as false, else `not` over it would act.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from robots import model, paths, schedule


class Op(StrEnum):
    EQUALS = "equals"
    FILLED = "filled"
    EMPTY = "empty"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    CONTAINS = "contains"
    OLDER_THAN = "older_than"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Test:
    """One value against one wish. `wanted` is compiled: option ids for enumerations, Money for sums without currency
    (in the base currency), stage ids for `@stage`."""

    path: paths.Path
    op: Op
    wanted: model.Value | schedule.Duration = None
    shown: str = ""
    """The wish in people's words, for `why`: «не меньше 1 000 000 ₽»."""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Test | All | AnyOf | Not
