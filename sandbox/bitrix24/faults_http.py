"""How a fault looks on the wire: connections reset, answers cut short, hangs, gateways' error pages.

`handle(request, portal, methods, execute)` stands between the server and the portal: `execute` carries the request
out and returns the ready answer; whether it is called at all, when, and what becomes of the answer, the fault says.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from sandbox.bitrix24 import faults
from sandbox.bitrix24 import portal as portals

Execute = Callable[[], Awaitable[web.StreamResponse]]
GATEWAY_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
REFUSALS: dict[str, tuple[int, str, str]] = {
    "query_limit_503": (503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
    "overload_503": (503, "OVERLOAD_LIMIT", "REST API is blocked due to overload."),
    "expired_token_401": (401, "expired_token", "The access token provided has expired."),
    "internal_500": (500, "INTERNAL_SERVER_ERROR", "Internal server error"),
}
LATE: set[asyncio.Task[Any]] = set()
"""Requests that the portal carries out after their clients have gone; held so that they are not collected."""


async def handle(
    request: web.Request, portal: portals.Portal, methods: Sequence[str], execute: Execute
) -> web.StreamResponse:
    fault = portal.faults.match(methods)
    if fault is None:
        return await execute()
    if fault.kind == "refuse":
        return aborted(request)
    await request.read()
    if fault.kind in REFUSALS:
        status, code, text = REFUSALS[fault.kind]
        return web.json_response({"error": code, "error_description": text}, status=status)
    return await _PLAYED[fault.kind](request, fault, execute)


def aborted(request: web.Request) -> web.Response:
    """Cuts the connection with a reset, so that the client sees no orderly end."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _reset_before(request: web.Request, _fault: faults.Fault, _execute: Execute) -> web.StreamResponse:
    return aborted(request)


async def _reset_after(request: web.Request, _fault: faults.Fault, execute: Execute) -> web.StreamResponse:
    await execute()
    return aborted(request)


async def _bad_gateway(_request: web.Request, fault: faults.Fault, execute: Execute) -> web.StreamResponse:
    await execute()
    status = int(fault.kind[-3:])
    title = {502: "502 Bad Gateway", 504: "504 Gateway Time-out"}[status]
    return web.Response(status=status, text=GATEWAY_PAGE.format(title), content_type="text/html")


async def _truncated(request: web.Request, _fault: faults.Fault, execute: Execute) -> web.StreamResponse:
    """Half of the body under the full Content-Length, then a reset."""
    whole = await execute()
    body = (
        whole.body
        if isinstance(whole, web.Response) and isinstance(whole.body, bytes)
        else b'{"result":{"item"'
    )
    cut = web.StreamResponse(
        headers={"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
    )
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return cut


async def _html(_request: web.Request, _fault: faults.Fault, execute: Execute) -> web.StreamResponse:
    await execute()
    return web.Response(text=GATEWAY_PAGE.format("Bitrix24: ведутся работы"), content_type="text/html")


async def _not_json(_request: web.Request, _fault: faults.Fault, execute: Execute) -> web.StreamResponse:
    await execute()
    return web.Response(body=b'\xff\xfe{"result": <b>Warning</b>: ', content_type="application/json")


async def _hang(_request: web.Request, fault: faults.Fault, _execute: Execute) -> web.StreamResponse:
    await asyncio.sleep(float(fault.params.get("seconds", 3600)))
    return web.Response(
        status=504, text=GATEWAY_PAGE.format("504 Gateway Time-out"), content_type="text/html"
    )


async def _commit_later(_request: web.Request, fault: faults.Fault, execute: Execute) -> web.StreamResponse:
    """The portal is slow: the client's leaving does not stop it."""

    async def slowly() -> web.StreamResponse:
        await asyncio.sleep(float(fault.params.get("seconds", 5)))
        return await execute()

    late = asyncio.create_task(slowly(), name="late commit")
    LATE.add(late)
    late.add_done_callback(LATE.discard)
    return await asyncio.shield(late)


async def _moved(request: web.Request, fault: faults.Fault, _execute: Execute) -> web.StreamResponse:
    host = str(fault.params.get("host", "moved.example"))
    scheme = str(fault.params.get("scheme", "https"))
    return web.Response(status=302, headers={"Location": f"{scheme}://{host}{request.path_qs}"})


_PLAYED: dict[str, Callable[[web.Request, faults.Fault, Execute], Awaitable[web.StreamResponse]]] = {
    "reset_before_commit": _reset_before,
    "commit_then_reset": _reset_after,
    "commit_then_502": _bad_gateway,
    "commit_then_504": _bad_gateway,
    "commit_then_truncated": _truncated,
    "commit_then_html_200": _html,
    "commit_then_nonjson": _not_json,
    "hang_never_commit": _hang,
    "hang_commit_later": _commit_later,
    "redirect_302": _moved,
}


async def control(request: web.Request, portal: portals.Portal) -> web.Response:
    """For harnesses: GET lists the rules and what struck, POST adds rules (a list of objects), DELETE clears."""
    if request.method == "DELETE":
        portal.faults.clear()
    elif request.method == "POST":
        try:
            rules = [faults.Fault.from_json(one) for one in json.loads(await request.text())]
        except (faults.UnknownFault, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        portal.faults.extend(rules)
    known = [{"kind": one.kind, "methods": one.methods, "times": one.times} for one in portal.faults.rules]
    return web.json_response({"rules": known, "struck": portal.faults.struck})
