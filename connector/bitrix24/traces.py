"""What bears Voronka's mark on the portal and was made since the last sweep that a store remembers.

Tasks and copies alone: they are listed for the whole portal. Comments lie in each card's feed and aren't looked through.
The mark is read in the answer; a filter on XML_ID isn't relied on (design.md «The ledger»).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, parsing, values, writing

PAGES = 20
"""Of tasks, oldest first: of a long silence the first thousand is enough to see that somebody was at work."""
PREFIX = f"{writing.ORIGINATOR}-"


async def made_since(at: desk.Desk, cursors: Mapping[str, Any]) -> ports.Traces | None:
    """By the sweep's own cursors; None if nothing was ever swept."""
    begun = [_moment(at, cursors.get(name)) for name in ("tasks", "items:deal")]
    since = min((moment for moment in begun if moment is not None), default=None)
    if since is None:
        return None
    tasks, deals = await at.client.group([_tasks(since, 0), _deals(since)], lane=ports.Lane.SWEEP)
    desk.raise_closed((tasks, deals))
    found = _marked(deals, ports.Kind.DEAL)
    for _ in range(PAGES):
        found += _marked(tasks, ports.Kind.TASK)
        if isinstance(tasks, errors.PortalError) or tasks.next is None:
            break
        (tasks,) = await at.client.group([_tasks(since, tasks.next)], lane=ports.Lane.SWEEP)
    return ports.Traces(since, tuple(found))


def _moment(at: desk.Desk, cursor: Any) -> datetime | None:
    return values.moment(cursor.get("at"), at.client.portal_zone) if isinstance(cursor, Mapping) else None


def _tasks(since: datetime, start: int) -> client.Command:
    params = {
        "filter": {">=CREATED_DATE": since.isoformat()},
        "select": ["ID", "XML_ID"],
        "order": {"ID": "asc"},
        "start": start,
    }
    return client.Command("tasks.task.list", params)


def _deals(since: datetime) -> client.Command:
    params = {
        "entityTypeId": 2,
        "select": ["id", "originId"],
        "filter": {"=originatorId": writing.ORIGINATOR, ">=createdTime": since.isoformat()},
        "order": {"id": "ASC"},
        "start": -1,
    }
    return client.Command("crm.item.list", params)


def _rows(outcome: client.Outcome, name: str) -> list[dict[str, Any]]:
    """Raises what the outcome is."""
    if isinstance(outcome, errors.PortalError):
        raise outcome
    return parsing.rows_of(outcome.result, name)


def _marked(outcome: client.Outcome, kind: ports.Kind) -> list[ports.Trace]:
    """A kind that the webhook may not see, or that can't be read, says nothing; what passes is for the caller to repeat."""
    listed, mark, prefix = (
        ("tasks", "xmlId", PREFIX) if kind is ports.Kind.TASK else ("items", "originId", "")
    )
    try:
        marks = {
            values.required_id(raw.get("id")): str(raw.get(mark) or "") for raw in _rows(outcome, listed)
        }
    except (errors.Rejected, errors.Unreadable):
        return []
    return [
        ports.Trace(ports.Thing(kind, number), text.removeprefix(prefix))
        for number, text in marks.items()
        if text and text.startswith(prefix)
    ]
