"""`stale:` and `without_task:` of a funnel to their kinds' options (S3.7, S5.4, users.md F27)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from robots import model, schedule
from robots.config import nodes
from robots.config.context import Scope
from robots.kinds import base, move, stale, without_task

Embedded = Callable[[nodes.Node | None, Scope], tuple[base.ActSpec, ...]]
_DATES = (model.FieldType.DATE, model.FieldType.DATETIME)
_PLANNED = "запланированное дело"
_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
"""Any moment does to compare terms."""
_SAID = "«{{Название}}»: нет движения\n{{Ссылка}}"
_BARE = "«{{Название}}»: нет ни задачи, ни дела\nЗапланируйте следующий шаг: {{Ссылка}}"


def compile_stale(node: nodes.Node, scope: Scope, embedded: Embedded) -> stale.Options:
    return stale.Options(
        steps=_ladder(node, replace(scope, said=_SAID), embedded, "stale", _closing(node, scope)),
        but=_left_out(node, scope),
        snooze=_snooze(nodes.get(nodes.get(node, "snooze"), "until"), scope),
        planned=_planned(nodes.get(node, "alive")),
    )


def _planned(node: nodes.Node | None) -> timedelta | None:
    """How far ahead a planned activity counts. None: it doesn't."""
    for item in nodes.items(node):
        ahead = nodes.get(item, _PLANNED)
        if ahead is not None or nodes.text(item) in (_PLANNED, "planned activity"):
            days = re.search(r"\d+", nodes.text(ahead))
            return timedelta(days=int(days.group())) if days else without_task.FAR
    return None


def compile_without_task(node: nodes.Node, scope: Scope, embedded: Embedded) -> without_task.Options:
    steps = _ladder(node, replace(scope, said=_BARE), embedded, "without_task")
    until = nodes.get(nodes.get(node, "snooze"), "until")
    return without_task.Options(steps, _left_out(node, scope), _snooze(until, scope))


def _ladder(
    node: nodes.Node, scope: Scope, embedded: Embedded, word: str, last: stale.Rung | None = None
) -> tuple[stale.Rung, ...]:
    rungs = [_rung(item, scope, embedded, word) for item in nodes.items(nodes.get(node, "steps"))]
    rungs.append(last)
    known = [rung for rung in rungs if rung is not None]
    _check_order(node, known, scope, word)
    return tuple(known)


def _left_out(node: nodes.Node, scope: Scope) -> frozenset[model.StageId]:
    return frozenset(
        scope.stage(item, scope.pipeline).id
        for item in nodes.items(nodes.get(node, "except"))
        if scope.pipeline is not None and isinstance(item, nodes.Scalar)
    )


def _rung(node: nodes.Node, scope: Scope, embedded: Embedded, word: str) -> stale.Rung | None:
    after, acts = scope.term(nodes.get(node, "after")), embedded(node, scope)
    if not acts and not nodes.is_faulty(node):
        scope.context.error(
            node, "V018", f"{word}: не сказано, что делать", "notify: кому · task: {title: …}"
        )
    return stale.Rung(after, acts) if after is not None else None


def _closing(stale_node: nodes.Node, scope: Scope) -> stale.Rung | None:
    """The last step of the ladder; only a stage of failure is a closing."""
    node = nodes.get(stale_node, "close")
    if nodes.is_faulty(node):
        return None
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


def _check_order(node: nodes.Node, rungs: list[stale.Rung], scope: Scope, word: str) -> None:
    ends = [schedule.after(_MONDAY, rung.after, schedule.round_the_clock("UTC")) for rung in rungs]
    if ends != sorted(ends):
        scope.context.error(node, "V017", f"{word}: шаги пишут по порядку, сначала самый ранний")


def _snooze(node: nodes.Node | None, scope: Scope) -> model.FieldCode | None:
    if node is None:
        return None
    code = scope.card_field(node)
    directory = scope.context.names.directory
    field = directory.fields.get(scope.kind.value, {}).get(code) if directory else None
    if field is not None and field.type not in _DATES:
        scope.context.error(node, "V017", f"в поле «{field.title}» не дата")
    return code
