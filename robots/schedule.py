"""The working calendar: durations in words, deadlines and next moments in working time (requirements S2.3, users F31).

`N work minutes/hours` run in working time. `N work days` = the same clock time N working days later, moved into working
hours; for a deadline the end of that day. `N days` = same wall clock, across DST. Answers are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORK_MINUTES = "work minutes"
    WORK_HOURS = "work hours"
    WORK_DAYS = "work days"


@dataclass(frozen=True, slots=True)
class Duration:
    amount: int
    unit: Unit
