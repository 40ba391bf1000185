"""Conditions as data to `robots.conditions`: a value, a list (one of), operators under keys, `any`, `all`, `not`."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from robots import conditions, model, paths, people
from robots.config import compile_valid, names, nodes, shape_checks
from robots.config.context import Scope

Op = conditions.Op
_OPERATORS = {
    "filled": Op.FILLED,
    "empty": Op.EMPTY,
    "at_least": Op.AT_LEAST,
    "at_most": Op.AT_MOST,
    "contains": Op.CONTAINS,
    "older_than": Op.OLDER_THAN,
    "words": Op.WORDS,
    "valid": Op.VALID,
    "is": Op.EQUALS,
}
_JOINS = ("any", "all", "not")
_MONEY = re.compile(r"([+-]?[\d\s]+(?:[.,]\d+)?)\s*([A-Za-z]{3}|₽|\$|€|₸)?")
_SIGNS = {"₽": "RUB", "$": "USD", "€": "EUR", "₸": "KZT"}


def compile_condition(node: nodes.Node, scope: Scope) -> conditions.Condition:
    """A mapping: every line of it must hold."""
    if not isinstance(node, nodes.Mapping):
        scope.context.error(node, "V017", "здесь нужно условие вида «поле: значение»")
        return conditions.All(())
    if not node.pairs:
        scope.context.error(node, "V017", "условие пустое")
    field = node.get("field")
    if field is not None:
        rest = nodes.Mapping(
            node.mark, node.span, pairs=[one for one in node.pairs if one[0].text != "field"]
        )
        made = _about(scope.path(field), field, rest, scope)
        node.faulty = node.faulty or rest.faulty
        return made
    parts = [_line(key, value, scope) for key, value in node.pairs]
    return parts[0] if len(parts) == 1 else conditions.All(tuple(parts))


def _line(key: nodes.Scalar, value: nodes.Node, scope: Scope) -> conditions.Condition:
    if key.text == "not" and not key.quoted:
        return conditions.Not(compile_condition(value, scope))
    if key.text in {"any", "all"} and not key.quoted:
        if not isinstance(value, nodes.Sequence):
            scope.context.error(value, "V017", f"после «{key.text}:» нужен список условий")
            return conditions.All(())
        parts = tuple(compile_condition(item, scope) for item in value.items)
        return conditions.AnyOf(parts) if key.text == "any" else conditions.All(parts)
    if key.text in _OPERATORS and not key.quoted:
        hint = f"пишут так: «Поле: {{{key.text}: …}}»; поле с таким именем — «field: {key.text}»"
        scope.context.error(key, "V017", f"«{key.text}» стоит не на своём месте", hint)
        return conditions.All(())
    return _about(scope.path(key), key, value, scope)


def _about(path: paths.Path, key: nodes.Node, value: nodes.Node, scope: Scope) -> conditions.Condition:
    """One field against a value, a list or operators."""
    if key.faulty:
        return conditions.All(())
    if isinstance(value, nodes.Sequence):
        wanted = tuple(_flat(_value(path, item, scope)) for item in value.items)
        if not wanted:
            scope.context.error(value, "V017", "список значений пуст")
        return conditions.Test(path, Op.EQUALS, wanted)
    if not isinstance(value, nodes.Mapping):
        return conditions.Test(path, Op.EQUALS, _value(path, value, scope))
    if not value.pairs:
        scope.context.error(value, "V017", "не сказано, каким должно быть поле: filled, at_least, not …")
    parts = [_operator(path, name, wish, scope) for name, wish in value.pairs]
    return parts[0] if len(parts) == 1 else conditions.All(tuple(parts))


def _operator(path: paths.Path, name: nodes.Scalar, wish: nodes.Node, scope: Scope) -> conditions.Condition:
    if name.text == "not":
        return conditions.Not(_about(path, name, wish, scope))
    if name.text in {"any", "all"} and isinstance(wish, nodes.Sequence):
        parts = tuple(_about(path, name, item, scope) for item in wish.items)
        return conditions.AnyOf(parts) if name.text == "any" else conditions.All(parts)
    op = _OPERATORS.get(name.text)
    if op is None:
        guess = shape_checks.similar(name.text, [*_OPERATORS, *_JOINS], 55)
        hint = f"может быть, «{guess}»?" if guess else ""
        notes = (f"можно: {', '.join([*_OPERATORS, *_JOINS])}",)
        scope.context.error(name, "V016", f"не знаю условия «{name.text}»", hint, notes)
        return conditions.All(())
    return _test(path, op, wish, scope)


def _test(path: paths.Path, op: Op, wish: nodes.Node, scope: Scope) -> conditions.Condition:
    written = nodes.text(wish)
    if op in {Op.FILLED, Op.EMPTY}:
        if written.casefold() not in shape_checks.YES | shape_checks.NO:
            scope.context.error(wish, "V017", f"после «{op}» нужно true или false")
        yes = shape_checks.flag(wish, default=True)
        wanted = op if yes else (Op.EMPTY if op is Op.FILLED else Op.FILLED)
        return conditions.Test(path, wanted)
    if op is Op.VALID:
        return compile_valid.compile_valid(path, wish, scope)
    if op is Op.OLDER_THAN:
        _must_be_date(path, wish, scope)
        return conditions.Test(path, op, scope.term(wish))
    if op is Op.WORDS:
        if not written.isdecimal():
            scope.context.error(wish, "V017", "после «words:» нужно число слов")
            return conditions.All(())
        return conditions.Test(path, op, int(written[:6]))
    if isinstance(wish, nodes.Sequence):
        return conditions.Test(path, op, tuple(_flat(_value(path, item, scope)) for item in wish.items))
    if op in {Op.AT_LEAST, Op.AT_MOST}:
        _must_be_ordered(path, wish, scope)
        return conditions.Test(path, op, _value(path, wish, scope, number=True))
    if op is Op.CONTAINS and not _chosen(path, scope):
        return conditions.Test(path, op, written)
    return conditions.Test(path, op, _value(path, wish, scope))


_ORDERED = {
    model.FieldType.INTEGER,
    model.FieldType.DOUBLE,
    model.FieldType.MONEY,
    model.FieldType.DATE,
    model.FieldType.DATETIME,
    model.FieldType.STRING,
}
_DATES = {model.FieldType.DATE, model.FieldType.DATETIME}


def _must_be_ordered(path: paths.Path, node: nodes.Node, scope: Scope) -> None:
    field = scope.context.names.field(path, scope.kind)
    if (field is not None and field.type not in _ORDERED) or path.code in {
        paths.Virtual.STAGE,
        paths.Virtual.RESPONSIBLE,
        paths.Virtual.CLIENT,
    }:
        scope.context.error(node, "V017", f"«{path.shown}» не число и не дата: больше и меньше тут не бывает")


def _must_be_date(path: paths.Path, node: nodes.Node, scope: Scope) -> None:
    field = scope.context.names.field(path, scope.kind)
    virtual = isinstance(path.code, paths.Virtual)
    if virtual or (field is not None and field.type not in _DATES):
        scope.context.error(node, "V017", f"«{path.shown}» не дата: older_than бывает только у даты")


def _chosen(path: paths.Path, scope: Scope) -> bool:
    """The field's values come from a list, of people, or of stages."""
    field = scope.context.names.field(path, scope.kind)
    if field is not None:
        return bool(field.options) or field.type is model.FieldType.USER
    return path.code in {paths.Virtual.STAGE, paths.Virtual.PIPELINE, paths.Virtual.RESPONSIBLE}


