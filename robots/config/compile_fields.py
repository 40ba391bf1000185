"""`calculate:`, `code:` and `observers:` to their kinds' options."""

from __future__ import annotations

from decimal import Decimal

from robots import formulas, model, paths, people, templates
from robots.config import nodes
from robots.config.context import Scope
from robots.kinds import calculate, code, observers

_NUMBERS = (
    model.FieldType.INTEGER,
    model.FieldType.DOUBLE,
    model.FieldType.MONEY,
    model.FieldType.DATE,
    model.FieldType.DATETIME,
    model.FieldType.STRING,
    model.FieldType.TEXT,
)


def compile_calculate(node: nodes.Node, scope: Scope) -> calculate.Options:
    written, digits = nodes.get(node, "formula"), nodes.text(nodes.get(node, "digits"))
    field_code, kind, name = _field(nodes.get(node, "field"), scope)
    if kind not in _NUMBERS and field_code:
        scope.context.error(node, "V017", f"в «{name}» число не записать")
    return calculate.Options(
        field=field_code,
        field_name=name,
        type=kind,
        formula=_formula(written, scope) if written is not None else formulas.Number(Decimal(0)),
        digits=min(int(digits[:2]), 10) if digits.isdecimal() else 2,
    )


def _formula(node: nodes.Node, scope: Scope) -> formulas.Formula:
    template = scope.template(node)
    try:
        return formulas.parse(template)
    except formulas.BadFormula as bad:
        scope.context.error(node, "V034", str(bad), 'например: "{{Сумма}} * 0,1"')
        return formulas.Number(Decimal(0))


def _field(node: nodes.Node | None, scope: Scope) -> tuple[model.FieldCode, model.FieldType, str]:
    if node is None:
        return model.FieldCode(""), model.FieldType.DOUBLE, ""
    found = scope.card_field(node)
    directory = scope.context.names.directory
    described = directory.fields.get(scope.kind.value, {}).get(found) if directory else None
    kind = described.type if described is not None else model.FieldType.DOUBLE
    return found, model.FieldType.MONEY if found == "opportunity" else kind, nodes.text(node)


def compile_code(node: nodes.Node, scope: Scope) -> code.Options:
    pattern = nodes.get(node, "pattern")
    field_code, kind, name = _field(nodes.get(node, "field"), scope)
    if (
        kind not in (model.FieldType.STRING, model.FieldType.TEXT)
        and field_code
        and not scope.context.offline
    ):
        scope.context.error(node, "V017", f"в «{name}» код не записать: нужна строка")
    template = scope.template(pattern) if pattern is not None else templates.literal("")
    if pattern is not None and not _differs(template):
        hint = "добавьте {{ID}} или не меньше пяти #"
        scope.context.warn(pattern, "V035", "у разных карточек может выйти один код", hint)
    return code.Options(field_code, name, template)


_ENOUGH = 5


def _differs(template: templates.Template) -> bool:
    slots = [part for part in template.parts if isinstance(part, templates.Slot)]
    if any(
        isinstance(one, paths.Path) and one.code is paths.Virtual.ID for slot in slots for one in slot.options
    ):
        return True
    return sum(part.count("#") for part in template.parts if isinstance(part, str)) >= _ENOUGH


def compile_observers(node: nodes.Node, scope: Scope) -> observers.Options:
    """A list, or one name, is whom to add."""
    added = nodes.get(node, "add") if isinstance(node, nodes.Mapping) else node
    gone = nodes.get(node, "remove")
    if added is None and gone is None:
        scope.context.error(
            node, "V018", "observers: не сказано, кого добавить или убрать", "add: или remove:"
        )

    def listed(written: nodes.Node | None) -> tuple[people.Person, ...]:
        return tuple(scope.person(item, scope) for item in nodes.items(written))

    return observers.Options(listed(added), listed(gone))
