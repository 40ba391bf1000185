"""What robots made, taken back by a person's will (`undo`): tasks nobody touched, notices, records in the card.

A task is asked about once more just before it is deleted: whoever began to work on it meanwhile keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, assert_never

from connector import errors, ports
from connector.bitrix24 import client, desk, names, parsing, values
from robots import intents, model

SELECT = ["ID", "STATUS", "COMMENTS_COUNT", "SERVICE_COMMENTS_COUNT"]
BEGUN = "над задачей уже начали работать"


class Touch(StrEnum):
    UNTOUCHED = "untouched"
    BEGUN = "begun"
    """A comment, a ticked item, another status."""
    OVER = "over"
    """Closed, or gone."""


async def touches(at: desk.Desk, tasks: Collection[model.TaskId]) -> Mapping[model.TaskId, Touch]:
    """What people did with these tasks of ours; a few requests for hundreds of them."""
    found: dict[model.TaskId, Touch] = {}
    for chunk in names.chunked(sorted(tasks)):
        listed = await _listed(at, chunk)
        open_ones = [number for number, touch in listed.items() if touch is Touch.UNTOUCHED]
        ticked = await asyncio.gather(*(_ticked(at, number) for number in open_ones))
        found |= listed
        found |= {n: Touch.BEGUN for n, is_ticked in zip(open_ones, ticked, strict=True) if is_ticked}
    return {number: found.get(number, Touch.OVER) for number in tasks}


async def perform(at: desk.Desk, act: intents.TakeBack, key: intents.WishKey) -> ports.Done:
    if act.what is intents.Made.TASK:
        touch = (await touches(at, [model.TaskId(act.number)]))[model.TaskId(act.number)]
        if touch is not Touch.UNTOUCHED:
            note = BEGUN if touch is Touch.BEGUN else "nothing_to_do"
            return ports.Done(changed=False, note=note)
    if act.what is intents.Made.ACTIVITY and await _over(at, act.number):
        return ports.Done(changed=False, note="nothing_to_do")
    command = _removal(act)
    try:
        await at.client.call(command.method, command.params, lane=at.lane, write=True, key=key)
    except errors.NotFound:
        return ports.Done(changed=False, note="nothing_to_do")
    return ports.Done()


async def find(at: desk.Desk, act: intents.TakeBack) -> ports.Done | None:
    """Gone is done. Of notices and records nobody can ask: taking them back once more does no harm."""
    if act.what is intents.Made.ACTIVITY:
        return ports.Done() if await _over(at, act.number) else None
    if act.what is not intents.Made.TASK:
        return None
    touch = (await touches(at, [model.TaskId(act.number)]))[model.TaskId(act.number)]
    return ports.Done() if touch is Touch.OVER else None


def _removal(act: intents.TakeBack) -> client.Command:
    match act.what:
        case intents.Made.TASK:
            return client.Command("tasks.task.delete", {"taskId": act.number}, write=True)
        case intents.Made.NOTICE:
            return client.Command("im.notify.delete", {"ID": act.number}, write=True)
        case intents.Made.COMMENT:
            return client.Command("crm.timeline.comment.delete", {"id": act.number}, write=True)
        case intents.Made.RECORD:
            return client.Command("crm.timeline.logmessage.delete", {"id": act.number}, write=True)
        case intents.Made.ACTIVITY:
            return client.Command("crm.activity.delete", {"id": act.number}, write=True)
        case _:  # pragma: no cover
            assert_never(act.what)


async def _over(at: desk.Desk, activity: int) -> bool:
    """Somebody closed it, or it is gone."""
    try:
        answer = await at.client.call("crm.activity.get", {"id": activity}, lane=at.lane)
    except errors.NotFound:
        return True
    return isinstance(answer.result, Mapping) and str(answer.result.get("COMPLETED")) == "Y"


async def _listed(at: desk.Desk, chunk: Collection[model.TaskId]) -> dict[model.TaskId, Touch]:
    params = {"filter": {"ID": list(chunk)}, "select": SELECT, "order": {"ID": "asc"}, "start": 0}
    answer = await at.client.call("tasks.task.list", params, lane=ports.Lane.BACKFILL)
    found = {}
    for raw in parsing.rows_of(answer.result, "tasks"):
        number = model.TaskId(values.required_id(raw.get("id"), "task.id"))
        if number in chunk:
            found[number] = _touch(raw)
    return found


def _touch(raw: Mapping[str, Any]) -> Touch:
    status = str(raw.get("status") or "")
    if status == model.TaskStatus.DONE:
        return Touch.OVER
    written = _number(raw.get("commentsCount")) - _number(raw.get("serviceCommentsCount"))
    # Negative statuses are shades of «waiting»: overdue, unseen, almost overdue.
    waiting = status == model.TaskStatus.WAITING or status.startswith("-")
    return Touch.UNTOUCHED if waiting and written <= 0 else Touch.BEGUN


def _number(raw: Any) -> int:
    return int(str(raw)) if str(raw).isdecimal() else 0


async def _ticked(at: desk.Desk, task: model.TaskId) -> bool:
    answer = await at.client.call("task.checklistitem.getlist", {"TASKID": task}, lane=ports.Lane.BACKFILL)
    return any(str(raw.get("IS_COMPLETE")) == "Y" for raw in parsing.rows_of(answer.result))
