"""`stale:` of a funnel to its kind's options (S3.7, users.md F27)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from robots import model, schedule
from robots.config import nodes
from robots.config.context import Scope
from robots.kinds import base, move, stale

Embedded = Callable[[nodes.Node | None, Scope], tuple[base.ActSpec, ...]]
_DATES = (model.FieldType.DATE, model.FieldType.DATETIME)
_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
"""Any moment does to compare terms."""
_SAID = "«{{Название}}»: нет движения\n{{Ссылка}}"


def compile_stale(node: nodes.Node, scope: Scope, embedded: Embedded) -> stale.Options:
    said = replace(scope, said=_SAID)
    rungs = [_rung(item, said, embedded) for item in nodes.items(nodes.get(node, "steps"))]
    last = nodes.get(node, "close")
    rungs += [_closing(last, scope)] if last is not None and not nodes.is_faulty(last) else []
    known = [rung for rung in rungs if rung is not None]
    _check_order(node, known, scope)
    return stale.Options(
        steps=tuple(known),
        but=frozenset(
            scope.stage(item, scope.pipeline).id
            for item in nodes.items(nodes.get(node, "except"))
            if scope.pipeline is not None and isinstance(item, nodes.Scalar)
        ),
        snooze=_snooze(nodes.get(nodes.get(node, "snooze"), "until"), scope),
    )


def _rung(node: nodes.Node, scope: Scope, embedded: Embedded) -> stale.Rung | None:
    after, acts = scope.term(nodes.get(node, "after")), embedded(node, scope)
    if not acts and not nodes.is_faulty(node):
        scope.context.error(node, "V018", "stale: не сказано, что делать", "notify: кому · task: {title: …}")
    return stale.Rung(after, acts) if after is not None else None


def _closing(node: nodes.Node, scope: Scope) -> stale.Rung | None:
    """The last step of the ladder; only a stage of failure is a closing."""
    after, where, boss = (
        scope.term(nodes.get(node, "after")),
        nodes.get(node, "to"),
        nodes.get(node, "agreed_by"),
    )
    if after is None or where is None or nodes.is_faulty(where):
        return None
    pipeline, stage = scope.target(where)
    if not scope.context.offline and stage.semantic is not model.Semantic.LOST:
        scope.context.error(where, "V017", f"stale: «{stage.name}» — не стадия провала", "Другое")
        return None
    who = scope.person(boss, scope) if boss is not None and not nodes.is_faulty(boss) else None
    options = move.Options(pipeline.id, stage.id, f"{pipeline.name} / {stage.name}", who)
    return stale.Rung(after, (base.ActSpec("move", options),))


def _check_order(node: nodes.Node, rungs: list[stale.Rung], scope: Scope) -> None:
    ends = [schedule.after(_MONDAY, rung.after, schedule.round_the_clock("UTC")) for rung in rungs]
    if ends != sorted(ends):
        scope.context.error(node, "V017", "stale: шаги пишут по порядку, сначала самый ранний")


def _snooze(node: nodes.Node | None, scope: Scope) -> model.FieldCode | None:
    if node is None:
        return None
    code = scope.card_field(node)
    directory = scope.context.names.directory
    field = directory.fields.get(scope.kind.value, {}).get(code) if directory else None
    if field is not None and field.type not in _DATES:
        scope.context.error(node, "V017", f"в поле «{field.title}» не дата")
    return code
