"""Arithmetic on fields: `{{Сумма}} * 0,9`, `({{Количество}} + 1) * 1500`, `{{Дата начала}} + 30`. Pure.

    sum = product { ("+" | "-") product }    product = factor { ("*" | "/") factor }
    factor = number | {{field}} | "(" sum ")" | "-" factor

Numbers, money and dates: money is multiplied by numbers and added to money of its own currency, a date moves by days, the
difference of two dates is days. What makes no sense is `Cannot`, never a guess; nothing is counted in floats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from robots import look as looks
from robots import model, paths, templates

Operand = Decimal | model.Money | date
_TOKEN = re.compile(r"\s*(?:(\d+(?:[.,]\d+)?)|([-+*/()×÷−]))")
_SAME = {"×": "*", "÷": "/", "−": "-"}
DEEPEST = 30
_FAR = 36_500
"""Days: a date further than a century away is a slip."""


@dataclass(frozen=True, slots=True)
class Value:
    path: paths.Path


@dataclass(frozen=True, slots=True)
class Number:
    value: Decimal


@dataclass(frozen=True, slots=True)
class Operation:
    sign: str
    left: Formula
    right: Formula


Formula = Value | Number | Operation


class BadFormula(Exception):
    """Its text is what is wrong, in plain Russian."""


class Cannot(Exception):
    """Its text is why it has no result for this card."""


# --- reading -------------------------------------------------------------------------------------------------------

_Token = str | Decimal | paths.Path


def parse(written: templates.Template) -> Formula:
    """Raises BadFormula."""
    reader = _Reader(list(_tokens(written)))
    made = reader.sum(0)
    if reader.next() is not None:
        raise BadFormula(f"лишнее в формуле: «{reader.next()}»")
    return made


def _tokens(written: templates.Template) -> Iterator[_Token]:
    for part in written.parts:
        if isinstance(part, templates.Slot):
            (option, *others) = part.options
            if others or isinstance(option, str):
                raise BadFormula("в формуле у {{поля}} не бывает «иначе»: пустое поле — это 0")
            yield option
            continue
        at = 0
        while part[at:].strip():
            found = _TOKEN.match(part, at)
            if found is None:
                raise BadFormula(
                    f"не понимаю «{part[at:].strip()[:20]}»: можно + − * / ( ), числа и {{{{поля}}}}"
                )
            number, sign = found.groups()
            yield Decimal(number.replace(",", ".")) if number else _SAME.get(sign, sign)
            at = found.end()


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at = tokens, 0

    def next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def sum(self, depth: int) -> Formula:
        made = self._product(depth)
        while self.next() in ("+", "-"):
            made = Operation(str(self._take()), made, self._product(depth))
        return made

    def _product(self, depth: int) -> Formula:
        made = self._factor(depth)
        while self.next() in ("*", "/"):
            made = Operation(str(self._take()), made, self._factor(depth))
        return made

    def _factor(self, depth: int) -> Formula:
        if depth > DEEPEST:
            raise BadFormula("слишком много скобок")
        match self._take():
            case Decimal() as number:
                return Number(number)
            case paths.Path() as path:
                return Value(path)
            case "-":
                return Operation("-", Number(Decimal(0)), self._factor(depth + 1))
            case "(":
                inside = self.sum(depth + 1)
                if self._take() != ")":
                    raise BadFormula("не хватает закрывающей скобки")
                return inside
            case None:
                raise BadFormula("формула обрывается")
            case odd:
                raise BadFormula(f"«{odd}» стоит не на месте")

    def _take(self) -> _Token | None:
        token = self.next()
        self._at += 1
        return token


# --- counting ------------------------------------------------------------------------------------------------------


def count(formula: Formula, look: looks.Look) -> Operand:
    """Raises Cannot; may raise `look.NotGathered`."""
    try:
        with localcontext() as context:
            context.prec = 28
            return _count(formula, look)
    except (DivisionByZero, InvalidOperation, Overflow):
        raise Cannot("деление на ноль или слишком большое число") from None


def _count(formula: Formula, look: looks.Look) -> Operand:
    match formula:
        case Number(value):
            return value
        case Value(path):
            return _read(path, look)
        case Operation(sign, left, right):
            return _operate(sign, _count(left, look), _count(right, look))


def _read(path: paths.Path, look: looks.Look) -> Operand:
    """An empty field is 0, as people count; an empty date is nothing that days can be added to."""
    value = paths.read(path, look)
    field = paths.field_of(path, look.directory, look.card.ref.kind)
    match value:
        case paths.Missing(why):
            raise Cannot(why)
        case None | "":
            if field is not None and field.type in (model.FieldType.DATE, model.FieldType.DATETIME):
                raise Cannot(f"дата «{path.shown}» не заполнена")
            return Decimal(0)
        case bool():
            raise Cannot(f"«{path.shown}» — не число")
        case int() | Decimal():
            return Decimal(value)
        case datetime() | date() | model.Money():
            return value
        case str():
            return _number(path, value)
        case _:
            raise Cannot(f"«{path.shown}» — не число")


def _number(path: paths.Path, text: str) -> Decimal:
    try:
        found = Decimal("".join(text.split()).replace(",", "."))
    except InvalidOperation:
        raise Cannot(f"«{path.shown}» — не число: «{text[:30]}»") from None
    if not found.is_finite():
        raise Cannot(f"«{path.shown}» — не число: «{text[:30]}»")
    return found


def _operate(sign: str, left: Operand, right: Operand) -> Operand:
    match left, right:
        case Decimal(), Decimal():
            return _numbers(sign, left, right)
        case date(), Decimal() if sign in "+-":
            if abs(right) > _FAR:
                raise Cannot("дата ушла бы дальше чем на сто лет")
            return left + timedelta(days=float(right)) * (1 if sign == "+" else -1)
        case date(), date() if sign == "-":
            return Decimal((_day(left) - _day(right)).days)
        case (model.Money(), model.Money()) if left.currency != right.currency:
            raise Cannot(f"разные валюты: {left.currency} и {right.currency}")
        case (model.Money(), model.Money()) if sign == "/":
            return left.amount / right.amount
        case (model.Money(), model.Money()) if sign in "+-":
            return model.Money(_numbers(sign, left.amount, right.amount), left.currency)
        case model.Money(), Decimal():
            return model.Money(_numbers(sign, left.amount, right), left.currency)
        case Decimal(), model.Money() if sign in "+-*":
            return model.Money(_numbers(sign, left, right.amount), right.currency)
        case _:
            raise Cannot(f"так не считают: {_called(left)} {sign} {_called(right)}")


def _numbers(sign: str, left: Decimal, right: Decimal) -> Decimal:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _called(value: Operand) -> str:
    return "дата" if isinstance(value, date) else "деньги" if isinstance(value, model.Money) else "число"
