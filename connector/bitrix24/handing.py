"""A report as a file in the reader's own chat: one call, the scope `im` that every message asks for anyway.

`im.v2.File.upload` uploads, attaches and says a text in one (apidocs.bitrix24.ru, chat-bots-v2/im.v2/files). The text's end
carries the wish's mark, by which it is found again. A portal that has no such method, or takes no file, gets the text alone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from connector import errors, ports
from connector.bitrix24 import books, chats, client, desk, timelines, values, writing
from robots import intents

METHOD = "im.v2.File.upload"
_UNSAFE = re.compile(r'[\x00-\x1f\\/:*?"<>|]+')


async def perform(at: desk.Desk, row: ports.Row, act: intents.SendFile) -> ports.Done:
    if row.tries > 0:
        found = await find(at, row, act)
        if found is not None:
            return found
    key = row.wish.key
    body = books.made(act.text, act.tables)
    fields = {
        "name": " ".join(_UNSAFE.sub(" ", f"{act.name}.xlsx").split()),
        "content": base64.b64encode(body).decode(),
        "message": act.text + timelines.tail(key),
    }
    params = {"dialogId": str(act.to), "fields": fields}
    try:
        answer = await at.client.call(METHOD, params, lane=at.lane, write=True, key=key)
    except errors.NoScope:
        raise
    except errors.Rejected as no:
        return await _as_text(at, key, act, no)
    made = answer.result.get("messageId") if isinstance(answer.result, Mapping) else None
    return ports.Done(made=values.ident(made))


async def find(at: desk.Desk, row: ports.Row, act: intents.SendFile) -> ports.Done | None:
    """None of a text that went in its place: a repeat with its tag replaces it."""
    return await chats.said(at, row, str(act.to))


async def _as_text(
    at: desk.Desk, key: intents.WishKey, act: intents.SendFile, refused: errors.Rejected
) -> ports.Done:
    command: client.Command = writing.notify(intents.Notify(act.to, act.text, tag=key[:200]))
    answer = await at.client.call(command.method, command.params, lane=at.lane, write=True)
    if not answer.result:
        raise errors.Rejected("портал не принял ни файла, ни сообщения", method=command.method)
    return ports.Done(note=f"ушло текстом, без файла: {refused.text}")
