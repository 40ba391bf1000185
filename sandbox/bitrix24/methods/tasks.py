"""tasks.task.*: tasks v2 (reference §5.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24 import args, kernel, people, rows, taskfields, taskmodel

PREFIXES = ("!", "<=", "<", ">=", ">")
"""The only ones documented; a key with another prefix is a key that nobody knows."""
_EMPTY_CARD = {"favorite": False, "group": [], "checklist": []}


@kernel.method("tasks.task.add", scope="task")
def add(call: kernel.Call) -> Any:
    task = call.portal.taskbook.add(call.user_id, _fields(call))
    return {"task": shown(call, task, list(taskfields.USUAL), whole=True)}


@kernel.method("tasks.task.update", scope="task")
def update(call: kernel.Call) -> Any:
    task = call.portal.taskbook.update(call.user_id, _task_id(call), _fields(call))
    return {"task": shown(call, task, list(taskfields.USUAL), whole=True)}


@kernel.method("tasks.task.get", scope="task")
def get(call: kernel.Call) -> Any:
    """A task that is missing or not for this user is an empty array with status 200."""
    task = call.portal.taskbook.get(_task_id(call), call.user_id)
    if task is None:
        return []
    return {"task": shown(call, task, taskfields.chosen(call.param("select")), whole=True)}


@kernel.method("tasks.task.list", scope="task")
def find(call: kernel.Call) -> kernel.Answer:
    given = args.as_map(call.param("filter"))
    conditions = list(_conditions(call, given))
    tasks = rows.visible(call.portal, _candidates(call, given))
    found = [task for task in tasks if all(holds(task) for holds in conditions)]
    found = rows.ordered(found, _known_order(call), _order_key, {"ID": "DESC"})
    names = taskfields.chosen(call.param("select"))
    return rows.page(call, found, lambda task: shown(call, task, names), lambda page: {"tasks": page})


@kernel.method("tasks.task.delete", scope="task")
def delete(call: kernel.Call) -> Any:
    call.portal.taskbook.delete(call.user_id, _task_id(call))
    return {"task": True}


@kernel.method("tasks.task.getFields", scope="task")
def fields(_call: kernel.Call) -> Any:
    return {"fields": taskfields.described()}


@kernel.method("tasks.task.history.list", scope="task")
def history(call: kernel.Call) -> Any:
    """Oldest first; a missing task has an empty list."""
    task = call.portal.taskbook.get(_task_id(call), call.user_id)
    wanted = {rows.split(key)[1]: value for key, value in args.as_map(call.param("filter")).items()}
    lines = [
        row
        for row in (task.history if task else [])
        if "FIELD" not in wanted or row.field in [one.upper() for one in args.names(wanted["FIELD"])]
    ]
    order = {str(key).upper(): str(way).upper() for key, way in args.as_map(call.param("order")).items()}
    if "DESC" in order.values():
        lines = lines[::-1]
    return {"list": [_history_row(call, row) for row in lines]}


@kernel.method("tasks.task.getaccess", scope="task")
def access(call: kernel.Call) -> Any:
    task = call.portal.taskbook.get(_task_id(call), call.user_id)
    if task is None:
        return []
    wanted = [args.integer(one) for one in args.as_list(call.param("users"))] or [call.user_id]
    return {
        "allowedActions": {
            str(user): actions(call, task, user) for user in wanted if user in call.portal.users
        }
    }


@kernel.method("tasks.task.result.list", scope="task")
def results(call: kernel.Call) -> Any:
    """Nothing in the sandbox writes results; a task without them answers an empty array."""
    call.portal.taskbook.get(_task_id(call), call.user_id)
    return []


@kernel.method("tasks.task.delegate", scope="task")
def delegate(call: kernel.Call) -> Any:
    task = call.portal.taskbook.act(
        call.user_id, "delegate", _task_id(call), args.integer(call.param("userId"))
    )
    return {"task": shown(call, task, list(taskfields.USUAL), whole=True)}


def _action(name: str) -> Callable[[kernel.Call], Any]:
    def act(call: kernel.Call) -> Any:
        task = call.portal.taskbook.act(call.user_id, name, _task_id(call))
        return {"task": shown(call, task, list(taskfields.USUAL), whole=True)}

    return act


for _name in ("complete", "renew", "start", "pause", "defer", "approve", "disapprove"):
    kernel.method(f"tasks.task.{_name}", scope="task")(_action(_name))


def shown(
    call: kernel.Call, task: taskmodel.Task, names: list[str], *, whole: bool = False
) -> dict[str, Any]:
    """A task as answers show it; `whole` adds what only the card has: rights, checklist, group."""
    row = taskfields.shown(task.values, names, call.portal.clock)
    if "STATUS" in names:
        row["subStatus"] = str(task.meta_status(call.portal.clock.now()))
    if "GROUP_ID" in names:
        row["group"] = []
    for name, key in (("CREATED_BY", "creator"), ("RESPONSIBLE_ID", "responsible")):
        if name in names:
            row[key] = _person(call.portal.users.get(task[name]), task[name])
    if whole:
        row |= _EMPTY_CARD | {
            "checklist": [
                {"id": str(item.id), "title": item.title, "isComplete": item.complete}
                for item in task.checklist.ordered()
            ],
            "action": actions(call, task, call.user_id),
        }
    return row


def actions(call: kernel.Call, task: taskmodel.Task, user_id: int) -> dict[str, bool]:
    book = call.portal.taskbook
    edit, mine = (
        book.can_edit(task, user_id),
        user_id == task["RESPONSIBLE_ID"] or user_id in task["ACCOMPLICES"],
    )
    allowed = {name: task["STATUS"] in moves and (edit or mine) for name, moves in taskmodel.MOVES.items()}
    control = task["TASK_CONTROL"] == "Y" and edit
    return allowed | {
        "accept": False, "decline": False, "edit": edit, "remove": edit, "approve": allowed["approve"] and control,
        "disapprove": allowed["disapprove"] and control, "changeDeadline": edit or (mine and task["ALLOW_CHANGE_DEADLINE"] == "Y"),
        "checklistAddItems": edit or mine, "read": book.can_read(task, user_id),
    }  # fmt: skip


def _person(user: people.User | None, number: int) -> dict[str, Any]:
    name = f"{user.name} {user.last_name}".strip() if user else ""
    link = f"/company/personal/user/{number}/"
    return {
        "id": str(number),
        "name": name,
        "link": link,
        "icon": "",
        "workPosition": user.position if user else "",
    }


def _history_row(call: kernel.Call, row: taskmodel.Row) -> dict[str, Any]:
    user = call.portal.users.get(row.user_id)
    return {
        "id": row.id,
        "createdDate": call.portal.clock.iso(row.at),
        "field": row.field,
        "value": {"from": row.before, "to": row.after},
        "user": {
            "id": str(row.user_id),
            "name": user.name if user else "",
            "lastName": user.last_name if user else "",
            "login": user.email if user else "",
        },
    }


def _task_id(call: kernel.Call) -> int:
    return args.needed_int(call, "taskId")


def _fields(call: kernel.Call) -> Any:
    given = call.param("fields")
    if not isinstance(given, dict) or not given:
        raise kernel.Refusal(400, "100", "Could not find value for parameter {fields}")
    return given


def _candidates(call: kernel.Call, given: dict[str, Any]) -> list[taskmodel.Task]:
    """Tasks of the given cards are looked up, not searched for: a portal has many tasks."""
    bound = next((value for key, value in given.items() if key.upper() == "UF_CRM_TASK"), None)
    return call.portal.taskbook.seen_by(
        call.user_id, args.names(bound) if bound not in (None, "", []) else None
    )


def _conditions(call: kernel.Call, given: dict[str, Any]) -> list[Callable[[taskmodel.Task], bool]]:
    made = []
    for key, wanted in given.items():
        prefix, name = rows.split(key, PREFIXES)
        if name == "XML_ID":
            mode = call.portal.switch.get("task_filter_xml_id")
            if mode == "error":
                raise kernel.Refusal(400, "0", "Filter by field XML_ID is not supported<br>")
            if mode == "ignored":
                continue
        if name in _READERS:
            made.append(_condition(call, prefix, name, wanted))
    return made


def _condition(call: kernel.Call, prefix: str, name: str, wanted: Any) -> Callable[[taskmodel.Task], bool]:
    read, now = _READERS[name], call.portal.clock.now()
    if name == "STATUS":
        return lambda task: rows.matches([task["STATUS"], task.meta_status(now)], prefix, wanted)
    return lambda task: rows.matches(read(task), prefix, wanted)


def _known_order(call: kernel.Call) -> dict[str, Any]:
    return {
        key.upper(): way
        for key, way in args.as_map(call.param("order")).items()
        if key.upper() in taskfields.ALL
    }


def _order_key(task: taskmodel.Task, name: str) -> Any:
    return task.values[name]


def _reader(name: str) -> Callable[[taskmodel.Task], Any]:
    return lambda task: task.values[name]


_READERS: dict[str, Callable[[taskmodel.Task], Any]] = {
    name: _reader(name)
    for name in ["ID", "PARENT_ID", "GROUP_ID", "CREATED_BY", "RESPONSIBLE_ID", "PRIORITY", "MARK", "DEADLINE", "CREATED_DATE", "CLOSED_DATE", "CHANGED_DATE", "ACTIVITY_DATE", "DATE_START", "START_DATE_PLAN", "END_DATE_PLAN", "TITLE", "XML_ID", "GUID", "UF_CRM_TASK", "STAGE_ID", "STATUS", "CHANGED_BY", "CLOSED_BY", "STATUS_CHANGED_BY", "ALLOW_CHANGE_DEADLINE", "ALLOW_TIME_TRACKING", "FORUM_TOPIC_ID"]
} | {
    "ACCOMPLICE": _reader("ACCOMPLICES"),
    "AUDITOR": _reader("AUDITORS"),
    "TAG": _reader("TAGS"),
    "REAL_STATUS": _reader("STATUS"),
    "MEMBER": lambda task: sorted(task.participants),
    "DOER": lambda task: [task["RESPONSIBLE_ID"], *task["ACCOMPLICES"]],
}  # fmt: skip
