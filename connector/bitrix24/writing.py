"""Acts as commands, and how what they made is recognised. Pure.

Markers: deals carry (originator, origin id), tasks an XML_ID, comments and log entries a visible tail. All are digests of
the wish's key, so a second try of the same wish recognises the first one's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.bitrix24 import client, guarded, names, parsing, phpquery, timelines, values
from robots import intents, model

ORIGINATOR = "voronka"
CLIENT_ID = "voronka"
CHECKLIST = "Чек-лист"
UNION = frozenset({"observers", "contactIds"})
"""System lists: always merged with what is there, never replaced."""
BEFORE = timedelta(minutes=1)
"""How far before the sending a task may bear its date: the portal's clock and ours are not one."""

marker = timelines.marker


# --- fields --------------------------------------------------------------------------------------------------------


def spelled(code: str, value: model.Value) -> Any:
    """A value as crm.item.* takes it. A multiple field is a list; nothing is an empty string."""
    match value:
        case tuple():
            return [spelled(code, one) for one in value]
        case None:
            return ""
        case bool():
            return "Y" if value else "N"
        case model.Money():
            return plain(value.amount) if code == "opportunity" else f"{plain(value.amount)}|{value.currency}"
        case Decimal():
            return plain(value)
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
        case _:
            return value


def plain(amount: Decimal) -> str:
    return format(amount, "f")


def fields(
    wanted: Mapping[model.FieldCode, model.Value], described: Mapping[model.FieldCode, model.Field]
) -> dict[str, Any]:
    """What to send. An emptied multiple field is an empty list, or the portal refuses it."""
    made: dict[str, Any] = {}
    for code, value in wanted.items():
        field = described.get(code)
        made[code] = [] if value is None and field is not None and field.multiple else spelled(code, value)
        if code == "opportunity" and isinstance(value, model.Money):
            made["currencyId"] = value.currency
            made["isManualOpportunity"] = "Y"
    return made


def merged(act: intents.SetFields, present: model.Card) -> dict[model.FieldCode, model.Value]:
    """Whole-list fields as a three-way union: what the robot added and took away, on what stands there now."""
    wanted = dict(act.values)
    for code, value in act.values.items():
        if not isinstance(value, tuple):
            continue
        was, now = _parts(act.replaces.get(code)), _parts(present.value(code))
        gone = _taken_away(act, code)
        kept = [one for one in now if one not in gone]
        wanted[code] = tuple(dict.fromkeys((*kept, *(one for one in value if one not in was or one in now))))
    return wanted


def _taken_away(act: intents.SetFields, code: model.FieldCode) -> frozenset[model.Scalar]:
    """Out of a whole-list field. Of people and contacts somebody is taken away only by an
    undoing, or by a robot that says so."""
    value = act.values[code]
    if not isinstance(value, tuple) or (code in UNION and not (act.guarded or act.takes_away)):
        return frozenset()
    return frozenset(_parts(act.replaces.get(code))) - frozenset(value)


def carried_out(act: intents.SetFields, card: model.Card) -> bool:
    """Whether the card has all that was set, and of its lists nothing that was to go."""
    left = (one for code in act.values for one in _parts(card.value(code)) if one in _taken_away(act, code))
    return holds(card, act.values) and next(left, None) is None


