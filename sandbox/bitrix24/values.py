"""Values on their way in and out: what a card stores, and the two ways in which the API spells it.

Stored: ids and user ids int; money float; booleans "Y"/"N"; date "YYYY-MM-DD"; datetime int seconds of the epoch
(the portal's precision); multiple fields a tuple; files `{"id", "name"}`; nothing at all where a field is unset.
`stored` reads a value from the wire, `item_value` and `classic_value` write it (reference §5.1 and §9.1-9.4).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from sandbox.bitrix24 import schema

RELATIONS = frozenset(
    [
        "crm_company",
        "crm_contact",
        "crm_lead",
        "crm_deal",
        "crm_quote",
        "crm_category",
        "location",
        "iblock_element",
        "iblock_section",
    ]
)
INTEGERS = RELATIONS | {"integer", "user", "employee", "enumeration"}
FLAGS = frozenset({"char", "boolean"})


EARLIEST, LATEST = -62_000_000_000, 253_000_000_000
"""Moments that can be shown in any zone: years 5 to 9987."""
LONGEST_INTEGER = 18


class BadValue(ValueError):
    """The value can't be read as the field's type."""


@functools.lru_cache(maxsize=65536)
def iso(seconds: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(seconds, zone).isoformat()


@functools.lru_cache(maxsize=8192)
def iso_date(day: str, zone: tzinfo) -> str:
    """A date as crm.item.* shows it: midnight of the server's zone."""
    return datetime.fromisoformat(day).replace(tzinfo=zone).isoformat()


def _moment(raw: Any, zone: tzinfo) -> datetime:
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise BadValue(raw)
    text = str(raw).strip()
    if text.isdecimal() and 9 <= len(text) <= 12:
        return datetime.fromtimestamp(min(int(text), LATEST), UTC)
    moment: datetime | None = None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for form in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"):
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is set below
                break
            except ValueError:
                continue
    if moment is None:
        raise BadValue(raw)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def to_seconds(raw: Any, zone: tzinfo) -> int:
    """Epoch seconds of an ISO or dd.mm.yyyy moment; without an offset it is the server's zone."""
    try:
        seconds = int(_moment(raw, zone).timestamp())
    except (OverflowError, OSError):
        raise BadValue(raw) from None
    if not EARLIEST <= seconds <= LATEST:
        raise BadValue(raw)
    return seconds


def to_day(raw: Any, zone: tzinfo) -> str:
    if isinstance(raw, str) and len(raw) == 10 and raw[4] == "-":
        try:
            return date.fromisoformat(raw).isoformat()
        except ValueError:
            raise BadValue(raw) from None
    try:
        return _moment(raw, zone).astimezone(zone).date().isoformat()
    except (OverflowError, OSError):
        raise BadValue(raw) from None


def to_int(raw: Any) -> int:
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if isinstance(raw, str) and len(raw) <= LONGEST_INTEGER and re.fullmatch(r"\s*[+-]?[0-9]+\s*", raw):
        return int(raw)
    raise BadValue(raw)


def to_float(raw: Any) -> float:
    if isinstance(raw, str | int | float):
        try:
            number = float(raw)
        except (ValueError, OverflowError):
            raise BadValue(raw) from None
        if number == number and abs(number) != float("inf"):
            return number
    raise BadValue(raw)


def to_flag(raw: Any) -> str:
    if raw in (True, 1, "1", "Y", "y", "true"):
        return "Y"
    if raw in (False, 0, None, "", "0", "N", "n", "false"):
        return "N"
    raise BadValue(raw)


def to_text(raw: Any) -> str:
    if isinstance(raw, bool):
        return "1" if raw else ""
    if isinstance(raw, str | int | float):
        return str(raw)
    raise BadValue(raw)


def _to_file(raw: Any) -> dict[str, Any]:
    if isinstance(raw, dict) and "fileData" in raw:
        raw = raw["fileData"]
    if isinstance(raw, dict) and "id" in raw:
        return {"id": to_int(raw["id"])}
    if isinstance(raw, list) and len(raw) == 2 and isinstance(raw[0], str):
        return {"name": raw[0]}
    raise BadValue(raw)


_READERS: dict[str, Callable[[Any], Any]] = {"double": to_float, "file": _to_file}


def stored(field: schema.Field, raw: Any, zone: tzinfo) -> Any:
    """One value (not the list of a multiple field) as a card stores it; None clears. Raises BadValue."""
    kind = field.type
    if kind in FLAGS:
        return to_flag(raw)
    if raw is None or raw == "" or raw is False:
        return "" if kind in ("string", "text", "url", "address") and raw is not None else None
    if kind in INTEGERS:
        return to_int(raw)
    if kind == "date":
        return to_day(raw, zone)
    if kind == "datetime":
        return to_seconds(raw, zone)
    return _READERS[kind](raw) if kind in _READERS else to_text(raw)


def number(value: float) -> float | int:
    """Money as JSON shows it: whole sums without a fraction."""
    return int(value) if value.is_integer() else value


def item_value(field: schema.Field, value: Any, zone: tzinfo) -> Any:
    """A stored value as crm.item.* answers it."""
    kind = field.type
    if field.multiple:
        return [_item_scalar(kind, part, zone) for part in value] if value else []
    if value is None:
        return _item_unset(field)
    return _item_scalar(kind, value, zone)


def _item_scalar(kind: str, value: Any, zone: tzinfo) -> Any:
    if kind == "datetime":
        return iso(value, zone)
    if kind == "date":
        return iso_date(value, zone)
    if kind == "double":
        return number(value)
    if kind == "file":
        path = f"/rest/download/{value.get('id', 0)}"
        return {"id": value.get("id", 0), "url": path, "urlMachine": path}
    return value


def _item_unset(field: schema.Field) -> Any:
    if field.dead or field.user_field:
        return None
    if field.type in RELATIONS:
        return 0
    if field.type in FLAGS:
        return "N"
    return 0 if field.type == "double" else None


def classic_value(field: schema.Field, value: Any, zone: tzinfo) -> Any:
    """A stored value as crm.deal.get and its like answer it: all strings (§5.2)."""
    if field.user_field and field.type == "boolean":
        return None if value is None else value == "Y"
    if field.multiple:
        return (
            [_classic_scalar(field.type, part, zone) for part in value]
            if value
            else ([] if field.user_field else None)
        )
    if value is None:
        return _classic_unset(field)
    return _classic_scalar(field.type, value, zone)


def _classic_scalar(kind: str, value: Any, zone: tzinfo) -> Any:
    if kind == "datetime":
        return iso(value, zone)
    if kind == "date":
        return iso_date(value, zone)
    if kind == "double":
        return f"{value:.2f}"
    if kind == "file":
        path = f"/rest/download/{value.get('id', 0)}"
        return {"id": value.get("id", 0), "showUrl": path, "downloadUrl": path}
    return str(value)


def _classic_unset(field: schema.Field) -> Any:
    if field.user_field:
        return ""
    if field.type in FLAGS:
        return "N"
    if field.type == "double":
        return "0.00"
    return "0" if field.type in RELATIONS and field.type != "location" else None
