"""What reports ask of the portal: open tasks on cards, calls with their recordings, what listeners wrote of them.

Pages by id, at the lane of the past: nobody waits for a report.
Sources: reference §6 (tasks.task.list: REAL_STATUS is the stored status, prefixes `! < <= > >=`; crm.activity.list: FILES
only if selected, `{id, url}` with `auth=` at the url's end by the vendor's example; a finished call ends at END_TIME).
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from connector import errors, ports
from connector.bitrix24 import desk, names, parsing, values
from robots import model
from robots.insight import calls, letter, rows

DONE, CALL = 5, 2
_CALL = ["ID", "OWNER_TYPE_ID", "OWNER_ID", "RESPONSIBLE_ID", "START_TIME", "END_TIME", "FILES"]
_KEYS = frozenset({"auth", "token", "access_token", "sessid"})
_TASK = ["ID", "TITLE", "RESPONSIBLE_ID", "DEADLINE", "UF_CRM_TASK"]


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
                title = values.text(raw.get("title"), "title") or ""
                found.append(letter.OpenTask(one.card, who, until, title))
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
        last = _after(last, page[-1].get("id"))


# ------------------------------------------------------------------------------------------------ calls (S3.8)


async def made_calls(at: desk.Desk, period: rows.Period) -> list[calls.Call]:
    """Calls that began in the period and are over, oldest first."""
    found: list[calls.Call] = []
    last = 0
    while True:
        params = {
            "filter": {
                "TYPE_ID": CALL,
                "COMPLETED": "Y",
                ">=START_TIME": _iso(period.since),
                "<START_TIME": _iso(period.until),
                ">ID": last,
            },
            "select": _CALL,
            "order": {"ID": "ASC"},
            "start": -1,
        }
        page = parsing.rows_of(
            (await at.client.call("crm.activity.list", params, lane=ports.Lane.BACKFILL)).result
        )
        found += [_call(at, raw) for raw in page]
        if len(page) < names.PAGE:
            return sorted(found, key=lambda call: (call.at, int(call.id)))
        last = _after(last, page[-1].get("ID"))


def _call(at: desk.Desk, raw: Mapping[str, Any]) -> calls.Call:
    zone, number = at.client.portal_zone, values.required_id(raw.get("ID"))
    began = values.required_moment(raw.get("START_TIME"), zone, "START_TIME")
    ended = values.moment(raw.get("END_TIME"), zone, "END_TIME") or began
    owner = names.thing(values.ident(raw.get("OWNER_TYPE_ID")), values.ident(raw.get("OWNER_ID")))
    manager = values.ident(raw.get("RESPONSIBLE_ID"), "RESPONSIBLE_ID")
    return calls.Call(
        str(number),
        int(began.timestamp()),
        model.UserId(manager) if manager else None,
        max(0, int((ended - began).total_seconds())),
        owner.card if owner else None,
        _record(raw.get("FILES")),
    )


def _record(files: Any) -> str:
    """The recording's link, without the key that the portal hangs on it: whoever opens it shows his own."""
    for one in files.values() if isinstance(files, dict) else files if isinstance(files, list) else ():
        if isinstance(one, Mapping) and one.get("url"):
            whole = urllib.parse.urlsplit(str(one["url"]))
            query = [pair for pair in urllib.parse.parse_qsl(whole.query) if pair[0].casefold() not in _KEYS]
            return urllib.parse.urlunsplit(whole._replace(query=urllib.parse.urlencode(query), fragment=""))
    return ""


async def remarks(at: desk.Desk, cards: Collection[model.CardRef]) -> list[calls.Said]:
    """What listeners wrote under these cards: the newest page of comments of each."""
    found = await asyncio.gather(*(_said(at, ref) for ref in sorted(cards)))
    return [one for said in found for one in said]


async def _said(at: desk.Desk, ref: model.CardRef) -> list[calls.Said]:
    params = {
        "filter": {"ENTITY_ID": ref.id, "ENTITY_TYPE": ref.kind.value},
        "select": ["ID", "CREATED", "COMMENT"],
        "order": {"ID": "DESC"},
    }
    answer = await at.client.call("crm.timeline.comment.list", params, lane=ports.Lane.BACKFILL)
    found = []
    for raw in parsing.rows_of(answer.result):
        mark, remark = calls.marked(str(raw.get("COMMENT") or ""))
        if mark is not calls.Mark.NONE:
            written = values.required_moment(raw.get("CREATED"), at.client.portal_zone, "CREATED")
            found.append(calls.Said(ref, int(written.timestamp()), mark, remark))
    return found


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _after(last: int, shown: Any) -> int:
    """The page's last id, which must go up: else pages would be read for ever."""
    number = values.required_id(shown)
    if number <= last:
        raise errors.Unreadable("список не отсортирован по номеру")
    return number
