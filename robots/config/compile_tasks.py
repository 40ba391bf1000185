"""A task's text to `kinds.task_spec.TaskSpec`: its own keys over `every_task`, its own words over the defaults."""

from __future__ import annotations

from datetime import date

from robots import intents, model, paths, people, robot, templates
from robots.config import compile_conditions, compile_people, names, nodes, problems, shape_checks
from robots.config.context import Scope
from robots.kinds import task_spec

_FILE = "file:"


def compile_task(node: nodes.Node, scope: Scope) -> task_spec.TaskSpec:
    """A mapping, or the title alone."""

    def own(key: str) -> nodes.Node | None:
        return nodes.get(node, key)

    def key(name: str) -> nodes.Node | None:
        found = own(name)
        if found is not None:
            return found
        default = nodes.get(scope.every_task, name)
        if nodes.is_faulty(default):
            node.faulty = True
        return default

    def person(name: str) -> people.Person | None:
        found = key(name)
        return scope.person(found, scope) if found is not None else None

    title = node if isinstance(node, nodes.Scalar) else own("title")
    closes, closes_filled = _closes(key("closes"), scope)
    postpone = key("may_postpone")
    if nodes.text(postpone) == "1" and postpone is not None:
        scope.context.inform(postpone, "V028", "число переносов придёт позже: пока можно переносить")
    description = own("description")
    checklist = own("checklist")
    return task_spec.TaskSpec(
        title=scope.template(title) if title is not None else templates.literal(""),
        responsible=person("for") or compile_people.MANAGER,
        creator=person("creator"),
        description=_description(description, scope) if description is not None else None,
        deadline=scope.term(key("deadline")),
        checklist=_checklist(checklist, scope) if checklist is not None else task_spec.Checklist(),
        observers=_people(key("observers"), scope),
        closes=closes,
        closes_filled=closes_filled,
        may_postpone=shape_checks.flag(postpone, default=True),
        follows_responsible=shape_checks.flag(key("follows_responsible"), default=True),
        overdue_to=_told(key("overdue"), scope),
        by_hand_to=_told(key("closed_by_hand"), scope),
        by_hand_after=scope.term(nodes.get(key("closed_by_hand"), "after")) or task_spec.AT_ONCE,
        postponed_to=_told(key("postponed"), scope),
        postponed_times=_times(nodes.get(key("postponed"), "times")),
    )


def _people(node: nodes.Node | None, scope: Scope) -> tuple[people.Person, ...]:
    return tuple(scope.person(item, scope) for item in nodes.items(node))


def _told(node: nodes.Node | None, scope: Scope) -> tuple[people.Person, ...]:
    if not isinstance(node, nodes.Mapping):
        return _people(node, scope)
    everyone = [one for key in ("digest", "notify", "tell") for one in _people(nodes.get(node, key), scope)]
    return tuple(dict.fromkeys(everyone))


def _times(node: nodes.Node | None) -> int:
    written = nodes.text(node)
    return max(int(written[:3]), 1) if written.isdecimal() else 3


def _closes(node: nodes.Node | None, scope: Scope) -> tuple[intents.TaskCloses, model.FieldCode | None]:
    filled = nodes.get(node, "filled")
    if filled is not None:
        client = scope.path(filled).code is paths.Virtual.CLIENT
        return intents.TaskCloses.FILLED, paths.CLIENT if client else scope.card_field(filled)
    written = nodes.text(node)
    if written in {"on_leave", "by_hand"}:
        return intents.TaskCloses(written), None
    return (intents.TaskCloses.ON_LEAVE if scope.in_stage else intents.TaskCloses.BY_HAND), None


def _description(node: nodes.Node, scope: Scope) -> templates.Template | None:
    """A text, or `file:имя.txt`: the text of that file, with its mistakes shown in it."""
    written = nodes.text(node)
    if not written.startswith(_FILE):
        return scope.template(node)
    wanted = written.removeprefix(_FILE).strip()
    known = scope.context.files
    name = next((one for one in (wanted, f"texts/{wanted}") if one in known), None)
    if name is not None:
        return scope.text_template(node, known[name], robot.Mark(name, 1, 1))
    guess = names.suggest(wanted, known)
    hint = f"может быть, «{guess}»?" if guess else "положите его рядом или в папку texts/"
    severity = problems.Severity.WARNING
    scope.context.warn(
        node, "V025", f"нет файла «{wanted}»: задача будет без описания", hint, severity=severity
    )
    return None


def _checklist(node: nodes.Node, scope: Scope) -> task_spec.Checklist:
    by = nodes.get(node, "by")
    if not isinstance(node, nodes.Mapping) or by is None:
        return task_spec.Checklist(items=_items(node, scope))
    path = scope.path(by)
    branches: dict[int | str, tuple[templates.Template, ...]] = {}
    field = None if by.faulty else scope.context.names.field(path, scope.kind)
    if field is not None and not field.options:
        text = f"«{path.shown}» не список: по его значениям пункты не выбрать"
        scope.context.error(by, "V017", text)
    for key, value in node.pairs:
        if key.text in {"by", "empty", "always"} and not key.quoted:
            continue
        option: int | str = key.text
        if field is not None and field.options:
            option = scope.context.take(key, scope.context.names.option(field, key.text), key.text)
        branches[option] = _items(value, scope)
    _uncovered(by, field, branches, scope)
    return task_spec.Checklist(
        items=_items(nodes.get(node, "always"), scope),
        by=path,
        branches=branches,
        empty=_items(nodes.get(node, "empty"), scope),
    )


def _uncovered(
    by: nodes.Node,
    field: model.Field | None,
    branches: dict[int | str, tuple[templates.Template, ...]],
    scope: Scope,
) -> None:
    """F30: values of the list that no branch covers."""
    if field is None or by.faulty:
        return
    known = {str(key) for key in branches}
    left = [title for key, title in field.options.items() if str(key) not in known]
    if left and field.options:
        listed = ", ".join(f"«{title}»" for title in left)
        scope.context.warn(by, "V026", f"для значений {listed} пунктов нет: чек-лист будет пустым")


def _items(node: nodes.Node | None, scope: Scope) -> tuple[templates.Template, ...]:
    return tuple(scope.template(item) for item in nodes.items(node) if isinstance(item, nodes.Scalar))


def day(node: nodes.Node, scope: Scope) -> date | None:
    made = compile_conditions.parse_day(nodes.text(node))
    if made is None:
        scope.context.error(node, "V017", f"нет такой даты: «{nodes.text(node)}»", "например, 2026-12-31")
    return made
