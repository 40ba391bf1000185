"""What is written is read back equal; dirt is cleaned; a newer shape reads an older text."""

from __future__ import annotations

import json
import math
import typing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import ports
from connector.store import codec
from robots import intents, model

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ids = st.integers(min_value=-codec.BIGGEST, max_value=codec.BIGGEST)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=offsets).map(lambda moment: moment.replace(fold=0))
decimals = st.decimals(allow_nan=False, allow_infinity=False)
money = st.builds(model.Money, decimals, texts)
scalars = st.one_of(st.none(), texts, st.booleans(), ids, decimals, money, moments, st.dates())
values = scalars | st.lists(scalars, max_size=3).map(tuple)
fields = st.dictionaries(texts, values, max_size=4)


def strategy(hint: Any) -> st.SearchStrategy[Any]:
    """Like `st.from_type`, with narrow leaves: clean texts, aware moments, 64 bits, finite decimals."""
    if hint == model.Value:
        return values
    if isinstance(hint, typing.NewType):
        return strategy(hint.__supertype__)
    leaves = {str: texts, int: ids, bool: st.booleans(), datetime: moments}
    if hint in leaves:
        return leaves[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint == intents.Act:
        return st.one_of([built(act) for act in args])
    if type(None) in args:
        return st.none() | strategy(next(arg for arg in args if arg is not type(None)))
    if origin is frozenset:
        return st.frozensets(strategy(args[0]), max_size=3)
    if origin is tuple and args[-1] is Ellipsis:
        return st.lists(strategy(args[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(strategy, args))
    if origin is not None:
        return st.dictionaries(strategy(args[0]), strategy(args[1]), max_size=3)
    return built(hint) if hasattr(hint, "__dataclass_fields__") else st.sampled_from(list(hint))


def built(cls: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{name: strategy(hints[name]) for name in cls.__dataclass_fields__})


@pytest.mark.parametrize(
    "cls", [model.Card, model.Client, model.Visit, ports.TraceLine, *codec.ACTS.values()]
)
@given(data=st.data())
def test_every_kept_value_comes_back_equal(cls: Any, data: st.DataObject) -> None:
    """Cards, clients, stays, lines of the story, every act."""
    value = data.draw(built(cls))
    assert codec.load(cls, codec.dump(value)) == value


@given(built(intents.Wish))
def test_a_wish_comes_back_equal(wish: intents.Wish) -> None:
    """With its act, whichever it is."""
    assert codec.load(intents.Wish, codec.dump(wish)) == wish


@given(st.builds(ports.Memory, visit=st.none() | built(model.Visit), changes=st.dictionaries(texts, ids)))
def test_a_memory_comes_back_equal(memory: ports.Memory) -> None:
    """All that a look remembers."""
    assert codec.load(ports.Memory, codec.dump(memory)) == memory


@given(fields)
def test_types_of_values_are_kept(values: dict[model.FieldCode, model.Value]) -> None:
    """True isn't 1, 1.0 isn't 1.00, a date isn't a moment, and an offset is as it was."""
    act = intents.SetFields(values)
    found = codec.load(intents.SetFields, codec.dump(act)).values
    assert [repr(found[code]) for code in values] == [repr(values[code]) for code in values]


def test_every_act_has_a_tag() -> None:
    """An act that the union has and the codec doesn't would be found out by the first customer."""
    assert set(codec.ACTS.values()) == set(typing.get_args(intents.Act))


@given(st.text(max_size=20))
def test_no_text_breaks_a_document(text: str) -> None:
    """Whatever comes from outside is saved as UTF-8 without NUL, and cleaning twice is cleaning once."""
    line = ports.TraceLine(intents.RobotId("r"), "yes", text)
    written = codec.dump(line)
    assert "\\u0000" not in written or "\0" not in text
    written.encode()
    assert (
        codec.load(ports.TraceLine, written).reason
        == codec.clean_text(text)
        == codec.clean_text(codec.clean_text(text))
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_free_json_is_never_refused(value: Any) -> None:
    """Notes are JSON of whatever shape, NaN or not."""
    text = codec.dump_json(value)
    text.encode()
    json.loads(text, parse_constant=pytest.fail)


def test_giant_numbers_are_kept_by_value() -> None:
    """Longer than Python prints and than a database counts."""
    giant = 10**5000 + 7
    act = intents.SetFields({model.FieldCode("UF"): giant})
    found = codec.load(intents.SetFields, codec.dump(act)).values[model.FieldCode("UF")]
    assert found == Decimal(giant)
    assert len(codec.load_json(codec.dump_json({"n": giant}))["n"]) == 5001
    assert codec.load_json(codec.dump_json([math.inf, 1.5])) == [None, 1.5]


def test_an_older_text_reads_with_defaults() -> None:
    """A program that adds an attribute reads what was written before it."""
    text = '{"robot":"r","outcome":"yes","reason":"why"}'
    assert codec.load(ports.TraceLine, text) == ports.TraceLine(intents.RobotId("r"), "yes", "why")


def test_moments_are_whole_microseconds() -> None:
    """Exact both ways, before 1970 too, whatever the offset."""
    for moment in (
        datetime(2026, 5, 12, 9, 30, 15, 123457, tzinfo=timezone(timedelta(hours=3))),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ):
        assert codec.moment(codec.micros(moment)) == moment


@given(st.sampled_from(list(ports.Kind)), st.integers(min_value=0))
def test_names_lead_back(kind: ports.Kind, number: int) -> None:
    """Things, cards and clients are written as their own str."""
    assert codec.thing(codec.thing_name(ports.Thing(kind, number))) == ports.Thing(kind, number)
    card, client = (
        model.CardRef(model.CardKind.LEAD, number),
        model.ClientRef(model.ClientKind.COMPANY, number),
    )
    assert (codec.card_ref(str(card)), codec.client_ref(str(client))) == (card, client)
