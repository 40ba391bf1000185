"""Conditions as data: yes, no with what was wanted and found, or «cannot be evaluated», which is not a no.

The unions here are what the YAML compiles to; `evaluate` answers them for one look. Habit 9 of style: a condition that
cannot be evaluated never counts as false, else `not` over it would act.

Kleene's three values: `All` with a sure no is no whatever else can't be evaluated, `AnyOf` with a sure yes is yes, `Not`
of cannot is cannot. An empty field is a known fact, not an inability: it is neither «at least» nor «older than» anything.
A part whose facts aren't gathered is asked for only if the sure parts leave the answer open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

from robots import look as robots_look
from robots import model, paths, schedule, words


class Op(StrEnum):
    EQUALS = "equals"
    FILLED = "filled"
    EMPTY = "empty"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    CONTAINS = "contains"
    OLDER_THAN = "older_than"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Test:
    """One value against one wish. `wanted` is compiled: option ids for enumerations, Money for sums without currency
    (in the base currency), stage ids for `@stage`. A tuple on either side means any member of it."""

    path: paths.Path
    op: Op
    wanted: model.Value | schedule.Duration = None
    shown: str = ""
    """The wish in people's words, for `why`: «не меньше 1 000 000 ₽»."""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Test | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Failure:
    """One wish that didn't hold: in people's words, so that it can be told without the look."""

    path: paths.Path
    wanted: str
    actual: str
    """Empty where the field is."""


@dataclass(frozen=True, slots=True)
class Yes:
    pass


@dataclass(frozen=True, slots=True)
class No:
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Cannot:
    path: str
    why: str


Verdict = Yes | No | Cannot


class _Inability(Exception):
    """Raised by a comparison that has no answer; becomes Cannot."""


def evaluate(condition: Condition, look: robots_look.Look, now: datetime) -> Verdict:
    """May raise `look.NotGathered`, never because of a part that the others make irrelevant."""
    return _evaluate(condition, look, now, negated=False)


def explain(failure: Failure) -> str:
    """«Сумма»: нужно не меньше 1 000 000 ₽, а там 500 000 ₽."""
    return f"«{failure.path.shown}»: нужно {failure.wanted}, а там {failure.actual or 'пусто'}"


# --- logic ---------------------------------------------------------------------------------------------------------


def _evaluate(condition: Condition, look: robots_look.Look, now: datetime, *, negated: bool) -> Verdict:
    """De Morgan carries `not` down to the tests, so that failures always speak of single fields."""
    match condition:
        case Test():
            return _test(condition, look, now, negated=negated)
        case Not():
            return _evaluate(condition.part, look, now, negated=not negated)
        case All():
            return (_any if negated else _all)(condition.parts, look, now, negated=negated)
        case AnyOf():
            return (_all if negated else _any)(condition.parts, look, now, negated=negated)
        case _:  # pragma: no cover
            assert_never(condition)


def _verdicts(
    parts: tuple[Condition, ...], look: robots_look.Look, now: datetime, *, negated: bool
) -> tuple[list[Verdict], robots_look.NotGathered | None]:
    found: list[Verdict] = []
    ungathered: robots_look.NotGathered | None = None
    for part in parts:
        try:
            found.append(_evaluate(part, look, now, negated=negated))
        except robots_look.NotGathered as needed:
            ungathered = ungathered or needed
    return found, ungathered


def _all(parts: tuple[Condition, ...], look: robots_look.Look, now: datetime, *, negated: bool) -> Verdict:
    found, ungathered = _verdicts(parts, look, now, negated=negated)
    refusals = [one for one in found if isinstance(one, No)]
    if refusals:
        return No(tuple(failure for one in refusals for failure in one.failures))
    if ungathered:
        raise ungathered
    return next((one for one in found if isinstance(one, Cannot)), Yes())


def _any(parts: tuple[Condition, ...], look: robots_look.Look, now: datetime, *, negated: bool) -> Verdict:
    found, ungathered = _verdicts(parts, look, now, negated=negated)
    if any(isinstance(one, Yes) for one in found):
        return Yes()
    if ungathered:
        raise ungathered
    failures = tuple(failure for one in found if isinstance(one, No) for failure in one.failures)
    return next((one for one in found if isinstance(one, Cannot)), No(failures))