def _flat(value: model.Value) -> model.Scalar:
    return value[0] if isinstance(value, tuple) else value


def _value(path: paths.Path, node: nodes.Node, scope: Scope, *, number: bool = False) -> model.Value:
    """What is written, as the portal keeps it: ids for stages, people, list values; Money, dates, numbers."""
    written = nodes.text(node)
    if not isinstance(node, nodes.Scalar) or (node.empty and not node.quoted):
        hint = "пустое поле — «{empty: true}», заполненное — «{filled: true}»"
        scope.context.error(node, "V017", f"«{path.shown}»: не сказано значение", hint)
        return None
    match path.code:
        case paths.Virtual.STAGE:
            return _stages(node, scope)
        case paths.Virtual.PIPELINE:
            nothing = model.Pipeline(model.PipelineId(0), "", scope.kind, ())
            return scope.context.take(node, scope.context.names.pipeline(written), nothing).id
        case paths.Virtual.RESPONSIBLE:
            return _user(node, scope)
        case paths.Virtual.SUM:
            return _money(node, scope)
        case _:
            return field_value(scope.context.names.field(path, scope.kind), node, scope, number=number)


def field_value(
    field: model.Field | None, node: nodes.Node, scope: Scope, *, number: bool = False
) -> model.Value:
    """The written value for that field; without a field (offline, virtual) as it stands."""
    written = nodes.text(node)
    if field is None:
        return _number(written) if number and _number(written) is not None else written
    if field.options:
        return scope.context.take(node, scope.context.names.option(field, written), 0)
    match field.type:
        case model.FieldType.USER:
            return _user(node, scope)
        case model.FieldType.BOOLEAN:
            if written.casefold() not in shape_checks.YES | shape_checks.NO:
                scope.context.error(node, "V017", f"«{field.title}» бывает да или нет")
            return shape_checks.flag(node, default=False)
        case model.FieldType.MONEY:
            return _money(node, scope)
        case model.FieldType.INTEGER | model.FieldType.DOUBLE:
            found = _number(written)
            if found is None:
                scope.context.error(node, "V017", f"«{field.title}» — число, а стоит «{written}»")
            return found
        case model.FieldType.DATE | model.FieldType.DATETIME:
            return _date(node, field, scope)
        case _:
            return _number(written) if number and _number(written) is not None else written


