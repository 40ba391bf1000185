"""One value of an answer as the engine keeps it, whatever type PHP gave it that day. Pure.

Tolerated everywhere: "5" for 5, "" null false 0 for «unset» where the type says so, Y/N 1/0 true/false for booleans.
What can't be the wanted type raises Unreadable: nothing is decided on a guess.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from connector import errors
from robots import model

BIGGEST_ID = 2**53
_YES, _NO = {"Y", "1", "TRUE"}, {"N", "0", "FALSE"}


def bad(what: str, value: Any) -> errors.Unreadable:
    return errors.Unreadable(f"{what}: не читается значение вида {type(value).__name__}")


def blank(value: Any) -> bool:
    return value is None or value is False or value == "" or value == [] or value == {}


def number(value: Any, what: str = "число") -> int | None:
    """A whole number; None where it is unset."""
    if type(value) is int and -BIGGEST_ID <= value <= BIGGEST_ID:  # nearly always
        return value
    if blank(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str):
        text = value.strip()
        if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or len(text) > 17:
            raise bad(what, value)
        value = int(text)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > BIGGEST_ID:
        raise bad(what, value)
    return value


def ident(value: Any, what: str = "id") -> int | None:
    """A positive id; 0 and the blanks are «none»."""
    found = number(value, what)
    if found is None or found == 0:
        return None
    if found < 0:
        raise bad(what, value)
    return found


def required_id(value: Any, what: str = "id") -> int:
    found = ident(value, what)
    if found is None:
        raise bad(what, value)
    return found


def idents(value: Any, what: str = "id") -> tuple[int, ...]:
    """A list of ids, a map of them, or one; order kept, repeats and blanks dropped."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(found for part in parts if (found := ident(part, what)) is not None))


def text(value: Any, what: str = "текст") -> str | None:
    if value is None or value is False or value == "" or value == []:
        return None
    if isinstance(value, bool):
        return "Y"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise bad(what, value)
    return value


def decimal(value: Any, what: str = "число") -> Decimal | None:
    if blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise bad(what, value)
    try:
        found = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        raise bad(what, value) from None
    if not found.is_finite() or abs(found.adjusted()) > 40:
        raise bad(what, value)
    return _plain(found)


def _plain(found: Decimal) -> Decimal:
    """15000.00 and 15000 are one value and must be one text too: changes are seen by comparing."""
    whole = found.to_integral_value()
    return Decimal(int(whole)) if whole == found else found.normalize()


def flag(value: Any, what: str = "да/нет") -> bool | None:
    if isinstance(value, bool):
        return value
    if blank(value):
        return None
    if isinstance(value, int | str):
        folded = str(value).strip().upper()
        if folded in _YES:
            return True
        if folded in _NO:
            return False
    raise bad(what, value)


def moment(value: Any, zone: tzinfo, what: str = "время") -> datetime | None:
    """ISO 8601; without an offset it is the portal's zone."""
    if blank(value) or value == 0:
        return None
    if not isinstance(value, str):
        raise bad(what, value)
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        raise bad(what, value) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def required_moment(value: Any, zone: tzinfo, what: str) -> datetime:
    found = moment(value, zone, what)
    if found is None:
        raise bad(what, value)
    return found


def day(value: Any, zone: tzinfo, what: str = "дата") -> date | None:
    """A calendar date. crm.item.* shows it as midnight of the portal's zone, or midnight UTC shifted into it."""
    if isinstance(value, str) and len(value.strip()) == 10:
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise bad(what, value) from None
    found = moment(value, zone, what)
    if found is None:
        return None
    if found.time() != time(0) and found.astimezone(UTC).time() == time(0):
        return found.astimezone(UTC).date()
    return found.date()


def money(value: Any, currency: str, what: str = "сумма") -> model.Money | None:
    """`"100|RUB"`, or a bare number in the given currency."""
    if blank(value):
        return None
    amount, _, own = str(value).partition("|") if isinstance(value, str) else (value, "", "")
    found = decimal(amount, what)
    return model.Money(found, own or currency) if found is not None else None


def binding(value: Any, what: str) -> model.Scalar:
    """A bound thing: `"D_5"`, or a bare id; 0 is none."""
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        return text(value, what)
    return ident(value, what)


def file(value: Any, what: str) -> int | None:
    """A file is known by its id."""
    return ident(value.get("id") if isinstance(value, Mapping) else value, what)


def other(value: Any) -> model.Scalar:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else None
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return decimal(value)
    return value if value != "" else None


_Reader = Callable[[Any, tzinfo, str, str], model.Scalar]
_READERS: Mapping[model.FieldType, _Reader] = {
    model.FieldType.STRING: lambda v, _z, _c, w: text(v, w),
    model.FieldType.TEXT: lambda v, _z, _c, w: text(v, w),
    model.FieldType.STATUS: lambda v, _z, _c, w: text(v, w),
    model.FieldType.INTEGER: lambda v, _z, _c, w: number(v, w),
    model.FieldType.DOUBLE: lambda v, _z, _c, w: decimal(v, w),
    model.FieldType.MONEY: lambda v, _z, c, w: money(v, c, w),
    model.FieldType.BOOLEAN: lambda v, _z, _c, w: flag(v, w),
    model.FieldType.DATE: lambda v, z, _c, w: day(v, z, w),
    model.FieldType.DATETIME: lambda v, z, _c, w: moment(v, z, w),
    model.FieldType.ENUMERATION: lambda v, _z, _c, w: ident(v, w),
    model.FieldType.USER: lambda v, _z, _c, w: ident(v, w),
    model.FieldType.BINDING: lambda v, _z, _c, w: binding(v, w),
    model.FieldType.FILE: lambda v, _z, _c, w: file(v, w),
    model.FieldType.OTHER: lambda v, _z, _c, _w: other(v),
}


def of_field(field: model.Field, value: Any, zone: tzinfo, currency: str) -> model.Value:
    """A field's value by its described type; a multiple one is a tuple, None where it holds nothing."""
    if value is None or value == "":  # most of a card's fields: every reader says None
        return None
    reader = _READERS[field.type]
    if not field.multiple:
        if isinstance(value, list) and field.type is not model.FieldType.OTHER and len(value) == 1:
            value = value[0]
        return reader(value, zone, currency, field.code)
    raw = value.values() if isinstance(value, Mapping) and "id" not in value else value
    parts = [] if blank(value) else raw if not isinstance(raw, str | int | float | Mapping) else [raw]
    found = tuple(one for part in parts if (one := reader(part, zone, currency, field.code)) is not None)
    return found or None


def undescribed(value: Any) -> model.Value:
    """A field that the directory doesn't know (yet): as it came, in plain shapes."""
    if isinstance(value, list):
        return tuple(other(part) for part in value) or None
    return other(value)
