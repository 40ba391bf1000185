"""`set:` and `clear:` to their kind's options: fields of the card, of its contact and of its company."""

from __future__ import annotations

from collections.abc import Mapping

from robots import model, paths
from robots.config import compile_conditions, grammar_acts, names, nodes
from robots.config.context import Scope
from robots.config.embedding import named_fields
from robots.kinds import set_fields

_TEXTS = {None, model.FieldType.STRING, model.FieldType.TEXT, model.FieldType.OTHER}


def compile_set(node: nodes.Node, scope: Scope) -> set_fields.Options:
    fields = nodes.get(node, "fields")
    if isinstance(fields, nodes.Mapping):
        written = list(fields.pairs)
    else:
        written = [(key, value) for key, value in nodes.pairs(node) if key.text not in grammar_acts.SET.keys]
    if not written:
        scope.context.error(node, "V018", "set: не сказано, какое поле чем заполнить")
    return set_fields.Options(tuple(_assignment(key, value, scope) for key, value in written))


def compile_clear(node: nodes.Node, scope: Scope) -> set_fields.Options:
    made = []
    for item in named_fields(nodes.get(node, "fields") or node):
        owner, code = _place(item, scope)
        made.append(set_fields.Assignment(code, nodes.text(item), None, owner))
    return set_fields.Options(tuple(made))


def _assignment(key: nodes.Node, value: nodes.Node, scope: Scope) -> set_fields.Assignment:
    owner, code = _place(key, scope)
    return set_fields.Assignment(code, nodes.text(key), _value(owner, code, value, scope), owner)


def _value(owner: paths.Owner, code: model.FieldCode, value: nodes.Node, scope: Scope) -> set_fields.Wanted:
    field = _field(owner, code, scope)
    if isinstance(value, nodes.Sequence):
        made = tuple(compile_conditions.field_value(field, item, scope) for item in value.items)
        return tuple(one for one in made if not isinstance(one, tuple))
    if code == "assignedById" or (field is not None and field.type is model.FieldType.USER):
        return scope.person(value, scope)
    if (field.type if field else None) in _TEXTS and (field is None or not field.options):
        template = scope.template(value)
        return nodes.text(value) if template.literal else template
    return compile_conditions.field_value(field, value, scope)


def _field(owner: paths.Owner, code: model.FieldCode, scope: Scope) -> model.Field | None:
    directory = scope.context.names.directory
    kind = scope.kind.value if owner is paths.Owner.CARD else owner.value
    return directory.fields.get(kind, {}).get(code) if directory else None


_WRITABLE: Mapping[tuple[paths.Owner, paths.Virtual], str] = {
    (paths.Owner.CONTACT, paths.Virtual.NAME): "name",
    (paths.Owner.COMPANY, paths.Virtual.NAME): "title",
    (paths.Owner.CONTACT, paths.Virtual.RESPONSIBLE): "assignedById",
    (paths.Owner.COMPANY, paths.Virtual.RESPONSIBLE): "assignedById",
}


def _place(node: nodes.Node, scope: Scope) -> tuple[paths.Owner, model.FieldCode]:
    """Where it is written to. Phones and e-mails of clients are read only: a wrong one is a person's to correct."""
    answer = scope.context.names.path(nodes.text(node), scope.kind)
    if isinstance(answer, names.Miss) or answer.value.owner is paths.Owner.CARD:
        return paths.Owner.CARD, scope.card_field(node)
    path = scope.path(node)
    if path.owner is paths.Owner.FOUND:
        scope.context.error(node, "V017", f"в «{path.shown}» робот писать не может")
        return paths.Owner.CARD, model.FieldCode("")
    code = _WRITABLE.get((path.owner, path.code)) if isinstance(path.code, paths.Virtual) else path.code
    found = scope.context.names.field(path, scope.kind)
    if code is None or (found is not None and (found.read_only or found.multiple)):
        scope.context.error(node, "V017", f"в «{path.shown}» робот писать не может")
        return path.owner, model.FieldCode("")
    return path.owner, model.FieldCode(code)
