"""Where cards lie: rows by id, ids in order, changes in order of time, and a few look-ups by value.

A table of 200,000 deals must give a keyset page without walking it, so ids are a sorted list and changes a sorted
list of (updatedTime, id). A change list entry whose time is no longer the card's own is stale: readers skip it,
and the list is rebuilt once most of it is stale.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

INDEXED = ("stageId", "originId", "companyId", "leadId", "dealId", "contactIds", "companyIds", "xmlId")


@dataclass(slots=True)
class Multi:
    """One phone, mail or link of a card, with its own id."""

    id: int
    type_id: str
    value_type: str
    value: str


@dataclass(slots=True)
class Item:
    id: int
    type_id: int
    values: dict[str, Any]
    fm: list[Multi] = field(default_factory=list)

    def get(self, name: str) -> Any:
        return self.id if name == "id" else self.values.get(name)


class Table:
    """The cards of one type. Whoever changes a stored card does it through `change`."""

    def __init__(self) -> None:
        self.rows: dict[int, Item] = {}
        self.ids: list[int] = []
        self.changes: list[tuple[int, int]] = []
        self.index: dict[str, dict[Any, set[int]]] = {name: {} for name in INDEXED}
        self.hidden: dict[int, float] = {}
        """Until when a fresh card is not yet in lists, by id."""

    def add(self, item: Item) -> None:
        self.rows[item.id] = item
        if not self.ids or item.id > self.ids[-1]:
            self.ids.append(item.id)
        else:
            bisect.insort(self.ids, item.id)
        self._note_change(item.values.get("updatedTime", 0), item.id)
        for name in INDEXED:
            self._link(name, item.values.get(name), item.id)

    def change(self, item: Item, values: dict[str, Any]) -> None:
        """Sets these values (None removes) and keeps the look-ups true."""
        for name, value in values.items():
            before = item.values.get(name)
            if before == value:
                continue
            if name in self.index:
                self._unlink(name, before, item.id)
                self._link(name, value, item.id)
            if value is None:
                item.values.pop(name, None)
            else:
                item.values[name] = value
            if name == "updatedTime":
                self._note_change(value, item.id)

    def remove(self, item: Item) -> None:
        del self.rows[item.id]
        del self.ids[bisect.bisect_left(self.ids, item.id)]
        self.hidden.pop(item.id, None)
        for name in INDEXED:
            self._unlink(name, item.values.get(name), item.id)

    def changed_since(self, seconds: int) -> Iterator[int]:
        """Ids of the cards with updatedTime >= seconds, in order of (updatedTime, id)."""
        for position in range(bisect.bisect_left(self.changes, (seconds, 0)), len(self.changes)):
            moment, item_id = self.changes[position]
            item = self.rows.get(item_id)
            if item is not None and item.values.get("updatedTime") == moment:
                yield item_id

    def _note_change(self, seconds: int, item_id: int) -> None:
        entry = (seconds, item_id)
        if not self.changes or entry > self.changes[-1]:
            self.changes.append(entry)
        elif self.changes[at := bisect.bisect_left(self.changes, entry)] != entry:
            self.changes.insert(at, entry)
        if len(self.changes) > 3 * len(self.rows) + 1000:
            self.changes = sorted((row.values.get("updatedTime", 0), row.id) for row in self.rows.values())

    def _link(self, name: str, value: Any, item_id: int) -> None:
        if not value:
            return
        for key in value if isinstance(value, tuple) else (value,):
            self.index[name].setdefault(key, set()).add(item_id)

    def _unlink(self, name: str, value: Any, item_id: int) -> None:
        if not value:
            return
        for key in value if isinstance(value, tuple) else (value,):
            bucket = self.index[name].get(key)
            if bucket is not None:
                bucket.discard(item_id)
                if not bucket:
                    del self.index[name][key]
