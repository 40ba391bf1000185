"""Count a field from others and write it: `calculate: {field: …, formula: "{{Сумма}} * 0,1"}`.

What stands so already is left alone, so that a robot that counts on each change doesn't chase itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from robots import formulas, intents, look, model, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


@dataclass(frozen=True, slots=True)
class Options:
    field: model.FieldCode
    field_name: str
    type: model.FieldType
    formula: formulas.Formula
    digits: int = 2
    """After the comma."""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    try:
        value = _fitting(options, formulas.count(options.formula, ask.look), ask.look)
    except formulas.Cannot as why:
        yield base.Line(base.Outcome.FAILED, f"«{options.field_name}» не посчитать: {why}")
        return
    present = ask.look.card.value(options.field)
    if present == value:
        yield base.Line(base.Outcome.NOTHING_TO_DO, f"«{options.field_name}» уже так: {_shown(value)}")
        return
    act = intents.SetFields({options.field: value}, {options.field: present})
    yield base.Step("calculate", act, f"«{options.field_name}» = {_shown(value)}")


def _fitting(options: Options, value: formulas.Operand, seen: look.Look) -> model.Value:
    """As the field keeps it; raises Cannot where it can't keep such a thing."""
    dates = (model.FieldType.DATE, model.FieldType.DATETIME)
    if isinstance(value, date) != (options.type in dates):
        raise formulas.Cannot(
            "результат — дата, а поле — нет" if isinstance(value, date) else "в поле дата, а результат — нет"
        )
    if isinstance(value, date):
        return _date(options.type, value, seen)
    amount = _rounded(value.amount if isinstance(value, model.Money) else value, options.digits)
    if options.type is model.FieldType.MONEY:
        currency = value.currency if isinstance(value, model.Money) else _currency(options, seen)
        return model.Money(amount, currency)
    if options.type is model.FieldType.INTEGER:
        return int(_rounded(amount, 0))
    if options.type is model.FieldType.DOUBLE:
        return amount
    return words.number(amount)


def _rounded(amount: Decimal, digits: int) -> Decimal:
    try:
        return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    except InvalidOperation:
        raise formulas.Cannot("слишком большое число") from None


def _date(kind: model.FieldType, value: date, seen: look.Look) -> model.Value:
    """A day written into a field of moments is the beginning of that day where the company is."""
    if kind is model.FieldType.DATE:
        return value.date() if isinstance(value, datetime) else value
    if isinstance(value, datetime):
        return value
    calendar = seen.directory.calendar
    return datetime.combine(value, time(), ZoneInfo(calendar.timezone if calendar else "UTC"))


def _currency(options: Options, seen: look.Look) -> str:
    for code in (options.field, model.FieldCode("opportunity")):
        present = seen.card.value(code)
        if isinstance(present, model.Money) and present.currency:
            return present.currency
    return seen.directory.base_currency


def _shown(value: model.Value) -> str:
    match value:
        case model.Money():
            return words.money(value)
        case datetime():
            return words.full_moment(value, None)
        case date():
            return words.day(value)
        case int() | Decimal():
            return words.number(value)
        case _:
            return str(value)
