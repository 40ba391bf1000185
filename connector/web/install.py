"""POST /install/{portal}: the portal brings an application's tokens. Believed only after proof, kept, and then answered.

The portal posts once and never again, so whoever comes waits for his turn: proofs go one at a time, and after a refused
one a moment passes, since each costs a request to the authorization server. Answers: 200 installed · 400 not a form ·
403 not ours · 404 no such portal · 408 slow · 413 too large · 503 the proof or the store can't be had now. Never 500.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog
from aiohttp import web

from connector import errors
from connector.web import hooks, seams

PATIENCE = 10.0
"""Seconds that a form waits for its turn."""
REST = 1.0
"""Seconds after a refused form."""
INSTALLED = "Voronka подключена к порталу. Эту страницу можно закрыть."
_log = structlog.get_logger()


class Installs:
    """The handler. `portals` holds every name under which a portal may be called."""

    def __init__(
        self,
        portals: Mapping[str, seams.InstallPortal],
        body_timeout: float,
        *,
        patience: float = PATIENCE,
        rest: float = REST,
    ) -> None:
        self._portals, self._timeout, self._patience, self._rest = portals, body_timeout, patience, rest
        self._turn = asyncio.Lock()

    async def posted(self, request: web.Request) -> web.StreamResponse:
        portal = self._portals.get(request.match_info["portal"].lower())
        if portal is None:
            return web.Response(status=404, headers=hooks.CLOSE)
        try:
            body = await hooks.read_body(request, self._timeout)
        except TimeoutError:
            return web.Response(status=408, headers=hooks.CLOSE)
        if body is None:
            return web.Response(status=413, headers=hooks.CLOSE)
        return await self._taken(portal, body)

    async def _taken(self, portal: seams.InstallPortal, body: bytes) -> web.Response:
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            return hooks.unsaved()
        try:
            return await self._judged(portal, body)
        finally:
            self._turn.release()

    async def _judged(self, portal: seams.InstallPortal, body: bytes) -> web.Response:
        try:
            await portal.take(body)
        except seams.HookMalformed as broken:
            _log.warning("app.refused", portal=portal.id, reason=str(broken))
            return web.Response(status=400)
        except seams.NotOurs as refused:
            _log.warning("app.refused", portal=portal.id, reason=str(refused))
            await asyncio.sleep(self._rest)
            return web.Response(status=403)
        except (errors.PortalError, errors.StoreError) as trouble:
            _log.error("app.refused", portal=portal.id, reason=str(trouble))
            return hooks.unsaved()
        return web.Response(text=INSTALLED, content_type="text/plain", charset="utf-8")
