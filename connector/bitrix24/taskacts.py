"""Acts on tasks: set with a checklist, closed, given to another person; each can be looked for.

A task is added once and found by its marker; its checklist is a set that is finished item by item.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from connector import errors, ports
from connector.bitrix24 import client, desk, parsing, tasks, values, writing
from robots import intents, model

NOTHING_TO_DO = "nothing_to_do"
WAITING = "задача ждёт контроля постановщика"
Act = intents.SetTask | intents.CloseTask | intents.ReassignTask


async def perform(at: desk.Desk, row: ports.Row, act: Act) -> ports.Done:
    match act:
        case intents.SetTask():
            found = await _find_task(at, row, act) if row.tries > 0 else None
            return found or await _set_task(at, row.wish.card, act, row.wish.key)
        case intents.CloseTask():
            return await _close_task(at, act.task or _made_before(row), row.wish.key)
        case intents.ReassignTask():
            return await _reassign(at, act, act.task or _made_before(row), row.wish.key)
        case _:  # pragma: no cover
            assert_never(act)


async def find(at: desk.Desk, row: ports.Row, act: Act) -> ports.Done | None:
    match act:
        case intents.SetTask():
            return await _find_task(at, row, act)
        case intents.CloseTask():
            return await _closed(at, act.task or _made_before(row))
        case intents.ReassignTask():
            return await _reassigned(at, act, act.task or _made_before(row))
        case _:  # pragma: no cover
            assert_never(act)


async def _set_task(
    at: desk.Desk, ref: model.CardRef, act: intents.SetTask, key: intents.WishKey
) -> ports.Done:
    commands = writing.add_task(ref, act, key)
    together, later = commands[: client.MOST], commands[client.MOST :]
    outcomes = await at.client.group(together, lane=at.lane, key=key)
    first = outcomes[0]
    if isinstance(first, errors.PortalError):
        raise first
    raw = parsing.item_of(first.result, "task")
    made = values.ident(raw.get("id")) if raw else None
    if made is None:
        raise errors.Unknown("портал не назвал номер задачи", method="tasks.task.add")
    if later or any(isinstance(one, errors.PortalError) for one in outcomes[1:]):
        try:
            return await _finish_checklist(at, model.TaskId(made), act)
        except (errors.Retryable, errors.Unreadable) as half:
            # The task stands: `Retryable` would have it set again without a look.
            raise errors.Unknown(f"чек-лист не дописан: {half.text}", method=half.method) from half
    return ports.Done(made=made)


async def _find_task(at: desk.Desk, row: ports.Row, act: intents.SetTask) -> ports.Done | None:
    since = _portal_moment(at, row) - writing.BEFORE
    found: list[model.Task] = []
    command = writing.find_tasks(row.wish.card, since)
    start: int | None = 0
    while start is not None:
        answer = await at.client.call(
            command.method, {**command.params, "start": start}, lane=ports.Lane.SWEEP
        )
        found += [parsing.task(raw, at.client.portal_zone) for raw in parsing.rows_of(answer.result, "tasks")]
        start = answer.next
    own = writing.own_task(found, act, row.wish.key)
    return await _finish_checklist(at, own.id, act) if own is not None else None


def _portal_moment(at: desk.Desk, row: ports.Row) -> datetime:
    """When the wish was sent, by the portal's clock."""
    return ((row.sent_at or row.wished_at) + at.client.offset).astimezone(at.client.portal_zone)


async def _finish_checklist(at: desk.Desk, task: model.TaskId, act: intents.SetTask) -> ports.Done:
    """Adds what the checklist lacks; what the portal refuses is told in the note, the task stands."""
    if not act.checklist:
        return ports.Done(made=task)
    try:
        read = await at.client.call("task.checklistitem.getlist", {"TASKID": task}, lane=ports.Lane.SWEEP)
    except errors.Rejected as unread:
        return ports.Done(made=task, note=f"чек-лист не дописан: {unread.text}")
    missing, root = writing.lacking(parsing.rows_of(read.result), act.checklist)
    commands = writing.checklist(task, missing, root)
    refused: list[errors.PortalError] = []
    for chunk in (commands[n : n + client.MOST] for n in range(0, len(commands), client.MOST)):
        outcomes = await at.client.group(chunk, lane=at.lane)
        refused += [one for one in outcomes if isinstance(one, errors.PortalError)]
    passing = next((one for one in refused if not isinstance(one, errors.Rejected)), None)
    if passing is not None:
        raise errors.Unknown(f"чек-лист не дописан: {passing.text}", method="task.checklistitem.add")
    return ports.Done(made=task, note=f"чек-лист не дописан: {refused[0].text}" if refused else "")


async def _close_task(at: desk.Desk, task: model.TaskId | None, key: intents.WishKey) -> ports.Done:
    if task is None:
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    try:
        answer = await _write(at, writing.complete(task), key)
    except errors.Rejected as refused:
        closed = await _closed(at, task)
        if closed is None:
            raise
        if closed.note == WAITING:
            raise errors.Rejected(WAITING, code=refused.code, method=refused.method) from refused
        return closed
    raw = parsing.item_of(answer.result, "task")
    if raw is not None and str(raw.get("status")) == model.TaskStatus.AWAITING_CONTROL:
        raise errors.Rejected(WAITING, method="tasks.task.complete")
    return ports.Done()


async def _closed(at: desk.Desk, task: model.TaskId | None) -> ports.Done | None:
    """Done if the task is closed, gone or out of the worker's hands; None while it is open."""
    if task is None:
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    found = await tasks.one(at, task, ports.Lane.SWEEP)
    if isinstance(found, errors.PortalError):
        raise found
    if found is None or not found.open:
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    if found.status is model.TaskStatus.AWAITING_CONTROL:
        return ports.Done(changed=False, note=WAITING)
    return None


async def _reassign(
    at: desk.Desk, act: intents.ReassignTask, task: model.TaskId | None, key: intents.WishKey
) -> ports.Done:
    if task is None or not await _still_on(at, task, act.only_from):
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    try:
        await _write(at, writing.reassign(task, act.responsible), key)
    except errors.Rejected:
        found = await tasks.one(at, task, ports.Lane.SWEEP)
        if found is None or (isinstance(found, model.Task) and not found.open):
            return ports.Done(changed=False, note=NOTHING_TO_DO)
        raise
    return ports.Done()


async def _still_on(at: desk.Desk, task: model.TaskId, who: model.UserId | None) -> bool:
    if who is None:
        return True
    found = await tasks.one(at, task, at.lane)
    if isinstance(found, errors.PortalError):
        raise found
    return found is not None and found.responsible == who


async def _reassigned(
    at: desk.Desk, act: intents.ReassignTask, task: model.TaskId | None
) -> ports.Done | None:
    found = await tasks.one(at, task, ports.Lane.SWEEP) if task is not None else None
    if isinstance(found, errors.PortalError):
        raise found
    if found is None or not found.open:
        return ports.Done(changed=False, note=NOTHING_TO_DO)
    return ports.Done() if found.responsible == act.responsible else None


def _made_before(row: ports.Row) -> model.TaskId | None:
    """The task that the wish before it in the chain made."""
    return model.TaskId(row.before_made) if row.before_made is not None else None


async def _write(at: desk.Desk, command: client.Command, key: intents.WishKey) -> client.Answer:
    return await at.client.call(command.method, command.params, lane=at.lane, write=True, key=key)
