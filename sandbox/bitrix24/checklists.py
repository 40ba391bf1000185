"""Checklists of tasks: items in a tree, the roots being the checklists themselves (reference §5.10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Item:
    id: int
    task_id: int
    parent_id: int
    title: str
    created_by: int
    sort: int
    complete: bool = False
    important: bool = False
    toggled_by: int | None = None
    toggled_at: datetime | None = None
    members: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self, name: str) -> Any:
        return {
            "ID": self.id, "TASK_ID": self.task_id, "PARENT_ID": self.parent_id, "TITLE": self.title,
            "CREATED_BY": self.created_by, "SORT_INDEX": self.sort, "IS_COMPLETE": "Y" if self.complete else "N",
            "IS_IMPORTANT": "Y" if self.important else "N", "TOGGLED_BY": self.toggled_by, "TOGGLED_DATE": self.toggled_at,
        }.get(name)  # fmt: skip


class Checklist:
    """The items of one task, in the order of their sort index."""

    def __init__(self, task_id: int) -> None:
        self.task_id = task_id
        self.items: dict[int, Item] = {}

    def ordered(self) -> list[Item]:
        return sorted(self.items.values(), key=lambda item: (item.sort, item.id))

    def add(self, item_id: int, fields: dict[str, Any], user_id: int) -> Item:
        """PARENT_ID 0 begins a new checklist; no PARENT_ID puts the item into the first one."""
        siblings = [item.sort for item in self.items.values()]
        item = Item(
            id=item_id,
            task_id=self.task_id,
            parent_id=self._parent(fields.get("PARENT_ID")),
            title=str(fields["TITLE"]),
            created_by=user_id,
            sort=_number(fields.get("SORT_INDEX"), max(siblings, default=-1) + 1),
        )
        self.items[item_id] = item
        self.change(item, fields)
        return item

    def change(self, item: Item, fields: dict[str, Any]) -> None:
        if fields.get("TITLE"):
            item.title = str(fields["TITLE"])
        if "IS_COMPLETE" in fields:
            item.complete = fields["IS_COMPLETE"] in ("Y", True, 1, "1")
        if "IS_IMPORTANT" in fields:
            item.important = fields["IS_IMPORTANT"] in ("Y", True, 1, "1")
        if "SORT_INDEX" in fields:
            item.sort = _number(fields["SORT_INDEX"], item.sort)
        if isinstance(fields.get("MEMBERS"), dict):
            item.members = {str(user): dict(role) for user, role in fields["MEMBERS"].items()}

    def remove(self, item: Item) -> None:
        """The item with everything under it."""
        for child in [one for one in self.items.values() if one.parent_id == item.id]:
            self.remove(child)
        self.items.pop(item.id, None)

    def _parent(self, given: Any) -> int:
        if given is None:
            return next((item.id for item in self.ordered() if item.parent_id == 0), 0)
        return _number(given, 0)


def _number(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default