def _stages(node: nodes.Node, scope: Scope) -> model.Value:
    """Its id; without a pipeline the ids of every stage of that name."""
    if scope.pipeline is not None:
        return scope.stage(node, scope.pipeline).id
    directory = scope.context.names.directory
    if directory is None:
        return nodes.text(node)
    own = [one for one in directory.pipelines if one.kind is scope.kind]
    answers = [scope.context.names.stage(one, nodes.text(node)) for one in own]
    ids = tuple(answer.value.id for answer in answers if not isinstance(answer, names.Miss))
    if not ids:
        known = [stage.name for one in own for stage in one.stages]
        said = names.miss(
            f"нет такой стадии ни в одной воронке: «{nodes.text(node)}»", nodes.text(node), known
        )
        scope.context.error(node, "V012", said.text, said.hint)
    return ids[0] if len(ids) == 1 else ids


def _user(node: nodes.Node, scope: Scope) -> model.Value:
    person = scope.person(node, scope)
    if isinstance(person, people.Employee):
        return int(person.user)
    if not node.faulty:
        scope.context.error(
            node, "V017", f"в условии нужен сотрудник, а «{nodes.text(node)}» у каждой карточки свой"
        )
    return None


def _number(written: str) -> Decimal | None:
    try:
        made = Decimal("".join(written.split()).replace("_", "").replace(",", "."))
    except InvalidOperation:
        return None
    return made if made.is_finite() else None


def _money(node: nodes.Node, scope: Scope) -> model.Value:
    written = nodes.text(node).strip()
    match = _MONEY.fullmatch(written)
    amount = _number(match[1]) if match else None
    if amount is None or match is None:
        scope.context.error(node, "V017", f"нужна сумма, например 1000000 или «500 USD», а стоит «{written}»")
        return None
    currency = _SIGNS.get(match[2] or "", (match[2] or "").upper())
    return model.Money(amount, currency) if currency else amount


def _date(node: nodes.Node, field: model.Field, scope: Scope) -> model.Value:
    made = parse_day(nodes.text(node))
    if made is None:
        scope.context.error(
            node, "V017", f"«{field.title}» — дата, например 2026-12-31, а стоит «{nodes.text(node)}»"
        )
    return made


def parse_day(text: str) -> date | None:
    """«2026-12-31» or «31.12.2026»."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  (a calendar day has no zone)
        except ValueError:
            continue
    return None
