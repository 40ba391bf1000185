"""The files of documents, by the addresses that `document.get` gives to programs: bytes, not JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.bitrix24 import portal as portals

KINDS = {"download": "docx", "getPdf": "pdf"}


def routes(portal: portals.Portal) -> list[web.RouteDef]:
    """They stand before the REST's own route, which would take them for methods."""
    return [
        web.get(f"/rest/crm.documentgenerator.document.{action}.json", _handler(portal, what))
        for action, what in KINDS.items()
    ]


def _handler(portal: portals.Portal, what: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def give(request: web.Request) -> web.Response:
        hook = portal.webhooks.get(request.query.get("auth", ""))
        if hook is None or hook.revoked:
            return web.json_response({"error": "NO_AUTH_FOUND"}, status=401)
        number = request.query.get("token", "").removeprefix(what)
        found = portal.documents.rows.get(int(number)) if number.isdecimal() else None
        if found is None or (what == "pdf" and not portal.documents.pdf_ready(found)):
            return web.json_response({"error": "NOT_FOUND"}, status=404)
        return web.Response(body=found.file(what), content_type="application/octet-stream")

    return give
