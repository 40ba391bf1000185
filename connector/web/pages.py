"""What is read from the daemon: health, metrics, and a status page for the person at this computer.

The page shows a company's cards, so it is answered only to this computer itself, called by a local name (a page of
another site can't reach it through a borrowed name). Health and metrics hold no card and no person.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from importlib import resources
from typing import Any

import jinja2
from aiohttp import web

from connector import errors
from connector.web import metrics, seams
from robots import model, words

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
    def __init__(self, views: Mapping[model.PortalId, seams.Views], counted: metrics.Metrics) -> None:
        self._views, self._metrics = views, counted
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("connector.web"), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._style = resources.files("connector.web").joinpath("static/voronka.css").read_text("utf-8")

    async def live(self, _: web.Request) -> web.StreamResponse:
        alive = all(one.live() for one in self._views.values())
        return web.json_response({"live": alive}, status=200 if alive else 503, headers=HEADERS)

    async def ready(self, _: web.Request) -> web.StreamResponse:
        each = {portal: one.ready() for portal, one in self._views.items()}
        body = _shown(next(iter(each.values()))) if len(each) == 1 else _all_shown(each)
        return web.json_response(body, status=200 if body["ready"] else 503, headers=HEADERS, dumps=_json)

    async def figures(self, _: web.Request) -> web.StreamResponse:
        # The figures of this process are worth most while the store is ill; readiness says that it is.
        mine = [one for one in self._views.values() if one.mine() or len(self._views) == 1]
        with contextlib.suppress(errors.StoreError):
            self._metrics.show([await one.status() for one in mine])
        return web.Response(body=self._metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})

    async def home(self, request: web.Request) -> web.StreamResponse:
        if not local(request):
            return web.Response(status=403, text=FOREIGN, headers=HEADERS)
        asked = model.PortalId(request.query.get("portal", ""))
        chosen = self._views.get(asked) or (
            next(iter(self._views.values())) if len(self._views) == 1 else None
        )
        page = await self._of_one(chosen, len(self._views) > 1) if chosen else self._of_all()
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=HEADERS)

    async def _of_one(self, chosen: seams.Views, neighbours: bool) -> str:
        status = await chosen.status()
        page = self._templates.get_template("status.html")
        return page.render(status=status, modes=MODES, moment=_moment(status), neighbours=neighbours)

    def _of_all(self) -> str:
        """Red ones first: whoever opens it looks for them."""
        each = [(portal, one.ready(), one.mine()) for portal, one in self._views.items()]
        each.sort(key=lambda one: (one[1].ready, not one[1].notes, one[0]))
        bad = sum(not ready.ready for _, ready, _ in each)
        return self._templates.get_template("portals.html").render(portals=each, bad=bad)

    async def style(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=self._style, content_type="text/css", charset="utf-8", headers=HEADERS)


def _shown(seen: seams.Readiness) -> dict[str, Any]:
    return {
        "ready": seen.ready,
        "reasons": [{"code": one.code, "text": one.text} for one in seen.troubles],
        "notes": [{"code": one.code, "text": one.text} for one in seen.notes],
    }


def _all_shown(each: Mapping[model.PortalId, seams.Readiness]) -> dict[str, Any]:
    """Red where no portal can be worked: for one that is ill the others' doorbells mustn't be sent elsewhere."""
    some = any(one.ready for one in each.values())
    reasons = [] if some else [trouble for one in each.values() for trouble in _shown(one)["reasons"]]
    return {
        "ready": some,
        "reasons": reasons,
        "notes": [],
        "portals": {portal: _shown(one) for portal, one in each.items()},
    }


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
