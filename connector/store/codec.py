"""Values <-> JSON text, exactly: what is read back equals what was written, except dirt.

How: a pair of plain functions is compiled once per dataclass from its type hints; attributes that stand at their default
are left out, and an attribute that an older program didn't write reads as its default. Acts are tagged by `ACTS`.
In a field's value plain JSON stands for itself, a list is a tuple, and what JSON lacks is an object of one tag:
`{"d": decimal}`, `{"m": [amount, currency]}`, `{"t": moment}`, `{"y": date}`.

Dirt, so that every database gives one verdict: NUL and lone surrogates become U+FFFD, NaN and infinities None, and an
integer beyond 64 bits a Decimal of the same value (in free JSON: text).
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from connector import ports
from robots import intents, model

T = TypeVar("T")
Turn = Callable[[Any], Any]

ACTS: Mapping[str, type] = {
    "set": intents.SetFields,
    "set_client": intents.SetClient,
    "repair_comm": intents.RepairComm,
    "move": intents.MoveStage,
    "task": intents.SetTask,
    "close_task": intents.CloseTask,
    "reassign_task": intents.ReassignTask,
    "plan_activity": intents.PlanActivity,
    "send_letter": intents.SendLetter,
    "send_sms": intents.SendSms,
    "call_url": intents.CallUrl,
    "notify": intents.Notify,
    "send_file": intents.SendFile,
    "comment": intents.Comment,
    "say": intents.Say,
    "log": intents.LogEntry,
    "copy_deal": intents.CopyDeal,
    "convert_lead": intents.ConvertLead,
    "make_invoice": intents.MakeInvoice,
    "make_document": intents.MakeDocument,
    "take_back": intents.TakeBack,
    "remember": intents.Remember,
}
TAGS: Mapping[type, str] = {act: tag for tag, act in ACTS.items()}
BIGGEST = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DIRT = re.compile("[\x00\ud800-\udfff]")


# ---------------------------------------------------------------- moments and text


SECOND = 1_000_000
"""In the unit of `micros`."""


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def moment(stamp: int) -> datetime:
    return EPOCH + timedelta(microseconds=stamp)


def maybe_micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def maybe_moment(stamp: int | None) -> datetime | None:
    return None if stamp is None else moment(stamp)


def clean_text(text: str) -> str:
    return text if text.isascii() and "\0" not in text else DIRT.sub("\ufffd", text)


def whole(number: int | None) -> int | None:
    """None for what no column of a database holds: such a number names nothing of ours."""
    return number if number is None or -BIGGEST <= number <= BIGGEST else None


def clean_json(value: Any) -> Any:
    """The same free JSON without dirt."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -BIGGEST <= value <= BIGGEST else str(Decimal(value))
    if isinstance(value, Mapping):
        return {clean_text(str(name)): clean_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value


def _text(value: Any) -> str:
    """Cleaning is paid for only by what needs it: dirt shows in the finished text or raises."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (ValueError, UnicodeEncodeError):
        text = ""
    if not text or "\\u0000" in text:
        return json.dumps(clean_json(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text


# ---------------------------------------------------------------- a field's value


def _dump_value(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value) if -BIGGEST <= value <= BIGGEST else {"d": str(Decimal(value))}
    if isinstance(value, Decimal):
        return {"d": str(value)} if value.is_finite() else None
    if isinstance(value, model.Money):
        return {"m": [str(value.amount), value.currency]} if value.amount.is_finite() else None
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"y": value.isoformat()}
    if isinstance(value, tuple | list):
        return [_dump_value(item) for item in value]
    raise TypeError(f"not a field's value: {type(value).__name__}")


def _load_value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple([_load_value(item) for item in value])
    if not isinstance(value, dict):
        return value
    ((tag, body),) = value.items()
    match tag:
        case "d":
            return Decimal(body)
        case "m":
            return model.Money(Decimal(body[0]), body[1])
        case "t":
            return datetime.fromisoformat(body)
        case "y":
            return date.fromisoformat(body)
    raise ValueError(f"unknown tag of a value: {tag}")


# ---------------------------------------------------------------- dataclasses, by their hints


def _same(value: Any) -> Any:
    return value


def _dump_act(act: Any) -> Any:
    return [TAGS[type(act)], turns(type(act))[0](act)]


def _load_act(pair: Any) -> Any:
    return turns(ACTS[pair[0]])[1](pair[1])


@functools.cache
def _turns(hint: Any) -> tuple[Turn, Turn]:
    """(to plain JSON, back) for a type hint."""
    if hint in (str, int, bool, float, Any):
        return _same, _same
    if hint == model.Value:
        return _dump_value, _load_value
    if hint == intents.Act:
        return _dump_act, _load_act
    if hint is datetime:
        return datetime.isoformat, datetime.fromisoformat
    if isinstance(hint, typing.NewType):
        return turns(hint.__supertype__)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return (lambda member: member.value), hint
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint)
    return _generic(hint)


def turns(hint: Any) -> tuple[Turn, Turn]:
    return _turns(hint)


def _generic(hint: Any) -> tuple[Turn, Turn]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        (inner,) = [turns(arg) for arg in args if arg is not type(None)]
        return _optional(inner[0]), _optional(inner[1])
    if origin is frozenset:
        dump, load = turns(args[0])
        return (lambda items: sorted(map(dump, items))), (lambda items: frozenset(map(load, items)))
    if origin is tuple and args[-1] is Ellipsis:
        dump, load = turns(args[0])
        return (lambda items: list(map(dump, items))), (lambda items: tuple(map(load, items)))
    if origin is tuple:
        each = [turns(arg) for arg in args]
        return (
            lambda items: [turn[0](item) for turn, item in zip(each, items, strict=True)],
            lambda items: tuple([turn[1](item) for turn, item in zip(each, items, strict=True)]),
        )
    if origin is not None and issubclass(origin, Mapping):
        dump, load = turns(args[1])
        return (
            lambda items: {name: dump(item) for name, item in items.items()},
            lambda items: {name: load(item) for name, item in items.items()},
        )
    raise TypeError(f"no JSON for {hint}")


def _optional(turn: Turn) -> Turn:
    return lambda value: None if value is None else turn(value)


def _default(slot: dataclasses.Field[Any]) -> Any:
    if slot.default_factory is not dataclasses.MISSING:
        return slot.default_factory()
    return slot.default


def _dataclass(cls: Any) -> tuple[Turn, Turn]:
    hints = typing.get_type_hints(cls)
    slots = [(slot.name, *turns(hints[slot.name]), _default(slot)) for slot in dataclasses.fields(cls)]
    loads = {name: load for name, _, load, _ in slots}

    def dump(value: Any) -> Any:
        plain = {}
        for name, turn, _, default in slots:
            item = getattr(value, name)
            if item is not default and item != default:
                plain[name] = turn(item)
        return plain

    def load(plain: Any) -> Any:
        return cls(**{name: loads[name](item) for name, item in plain.items()})

    return dump, load


# ---------------------------------------------------------------- the doors


def dump(value: Any) -> str:
    """Any of the dataclasses of `robots` and `ports` that the store keeps."""
    return _text(turns(type(value))[0](value))


def load(cls: type[T], text: str) -> T:
    return typing.cast(T, turns(cls)[1](json.loads(text)))


def dump_json(value: Any) -> str:
    return _text(value)


def load_json(text: str) -> Any:
    return json.loads(text)


def dump_trace(trace: tuple[ports.TraceLine, ...]) -> str:
    turn = turns(ports.TraceLine)[0]
    return _text([turn(line) for line in trace])


def load_trace(text: str) -> tuple[ports.TraceLine, ...]:
    turn = turns(ports.TraceLine)[1]
    return tuple([turn(line) for line in json.loads(text)])


# ---------------------------------------------------------------- names


def card_ref(name: str) -> model.CardRef:
    kind, _, number = name.partition(":")
    return model.CardRef(model.CardKind(kind), int(number))


def client_ref(name: str) -> model.ClientRef:
    kind, _, number = name.partition(":")
    return model.ClientRef(model.ClientKind(kind), int(number))


def thing(name: str) -> ports.Thing:
    kind, _, number = name.partition(":")
    return ports.Thing(ports.Kind(kind), int(number))


def thing_name(thing: ports.Thing) -> str:
    return f"{thing.kind.value}:{thing.id}"
