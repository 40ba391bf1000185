"""The portal's working time and who is away: what calendar.* and timeman.* read (reference §5.11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Absence:
    id: int
    user_id: int
    name: str
    start: datetime
    end: datetime
    accessibility: str = "absent"
    """busy, absent, quest or free."""


@dataclass(slots=True)
class Record:
    """The working day of one person as timeman keeps it."""

    status: str = "CLOSED"
    """OPENED, CLOSED, PAUSED or EXPIRED."""
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(slots=True)
class WorkDays:
    start: str = "9"
    """Hours as the portal writes them: "9" or "9.30"."""
    end: str = "19"
    holidays: str = "1.01,2.01,3.01,4.01,5.01,6.01,7.01,8.01,23.02,8.03,1.05,9.05,12.06,4.11"
    workdays: str = ""
    """Days that are worked although they fall on a week-end, `d.mm`."""
    week_holidays: list[str] = field(default_factory=lambda: ["SA", "SU"])
    week_start: str = "MO"
    absences: list[Absence] = field(default_factory=list)
    records: dict[int, Record] = field(default_factory=dict)
    """By user."""
    schedules: dict[int, dict[str, object]] = field(default_factory=dict)
    """Answers of timeman.schedule.get by id; there is no method that lists the ids."""
