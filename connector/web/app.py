"""The daemon's HTTP face: routes, the guard against surprises, and the server's life.

Law: no request, however made, is answered 500; what went wrong on our side is an honest 503 and a line in the log.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from aiohttp import http_exceptions, web

from connector import errors, ports
from connector.web import hooks, install, metrics, pages, seams, triggers
from robots import model

_log = structlog.get_logger()
HEADER_SECONDS = 12.0
"""A client that hasn't finished its headers by then is cut (R14)."""


class PortTaken(Exception):
    """We can't listen there, mostly because something else does."""


def create_app(
    portals: Mapping[str, seams.HookPortal],
    inbox: ports.Inbox,
    views: Mapping[model.PortalId, seams.Views],
    *,
    body_timeout: float = 10.0,
    counted: metrics.Metrics | None = None,
    at: seams.At = seams.nowhere,
    is_open: Callable[[model.PortalId], bool] = lambda _portal: True,
    unsaved: Callable[[errors.StoreError], None] = hooks.nobody,
    installs: Mapping[str, seams.InstallPortal] | None = None,
    called: Sequence[seams.TriggerPortal] = (),
    most: hooks.Most | None = None,
) -> web.Application:
    """`portals`: every name under which `/hooks/{portal}` may be called -> the portal. `unsaved` is told of each doorbell
    that the store didn't take."""
    figures = counted or metrics.Metrics()
    bell = hooks.Hooks(portals, inbox, figures, body_timeout, at, is_open, unsaved, most)
    page = pages.Pages(views, figures)
    app = web.Application(middlewares=[_guard], client_max_size=hooks.MAX_BODY)
    app.router.add_post("/hooks/{portal}", bell.handle)
    if installs:
        app.router.add_post("/install/{portal}", install.Installs(installs, body_timeout).posted)
    if called:
        doors = triggers.Triggers(called, body_timeout, is_open, unsaved)
        app.router.add_post("/trigger/{name}", doors.posted)
    app.router.add_get("/health/live", page.live)
    app.router.add_get("/health/ready", page.ready)
    app.router.add_get("/metrics", page.figures)
    app.router.add_get("/", page.home)
    app.router.add_get("/static/voronka.css", page.style)
    return app


@web.middleware
async def _guard(request: web.Request, handler: pages.Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except hooks.Unread as why:
        return web.Response(status=why.status, headers={**hooks.CLOSE, **why.headers})
    except errors.StoreError as refused:
        _log.error("page.failed", path=request.path[:80], error=str(refused))
        return hooks.unsaved()
    except Exception as surprise:  # noqa: BLE001  one bad request must not be a 500, and it is recorded
        _log.exception("hook.failed", path=request.path[:80], error=type(surprise).__name__)
        return hooks.unsaved()


@asynccontextmanager
async def serving(
    app: web.Application,
    host: str,
    port: int,
    *,
    header_seconds: float = HEADER_SECONDS,
    shared: bool = False,
) -> AsyncIterator[int]:
    """Listens while the context is open; yields the port. `shared`: beside others that do so. Raises PortTaken."""
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=header_seconds,
        lingering_time=0.5,
        handle_signals=False,
        auto_decompress=False,
        logger=_library_log(),
    )
    await runner.setup()
    try:
        yield await _listen(runner, host, port, shared=shared)
    finally:
        await runner.cleanup()


def _library_log() -> logging.Logger:
    """A surprise of the library's is logged. What isn't HTTP at all isn't one: it was answered 400, and a scanner's
    noise must not fill the disk."""
    log = logging.getLogger("aiohttp.server")
    if not log.filters:
        log.addFilter(_no_noise)
    return log


def _no_noise(record: logging.LogRecord) -> bool:
    thrown = record.exc_info[1] if record.exc_info else None
    return not isinstance(thrown, http_exceptions.BadHttpMessage)


_WHY = {
    errno.EADDRINUSE: "занят другой программой",
    errno.EADDRNOTAVAIL: "у этого компьютера нет такого адреса",
    errno.EACCES: "порты до 1024 — только для администратора",
}


async def _listen(runner: web.AppRunner, host: str, port: int, *, shared: bool) -> int:
    site = web.TCPSite(runner, host, port, backlog=1024, reuse_address=True, reuse_port=shared or None)
    try:
        await site.start()
    except OSError as refused:
        why = _WHY.get(refused.errno or 0) or refused.strerror or str(refused)
        raise PortTaken(f"{host}:{port}: {why}") from refused
    return int(runner.addresses[0][1])
