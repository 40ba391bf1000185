"""Acts to kinds' options: one function per act, one table. Acts of later versions are skipped, their remark is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from robots import contacts, model, people, templates
from robots.config import compile_conditions, compile_people, compile_tasks, grammar_acts, names, nodes
from robots.config.context import Scope
from robots.kinds import (
    base,
    comment,
    duplicates,
    fill_field,
    hand_over,
    log,
    move,
    notify,
    set_fields,
    stage_task,
)


@dataclass(frozen=True, slots=True)
class Act:
    """One act as written. `body` is what stands after its word; `label` is its part of the robot's path."""

    word: str
    node: nodes.Node
    body: nodes.Node
    label: str

    @property
    def kind(self) -> str:
        return {"tell": "notify", "clear": "set"}.get(self.word, self.word)


def acts(node: nodes.Node | None) -> Iterator[Act]:
    """The acts under a key; unknown and later ones are left out (both are told by the shapes)."""
    for item in nodes.items(node):
        if isinstance(item, nodes.Scalar):
            if item.text == "duplicates" and not item.faulty:
                yield Act("duplicates", item, nodes.Mapping(item.mark, item.span), "duplicates")
            continue
        for key, body in nodes.pairs(item):
            if key.text in COMPILERS:
                yield Act(key.text, item, body, _label(key.text, body))


