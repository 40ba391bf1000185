"""What counts as filled in (users.md F21): text that only gets past a required field doesn't."""

from __future__ import annotations

import re
from decimal import Decimal

from robots import model

_FILLERS = frozenset({"0", "нет", "na", "n/a", "x", "х", "no", "none", "нету"})
"""Written only to get past a required field; the «х» of both alphabets."""
_MARKS = re.compile(r"[\s.,\-–—?!_*+=:;()]+")
_ID_TYPES = {model.FieldType.USER, model.FieldType.ENUMERATION, model.FieldType.BINDING, model.FieldType.FILE}
_TEXT_TYPES = {model.FieldType.STRING, model.FieldType.TEXT, model.FieldType.OTHER, None}


def filled(value: model.Value, kind: model.FieldType | None = None) -> bool:
    """F21: text that only gets past the field isn't filled, nor a sum of 0, an unticked box, a list of such."""
    match value:
        case tuple():
            return any(filled(one, kind) for one in value)
        case None | False:
            return False
        case True:
            return True
        case str():
            return _written(value) if kind in _TEXT_TYPES else bool(value.strip())
        case model.Money():
            return value.amount != 0
        case int() | Decimal():
            # A number may well be 0, an id or a sum may not.
            return value != 0 or (kind not in _ID_TYPES and kind is not model.FieldType.MONEY)
        case _:
            return True


def _written(text: str) -> bool:
    parts = [part for part in _MARKS.split(text.casefold()) if part]
    letters = "".join(parts)
    if len(letters) > 1 and len(set(letters)) == 1:
        return False
    return not all(part in _FILLERS for part in parts)
