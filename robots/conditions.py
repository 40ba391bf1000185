"""Conditions as data: yes, no with what was wanted and found, or «cannot be evaluated», which is not a no.

The unions here are what the YAML compiles to; `evaluate` answers them for one look. Habit 9 of style: a condition that
cannot be evaluated never counts as false, else `not` over it would act.

Kleene's three values: `All` with a sure no is no whatever else can't be evaluated, `AnyOf` with a sure yes is yes, `Not`
of cannot is cannot. An empty field is a known fact, not an inability: it is neither «at least» nor «older than» anything.
A part whose facts aren't gathered is asked for only if the sure parts leave the answer open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from robots import comparisons, model, paths, schedule, validity
from robots import look as robots_look


class Op(StrEnum):
    EQUALS = "equals"
    FILLED = "filled"
    EMPTY = "empty"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    CONTAINS = "contains"
    OLDER_THAN = "older_than"
    WORDS = "words"
    VALID = "valid"


@dataclass(frozen=True, slots=True)
class Test:
    """One value against one wish. `wanted` is compiled: option ids for enumerations, Money for sums without currency
    (in the base currency), stage ids for `@stage`, the country of phones without a code for `VALID`. A tuple on either
    side means any member of it."""

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
    except comparisons.Inability as why:
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
            enough = comparisons.count_words(value) >= comparisons.number(test.wanted)
            return enough and paths.is_filled(test.path, value, look)
        case Op.VALID:
            return any(_valid(test, one) for one in comparisons.members(value))
        case Op.OLDER_THAN:
            return any(comparisons.older(one, test.wanted, look, now) for one in comparisons.members(value))
        case Op.EQUALS:
            return comparisons.any_pair(value, test.wanted, look, comparisons.same)
        case Op.CONTAINS:
            return comparisons.any_pair(value, test.wanted, look, comparisons.contains)
        case Op.AT_LEAST:
            return comparisons.any_pair(value, test.wanted, look, comparisons.at_least)
        case Op.AT_MOST:
            return comparisons.any_pair(value, test.wanted, look, comparisons.at_most)
        case _:  # pragma: no cover
            assert_never(test.op)


_CHECKS = {paths.Virtual.EMAIL: validity.email, paths.Virtual.SITE: validity.site}


def _valid(test: Test, value: model.Scalar) -> bool:
    """A phone, an e-mail or a site by which somebody can be reached (S3.3); an empty one is neither."""
    if not isinstance(value, str):
        return False
    if test.path.code is paths.Virtual.PHONE:
        return validity.phone(value, str(test.wanted)) is None
    return _CHECKS[paths.Virtual(test.path.code)](value) is None
