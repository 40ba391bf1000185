"""OAuth over HTTP: the authorization page and the token endpoint, and the levers that add, install and remove applications.

| verb and path | what |
|---|---|
| GET /oauth/authorize/?client_id=&state= | the browser is sent to the application's redirect_uri with a code |
| GET /oauth/token/?grant_type=… | tokens for a code or a refresh token |
| GET /_sandbox/apps | applications and counts of tokens asked for |
| POST /_sandbox/apps | {client_id, client_secret, install_url?, redirect_uri?, user_id?, scopes?}: registered, not installed |
| POST /_sandbox/apps/{id}/install | installed; the portal posts ONAPPINSTALL to install_url: {status, auth} |
| POST /_sandbox/apps/{id}/uninstall | removed; ONAPPUNINSTALL is posted to who bound it: {statuses} |
| POST /_sandbox/oauth | {lifetime?, expire?, paid?, server?, troubles?}: seconds an access token lives; all expired now |
"""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.bitrix24 import delivery, oauth
from sandbox.bitrix24 import portal as portals

PATIENCE = 10.0
_STATUS = {"400": 400, "401": 401, "200": 200}


class Desk:
    def __init__(self, portal: portals.Portal) -> None:
        self.portal, self.apps = portal, portal.apps

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/oauth/authorize/", self.authorize),
            web.get("/oauth/token/", self.token),
            web.get("/_sandbox/apps", _lever(self.listed)),
            web.post("/_sandbox/apps", _lever(self.add)),
            web.post("/_sandbox/apps/{id}/install", _lever(self.install)),
            web.post("/_sandbox/apps/{id}/uninstall", _lever(self.uninstall)),
            web.post("/_sandbox/oauth", _lever(self.settings)),
        ]

    async def authorize(self, request: web.Request) -> web.StreamResponse:
        """As the browser of an administrator who is logged in; failures are shown, never redirected back."""
        app = self.apps.by_id.get(request.query.get("client_id", ""))
        if app is None or not app.redirect_uri:
            return web.Response(status=404, text="Приложение не найдено")
        said = {
            "code": self.apps.code(app),
            "state": request.query.get("state", ""),
            "domain": self.portal.host,
            "member_id": self.portal.member_id,
            "scope": ",".join(sorted(app.scopes)),
            "server_domain": urllib.parse.urlsplit(self.apps.auth_block(app)["server_endpoint"]).netloc,
        }
        raise web.HTTPFound(f"{app.redirect_uri}?{urllib.parse.urlencode(said)}")

    async def token(self, request: web.Request) -> web.StreamResponse:
        trouble = self.apps.troubles.pop(0) if self.apps.troubles else ""
        try:
            made = {} if trouble == "down" else self.apps.token(dict(request.query))
        except oauth.Refused as refused:
            # The documentation names the codes and not the statuses.
            status = _STATUS[str(self.portal.switch.get("oauth_error_status"))]
            said = {"error": refused.code, "error_description": refused.text}
            return web.json_response(said, status=status)
        if trouble:
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        return web.json_response(made)

    # --- levers

    async def listed(self, _request: web.Request) -> Any:
        return {"apps": [_shown(app) for app in self.apps.by_id.values()], "counts": dict(self.apps.counts)}

    async def add(self, request: web.Request) -> Any:
        data = await request.json()
        given = {name: data[name] for name in ("install_url", "redirect_uri") if name in data}
        app = oauth.App(
            data["client_id"],
            data["client_secret"],
            int(data.get("user_id") or min(self.portal.users)),
            frozenset(data.get("scopes", portals.ALL_SCOPES)),
            **given,
        )
        return _shown(self.apps.add(app))

    async def install(self, request: web.Request) -> Any:
        app = self.apps.by_id[request.match_info["id"]]
        auth = self.apps.install(app)
        told = {"VERSION": 1, "ACTIVE": "Y", "INSTALLED": "Y", "LANGUAGE_ID": "ru"}
        return {"status": await self._post(app.install_url, "ONAPPINSTALL", told, auth), "auth": auth}

    async def uninstall(self, request: web.Request) -> Any:
        app = self.apps.by_id[request.match_info["id"]]
        auth = self.apps.auth_block(app)
        told = {"LANGUAGE_ID": "ru", "CLEAN": "0"}
        urls = self.apps.uninstall(app)
        return {"statuses": [await self._post(url, "ONAPPUNINSTALL", told, auth) for url in urls]}

    async def settings(self, request: web.Request) -> Any:
        data = await request.json()
        self.apps.lifetime = float(data.get("lifetime", self.apps.lifetime))
        self.apps.paid = bool(data.get("paid", self.apps.paid))
        self.apps.server = str(data.get("server", self.apps.server))
        self.apps.troubles += data.get("troubles", [])
        if data.get("expire"):
            self.apps.expire()
        return {"lifetime": self.apps.lifetime, "paid": self.apps.paid}

    async def _post(self, url: str, event: str, data: dict[str, Any], auth: dict[str, Any]) -> int:
        """Once, as the portal does; 0 if nobody answers."""
        body = {"event": event, "data": data, "ts": int(self.portal.clock.time()), "auth": auth}
        form = list(delivery.flattened(body))
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
                session.post(url, data=form, allow_redirects=False) as answer,
            ):
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0


def _shown(app: oauth.App) -> dict[str, Any]:
    return {**dataclasses.asdict(app), "scopes": sorted(app.scopes)}


def _lever(
    handler: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": "BAD_CONTROL", "error_description": repr(error)}, status=400)

    return answer
