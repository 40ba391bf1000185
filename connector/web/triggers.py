"""POST /trigger/{name}: another program says that something happened to a card; robots with `webhook: name` answer it.

Believed only with the token of that name; saved, and then answered. What is said: `card` (`deal:12`, `lead:3`, 12 for a
deal; or `document_id[2]` as the portal's own outgoing webhook has it), `key` (the same one of the same card is one call) and
`token`, in JSON, in a form or in the address; the token in `Authorization: Bearer` as well. Answers: 200 after the commit ·
400 no card · 403 another token · 404 nobody waits for that name · 405 · 408 · 413 · 415 · 503 nothing saved. Never 500.
"""

from __future__ import annotations

import hmac
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib import parse

import structlog
from aiohttp import web

from connector import errors
from connector.web import hooks, seams
from robots import model

MOST_WAITING = 500
_CARD = re.compile(r"(?:(deal|lead)[:_])?(\d{1,15})", re.IGNORECASE)
_KEY = re.compile(r"[\w.:@+-]{1,80}")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Call:
    card: model.CardRef
    key: str
    """Empty: each is one of its own."""


class Wrong(ValueError):
    """What was said can't be understood: a sentence for the other program's author, without what was said."""


class Triggers:
    """The handler."""

    def __init__(
        self,
        portals: Sequence[seams.TriggerPortal],
        body_timeout: float,
        is_open: Callable[[model.PortalId], bool],
        unsaved: Callable[[errors.StoreError], None],
    ) -> None:
        self._portals, self._timeout = portals, body_timeout
        self._is_open, self._unsaved, self._waiting = is_open, unsaved, 0

    async def posted(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"].lower()
        doors = [one for one in self._portals if one.waited(name) and one.token(name)]
        if not doors:
            return _said(
                404, "такого вызова никто не ждёт: нет робота с этим webhook или строки с его ключом"
            )
        try:
            body = await hooks.read_body(request, self._timeout)
        except TimeoutError:
            return web.Response(status=408, headers=hooks.CLOSE)
        if body is None:
            return web.Response(status=413, headers=hooks.CLOSE)
        try:
            fields = read(body, request.content_type) | dict(request.query)
            token = _bearer(request) or fields.get("token", "")
            portal = next((one for one in doors if _right(one.token(name), token)), None)
            if portal is None:
                _log.warning("trigger.refused", name=name, reason="чужой ключ")
                return _said(403, "ключ не тот")
            call = understood(fields, portal.waited(name))
        except Wrong as why:
            _log.warning("trigger.refused", name=name, reason=str(why))
            return _said(400, str(why))
        return await self._saved(portal, name, call)

    async def _saved(self, portal: seams.TriggerPortal, name: str, call: Call) -> web.Response:
        if not self._is_open(portal.id) or self._waiting >= MOST_WAITING:
            return hooks.unsaved()
        number = call.key or uuid.uuid4().hex
        self._waiting += 1
        try:
            new = await portal.save(name, call.card, number)
        except errors.StoreError as refused:
            self._unsaved(refused)
            _log.error("trigger.unsaved", portal=portal.id, name=name, reason=str(refused))
            return hooks.unsaved()
        finally:
            self._waiting -= 1
        _log.info("trigger.received", portal=portal.id, name=name, card=str(call.card), new=new)
        return web.json_response({"saved": True, "again": not new, "card": str(call.card), "key": number})


def read(body: bytes, content_type: str) -> dict[str, str]:
    """The plain values of a flat form or of a JSON object. Raises Wrong."""
    try:
        text = body.decode()
        if content_type == "application/json" or text.lstrip().startswith("{"):
            told = json.loads(text or "{}")
            if not isinstance(told, dict):
                raise Wrong("нужен объект JSON")
            plain: Mapping[str, object] = told
        else:
            plain = dict(parse.parse_qsl(text, max_num_fields=100))
    except Wrong:
        raise
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Wrong("не понимаю, что прислано: нужен JSON или форма в UTF-8") from None
    return {name: str(value) for name, value in plain.items() if isinstance(value, str | int)}


def understood(fields: Mapping[str, str], kinds: frozenset[model.CardKind]) -> Call:
    """Raises Wrong."""
    written = fields.get("card") or fields.get("document_id[2]") or ""
    match = _CARD.fullmatch(written.strip())
    if match is None:
        raise Wrong("не сказано, какая карточка: card=deal:12")
    kind = model.CardKind((match[1] or "deal").lower())
    if kind not in kinds:
        raise Wrong("роботы с этим webhook — не для таких карточек: deal — сделка, lead — лид")
    key = fields.get("key", "").strip()
    if key and not _KEY.fullmatch(key):
        raise Wrong("key: до 80 знаков, буквы, цифры и . : @ + - _")
    return Call(model.CardRef(kind, int(match[2])), key)


def _bearer(request: web.Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _right(wanted: bytes, said: str) -> bool:
    return bool(wanted) and hmac.compare_digest(wanted, said.encode("utf-8", "replace"))


def _said(status: int, text: str) -> web.Response:
    return web.json_response({"saved": False, "error": text}, status=status)