def _test(test: Test, look: robots_look.Look, now: datetime, *, negated: bool) -> Verdict:
    bound = _bound(test, look)
    value = bound if bound is not None else paths.read(test.path, look)
    if isinstance(value, paths.Missing):
        return Cannot(test.path.shown, value.why)
    try:
        holds = _holds(test, value, look, now)
    except _Inability as why:
        return Cannot(test.path.shown, str(why))
    if holds is not negated:
        return Yes()
    actual = paths.display(test.path, value, look.directory, look.card.ref.kind)
    if bound is not None:
        actual = "клиент указан" if bound else ""
    return No((Failure(test.path, _wanted(test, look, negated=negated), actual),))


def _bound(test: Test, look: robots_look.Look) -> bool | None:
    """«Клиент» filled or empty needs no reading of the client."""
    if test.path.code is paths.Virtual.CLIENT and test.op in {Op.FILLED, Op.EMPTY}:
        return paths.client_bound(look)
    return None


_PREFIX = {
    Op.EQUALS: "",
    Op.AT_LEAST: "не меньше ",
    Op.AT_MOST: "не больше ",
    Op.CONTAINS: "чтобы содержало ",
    Op.OLDER_THAN: "чтобы прошло больше ",
}


def _wanted(test: Test, look: robots_look.Look, *, negated: bool) -> str:
    if test.op in {Op.FILLED, Op.EMPTY}:
        return test.shown or ("заполнить" if (test.op is Op.FILLED) is not negated else "оставить пустым")
    if test.shown:
        return f"не {test.shown}" if negated else test.shown
    if isinstance(test.wanted, schedule.Duration):
        text = schedule.words(test.wanted)
    elif test.op is Op.WORDS:
        text = f"слов не меньше {test.wanted}"
    else:
        text = paths.display(test.path, test.wanted, look.directory, look.card.ref.kind) or "пусто"
    text = _PREFIX.get(test.op, "") + text
    return f"не так: {text}" if negated else text


# --- one comparison ------------------------------------------------------------------------------------------------


def _holds(test: Test, value: model.Value, look: robots_look.Look, now: datetime) -> bool:
    match test.op:
        case Op.FILLED:
            return paths.is_filled(test.path, value, look)
        case Op.EMPTY:
            return not paths.is_filled(test.path, value, look)
        case Op.WORDS:
            return paths.is_filled(test.path, value, look) and _count_words(value) >= _number(test.wanted)
        case Op.OLDER_THAN:
            return any(_older(one, test.wanted, look, now) for one in _members(value))
        case Op.EQUALS:
            return _any_pair(value, test.wanted, look, _same)
        case Op.CONTAINS:
            return _any_pair(value, test.wanted, look, _contains)
        case Op.AT_LEAST:
            return _any_pair(value, test.wanted, look, lambda one, wish, at: _compare(one, wish, at) >= 0)
        case Op.AT_MOST:
            return _any_pair(value, test.wanted, look, lambda one, wish, at: _compare(one, wish, at) <= 0)
        case _:  # pragma: no cover
            assert_never(test.op)


_Relation = Callable[[model.Scalar, model.Scalar, robots_look.Look], bool]


def _members(value: model.Value) -> tuple[model.Scalar, ...]:
    """A field's values; an unset one has none."""
    members = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in members if one is not None and one != "")


def _any_pair(
    value: model.Value,
    wanted: model.Value | schedule.Duration,
    look: robots_look.Look,
    relation: _Relation,
) -> bool:
    """Some member of the value stands so to some member of the wish; a sure pair outweighs an incomparable one."""
    if isinstance(wanted, schedule.Duration):
        raise _Inability("срок сравнивают только с возрастом: older_than")
    wishes = wanted if isinstance(wanted, tuple) else (wanted,)
    if not _members(value):
        # An unticked box may be unset over there: it is «нет», and unset is what «пусто» means.
        return relation is _same and any(
            (wish in (None, "", False) and wish != 0) or wish is False for wish in wishes
        )
    unable: _Inability | None = None
    for one in _members(value):
        for wish in wishes:
            try:
                if relation(one, wish, look):
                    return True
            except _Inability as why:
                unable = unable or why
    if unable:
        raise unable
    return False


