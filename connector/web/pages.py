"""What is read from the daemon: health, metrics, and a status page for the person at this computer.

The page shows a company's cards, so it is answered only to this computer itself, called by a local name (a page of
another site can't reach it through a borrowed name). Health and metrics hold no card and no person.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from importlib import resources

import jinja2
from aiohttp import web

from connector import errors
from connector.web import metrics, seams
from robots import words

MODES = {"on": "работают", "watch": "только смотрят", "off": "выключены", "broken": "не поняты"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
FOREIGN = "Эта страница открывается только на том компьютере, где работает Voronka."


class Pages:
    def __init__(self, views: seams.Views, counted: metrics.Metrics) -> None:
        self._views, self._metrics = views, counted
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("connector.web"), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._style = resources.files("connector.web").joinpath("static/voronka.css").read_text("utf-8")

    async def live(self, _: web.Request) -> web.StreamResponse:
        alive = self._views.live()
        return web.json_response({"live": alive}, status=200 if alive else 503, headers=HEADERS)

    async def ready(self, _: web.Request) -> web.StreamResponse:
        seen = self._views.ready()
        body = {
            "ready": seen.ready,
            "reasons": [{"code": one.code, "text": one.text} for one in seen.troubles],
            "notes": [{"code": one.code, "text": one.text} for one in seen.notes],
        }
        return web.json_response(body, status=200 if seen.ready else 503, headers=HEADERS, dumps=_json)

    async def figures(self, _: web.Request) -> web.StreamResponse:
        # The figures of this process are worth most while the store is ill; readiness says that it is.
        with contextlib.suppress(errors.StoreError):
            self._metrics.show(await self._views.status())
        return web.Response(body=self._metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})

    async def home(self, request: web.Request) -> web.StreamResponse:
        if not local(request):
            return web.Response(status=403, text=FOREIGN, headers=HEADERS)
        status = await self._views.status()
        page = self._templates.get_template("status.html").render(
            status=status, modes=MODES, moment=_moment(status)
        )
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=HEADERS)

    async def style(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=self._style, content_type="text/css", charset="utf-8", headers=HEADERS)


def local(request: web.Request) -> bool:
    """Asked by this computer, under a local name, not through a proxy."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    host = request.host.rsplit(":", 1)[0].strip("[]").lower()
    return _loopback(request.remote or "") and (host == "localhost" or _loopback(host))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _moment(status: seams.Status) -> Callable[[datetime], str]:
    return lambda at: words.moment(at, status.zone)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
