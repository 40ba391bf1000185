"""task.checklistitem.* and task.commentitem.*: old methods whose parameters are positional (reference §1.2, §5.10).

Parameters may come by name or as an array in the documented order.
"""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import args, checklists, kernel, rows, taskmodel


@kernel.method("task.checklistitem.add", scope="task")
def add(call: kernel.Call) -> Any:
    task_id, fields = _given(call, "TASKID", "FIELDS")
    return call.portal.taskbook.add_item(call.user_id, args.integer(task_id), fields).id


@kernel.method("task.checklistitem.get", scope="task")
def get(call: kernel.Call) -> Any:
    task, item = _item(call)
    return _shown(call, task.checklist.items[item.id])


@kernel.method("task.checklistitem.getlist", scope="task")
def getlist(call: kernel.Call) -> Any:
    task_id, order = _given(call, "TASKID", "ORDER")
    task = _task(call, task_id)
    items = rows.ordered(task.checklist.ordered(), order, lambda item, name: item.read(name), {})
    return [_shown(call, item) for item in items]


@kernel.method("task.checklistitem.update", scope="task")
def update(call: kernel.Call) -> Any:
    task_id, item_id, fields = _given(call, "TASKID", "ITEMID", "FIELDS")
    call.portal.taskbook.change_item(
        call.user_id, args.integer(task_id), args.integer(item_id), args.as_map(fields)
    )
    return None


@kernel.method("task.checklistitem.delete", scope="task")
def delete(call: kernel.Call) -> Any:
    task_id, item_id = _given(call, "TASKID", "ITEMID")
    call.portal.taskbook.remove_item(call.user_id, args.integer(task_id), args.integer(item_id))
    return None


@kernel.method("task.checklistitem.complete", scope="task")
def complete(call: kernel.Call) -> Any:
    return _toggle(call, "Y")


@kernel.method("task.checklistitem.renew", scope="task")
def renew(call: kernel.Call) -> Any:
    return _toggle(call, "N")


@kernel.method("task.checklistitem.moveafteritem", scope="task")
def move_after(call: kernel.Call) -> Any:
    task_id, item_id, after_id = _given(call, "TASKID", "ITEMID", "AFTERITEMID")
    task = _task(call, task_id)
    item = call.portal.taskbook.item(task, args.integer(item_id))
    order = [one for one in task.checklist.ordered() if one is not item]
    after = call.portal.taskbook.item(task, args.integer(after_id))
    order.insert(order.index(after) + 1, item)
    for place, one in enumerate(order):
        one.sort = place
    return None


@kernel.method("task.commentitem.add", scope="task")
def add_comment(call: kernel.Call) -> Any:
    task_id, fields = _given(call, "TASKID", "FIELDS")
    fields = args.as_map(fields)
    author = args.integer(fields.get("AUTHOR_ID")) if call.is_admin else 0
    text = str(fields.get("POST_MESSAGE") or "")
    return call.portal.taskbook.comment(author or call.user_id, args.integer(task_id), text).id


@kernel.method("task.commentitem.getlist", scope="task")
def comments(call: kernel.Call) -> Any:
    task = _task(call, _given(call, "TASKID")[0])
    return [
        {
            "ID": str(note.id), "AUTHOR_ID": str(note.author_id), "AUTHOR_NAME": call.portal.users[note.author_id].name,
            "AUTHOR_EMAIL": "", "POST_DATE": call.portal.clock.iso(note.at), "POST_MESSAGE": note.text,
            "POST_MESSAGE_HTML": None,
        }
        for note in task.comments
    ]  # fmt: skip


def _given(call: kernel.Call, *names: str) -> list[Any]:
    """The parameters by name, or by place when the keys are 0, 1, 2…"""
    if "0" in call.params:
        return [call.params.get(str(place)) for place in range(len(names))]
    return [call.param(name) for name in names]


def _task(call: kernel.Call, task_id: Any) -> taskmodel.Task:
    task = call.portal.taskbook.get(args.integer(task_id), call.user_id)
    if task is None:
        text = "TASKS_ERROR_EXCEPTION_#8; Action failed; 8/TE/ACTION_FAILED_TO_BE_PROCESSED<br>"
        raise kernel.Refusal(400, "ERROR_CORE", text)
    return task


def _item(call: kernel.Call) -> tuple[taskmodel.Task, checklists.Item]:
    task_id, item_id = _given(call, "TASKID", "ITEMID")
    task = _task(call, task_id)
    return task, call.portal.taskbook.item(task, args.integer(item_id))


def _toggle(call: kernel.Call, complete: str) -> Any:
    task_id, item_id = _given(call, "TASKID", "ITEMID")
    change = {"IS_COMPLETE": complete}
    call.portal.taskbook.change_item(call.user_id, args.integer(task_id), args.integer(item_id), change)
    return True


def _shown(call: kernel.Call, item: checklists.Item) -> dict[str, Any]:
    return {
        "ID": str(item.id), "TASK_ID": str(item.task_id), "PARENT_ID": str(item.parent_id), "CREATED_BY": str(item.created_by),
        "TITLE": item.title, "SORT_INDEX": str(item.sort), "IS_COMPLETE": "Y" if item.complete else "N",
        "IS_IMPORTANT": "Y" if item.important else "N", "TOGGLED_BY": str(item.toggled_by) if item.toggled_by else None,
        "TOGGLED_DATE": call.portal.clock.iso(item.toggled_at) if item.toggled_at else "",
        "MEMBERS": item.members or [], "ATTACHMENTS": [],
    }  # fmt: skip
