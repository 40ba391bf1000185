"""POST /hooks/{portal}: a doorbell is read within limits, believed only with the token, saved, and then answered.

Answers: 200 after the commit (unknown events too, counted) · 400 not a form · 403 not ours, without a detail · 404 no
such portal · 405 not a POST · 408 too slow · 413 too large · 415 packed · 503 with Retry-After where nothing was saved
(the store refused, or more wait already than can be saved in time). Never 500.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from aiohttp import http_exceptions, web

from connector import errors, ports
from connector.web import metrics, seams
from robots import model

MAX_BODY = 64 * 1024
MOST_WAITING = 4000
"""Doorbells that may wait for their commit together: about two seconds of what the store takes. More are told 503."""
MOST_SLOW = 500
"""Bodies that didn't come with their headers and are waited for together: 32 MB. Nearly all bodies come at once, so slow
clients crowd out only each other."""
RETRY_AFTER = "5"
CLOSE = {"Connection": "close"}
CROWDED = "сигналов больше, чем база успевает записать; непришедшее найдёт обход"
SAY_EVERY = 10.0
"""Seconds between two log lines of one reason: a flood of forgeries must not fill the disk with its own story."""
_log = structlog.get_logger()


def nobody(_refused: errors.StoreError) -> None:
    """Nobody else is told that a doorbell wasn't saved."""


class Unread(Exception):
    """A body that can't be had: what it counts as and how it is answered. The connection is good for nothing more."""

    def __init__(self, result: str, status: int, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(result)
        self.result, self.status, self.headers = result, status, headers or {}


@dataclass(frozen=True, slots=True)
class Most:
    """How many may wait together: doorbells for their commit, bodies for their end."""

    waiting: int = MOST_WAITING
    slow: int = MOST_SLOW


class Hooks:
    """The handler. `portals` holds every name under which a portal may be called."""

    def __init__(
        self,
        portals: Mapping[str, seams.HookPortal],
        inbox: ports.Inbox,
        counted: metrics.Metrics,
        body_timeout: float,
        at: seams.At = seams.nowhere,
        is_open: Callable[[model.PortalId], bool] = lambda _portal: True,
        unsaved: Callable[[errors.StoreError], None] = nobody,
        most: Most | None = None,
    ) -> None:
        """`is_open`: whether the portal's doorbells may be taken already; before the first watermarks what they tell of would count
        as past, and a 200 would be a lie. `at` is told the named points `before_ack` (saved, not answered) and `after_ack` (answered)."""
        self._portals, self._inbox, self._metrics, self._timeout = portals, inbox, counted, body_timeout
        self._at, self._is_open, self._unsaved = at, is_open, unsaved
        self._most, self._waiting, self._slow = most or Most(), 0, 0
        self._said: dict[str, tuple[float, int]] = {}
        """By reason: when it was last logged, how many were not logged since."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        with self._metrics.hook_seconds.time():
            portal = self._portals.get(request.match_info["portal"].lower())
            result, answer = await self._answered(portal, request)
        if result == "saved" and self._at is not seams.nowhere:
            self._at("before_ack")
            await answer.prepare(request)
            await answer.write_eof()
            self._at("after_ack")
        self._metrics.hooks.labels(portal.id if portal else "unknown", result).inc()
        return answer

    async def _answered(
        self, portal: seams.HookPortal | None, request: web.Request
    ) -> tuple[str, web.Response]:
        if portal is None:
            return "no_portal", web.Response(status=404, headers=CLOSE)
        try:
            body = await self._body(request)
        except Unread as why:
            return why.result, web.Response(status=why.status, headers={**CLOSE, **why.headers})
        try:
            bell = portal.parse(body)
        except seams.HookMalformed as broken:
            self._refuse(portal, str(broken))
            return "malformed", web.Response(status=400)
        return await self._take(portal, bell)

    async def _body(self, request: web.Request) -> bytes:
        """Raises Unread. Only bodies that didn't come with their headers wait, and only so many of them."""
        if not request.content.is_eof() and self._slow >= self._most.slow:
            raise Unread("crowded", 503, {"Retry-After": RETRY_AFTER})
        self._slow += 1
        try:
            body = await read_body(request, self._timeout)
        except TimeoutError:
            raise Unread("slow", 408) from None
        finally:
            self._slow -= 1
        if body is None:
            raise Unread("too_large", 413)
        return body

    async def _take(self, portal: seams.HookPortal, bell: seams.Doorbell) -> tuple[str, web.Response]:
        if not believed(portal, bell) and not (await portal.again() and believed(portal, bell)):
            self._refuse(portal, "чужой токен или портал")
            return "refused", web.Response(status=403)
        if bell.thing is None:
            try:
                await portal.rang(bell)
            except errors.StoreError as refused:
                self._unsaved(refused)
                return "unsaved", unsaved()
            _log.debug("hook.ignored", portal=portal.id, name=bell.event[:60])
            return "ignored", web.Response(text="ok")
        if not self._is_open(portal.id):
            return "early", unsaved()
        if self._waiting >= self._most.waiting:
            self._say("hook.unsaved", logging.WARNING, portal, CROWDED)
            return "crowded", unsaved()
        self._waiting += 1
        try:
            await self._inbox.mark(portal.id, [bell.thing])
        except errors.StoreError as refused:
            self._unsaved(refused)
            self._say("hook.unsaved", logging.ERROR, portal, str(refused))
            return "unsaved", unsaved()
        finally:
            self._waiting -= 1
        _log.debug("hook.received", portal=portal.id, thing=f"{bell.thing.kind}:{bell.thing.id}")
        return "saved", web.Response(text="ok")

    def _refuse(self, portal: seams.HookPortal, reason: str) -> None:
        self._say("hook.refused", logging.WARNING, portal, reason)

    def _say(self, event: str, level: int, portal: seams.HookPortal, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        last, silent = self._said.get(reason, (-SAY_EVERY, 0))
        if now - last < SAY_EVERY:
            self._said[reason] = last, silent + 1
            return
        self._said[reason] = now, 0
        _log.log(level, event, portal=portal.id, reason=reason, more=silent)


async def read_body(request: web.Request, seconds: float) -> bytes | None:
    """The body, None if it is over the cap; a declared length is believed before a byte is read.

    Raises TimeoutError, Unread. A packed body isn't unpacked (64 KB may be 64 MB): no portal packs its events.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Unread("malformed", 415)
    if (request.content_length or 0) > MAX_BODY:
        return None
    if request.content.is_eof():  # it came with the headers, as nearly always
        body = request.content.read_nowait()
        return body if len(body) <= MAX_BODY else None
    parts = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                parts += chunk
                if len(parts) > MAX_BODY:
                    return None
    except (http_exceptions.PayloadEncodingError, web.RequestPayloadError):
        raise Unread("malformed", 400) from None
    except ConnectionError:
        raise Unread("hung_up", 400) from None  # nobody is there to read the answer
    return bytes(parts)


def unsaved() -> web.Response:
    return web.Response(status=503, headers={"Retry-After": RETRY_AFTER})


def believed(portal: seams.HookPortal, bell: seams.Doorbell) -> bool:
    """The token proves the sender, compared in constant time on bytes; a stated other host disproves it."""
    token = portal.token or portal.proof()
    right = bool(token) and hmac.compare_digest(token, bell.token)
    return right and (not portal.host or not bell.domain or bell.domain.lower() == portal.host)