def _same(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> bool:
    if isinstance(one, str) and isinstance(wish, str):
        return fold(one) == fold(wish)
    if isinstance(one, bool) or isinstance(wish, bool):
        return one is wish
    if wish is None:
        return False
    if isinstance(one, str) or isinstance(wish, str):
        # Option ids come as numbers from one interface and as text from another.
        return not isinstance(one, date | model.Money) and str(one) == str(wish)
    return _compare(one, wish, look) == 0


def _contains(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> bool:
    if isinstance(one, str) and wish is not None:
        return fold(str(wish)) in fold(one)
    return _same(one, wish, look)


def fold(text: str) -> str:
    """Case, spaces and ё don't tell texts apart."""
    return " ".join(text.casefold().replace("ё", "е").split())


def _compare(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> int:
    """-1, 0, 1; moments with moments, sums in the base currency, everything else as numbers."""
    if isinstance(one, date) or isinstance(wish, date):
        return _compare_dates(one, wish, look)
    if isinstance(one, model.Money) or isinstance(wish, model.Money):
        same = (
            isinstance(one, model.Money) and isinstance(wish, model.Money) and one.currency == wish.currency
        )
        left, right = (_number(one), _number(wish)) if same else (_in_base(one, look), _in_base(wish, look))
    else:
        left, right = _number(one), _number(wish)
    return (left > right) - (left < right)


def _in_base(value: model.Scalar, look: robots_look.Look) -> Decimal:
    """A bare number is in the base currency already."""
    if not isinstance(value, model.Money) or value.currency == look.directory.base_currency:
        return _number(value)
    rate = look.directory.rates.get(value.currency)
    if rate is None:
        raise _Inability(f"в портале нет курса {value.currency}")
    return value.amount * rate


def _number(value: model.Value | schedule.Duration) -> Decimal:
    match value:
        case model.Money():
            return value.amount
        case bool():
            pass
        case int() | Decimal():
            return Decimal(value)
        case str():
            try:
                number = Decimal("".join(value.split()).replace(",", "."))
            except InvalidOperation:
                number = Decimal("NaN")
            if number.is_finite():
                return number
        case _:
            pass
    raise _Inability(f"это не число: «{_plain(value)}»")


def _compare_dates(one: model.Scalar, wish: model.Scalar, look: robots_look.Look) -> int:
    """Two moments by the instant; where either is a date, by the portal's calendar day."""
    if not isinstance(one, date) or not isinstance(wish, date):
        raise _Inability(f"дату не сравнить с «{_plain(wish if isinstance(one, date) else one)}»")
    if isinstance(one, datetime) and isinstance(wish, datetime):
        return (one > wish) - (one < wish)
    left, right = _day(one, look), _day(wish, look)
    return (left > right) - (left < right)


def _day(value: date, look: robots_look.Look) -> date:
    return value.astimezone(_zone(look)).date() if isinstance(value, datetime) else value


def _older(
    value: model.Scalar, wanted: model.Value | schedule.Duration, look: robots_look.Look, now: datetime
) -> bool:
    if not isinstance(wanted, schedule.Duration):
        raise _Inability("не сказан срок")
    if not isinstance(value, date):
        raise _Inability(f"это не дата: «{_plain(value)}»")
    start = value if isinstance(value, datetime) else datetime.combine(value, time(0), tzinfo=_zone(look))
    calendar = look.directory.calendar
    if calendar is None:
        if wanted.unit.value.startswith("work "):
            raise _Inability("нет рабочего календаря, а срок в рабочем времени")
        calendar = schedule.round_the_clock("UTC")
    try:
        return schedule.after(start, wanted, calendar) <= now
    except ValueError as error:
        raise _Inability(str(error)) from error


def _zone(look: robots_look.Look) -> ZoneInfo:
    return ZoneInfo(look.directory.calendar.timezone if look.directory.calendar else "UTC")


def _plain(value: model.Value | schedule.Duration) -> str:
    match value:
        case model.Money():
            return words.money(value)
        case schedule.Duration():
            return schedule.words(value)
        case _:
            return str(value)


def _count_words(value: model.Value) -> int:
    texts = " ".join(str(one) for one in _members(value))
    return sum(1 for piece in texts.split() if any(char.isalnum() for char in piece))
