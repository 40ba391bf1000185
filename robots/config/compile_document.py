"""`document:` to its kind's options: the template by its name or number, as the portal knows it."""

from __future__ import annotations

from robots import model
from robots.config import compile_outside, nodes, shape_checks
from robots.config.context import Scope
from robots.kinds import document


def compile_document(node: nodes.Node, scope: Scope) -> document.Options:
    written = node if isinstance(node, nodes.Scalar) else nodes.get(node, "template") or node
    template = _template(written, scope)
    letter, file = nodes.get(node, "email"), nodes.get(node, "file")
    if file is not None and letter is None:
        scope.context.error(file, "V018", "file: прикладывать не к чему: письма нет", "добавьте email: {…}")
    return document.Options(
        template=template.id,
        title=template.name,
        values=tuple(
            (key.text, scope.template(value)) for key, value in nodes.pairs(nodes.get(node, "values"))
        ),
        stamps=shape_checks.flag(nodes.get(node, "stamps"), default=False),
        letter=compile_outside.compile_letter(letter, scope) if letter is not None else None,
        file=nodes.text(file) or document.PDF,
    )


def _template(node: nodes.Node, scope: Scope) -> model.DocumentTemplate:
    name = nodes.text(node)
    answer = scope.context.names.template(name)
    found = scope.context.take(
        node, answer, model.DocumentTemplate(0, name), f"нет такого шаблона документа: «{name}»"
    )
    pipeline = scope.pipeline.id if scope.pipeline is not None and scope.kind is model.CardKind.DEAL else None
    if not node.faulty and not scope.context.offline and not found.fits(scope.kind, pipeline):
        whose = "лидов" if scope.kind is model.CardKind.LEAD else "сделок этой воронки"
        text = f"шаблон «{found.name}» не для {whose}"
        scope.context.error(node, "V017", text, "отметьте её в привязке шаблона или возьмите другой шаблон")
    return found