def _label(word: str, body: nodes.Node) -> str:
    name = nodes.text(nodes.get(body, "name")) or (
        nodes.text(nodes.get(body, "field")) if word == "fill" else ""
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


def _task(node: nodes.Node, scope: Scope) -> stage_task.Options:
    return stage_task.Options(compile_tasks.compile_task(node, scope))


def _set(node: nodes.Node, scope: Scope) -> set_fields.Options:
    fields = nodes.get(node, "fields")
    if isinstance(fields, nodes.Mapping):
        written = list(fields.pairs)
    else:
        written = [(key, value) for key, value in nodes.pairs(node) if key.text not in grammar_acts.SET.keys]
    if not written:
        scope.context.error(node, "V018", "set: не сказано, какое поле чем заполнить")
    return set_fields.Options(tuple(_assignment(key, value, scope) for key, value in written))


def _assignment(key: nodes.Node, value: nodes.Node, scope: Scope) -> set_fields.Assignment:
    code = scope.card_field(key)
    name = nodes.text(key)
    field = _field(code, scope)
    if isinstance(value, nodes.Sequence):
        made = tuple(compile_conditions.field_value(field, item, scope) for item in value.items)
        return set_fields.Assignment(code, name, tuple(one for one in made if not isinstance(one, tuple)))
    if code == "assignedById" or (field is not None and field.type is model.FieldType.USER):
        return set_fields.Assignment(code, name, scope.person(value, scope))
    texts = {None, model.FieldType.STRING, model.FieldType.TEXT, model.FieldType.OTHER}
    if (field.type if field else None) in texts and (field is None or not field.options):
        template = scope.template(value)
        plain = nodes.text(value) if template.literal else template
        return set_fields.Assignment(code, name, plain)
    return set_fields.Assignment(code, name, compile_conditions.field_value(field, value, scope))


def _field(code: model.FieldCode, scope: Scope) -> model.Field | None:
    directory = scope.context.names.directory
    return directory.fields.get(scope.kind.value, {}).get(code) if directory else None


def _clear(node: nodes.Node, scope: Scope) -> set_fields.Options:
    fields = nodes.get(node, "fields") or node
    made = []
    for item in named_fields(fields):
        made.append(set_fields.Assignment(scope.card_field(item), nodes.text(item), None))
    return set_fields.Options(tuple(made))


def named_fields(node: nodes.Node | None) -> Iterator[nodes.Node]:
    """Fields of a list: a name, `Контакт: Имя` as people write it, or `field: any`."""
    for item in nodes.items(node):
        if isinstance(item, nodes.Scalar):
            yield item
        for key, value in nodes.pairs(item):
            if key.text == "field":
                yield value
            else:
                yield nodes.Scalar(key.mark, key.span, text=f"{key.text} / {nodes.text(value)}", quoted=True)


def _move(node: nodes.Node, scope: Scope) -> move.Options:
    pipeline, stage = scope.target(_inner(node, "to"))
    return move.Options(pipeline.id, stage.id, f"{pipeline.name} / {stage.name}")


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
    how = hand_over.How.MOVE if nodes.text(nodes.get(node, "how")) == "move" else hand_over.How.COPY
    return hand_over.Options(
        pipeline=pipeline.id,
        stage=stage.id,
        shown=f"{pipeline.name} / {stage.name}",
        how=how,
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
    if (
        task is not None
        and nodes.get(task, "deadline") is None
        and nodes.get(scope.every_task, "deadline") is None
    ):
        scope.context.error(task, "V018", "задача: не хватает ключа «deadline»: без срока её не заметят")
    return fill_field.Options(
        field=code,
        field_name=nodes.text(field),
        person=scope.person(person, scope) if person is not None else people.Robot(),
        also_if_dismissed=nodes.text(nodes.get(node, "also_if")) == "dismissed",
        if_nobody=compile_tasks.compile_task(task, scope) if task is not None else None,
    )


_OWNER_FROM = {
    "открытая сделка": duplicates.OwnerFrom.DEAL,
    "компания": duplicates.OwnerFrom.COMPANY,
    "контакт": duplicates.OwnerFrom.CONTACT,
    "открытый лид": duplicates.OwnerFrom.LEAD,
}


def _duplicates(node: nodes.Node, scope: Scope) -> duplicates.Options:
    plain = duplicates.Options()
    by = {nodes.text(item) for item in nodes.items(nodes.get(node, "by"))} or {"телефон", "e-mail"}
    among = nodes.get(node, "among")

    def how_many(key: str, default: duplicates.Among) -> duplicates.Among:
        written = nodes.text(nodes.get(among, key))
        return duplicates.Among(written) if written in {"all", "open", "none"} else default

    owner = tuple(
        _OWNER_FROM[word]
        for word in map(nodes.text, nodes.items(nodes.get(node, "owner")))
        if word in _OWNER_FROM
    )
    ignore, staff = _ignored(nodes.get(node, "ignore"), scope)
    other = replace(scope, roles={**scope.roles, **compile_people.OWNER_ROLE}, said="")
    new = "«{{Название}}»: новый клиент\n{{Ссылка}}"
    own = "«{{Название}}»: это ваш клиент\n{{Ссылка}}"
    return duplicates.Options(
        by_phone="телефон" in by,
        by_email="e-mail" in by,
        contacts=how_many("контакты", plain.contacts),
        companies=how_many("компании", plain.companies),
        leads=how_many("лиды", plain.leads),
        deals=how_many("сделки", plain.deals),
        ignore=ignore,
        ignore_staff=staff,
        owner=owner or plain.owner,
        other_owner=embedded(nodes.get(node, "other_owner"), other) or _tell_both(node),
        own_client=embedded(nodes.get(node, "own_client"), replace(scope, said=own)),
        new_client=embedded(nodes.get(node, "new_client"), replace(scope, said=new)),
        join_within_seconds=_seconds(
            nodes.get(nodes.get(node, "twice"), "within"), scope, plain.join_within_seconds
        ),
    )


def _tell_both(node: nodes.Node) -> tuple[base.ActSpec, ...]:
    """F8's default: tell, never assign. A written empty list is silence."""
    if isinstance(node, nodes.Mapping) and node.get("other_owner") is not None:
        return ()
    return (base.ActSpec("notify", notify.Options((compile_people.MANAGER, people.Role("owner")))),)


def _ignored(node: nodes.Node | None, scope: Scope) -> tuple[tuple[str, ...], bool]:
    """Phones and e-mails in their normal form; «свои сотрудники» is a flag."""
    made: list[str] = []
    staff = False
    for item in nodes.items(node):
        written = nodes.text(item).strip()
        if names.fold(written) in {"свои сотрудники", "сотрудники", "staff"}:
            staff = True
            continue
        beginning = written.endswith("*")
        bare = written.rstrip("*")
        digits = "".join(char for char in bare if char.isdigit() or char == "+")
        normal = (
            bare.lower()
            if beginning and "@" in bare
            else digits
            if beginning
            else contacts.email(bare) or contacts.phone(bare)
        )
        if not normal:
            scope.context.error(
                item, "V017", f"«{written}» не телефон, не e-mail и не их начало со звёздочкой"
            )
            continue
        made.append(f"{normal}*" if beginning else normal)
    return tuple(made), staff


def _seconds(node: nodes.Node | None, scope: Scope, default: int) -> int:
    term = scope.term(node)
    return seconds(term.amount, term.unit.value) if term is not None else default


def seconds(amount: int, unit: str) -> int:
    """Wall-clock seconds; work time is taken as wall time."""
    return amount * {"minutes": 60, "hours": 3600, "days": 86_400}[unit.split()[-1]]


COMPILERS: Mapping[str, Callable[[nodes.Node, Scope], Any]] = {
    "notify": _notify,
    "tell": _notify,
    "task": _task,
    "set": _set,
    "clear": _clear,
    "move": _move,
    "comment": _comment,
    "log": _log,
    "hand_over": _hand_over,
    "fill": _fill,
    "duplicates": _duplicates,
}
