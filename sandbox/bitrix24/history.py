"""Stage history: one row per creation, move, end and pipeline change (reference §5.4). Never says who, or from where."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

CREATED, MOVED, FINISHED, PIPELINE = 1, 2, 3, 5
LATE = (0.0, 2.0, 0.7, 1.4, 0.3)
"""Seconds by which rows are late in position `late_commit`, in turn: so some row is overtaken by a younger one."""
QUICK = 2.0
"""In position `old_box` an intermediate row younger than this is replaced by the next."""


@dataclass(slots=True)
class Row:
    id: int
    type: int
    owner_id: int
    at: int
    category_id: int
    semantic: str
    stage_id: str
    moment: float
    visible_at: float = 0.0

    def get(self, name: str) -> Any:
        return _GETTERS[name](self)


_GETTERS: dict[str, Any] = {
    "ID": lambda row: row.id,
    "TYPE_ID": lambda row: row.type,
    "OWNER_ID": lambda row: row.owner_id,
    "CREATED_TIME": lambda row: row.at,
    "CATEGORY_ID": lambda row: row.category_id,
    "SEMANTIC": lambda row: row.semantic,
    "STAGE": lambda row: row.stage_id,
}


class History:
    """Rows of one card type, in order of id."""

    def __init__(self, portal: Portal, type_id: int) -> None:
        self._portal = portal
        self._sequence = f"history:{type_id}"
        self.rows: list[Row] = []
        self._owners: dict[int, list[Row]] = {}

    def write(self, kind: int, owner_id: int, category_id: int, semantic: str, stage_id: str) -> None:
        now = self._portal.clock.time()
        mode = self._portal.switch.get("history")
        rows = self._owners.setdefault(owner_id, [])
        if mode == "old_box" and rows and rows[-1].type == MOVED and now - rows[-1].moment < QUICK:
            self.rows.remove(rows.pop())
        number = self._portal.next_id(self._sequence)
        late = LATE[number % len(LATE)] if mode == "late_commit" else 0.0
        row = Row(
            number,
            kind,
            owner_id,
            int(now),
            category_id,
            semantic,
            stage_id,
            now,
            now + late if late else 0.0,
        )
        self.rows.append(row)
        rows.append(row)

    def write_at(self, moment: int, owner_id: int, category_id: int, stage_id: str) -> None:
        """The creation row of a card that a seed made in the past."""
        number = self._portal.next_id(self._sequence)
        row = Row(number, CREATED, owner_id, moment, category_id, "P", stage_id, float(moment))
        self.rows.append(row)
        self._owners.setdefault(owner_id, []).append(row)

    def forget(self, owner_id: int) -> None:
        """The owner is deleted; what becomes of its rows is a switch."""
        if self._portal.switch.get("history_of_deleted") == "kept":
            return
        for row in self._owners.pop(owner_id, ()):
            del self.rows[bisect.bisect_left(self.rows, row.id, key=lambda each: each.id)]

    def of(self, owner_id: int) -> list[Row]:
        return self._owners.get(owner_id, [])

    def after(self, row_id: int) -> Iterator[Row]:
        """Visible rows with id > row_id, by id."""
        start = bisect.bisect_right(self.rows, row_id, key=lambda row: row.id)
        for position in range(start, len(self.rows)):
            yield self.rows[position]

    def since(self, seconds: int) -> Iterator[Row]:
        start = bisect.bisect_left(self.rows, seconds, key=lambda row: row.at)
        for position in range(start, len(self.rows)):
            yield self.rows[position]
