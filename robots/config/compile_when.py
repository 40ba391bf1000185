"""`when:` of time and of other programs to triggers: `date`, `schedule`, `webhook`, `incoming`."""

from __future__ import annotations

from datetime import time

from robots import conditions, dates, happenings, model, paths, robot, schedule, slots
from robots.config import compile_conditions, grammar_when, nodes
from robots.config.context import Scope

_DATES = (model.FieldType.DATE, model.FieldType.DATETIME)
_ENDING = "\n{{Ссылка}}"


Made = list[tuple[str, robot.Trigger, str]]
"""Part of the robot's path, trigger, what a message says that has no text of its own."""


def triggers(when: nodes.Node, scope: Scope) -> Made:
    """Empty: the occasion is another one."""
    day, table, name = (nodes.get(when, word) for word in ("date", "schedule", "webhook"))
    due = f"«{{{{Название}}}}»: подошёл срок{_ENDING}"
    if day is not None:
        return [("", _date(day, scope), due)]
    if table is not None:
        return [("", _schedule(table, scope), due)]
    if name is not None:
        source = f"{happenings.CALLED}{nodes.text(name).casefold()}"
        return [("", robot.Happened(source), f"«{{{{Название}}}}»: сигнал другой программы{_ENDING}")]
    task = nodes.get(when, "task")
    if task is not None:
        state = nodes.text(nodes.get(task, "is") if isinstance(task, nodes.Mapping) else task)
        title = " ".join(nodes.text(nodes.get(task, "title")).casefold().split())
        tells = "срок задачи прошёл" if state == "overdue" else "задача выполнена"
        return [("", robot.TaskIs(state == "overdue", title), f"«{{{{Название}}}}»: {tells}{_ENDING}")]
    if nodes.text(when) == grammar_when.PAID:
        return [("", *_arrival("paid"))]
    came = list(dict.fromkeys(nodes.text(one) for one in nodes.items(nodes.get(when, "incoming"))))
    return [(one if len(came) > 1 else "", *_arrival(one)) for one in came if one in happenings.ARRIVING]


def _arrival(what: str) -> tuple[robot.Trigger, str]:
    said = f"«{{{{Название}}}}»: {happenings.SAID[what]}{_ENDING}"
    return robot.Happened(happenings.source_of(what)), said


def _date(node: nodes.Node, scope: Scope) -> robot.Reached:
    named = nodes.get(node, "field") if isinstance(node, nodes.Mapping) else node
    code, shown = _field(named, scope) if named is not None else (model.FieldCode(""), "")
    before, after = nodes.get(node, "before"), nodes.get(node, "after")
    if before is not None and after is not None:
        scope.context.error(after, "V017", "date: или before, или after")
    return robot.Reached(
        code,
        shown,
        shift=_shift(before or after, scope),
        earlier=before is not None,
        at=_clock(nodes.get(node, "at")),
        closed=nodes.get(node, "closed") is not None,
    )


def _field(node: nodes.Node, scope: Scope) -> tuple[model.FieldCode, str]:
    path = scope.path(node)
    if node.faulty:
        return model.FieldCode(""), ""
    found = scope.context.names.field(path, scope.kind)
    if found is not None and found.type not in _DATES:
        scope.context.error(node, "V017", f"в поле «{path.shown}» не дата")
    elif path.owner is not paths.Owner.CARD or isinstance(path.code, paths.Virtual):
        scope.context.error(
            node, "V017", f"«{path.shown}» — не дата карточки: нужно поле-дата сделки или лида"
        )
    return model.FieldCode(path.code), path.shown


def _shift(node: nodes.Node | None, scope: Scope) -> schedule.Duration | None:
    made = scope.term(node)
    if node is not None and made is not None and made.unit not in dates.COUNTED:
        scope.context.error(
            node, "V019", "от даты считают днями, рабочими днями, часами и минутами", "2 work days"
        )
    return made


def _clock(node: nodes.Node | None) -> time | None:
    if node is None or nodes.is_faulty(node):
        return None
    hour, _, minute = nodes.text(node).partition(":")
    return time(int(hour), int(minute))


def _schedule(node: nodes.Node, scope: Scope) -> robot.Scheduled:
    if isinstance(node, nodes.Scalar):
        made = slots.cron(node.text)
        if isinstance(made, str):
            scope.context.error(node, "V017", made, "0 10 * * 1-5 — в 10:00 с понедельника по пятницу")
            made = slots.Slots(())
        return robot.Scheduled(made)
    closed = nodes.get(node, "closed") is not None
    times = tuple(
        sorted({at for one in nodes.items(nodes.get(node, "at")) if (at := _clock(one)) is not None})
    )
    words = {nodes.text(one) for one in nodes.items(nodes.get(node, "on"))}
    if nodes.is_faulty(node):
        return robot.Scheduled(slots.Slots(()))
    days = frozenset(int(one) for one in words if one.isdecimal())
    if grammar_when.LAST_DAY in words:
        days |= {slots.LAST}
    week = frozenset(grammar_when.WEEK[one] for one in words if one in grammar_when.WEEK)
    return robot.Scheduled(slots.Slots(times, week, days, work_days=grammar_when.WORK_DAYS in words), closed)


_CHANGE = {
    paths.Virtual.CLIENT: "@contacts",
    paths.Virtual.SUM: "opportunity",
    paths.Virtual.PHONE: "@comms",
    paths.Virtual.EMAIL: "@comms",
    paths.Virtual.RESPONSIBLE: "@responsible",
}


def _change_code(node: nodes.Node, scope: Scope) -> str:
    path = scope.path(node)
    if node.faulty:
        return ""
    code = _CHANGE.get(path.code) if isinstance(path.code, paths.Virtual) else str(path.code)
    if path.owner is not paths.Owner.CARD and code != "@comms":
        scope.context.error(
            node, "V017", f"за изменением «{path.shown}» робот не следит: только за полями карточки"
        )
    elif code is None:
        hint = "для стадии есть entered и left" if path.code is paths.Virtual.STAGE else ""
        scope.context.error(node, "V017", f"за изменением «{path.shown}» робот не следит", hint)
    return code or ""


def changed(node: nodes.Node, scope: Scope) -> robot.Changed:
    """`from` and `to` are what an `if` says of that field."""
    named = nodes.get(node, "field") if isinstance(node, nodes.Mapping) else node
    code = _change_code(named, scope) if named is not None else ""
    was, becomes = (
        _of_field(named, wanted, scope) if named is not None and wanted is not None else None
        for wanted in (nodes.get(node, "from"), nodes.get(node, "to"))
    )
    if was is not None and code.startswith("@") and code != "@responsible":
        scope.context.error(node, "V017", "from: прежних телефонов, e-mail и клиентов Voronka не помнит")
    return robot.Changed(code, was, becomes)


def _of_field(named: nodes.Node, wanted: nodes.Node, scope: Scope) -> conditions.Condition | None:
    if named.faulty or not isinstance(named, nodes.Scalar):
        return None
    line = nodes.Mapping(wanted.mark, wanted.span, pairs=[(named, wanted)])
    return compile_conditions.compile_condition(line, scope)
