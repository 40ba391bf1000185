"""What a task is: its values, checklist, history and comments; its statuses and which actions lead where.

Values are native under UPPER names, see `taskfields`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.bitrix24 import checklists

WAITING, RUNNING, CONTROL, DONE, DEFERRED = 2, 3, 4, 5, 6
TRACKED = [
    "TITLE",
    "DESCRIPTION",
    "STATUS",
    "DEADLINE",
    "RESPONSIBLE_ID",
    "CREATED_BY",
    "ACCOMPLICES",
    "AUDITORS",
    "PRIORITY",
    "GROUP_ID",
    "PARENT_ID",
    "START_DATE_PLAN",
    "END_DATE_PLAN",
    "TASK_CONTROL",
    "MARK",
    "TAGS",
    "UF_CRM_TASK",
]
"""Fields whose change leaves a row in the history."""

OPEN = frozenset({WAITING, RUNNING, DEFERRED})
MOVES = {
    "complete": frozenset({WAITING, RUNNING, DEFERRED}),
    "renew": frozenset({CONTROL, DONE, DEFERRED}),
    "start": frozenset({WAITING, DEFERRED}),
    "pause": frozenset({RUNNING}),
    "defer": frozenset({WAITING, RUNNING}),
    "approve": frozenset({CONTROL}),
    "disapprove": frozenset({CONTROL}),
    "delegate": frozenset({WAITING, RUNNING, DEFERRED}),
}
"""From which statuses an action is allowed."""
UNDEFINED = "undefined"


@dataclass(slots=True)
class Row:
    """A history row; `before` and `after` as the API spells them."""

    id: int
    at: datetime
    user_id: int
    field: str
    before: Any
    after: Any


@dataclass(slots=True)
class Comment:
    id: int
    task_id: int
    author_id: int
    text: str
    at: datetime


@dataclass(slots=True)
class Task:
    id: int
    values: dict[str, Any]
    shown_from: float
    checklist: checklists.Checklist
    history: list[Row] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def is_open(self) -> bool:
        return self.values["STATUS"] in OPEN

    @property
    def participants(self) -> set[int]:
        return {self["CREATED_BY"], self["RESPONSIBLE_ID"], *self["ACCOMPLICES"], *self["AUDITORS"]}

    def meta_status(self, now: datetime) -> int:
        """What the STATUS filter sees: −1 overdue, −3 almost overdue, else the stored status."""
        deadline = self["DEADLINE"]
        if deadline is None or not self.is_open:
            return int(self["STATUS"])
        left = (deadline - now).total_seconds()
        if left < 0:
            return -1
        return -3 if left < 86400 else int(self["STATUS"])


def event(*, before: int | None, after: int | None) -> dict[str, Any]:
    """An absent side is the literal word, not an empty value (§4.3)."""
    return {
        "FIELDS_BEFORE": {"ID": before} if before else UNDEFINED,
        "FIELDS_AFTER": {"ID": after} if after else UNDEFINED,
        "IS_ACCESSIBLE_BEFORE": "Y" if before else UNDEFINED,
        "IS_ACCESSIBLE_AFTER": "Y" if after else UNDEFINED,
    }
