"""Robots that a person has paused: `{pattern: {"until": moment or null, "by": …, "reason": …}}` under `pauses`.

A pattern is a robot's path with `*`; `*` alone stops everything. What was wished meanwhile is superseded, not kept: a
person who resumes wants to know what was missed, not to see it done late (users.md, `resume --catch-up`).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from robots import intents, story

NOTE = "pauses"


WHY = story.PAUSED


class Pauses:
    def __init__(self, written: Mapping[str, Any] | None) -> None:
        self._written = dict(written or {})
        self._until = {
            pattern: datetime.fromisoformat(until) if (until := (about or {}).get("until")) else None
            for pattern, about in self._written.items()
        }

    def cover(self, robot: intents.RobotId, now: datetime) -> bool:
        return bool(self.why(robot, now))

    def why(self, robot: intents.RobotId, now: datetime) -> str:
        """Empty: it isn't paused. Else by whom and why, for the story of the card."""
        for pattern, until in self._until.items():
            if (until is None or now < until) and fnmatch.fnmatchcase(robot, pattern):
                about = self._written[pattern] or {}
                said = ": ".join(str(about[key]) for key in ("by", "reason") if about.get(key))
                return f"{WHY} ({said})" if said else WHY
        return ""
