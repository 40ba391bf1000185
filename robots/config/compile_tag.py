"""`tag:` and `untag:` to their kind's options (S1.4, S5.2)."""

from __future__ import annotations

from robots.config import compile_conditions, nodes
from robots.config.context import Scope
from robots.kinds import tag

FIELD = "Теги"
"""Where tags are kept unless `field:` says otherwise."""


def compile_tag(node: nodes.Node, scope: Scope) -> tag.Options:
    return _compile(node, scope, remove=False)


def compile_untag(node: nodes.Node, scope: Scope) -> tag.Options:
    return _compile(node, scope, remove=True)


def _compile(node: nodes.Node, scope: Scope, *, remove: bool) -> tag.Options:
    named = nodes.get(node, "field")
    place = named if named is not None else nodes.Scalar(node.mark, node.span, text=FIELD, quoted=True)
    code, field = scope.card_field(place), None
    directory = scope.context.names.directory
    if directory is not None and code:
        field = directory.fields.get(scope.kind.value, {}).get(code)
    if field is not None and not field.multiple:
        hint = "нужно множественное поле: строка или список"
        scope.context.error(place, "V017", f"в поле «{field.title}» одно значение, меткам в нём тесно", hint)
    written = nodes.get(node, "add") if isinstance(node, nodes.Mapping) else node
    tags = []
    for item in nodes.items(written):
        value = compile_conditions.field_value(field, item, scope)
        if not isinstance(value, tuple):
            tags.append(tag.Tag(value, nodes.text(item)))
    if not tags and not nodes.is_faulty(node):
        scope.context.error(node, "V018", "tag: не сказано, какая метка", "tag: отложенный спрос")
    return tag.Options(code, tuple(tags), remove)
