"""Local applications of a portal and their tokens: who may speak by OAuth, until when (reference §6, §1.1, §4.1).

An access token lives an hour, a code 30 seconds, a refresh token 180 days; each refresh makes a new refresh token, and
what becomes of the old one the documentation doesn't say (switch `old_refresh_token`). The portal and the authorization
server are one program here; `server` is where the second one says it stands. Levers and HTTP: `oauth_http`.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24 import kernel

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal, Subscription, Webhook

ACCESS, REFRESH, CODE = 3600.0, 180 * 86_400.0, 30.0
"""Seconds of life."""
MOST_TOKENS = 5000
"""Of each kind remembered; the oldest go first."""


@dataclass(slots=True)
class Handler:
    """What `event.bind` has bound: an upper-case name and where it is posted."""

    event: str
    url: str
    auth_type: int = 0


@dataclass(slots=True)
class App:
    """A local application of status L; it speaks with the rights of the administrator who added it."""

    client_id: str
    client_secret: str
    user_id: int
    scopes: frozenset[str]
    install_url: str = ""
    redirect_uri: str = ""
    application_token: str = ""
    installed: bool = False
    handlers: list[Handler] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Granted:
    """What stands behind a token or a code."""

    client_id: str
    user_id: int
    until: float


class Refused(Exception):
    """The authorization server's «no»: `invalid_grant`, `invalid_client` …"""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


class Apps:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self.by_id: dict[str, App] = {}
        self.lifetime = ACCESS
        self.server = ""
        """Origin of the authorization server; empty: the portal's own."""
        self.paid = True
        """False: PAYMENT_REQUIRED instead of tokens."""
        self.troubles: list[str] = []
        """What becomes of the next requests for tokens: `down` (502, nothing done), `lost` (done, then 502)."""
        self.counts: Counter[str] = Counter()
        """How often tokens were asked for, by grant type, and by refusal's code."""
        self._access: dict[str, Granted] = {}
        self._refresh: dict[str, Granted] = {}
        self._codes: dict[str, Granted] = {}

    # --- the application's life

    def add(self, app: App) -> App:
        self.by_id[app.client_id] = app
        return app

    def install(self, app: App) -> dict[str, Any]:
        """Counts as installed at once («Uses API only»); the `auth` block of ONAPPINSTALL, tokens and all."""
        app.installed, app.application_token = True, secrets.token_hex(16)
        # «Handlers vanish when the app is updated/removed» (§4.5).
        app.handlers.clear()
        return self.auth_block(app) | self.tokens(app.client_id, app.user_id)

    def uninstall(self, app: App) -> list[str]:
        """Tokens die, handlers vanish; where ONAPPUNINSTALL was bound to is returned, for the last post."""
        bound = [one.url for one in app.handlers if one.event == "ONAPPUNINSTALL"]
        app.installed = False
        app.handlers.clear()
        for kept in (self._access, self._refresh, self._codes):
            for token in [token for token, granted in kept.items() if granted.client_id == app.client_id]:
                del kept[token]
        return bound

    def expire(self) -> None:
        """Every access token is over its hour."""
        for token, granted in self._access.items():
            self._access[token] = Granted(granted.client_id, granted.user_id, 0.0)

    # --- the authorization server

    def code(self, app: App) -> str:
        code = secrets.token_hex(16)
        _remember(self._codes, code, Granted(app.client_id, app.user_id, self._now() + CODE))
        return code

    def token(self, asked: dict[str, Any]) -> dict[str, Any]:
        """`/oauth/token/`. Raises Refused."""
        kind = str(asked.get("grant_type", ""))
        self.counts[kind] += 1
        try:
            return self._granted(kind, asked)
        except Refused as refused:
            self.counts[refused.code] += 1
            raise

    def _granted(self, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        app = self.by_id.get(str(asked.get("client_id", "")))
        if app is None or app.client_secret != asked.get("client_secret"):
            raise Refused("invalid_client", "Client authentication failed")
        if kind == "authorization_code":
            granted = self._codes.pop(str(asked.get("code", "")), None)
            app.installed = app.installed or granted is not None
        elif kind == "refresh_token":
            granted = self._refreshed(str(asked.get("refresh_token", "")))
        else:
            raise Refused("invalid_request", "grant_type is unknown")
        if granted is None or granted.client_id != app.client_id or granted.until < self._now():
            raise Refused("invalid_grant", "Invalid grant")
        if not self.paid:
            raise Refused("PAYMENT_REQUIRED", "Payment required")
        made = self.tokens(app.client_id, granted.user_id)
        expires = int(self._now() + self.lifetime)
        return made | self.auth_block(app, token=False) | {"expires": expires, "user_id": granted.user_id}

    def _refreshed(self, token: str) -> Granted | None:
        if self._portal.switch.get("old_refresh_token") == "kept":
            return self._refresh.get(token)
        return self._refresh.pop(token, None)

    def tokens(self, client_id: str, user_id: int) -> dict[str, Any]:
        access, refresh = secrets.token_hex(35), secrets.token_hex(35)
        _remember(self._access, access, Granted(client_id, user_id, self._now() + self.lifetime))
        _remember(self._refresh, refresh, Granted(client_id, user_id, self._now() + REFRESH))
        return {"access_token": access, "refresh_token": refresh, "expires_in": int(self.lifetime)}

    def auth_block(self, app: App, *, token: bool = True) -> dict[str, Any]:
        """What an `auth` block and a token's answer say of the portal."""
        block = {
            "domain": self._portal.host,
            "client_endpoint": f"http://{self._portal.host}/rest/",
            "server_endpoint": f"{self.server or f'http://{self._portal.host}'}/rest/",
            "member_id": self._portal.member_id,
            "scope": ",".join(sorted(app.scopes)),
            "status": "L",
        }
        return block | ({"application_token": app.application_token} if token else {})

    # --- the portal's side

    def authorise(self, token: str) -> Webhook:
        """Who speaks with this access token. Raises Refusal 401."""
        from sandbox.bitrix24 import portal as portals

        granted = self._access.get(token)
        app = self.by_id.get(granted.client_id) if granted else None
        owner = self._portal.users.get(granted.user_id) if granted else None
        if granted is None or app is None or not app.installed or owner is None or not owner.active:
            raise kernel.Refusal(401, "NO_AUTH_FOUND", "Wrong authorization data")
        if granted.until <= self._now():
            raise kernel.Refusal(401, "expired_token", "The access token provided has expired")
        return portals.Webhook(granted.user_id, app.client_id, app.scopes, app=app.client_id)

    def subscriptions(self) -> Iterator[Subscription]:
        """What is bound, as delivery knows outgoing webhooks; nothing before the installation is finished."""
        from sandbox.bitrix24 import portal as portals

        for app in self.by_id.values():
            for one in app.handlers if app.installed else ():
                yield portals.Subscription(
                    one.url, app.application_token, frozenset({one.event}), app.client_id
                )

    def event_auth(self, client_id: str) -> dict[str, Any]:
        """An event of an application carries an access token too, never a refresh token (§4.1)."""
        app = self.by_id[client_id]
        access = secrets.token_hex(35)
        _remember(self._access, access, Granted(client_id, app.user_id, self._now() + self.lifetime))
        block = self.auth_block(app, token=False)
        return block | {"access_token": access, "expires_in": int(self.lifetime)}

    def _now(self) -> float:
        return self._portal.clock.time()


def _remember(kept: dict[str, Granted], token: str, granted: Granted) -> None:
    kept[token] = granted
    while len(kept) > MOST_TOKENS:
        del kept[next(iter(kept))]
