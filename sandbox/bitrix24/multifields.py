"""Phones, mails and links of cards, each with its own id, and the look-up behind duplicate search (§5.1 fm, §5.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.bitrix24 import args, kernel, store

KINDS = ("PHONE", "EMAIL", "WEB", "IM", "LINK")
Owner = tuple[int, int]
"""(entity type id, id)"""


def digits(phone: str) -> str:
    """Digits of the number, its extension left out."""
    main = re.split(r"[,;#]|доб|ext|x", phone, maxsplit=1, flags=re.IGNORECASE)[0]
    return re.sub(r"\D", "", main)


def ru(phone: str) -> str:
    """The same with 8… and +7… made equal."""
    number = digits(phone)
    if len(number) == 11 and number[0] == "8":
        return "7" + number[1:]
    return "7" + number if len(number) == 10 else number


COMPARE: dict[str, Callable[[str], str]] = {
    "digits": digits,
    "ru": ru,
    "exact": lambda phone: re.split(r"[,;#]", phone, maxsplit=1)[0].strip(),
}


def _coarse(kind: str, value: str) -> str:
    return ru(value)[-10:] if kind == "PHONE" else value.strip().casefold()


class Index:
    """Cards by phone or mail: coarse buckets, compared finely by the portal's switch at the time of the question."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], set[Owner]] = {}

    def link(self, item: store.Item, multi: store.Multi) -> None:
        if multi.type_id in ("PHONE", "EMAIL"):
            key = (multi.type_id, _coarse(multi.type_id, multi.value))
            self._buckets.setdefault(key, set()).add((item.type_id, item.id))

    def unlink(self, item: store.Item, multi: store.Multi) -> None:
        key = (multi.type_id, _coarse(multi.type_id, multi.value))
        rest = [
            each
            for each in item.fm
            if each is not multi and (each.type_id, _coarse(each.type_id, each.value)) == key
        ]
        bucket = self._buckets.get(key)
        if bucket is not None and not rest:
            bucket.discard((item.type_id, item.id))

    def forget(self, item: store.Item) -> None:
        for multi in item.fm:
            self._buckets.get((multi.type_id, _coarse(multi.type_id, multi.value)), set()).discard(
                (item.type_id, item.id)
            )

    def owners(self, kind: str, value: str) -> set[Owner]:
        return self._buckets.get((kind, _coarse(kind, value)), set())


def same(kind: str, stored: str, asked: str, mode: str) -> bool:
    if kind != "PHONE":
        return stored.strip().casefold() == asked.strip().casefold()
    compare = COMPARE[mode]
    return bool(compare(asked)) and compare(stored) == compare(asked)


class Editor:
    """Writes of multifields in both spellings. Answers whether anything changed."""

    def __init__(self, index: Index, next_id: Callable[[str], int]) -> None:
        self._index, self._next_id = index, next_id

    def add(self, item: store.Item, kind: str, value_type: str, value: str) -> None:
        multi = store.Multi(self._next_id("multifield"), kind, value_type or "OTHER", value)
        item.fm.append(multi)
        self._index.link(item, multi)

    def drop(self, item: store.Item, multi: store.Multi) -> None:
        self._index.unlink(item, multi)
        item.fm.remove(multi)

    def change(self, item: store.Item, multi: store.Multi, value_type: str, value: str) -> bool:
        if not value:
            self.drop(item, multi)
            return True
        if (multi.value, multi.value_type) == (value, value_type or multi.value_type):
            return False
        self._index.unlink(item, multi)
        multi.value, multi.value_type = value, value_type or multi.value_type
        self._index.link(item, multi)
        return True

    def apply_item(self, item: store.Item, raw: Any) -> bool:
        """crm.item.*: a list adds; an object is keyed by "n0" (add) or the id (change, "" deletes).

        Without typeId the portal answers success and does nothing, and so does this.
        """
        entries = (
            raw.items()
            if isinstance(raw, dict)
            else ((f"n{at}", entry) for at, entry in enumerate(_list(raw)))
        )
        changed = False
        for key, entry in entries:
            if not isinstance(entry, dict) or entry.get("typeId") not in KINDS:
                continue
            value, value_type = _text(entry.get("value")), _text(entry.get("valueType"))
            if str(key).isdecimal() and not isinstance(raw, list):
                known = _find(item, args.integer(key))
                if known is not None and known.type_id == entry["typeId"]:
                    changed |= self.change(item, known, value_type, value)
            elif value:
                self.add(item, entry["typeId"], value_type, value)
                changed = True
        return changed

    def apply_classic(self, item: store.Item, kind: str, raw: Any) -> bool:
        """crm.contact.*: an element with ID changes, or deletes by DELETE=Y or an empty VALUE; without ID it adds."""
        entries = raw.values() if isinstance(raw, dict) and "VALUE" not in raw else _list(raw)
        changed = False
        for entry in entries:
            if not isinstance(entry, dict):
                continue
            value, value_type = _text(entry.get("VALUE")), _text(entry.get("VALUE_TYPE"))
            if entry.get("ID") in (None, "", "0", 0):
                if value:
                    self.add(item, kind, value_type, value)
                    changed = True
                continue
            known = _find(item, args.integer(entry["ID"]))
            if known is not None and known.type_id == kind:
                changed |= self.change(item, known, value_type, "" if entry.get("DELETE") == "Y" else value)
        return changed


def _find(item: store.Item, multi_id: int) -> store.Multi | None:
    return next((multi for multi in item.fm if multi.id == multi_id), None)


def _list(raw: Any) -> list[Any]:
    if raw in (None, ""):
        return []
    if isinstance(raw, dict):
        return [raw]
    if isinstance(raw, list):
        return raw
    raise kernel.Refusal(400, "100", "Expected iterable value for multiple field, but got string instead")


def _text(raw: Any) -> str:
    return "" if raw is None or isinstance(raw, dict | list | bool) else str(raw)


def as_item(item: store.Item) -> list[dict[str, Any]]:
    return [
        {"id": multi.id, "typeId": multi.type_id, "valueType": multi.value_type, "value": multi.value}
        for multi in item.fm
    ]


def as_classic(item: store.Item, kind: str) -> list[dict[str, str]]:
    return [
        {"ID": str(multi.id), "VALUE_TYPE": multi.value_type, "VALUE": multi.value, "TYPE_ID": multi.type_id}
        for multi in item.fm
        if multi.type_id == kind
    ]
