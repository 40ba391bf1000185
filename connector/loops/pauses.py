"""Robots that a person has paused: `{pattern: {"until": moment or null, "by": …, "reason": …}}` under `pauses`.

A pattern is a robot's path with `*`; `*` alone stops everything. What was wished meanwhile is superseded, not kept: a
person who resumes wants to know what was missed, not to see it done late (users.md, `resume --catch-up`).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from robots import intents

NOTE = "pauses"


class Pauses:
    def __init__(self, written: Mapping[str, Any] | None) -> None:
        self._until = {
            pattern: datetime.fromisoformat(until) if (until := (about or {}).get("until")) else None
            for pattern, about in (written or {}).items()
        }

    def cover(self, robot: intents.RobotId, now: datetime) -> bool:
        return any(
            (until is None or now < until) and fnmatch.fnmatchcase(robot, pattern)
            for pattern, until in self._until.items()
        )
