"""Messages into chats of staff. The end of the text carries the wish's mark, by which what was said is found again."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

from connector import errors, ports
from connector.bitrix24 import client, desk, parsing, timelines, values
from robots import intents

PAGE = 50
PAGES = 10
"""So far back a message is looked for, or to what was said before it was wished."""
SKEW = timedelta(hours=1)
"""So far the portal's clock may be from ours."""


async def perform(at: desk.Desk, row: ports.Row, act: intents.Say) -> ports.Done:
    """Raises Rejected where the portal's user isn't in the chat, with what to do about it."""
    if row.tries > 0:
        found = await find(at, row, act)
        if found is not None:
            return found
    key = row.wish.key
    params = {"DIALOG_ID": act.dialog, "MESSAGE": act.text + timelines.tail(key), "URL_PREVIEW": "N"}
    try:
        answer = await at.client.call("im.message.add", params, lane=at.lane, write=True, key=key)
    except errors.Rejected as no:
        if no.code != "ACCESS_ERROR":
            raise
        text = f"робота нет в чате {act.dialog}: добавьте в чат пользователя, от имени которого он работает"
        raise errors.Rejected(text, code=no.code, method=no.method) from no
    return ports.Done(made=timelines.made(answer.result))


async def find(at: desk.Desk, row: ports.Row, act: intents.Say) -> ports.Done | None:
    return await said(at, row, act.dialog)


async def said(at: desk.Desk, row: ports.Row, dialog: str) -> ports.Done | None:
    """The newest messages first, page by page (`im.dialog.messages.get`, LAST_ID going back)."""
    own, last = timelines.tail(row.wish.key).strip(), 0
    for _ in range(PAGES):
        command = _page(dialog, last)
        answer = await at.client.call(command.method, command.params, lane=at.lane)
        rows = parsing.rows_of(answer.result, "messages")
        for raw in rows:
            if own in str(raw.get("text") or ""):
                return ports.Done(made=values.required_id(raw.get("id")))
        if len(rows) < PAGE or _before(rows, row.wished_at - SKEW, at.context.zone):
            return None
        last = min(values.required_id(raw.get("id")) for raw in rows)
    return None


def _page(dialog: str, last: int) -> client.Command:
    params: dict[str, Any] = {"DIALOG_ID": dialog, "LIMIT": PAGE}
    return client.Command("im.dialog.messages.get", {**params, "LAST_ID": last} if last else params)


def _before(rows: list[dict[str, Any]], moment: datetime, zone: tzinfo) -> bool:
    """The page reaches back to what was said before the wish was."""
    dates = [values.moment(raw.get("date"), zone) for raw in rows]
    return any(one is not None and one < moment for one in dates)