def _parts(value: model.Value) -> tuple[model.Scalar, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def has_lists(act: intents.SetFields) -> bool:
    return any(isinstance(value, tuple) for value in act.values.values())


def holds(card: model.Card, wanted: Mapping[model.FieldCode, model.Value]) -> bool:
    """Whether the card has every value; a list counts as held when nothing of it is missing."""
    return all(_same(card.value(code), value) for code, value in wanted.items())


def same_values(
    now: Mapping[model.FieldCode, model.Value], wanted: Mapping[model.FieldCode, model.Value]
) -> bool:
    """The same of any thing's values by code."""
    return all(_same(now.get(code), value) for code, value in wanted.items())


def _same(now: model.Value, wanted: model.Value) -> bool:
    if isinstance(wanted, tuple):
        return {_key(one) for one in wanted} <= {_key(one) for one in _parts(now)}
    if isinstance(now, tuple):
        return False
    return _key(now) == _key(wanted)


def _key(value: model.Scalar) -> object:
    """One key for the spellings of one value: 5, Decimal(5), "5"; False, None and 0 of an unset field."""
    match value:
        case None | False | "" | 0:
            return None
        case True:
            return "Y"
        case model.Money():
            return (value.amount, value.currency) if value.amount else None
        case datetime():
            return value.timestamp() // 1
        case date():
            return value.isoformat()
        case int() | Decimal():
            return str(values.decimal(str(value)))
        case _:
            return str(value).replace("\r\n", "\n").strip()


def update(ref: model.CardRef, sent: Mapping[str, Any]) -> client.Command:
    params = {"entityTypeId": names.type_id(ref), "id": ref.id, "fields": dict(sent), **names.RAW_UF}
    return client.Command("crm.item.update", params, write=True)


def get(ref: model.CardRef) -> client.Command:
    return client.Command("crm.item.get", {"entityTypeId": names.type_id(ref), "id": ref.id, **names.RAW_UF})


def move_from(ref: model.CardRef, act: intents.MoveStage) -> list[client.Command]:
    """The card in the stage it is to leave, and the move of what was found: an empty reference moves nothing."""
    where = {
        "entityTypeId": names.type_id(ref),
        "filter": {"@id": [ref.id], "=stageId": act.only_from},
        "order": {"id": "ASC"},
        "select": ["id"],
        "start": -1,
    }
    sent: dict[str, Any] = {"stageId": act.stage}
    if ref.kind is model.CardKind.DEAL:
        sent["categoryId"] = act.pipeline
    return guarded.pair(where, update(ref, sent))


def move_guard(ref: model.CardRef, act: intents.MoveStage) -> guarded.Guard:
    return guarded.Guard((ref.kind, act.only_from, act.pipeline, act.stage), ref.id)


# --- tasks ---------------------------------------------------------------------------------------------------------


def task_marker(key: intents.WishKey) -> str:
    return f"{ORIGINATOR}-{marker(key)}"


def add_task(ref: model.CardRef, act: intents.SetTask, key: intents.WishKey) -> list[client.Command]:
    """The task, and its checklist riding behind it by reference."""
    made: dict[str, Any] = {
        "TITLE": act.title,
        "DESCRIPTION": act.description,
        "RESPONSIBLE_ID": act.responsible,
        "UF_CRM_TASK": [names.binding(ref)],
        "XML_ID": task_marker(key),
        "TASK_CONTROL": "N",
        "ALLOW_CHANGE_DEADLINE": "Y" if act.may_postpone else "N",
    }
    if act.creator is not None:
        made["CREATED_BY"] = act.creator
    if act.deadline is not None:
        made["DEADLINE"] = act.deadline.isoformat()
    if act.observers:
        made["AUDITORS"] = list(act.observers)
    first = client.Command("tasks.task.add", {"fields": made}, write=True, name="task")
    return [first, *checklist(phpquery.Ref("task", "task", "id"), act.checklist)]


def checklist(
    task: int | phpquery.Ref, titles: Sequence[str], root: int | None = None
) -> list[client.Command]:
    """Items under the checklist `root`, or under a new one. Parameters keep their documented order."""
    if not titles:
        return []
    parent: int | phpquery.Ref = root if root is not None else phpquery.Ref("root")
    head = [_item(task, CHECKLIST, 0, "root")] if root is None else []
    return head + [_item(task, title, parent, f"item{n}") for n, title in enumerate(titles)]


def _item(task: int | phpquery.Ref, title: str, parent: int | phpquery.Ref, name: str) -> client.Command:
    params = {"TASKID": task, "FIELDS": {"TITLE": title, "PARENT_ID": parent}}
    return client.Command("task.checklistitem.add", params, write=True, name=name)


def lacking(rows: Iterable[Mapping[str, Any]], titles: Sequence[str]) -> tuple[list[str], int | None]:
    """(titles that the task's checklist lacks, the id of the checklist to add them to)."""
    found, root = [], None
    for raw in rows:
        if values.ident(raw.get("PARENT_ID"), "PARENT_ID") is None:
            root = root or values.required_id(raw.get("ID"))
        found.append(str(raw.get("TITLE") or "").strip())
    missing = []
    for title in titles:
        if title.strip() in found:
            found.remove(title.strip())
        else:
            missing.append(title)
    return missing, root


def find_tasks(ref: model.CardRef, since: datetime) -> client.Command:
    return client.Command(
        "tasks.task.list",
        {
            "filter": {"UF_CRM_TASK": names.binding(ref), ">=CREATED_DATE": since.isoformat()},
            "select": ["ID", "TITLE", "RESPONSIBLE_ID", "CREATED_BY", "STATUS", "DEADLINE", "XML_ID"],
            "order": {"ID": "asc"},
            "start": 0,
        },
    )


def own_task(tasks: Iterable[model.Task], act: intents.SetTask, key: intents.WishKey) -> model.Task | None:
    """By the marker; where the portal shows none, by the title among tasks that nobody marked."""
    known = list(tasks)
    marked = next((task for task in known if task.marker == task_marker(key)), None)
    if marked is not None:
        return marked
    return next((task for task in known if not task.marker and task.title == act.title.strip()), None)


def complete(task: model.TaskId) -> client.Command:
    return client.Command("tasks.task.complete", {"taskId": task}, write=True)


def reassign(task: model.TaskId, to: model.UserId) -> client.Command:
    params = {"taskId": task, "fields": {"RESPONSIBLE_ID": to}}
    return client.Command("tasks.task.update", params, write=True)


# --- notices -------------------------------------------------------------------------------------------------------


def notify(act: intents.Notify) -> client.Command:
    params = {"USER_ID": act.to, "MESSAGE": act.text, "TAG": act.tag, "CLIENT_ID": CLIENT_ID}
    return client.Command("im.notify.system.add", params, write=True)


def card_of(ref: model.CardRef, result: Any, context: parsing.Context) -> model.Card | None:
    """The card in the answer of crm.item.get, add or update."""
    raw = parsing.item_of(result, "item")
    return parsing.card(ref.kind, raw, context) if raw is not None else None
