"""Acts to kinds' options: one function per act, one table. Acts of later versions are skipped, their remark is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from robots import model, people, schedule, templates
from robots.config import (
    compile_activity,
    compile_chat,
    compile_convert,
    compile_document,
    compile_duplicates,
    compile_fields,
    compile_outside,
    compile_queues,
    compile_set,
    compile_stale,
    compile_tag,
    compile_tasks,
    compile_unattended,
    compile_validate,
    grammar_words,
    nodes,
)
from robots.config.context import Scope
from robots.config.embedding import named_fields
from robots.kinds import (
    base,
    comment,
    duplicates,
    fill_field,
    hand_over,
    invoice,
    log,
    move,
    notify,
    stage_task,
    stale,
    task_spec,
    triage,
    validate,
    without_task,
)

_KINDS: Mapping[str, str] = {
    "tell": "notify",
    "clear": "set",
    "untag": "tag",
    **dict.fromkeys(compile_activity.WORDS, "activity"),
}
"""Words that are no kind's own name."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act as written. `body` is what stands after its word; `label` is its part of the robot's path."""

    word: str
    node: nodes.Node
    body: nodes.Node
    label: str

    @property
    def kind(self) -> str:
        return _KINDS.get(self.word, self.word)


def acts(node: nodes.Node | None) -> Iterator[Act]:
    """The acts under a key; unknown and later ones are left out (both are told by the shapes)."""
    for item in nodes.items(node):
        if isinstance(item, nodes.Scalar):
            if item.text in grammar_words.BARE and not item.faulty:
                yield Act(item.text, item, nodes.Mapping(item.mark, item.span), item.text)
            continue
        for key, body in nodes.pairs(item):
            if key.text in COMPILERS:
                yield Act(key.text, item, body, _label(key.text, body))


def _label(word: str, body: nodes.Node) -> str:
    name = nodes.text(nodes.get(body, "name")) or (
        nodes.text(nodes.get(body, "field")) if word in {"fill", "calculate", "code"} else ""
    )
    return f"{word} {' '.join(name.split())}".strip()


def options(act: Act, scope: Scope) -> Any:
    """The compiled options of the act's kind."""
    return COMPILERS[act.word](act.body, scope)


def embedded(node: nodes.Node | None, scope: Scope) -> tuple[base.ActSpec, ...]:
    return tuple(base.ActSpec(act.kind, options(act, scope)) for act in acts(node))


def _inner(node: nodes.Node, key: str) -> nodes.Node:
    """The value under `key`, or the node itself where it is the short form."""
    return nodes.get(node, key) or node


def _notify(node: nodes.Node, scope: Scope) -> notify.Options:
    to = nodes.get(node, "to") if isinstance(node, nodes.Mapping) else node
    text = nodes.get(node, "text")
    said = scope.template(text) if text is not None else None
    if said is None and scope.said:
        said = scope.text_template(nodes.Scalar(node.mark, node.span), scope.said)
    return notify.Options(tuple(scope.person(item, scope) for item in nodes.items(to)), said)


def _tell(node: nodes.Node, scope: Scope) -> notify.Options:
    return replace(_notify(node, scope), at_once=True)


def _task(node: nodes.Node, scope: Scope) -> stage_task.Options:
    return stage_task.Options(compile_tasks.compile_task(node, scope))


def _field(code: model.FieldCode, scope: Scope) -> model.Field | None:
    directory = scope.context.names.directory
    return directory.fields.get(scope.kind.value, {}).get(code) if directory else None


def _move(node: nodes.Node, scope: Scope) -> move.Options:
    pipeline, stage = scope.target(_inner(node, "to"))
    boss = nodes.get(node, "agreed_by")
    who = scope.person(boss, scope) if boss is not None and not nodes.is_faulty(boss) else None
    return move.Options(pipeline.id, stage.id, f"{pipeline.name} / {stage.name}", who)


def _invoice(node: nodes.Node, scope: Scope) -> invoice.Options:
    if scope.kind is model.CardKind.LEAD:
        scope.context.error(node, "V017", "счёт выставляется по сделке, а это лиды")
    title = node if isinstance(node, nodes.Scalar) else nodes.get(node, "title")
    responsible, to = nodes.get(node, "for"), nodes.get(node, "move")
    target = None
    if to is not None:
        pipeline, stage = scope.target(to)
        target = invoice.Target(pipeline.id, stage.id, f"{pipeline.name} / {stage.name}")
    return invoice.Options(
        title=scope.template(title) if title is not None else templates.literal(""),
        responsible=scope.person(responsible, scope) if responsible is not None else None,
        pay_within=scope.term(nodes.get(node, "pay_within")),
        move=target,
    )


def _text(node: nodes.Node, scope: Scope) -> templates.Template:
    return scope.template(_inner(node, "text"))


def _comment(node: nodes.Node, scope: Scope) -> comment.Options:
    return comment.Options(_text(node, scope))


def _log(node: nodes.Node, scope: Scope) -> log.Options:
    title = nodes.text(nodes.get(node, "title"))
    return log.Options(_text(node, scope), title) if title else log.Options(_text(node, scope))


