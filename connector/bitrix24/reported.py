"""What reports ask of the portal: open tasks on cards. Pages by id, at the lane of the past: nobody waits for a report.

Source: reference §9 (tasks.task.list: REAL_STATUS is the stored status, prefixes `! < <= > >=`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from connector import errors, ports
from connector.bitrix24 import desk, names, parsing, values
from robots import model
from robots.insight import letter

DONE = 5
_TASK = ["ID", "RESPONSIBLE_ID", "DEADLINE", "UF_CRM_TASK"]


async def open_tasks(at: desk.Desk) -> list[letter.OpenTask]:
    """Every open task that hangs on a deal or a lead; one on two cards comes twice."""
    found: list[letter.OpenTask] = []
    async for raw in _open(at):
        responsible = values.ident(raw.get("responsibleId"), "responsibleId")
        deadline = values.moment(raw.get("deadline"), at.client.portal_zone, "deadline")
        bound = raw.get("ufCrmTask")
        for one in map(names.bound, bound if isinstance(bound, list) else ()):
            if one is not None and one.card is not None:
                who = model.UserId(responsible) if responsible else None
                until = int(deadline.timestamp()) if deadline else None
                found.append(letter.OpenTask(one.card, who, until))
    return found


async def _open(at: desk.Desk) -> AsyncIterator[Mapping[str, Any]]:
    last = 0
    while True:
        params = {
            "filter": {"!REAL_STATUS": DONE, ">ID": last},
            "select": _TASK,
            "order": {"ID": "asc"},
            "start": -1,
        }
        answer = await at.client.call("tasks.task.list", params, lane=ports.Lane.BACKFILL)
        page = parsing.rows_of(answer.result, "tasks")
        for raw in page:
            yield raw
        if len(page) < names.PAGE:
            return
        before, last = last, values.required_id(page[-1].get("id"), "task.id")
        if last <= before:
            raise errors.Unreadable("список задач не отсортирован по номеру")
