"""Tasks by id and by card: our own ones, with what a look wants of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from connector import errors, ports
from connector.bitrix24 import desk, names, parsing
from robots import model

Found = Mapping[model.TaskId, model.Task | errors.PortalError | None]
SELECT = ("ID", "TITLE", "RESPONSIBLE_ID", "CREATED_BY", "STATUS", "DEADLINE", "XML_ID", "CLOSED_DATE")


async def own(
    at: desk.Desk, wanted: Sequence[model.TaskId], lane: ports.Lane
) -> dict[model.TaskId, model.Task | errors.PortalError | None]:
    """Tasks by id; None for one that isn't there. What the list doesn't show is asked by itself: whether the list takes
    an array of ids is nowhere written, and a task that it hides isn't gone yet."""
    found: dict[model.TaskId, model.Task | errors.PortalError | None] = {}
    for part in await asyncio.gather(*(_listed(at, chunk, lane) for chunk in names.chunked(wanted))):
        found.update(part)
    missing = [number for number in wanted if number not in found]
    single = await asyncio.gather(*(one(at, number, lane) for number in missing))
    found.update(zip(missing, single, strict=True))
    return {number: found[number] for number in wanted}


async def _listed(
    at: desk.Desk, wanted: Sequence[model.TaskId], lane: ports.Lane
) -> dict[model.TaskId, model.Task]:
    params = {"filter": {"ID": list(wanted)}, "select": list(SELECT), "order": {"ID": "asc"}, "start": 0}
    try:
        answer = await at.client.call("tasks.task.list", params, lane=lane)
        rows = parsing.rows_of(answer.result, "tasks")
    except (errors.Rejected, errors.Unreadable):
        return {}  # each is asked by itself then, and tells its own trouble
    found: dict[model.TaskId, model.Task] = {}
    for raw in rows:
        try:
            task = parsing.task(raw, at.client.portal_zone)
        except errors.Unreadable:
            continue  # asked by itself, as above
        if task.id in wanted:
            found[task.id] = task
    return found


async def one(
    at: desk.Desk, number: model.TaskId, lane: ports.Lane
) -> model.Task | errors.PortalError | None:
    try:
        answer = await at.client.call("tasks.task.get", {"taskId": number, "select": list(SELECT)}, lane=lane)
        raw = parsing.item_of(answer.result, "task")
        return parsing.task(raw, at.client.portal_zone) if raw else None
    except errors.NotFound:
        return None
    except errors.PortalError as error:
        return error