def _hand_over(node: nodes.Node, scope: Scope) -> hand_over.Options:
    """`leave_out` is completed by `compile_hand_over` once the target pipeline's robots are known."""
    to = _inner(node, "to")
    pipeline, stage = scope.target(to)
    if scope.kind is model.CardKind.LEAD:
        scope.context.error(to, "V017", "hand_over передаёт сделки, а это лиды")
    if scope.pipeline is not None and pipeline.id == scope.pipeline.id and not to.faulty:
        scope.context.error(to, "V017", "передавать нужно в другую воронку, а это та же самая")
    for item in named_fields(nodes.get(node, "keep")):
        scope.card_field(item)
    responsible = nodes.get(node, "for")
    how = {nodes.text(nodes.get(node, "how")), nodes.text(nodes.get(node, "mode"))}
    return hand_over.Options(
        pipeline=pipeline.id,
        stage=stage.id,
        shown=f"{pipeline.name} / {stage.name}",
        how=hand_over.How.MOVE if "move" in how else hand_over.How.COPY,
        once_per_deal=nodes.text(nodes.get(node, "once")) != "per win",
        leave_out=frozenset(scope.card_field(one) for one in named_fields(nodes.get(node, "leave_out"))),
        responsible=scope.person(responsible, scope) if responsible is not None else None,
        if_reopened=_reopened(nodes.get(node, "if_reopened"), scope),
    )


_COPY_OWNER = "ответственный копии"


def _reopened(node: nodes.Node | None, scope: Scope) -> tuple[base.ActSpec, ...]:
    """Acts, or one of them without the list's dash. «ответственный копии» isn't known to the engine yet."""
    inner = replace(
        scope,
        roles={**scope.roles, _COPY_OWNER: "copy_owner"},
        said="«{{Название}}» выиграна снова, копия уже есть\n{{Ссылка}}",
    )
    return embedded(node, inner)


def _fill(node: nodes.Node, scope: Scope) -> fill_field.Options:
    field, person = nodes.get(node, "field"), nodes.get(node, "with")
    task = nodes.get(nodes.get(node, "if_nobody"), "task")
    code = scope.card_field(field) if field is not None else model.FieldCode("")
    known = _field(code, scope)
    if field is not None and known is not None and known.type is not model.FieldType.USER:
        scope.context.error(field, "V017", f"в поле «{known.title}» не сотрудник, человеком его не заполнить")
    return fill_field.Options(
        field=code,
        field_name=nodes.text(field),
        person=scope.person(person, scope) if person is not None else people.Robot(),
        also_if_dismissed=nodes.text(nodes.get(node, "also_if")) == "dismissed",
        if_nobody=_nobody_task(task, scope) if task is not None else None,
    )


def _nobody_task(node: nodes.Node, scope: Scope) -> task_spec.TaskSpec:
    """F9: it must have a term, or nobody will notice it."""
    made = compile_tasks.compile_task(node, scope)
    if made.deadline is not None:
        return made
    term = schedule.Duration(1, schedule.Unit.WORK_DAYS)
    hint = f"без deadline: будет {schedule.words(term)}"
    scope.context.warn(node, "V018", "у этой задачи нет срока, её не заметят", hint)
    return replace(made, deadline=term)


def _duplicates(node: nodes.Node, scope: Scope) -> duplicates.Options:
    return compile_duplicates.compile_duplicates(node, scope, embedded)


def _validate(node: nodes.Node, scope: Scope) -> validate.Options:
    return compile_validate.compile_validate(node, scope, embedded)


def _stale(node: nodes.Node, scope: Scope) -> stale.Options:
    return compile_stale.compile_stale(node, scope, embedded)


def _without_task(node: nodes.Node, scope: Scope) -> without_task.Options:
    return compile_stale.compile_without_task(node, scope, embedded)


def _triage(node: nodes.Node, scope: Scope) -> triage.Options:
    """One rule of it."""
    said = "«{{Название}}» разобрана по правилу\n{{Ссылка}}"
    specs = embedded(node, replace(scope, said=said))
    if not specs and not nodes.is_faulty(node):
        scope.context.error(node, "V018", "triage: не сказано, что делать", "move: куда · task: {title: …}")
    return triage.Options(" ".join(nodes.text(nodes.get(node, "name")).split()), specs)


COMPILERS: Mapping[str, Callable[[nodes.Node, Scope], Any]] = {
    "notify": _notify,
    "tell": _tell,
    "task": _task,
    "set": compile_set.compile_set,
    "clear": compile_set.compile_clear,
    "move": _move,
    "comment": _comment,
    "log": _log,
    "hand_over": _hand_over,
    "chat": compile_chat.compile_chat,
    "call_url": compile_outside.compile_call_url,
    "message": compile_outside.compile_message,
    "invoice": _invoice,
    "document": compile_document.compile_document,
    "todo": compile_activity.compile_todo,
    "call": compile_activity.compile_call,
    "meeting": compile_activity.compile_meeting,
    "fill": _fill,
    "duplicates": _duplicates,
    "validate": _validate,
    "assign": compile_queues.compile_assign,
    "calculate": compile_fields.compile_calculate,
    "convert": compile_convert.compile_convert,
    "code": compile_fields.compile_code,
    "observers": compile_fields.compile_observers,
    "tag": compile_tag.compile_tag,
    "untag": compile_tag.compile_untag,
    "stale": _stale,
    "without_task": _without_task,
    "triage": _triage,
    "unattended": compile_unattended.compile_unattended,
}
