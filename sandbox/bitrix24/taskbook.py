"""The task room: tasks v2 with checklists, comments and history, their rights and their events (reference §5.10).

Every verb takes the acting user first, so the REST methods, the board and the demo's life go through one door.
A change that changes nothing leaves no history row and raises no event. A task bound to a card shows there as an
activity; the timeline room keeps it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import checklists, kernel, staff, taskfields, taskmodel

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal


class TaskBook:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.tasks: dict[int, taskmodel.Task] = {}
        self._by_binding: dict[str, set[int]] = defaultdict(set)

    # looking

    def get(self, task_id: int, user_id: int) -> taskmodel.Task | None:
        """None if there is no such task or this user does not see it."""
        task = self.tasks.get(task_id)
        return task if task and self.can_read(task, user_id) else None

    def of_card(self, binding: str) -> list[taskmodel.Task]:
        """Tasks bound to a card, such as "D_12", oldest first."""
        return [self.tasks[number] for number in sorted(self._by_binding.get(binding, ()))]

    def seen_by(self, user_id: int, bindings: Iterable[str] | None = None) -> list[taskmodel.Task]:
        if bindings is None:
            tasks: Iterable[taskmodel.Task] = self.tasks.values()
        else:
            ids = sorted(set().union(*(self._by_binding.get(one, set()) for one in bindings)))
            tasks = [self.tasks[number] for number in ids]
        if self.portal.users[user_id].admin:
            return list(tasks)
        return [task for task in tasks if self.can_read(task, user_id)]

    def can_read(self, task: taskmodel.Task, user_id: int) -> bool:
        user = self.portal.users[user_id]
        return user.admin or user_id in task.participants or self._leads_one_of(user_id, task.participants)

    def can_edit(self, task: taskmodel.Task, user_id: int) -> bool:
        user = self.portal.users[user_id]
        return (
            user.admin
            or user_id == task["CREATED_BY"]
            or self._leads_one_of(user_id, {task["RESPONSIBLE_ID"]})
        )

    def _leads_one_of(self, head_id: int, users: set[int]) -> bool:
        return any(head_id in staff.heads_above(self.portal, user) for user in users if user != head_id)

    # changing

    def add(self, user_id: int, fields: Any) -> taskmodel.Task:
        values = taskfields.read(fields, self.portal.clock.zone)
        self._check(values, new=True)
        now = self.portal.clock.now()
        creator = values.get("CREATED_BY") or user_id
        kept = self.portal.switch.get("creator_kept") == "yes"
        if creator != user_id and not (self.portal.users[user_id].admin or kept):
            creator = user_id
        number = self.portal.next_id("task")
        values = taskfields.defaults() | values
        values |= {
            "ID": number, "CREATED_BY": creator, "CREATED_DATE": now, "CHANGED_BY": user_id, "CHANGED_DATE": now,
            "ACTIVITY_DATE": now, "STATUS_CHANGED_BY": user_id, "STATUS_CHANGED_DATE": now, "CHAT_ID": 100000 + number,
            "STATUS": values["STATUS"] if values["STATUS"] in (taskmodel.WAITING, taskmodel.RUNNING, taskmodel.DONE, taskmodel.DEFERRED) else taskmodel.WAITING,
            "GUID": f"{{{number:032x}}}",
        }  # fmt: skip
        task = taskmodel.Task(
            number, values, self.portal.faults.shown_from(self.portal), checklists.Checklist(number)
        )
        self.tasks[number] = task
        self._bind(task, [], values["UF_CRM_TASK"])
        self._note(task, user_id, "NEW", None, None)
        self.portal.timeline.task_saved(task, user_id)
        self.portal.emit("ONTASKADD", taskmodel.event(before=None, after=number))
        return task

    def update(self, user_id: int, task_id: int, fields: Any) -> taskmodel.Task:
        task = self._visible(task_id, user_id)
        values = taskfields.read(fields, self.portal.clock.zone)
        if not self.can_edit(task, user_id) and not self._own_change(task, user_id, values):
            raise denied()
        self._check(values, new=False)
        if "CREATED_BY" in values and not self.portal.users[user_id].admin:
            values.pop("CREATED_BY")
        self._set(task, user_id, values)
        return task

    def act(self, user_id: int, action: str, task_id: int, delegate_to: int = 0) -> taskmodel.Task:
        """complete, renew, start, pause, defer, approve, disapprove, delegate."""
        task = self.get(task_id, user_id)
        if (
            task is None
            or task["STATUS"] not in taskmodel.MOVES[action]
            or not self._may(task, user_id, action)
        ):
            raise kernel.Refusal(400, "0", "Action on the task is not allowed")
        if action == "delegate":
            self._delegate(task, user_id, delegate_to)
        else:
            self._set(task, user_id, {"STATUS": self._target(task, user_id, action)})
        return task

    def delete(self, user_id: int, task_id: int) -> None:
        task = self.tasks.get(task_id)
        if task is None or not self.can_edit(task, user_id):
            raise denied()
        self.forget(task)

    def forget(self, task: taskmodel.Task) -> None:
        del self.tasks[task.id]
        self._bind(task, task["UF_CRM_TASK"], [])
        self.portal.timeline.task_gone(task)
        self.portal.emit("ONTASKDELETE", taskmodel.event(before=task.id, after=None))

    def comment(self, user_id: int, task_id: int, text: str) -> taskmodel.Comment:
        task = self._visible(task_id, user_id)
        if not text.strip():
            raise kernel.Refusal(
                400,
                "ERROR_CORE",
                "TASKS_ERROR_EXCEPTION_#4; Не указан текст сообщения; 4/TE/WRONG_ARGUMENTS<br>",
            )
        note = taskmodel.Comment(
            self.portal.next_id("task comment"), task.id, user_id, text, self.portal.clock.now()
        )
        task.comments.append(note)
        task.values |= {"COMMENTS_COUNT": len(task.comments), "ACTIVITY_DATE": note.at}
        self._note(task, user_id, "COMMENT", None, note.id)
        self.portal.emit(
            "ONTASKCOMMENTADD",
            {"FIELDS_BEFORE": taskmodel.UNDEFINED, "FIELDS_AFTER": {"ID": note.id, "TASK_ID": task.id}},
        )
        return note

    # checklists: they leave history rows, but no task event and no CHANGED_DATE

    def add_item(self, user_id: int, task_id: int, fields: Any) -> checklists.Item:
        task = self._for_checklist(task_id, user_id)
        if not isinstance(fields, dict) or not fields.get("TITLE"):
            text = "TASKS_ERROR_EXCEPTION_#8; Не указан текст пункта чек-листа; 8/TE/ACTION_FAILED_TO_BE_PROCESSED<br>"
            raise kernel.Refusal(400, "ERROR_CORE", text)
        item = task.checklist.add(self.portal.next_id("checklist item"), fields, user_id)
        self._touched(task, user_id, "CHECKLIST_ITEM_CREATE", None, item.title)
        return item

    def change_item(
        self, user_id: int, task_id: int, item_id: int, fields: dict[str, Any]
    ) -> checklists.Item:
        task = self._for_checklist(task_id, user_id)
        item = self.item(task, item_id)
        before, was_complete = item.title, item.complete
        task.checklist.change(item, fields)
        if item.complete != was_complete:
            item.toggled_by, item.toggled_at = user_id, self.portal.clock.now()
            kind = "CHECKLIST_ITEM_CHECK" if item.complete else "CHECKLIST_ITEM_UNCHECK"
            self._touched(task, user_id, kind, item.title, item.title)
        if item.title != before:
            self._touched(task, user_id, "CHECKLIST_ITEM_RENAME", before, item.title)
        return item

    def remove_item(self, user_id: int, task_id: int, item_id: int) -> None:
        task = self._for_checklist(task_id, user_id)
        item = self.item(task, item_id)
        task.checklist.remove(item)
        self._touched(task, user_id, "CHECKLIST_ITEM_REMOVE", item.title, None)

    def item(self, task: taskmodel.Task, item_id: int) -> checklists.Item:
        try:
            return task.checklist.items[item_id]
        except KeyError:
            text = (
                "TASKS_ERROR_EXCEPTION_#8; Пункт чек-листа не найден; 8/TE/ACTION_FAILED_TO_BE_PROCESSED<br>"
            )
            raise kernel.Refusal(400, "ERROR_CORE", text) from None

    # inside

    def _visible(self, task_id: int, user_id: int) -> taskmodel.Task:
        task = self.get(task_id, user_id)
        if task is None:
            raise denied()
        return task

    def _for_checklist(self, task_id: int, user_id: int) -> taskmodel.Task:
        task = self._visible(task_id, user_id)
        if not (
            self.can_edit(task, user_id)
            or user_id == task["RESPONSIBLE_ID"]
            or user_id in task["ACCOMPLICES"]
        ):
            raise denied()
        return task

    def _own_change(self, task: taskmodel.Task, user_id: int, values: dict[str, Any]) -> bool:
        """The assignee may write the deadline if allowed, and move the status; nothing else."""
        allowed = {"STATUS"} | ({"DEADLINE"} if task["ALLOW_CHANGE_DEADLINE"] == "Y" else set())
        return user_id == task["RESPONSIBLE_ID"] and set(values) <= allowed

    def _may(self, task: taskmodel.Task, user_id: int, action: str) -> bool:
        if action in ("approve", "disapprove"):
            return task["TASK_CONTROL"] == "Y" and self.can_edit(task, user_id)
        return (
            self.can_edit(task, user_id)
            or user_id == task["RESPONSIBLE_ID"]
            or user_id in task["ACCOMPLICES"]
        )

    def _target(self, task: taskmodel.Task, user_id: int, action: str) -> int:
        if action == "complete":
            is_worker = user_id == task["RESPONSIBLE_ID"] or user_id in task["ACCOMPLICES"]
            return (
                taskmodel.CONTROL
                if task["TASK_CONTROL"] == "Y" and is_worker and user_id != task["CREATED_BY"]
                else taskmodel.DONE
            )
        return {
            "renew": taskmodel.WAITING,
            "start": taskmodel.RUNNING,
            "pause": taskmodel.WAITING,
            "defer": taskmodel.DEFERRED,
            "approve": taskmodel.DONE,
        }.get(action, taskmodel.WAITING)

    def _delegate(self, task: taskmodel.Task, user_id: int, to: int) -> None:
        if to not in self.portal.users:
            raise kernel.Refusal(400, "ERROR_CORE", "Не найден ответственный<br> (internal error)")
        auditors = list(dict.fromkeys([*task["AUDITORS"], task["RESPONSIBLE_ID"]]))
        self._set(task, user_id, {"RESPONSIBLE_ID": to, "AUDITORS": auditors, "STATUS": taskmodel.WAITING})

    def _check(self, values: dict[str, Any], *, new: bool) -> None:
        users = self.portal.users
        parent = values.get("PARENT_ID")
        wrong = [
            text
            for bad, text in (
                (
                    (new or "TITLE" in values) and not values.get("TITLE", "").strip(),
                    "Не указано название задачи",
                ),
                (new and not values.get("RESPONSIBLE_ID"), "Не указан исполнитель"),
                (
                    values.get("RESPONSIBLE_ID") and values["RESPONSIBLE_ID"] not in users,
                    "Не найден исполнитель задачи",
                ),
                (
                    values.get("CREATED_BY") and values["CREATED_BY"] not in users,
                    "Не найден постановщик задачи",
                ),
                (bool(parent) and parent not in self.tasks, "Не найдена базовая задача"),
                (_backwards(values), "Дата планового завершения раньше даты планового начала"),
            )
            if bad
        ]
        if wrong:
            raise kernel.Refusal(400, "ERROR_CORE", "<br>".join(wrong) + "<br> (internal error)")

    def _set(self, task: taskmodel.Task, user_id: int, values: dict[str, Any]) -> None:
        changed = {name: value for name, value in values.items() if task.values[name] != value}
        if not changed:
            return
        for name in taskmodel.TRACKED:
            if name in changed:
                self._note(
                    task, user_id, name, self._spelled(name, task[name]), self._spelled(name, changed[name])
                )
        if "UF_CRM_TASK" in changed:
            self._bind(task, task["UF_CRM_TASK"], changed["UF_CRM_TASK"])
        now = self.portal.clock.now()
        task.values |= changed | {"CHANGED_BY": user_id, "CHANGED_DATE": now, "ACTIVITY_DATE": now}
        if "STATUS" in changed:
            self._status_set(task, user_id, now)
        self.portal.timeline.task_saved(task, user_id)
        self.portal.emit("ONTASKUPDATE", taskmodel.event(before=task.id, after=task.id))

    def _status_set(self, task: taskmodel.Task, user_id: int, now: datetime) -> None:
        task.values |= {
            "STATUS_CHANGED_BY": user_id,
            "STATUS_CHANGED_DATE": now,
            "CLOSED_BY": 0,
            "CLOSED_DATE": None,
        }
        if task["STATUS"] in (taskmodel.CONTROL, taskmodel.DONE):
            task.values |= {"CLOSED_BY": user_id, "CLOSED_DATE": now}
        if task["STATUS"] == taskmodel.RUNNING:
            task.values["DATE_START"] = now

    def _bind(self, task: taskmodel.Task, before: list[str], after: list[str]) -> None:
        for one in before:
            self._by_binding[one].discard(task.id)
        for one in after:
            self._by_binding[one].add(task.id)

    def _touched(self, task: taskmodel.Task, user_id: int, kind: str, before: Any, after: Any) -> None:
        task.values["ACTIVITY_DATE"] = self.portal.clock.now()
        self._note(task, user_id, kind, before, after)

    def _note(self, task: taskmodel.Task, user_id: int, name: str, before: Any, after: Any) -> None:
        number = self.portal.next_id("task history")
        task.history.append(taskmodel.Row(number, self.portal.clock.now(), user_id, name, before, after))

    def _spelled(self, name: str, value: Any) -> Any:
        if isinstance(value, datetime):
            unix = name == "DEADLINE" and self.portal.switch.get("deadline_history") == "unix"
            return str(int(value.timestamp())) if unix else self.portal.clock.iso(value)
        if isinstance(value, list):
            return ",".join(str(one) for one in value)
        return None if value is None else str(value)


def denied() -> kernel.Refusal:
    return kernel.Refusal(400, "1048582", "Доступ к задаче запрещён или она не существует<br>")


def _backwards(values: dict[str, Any]) -> bool:
    start, end = values.get("START_DATE_PLAN"), values.get("END_DATE_PLAN")
    return bool(start and end and end < start)
