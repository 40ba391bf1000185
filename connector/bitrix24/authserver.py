"""The authorization server: one GET that gives tokens for a refresh token or a code (reference §6).

Law: the application's secret goes to a server of the list and nowhere else; a hook may name one of them, never another.
No redirects, no proxies of the environment; no error holds an address, since addresses here hold secrets.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from connector import errors
from connector.bitrix24 import classify, transport

KNOWN = ("https://oauth.bitrix24.tech", "https://oauth.bitrix.info")
"""The documentation's two names; which of them, the portal says (`server_endpoint`)."""
TIMEOUT, SIZE_CAP = 15.0, 64 * 1024


class Denied(Exception):
    """The server's readable «no»: `invalid_grant`, `invalid_client` …; nothing was given."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code.casefold(), text


class Unheard(errors.Retryable):
    """Asked, and no answer came: a refresh token may have been used up by it."""


@dataclass(frozen=True, slots=True)
class App:
    """What the portal calls the application, and what proves it."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """What an answer gives."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    member: str
    portal: str
    """Host (with port) of `client_endpoint`."""


class Giving(Protocol):
    """What needs tokens needs of a server."""

    async def ask(self, server: str, **what: str) -> Given: ...


class Server:
    """Opened at the first request, closed by `close`."""

    def __init__(self, app: App, servers: Collection[str], *, timeout: float = TIMEOUT) -> None:
        self._app, self._servers, self._timeout = app, tuple(servers), timeout
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, server: str, **what: str) -> Given:
        """`grant_type` and its token or code. Raises Denied, Unheard, Retryable (surely not asked)."""
        if server not in self._servers:
            raise errors.Retryable("сервер авторизации не из списка разрешённых")
        asked = {"client_id": self._app.client_id, "client_secret": self._app.client_secret, **what}
        try:
            async with self._open().get(
                f"{server}/oauth/token/", params=asked, allow_redirects=False
            ) as response:
                body = await transport.read(response, SIZE_CAP)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise errors.Retryable(f"сервер авторизации недоступен: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unheard(f"сервер авторизации не ответил: {type(error).__name__}") from None
        return given(response.status, body)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                headers={"User-Agent": transport.USER_AGENT, "Accept": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


def given(status: int, body: bytes) -> Given:
    """The statuses of refusals aren't documented: an `error` is one whatever it comes with."""
    try:
        data: Mapping[str, Any] = transport.decode(body)
    except ValueError:
        raise Unheard(f"ответ сервера авторизации не читается (HTTP {status})") from None
    code, text = classify.code_of(data)
    if code:
        raise Denied(code, text)
    access, refresh = data.get("access_token"), data.get("refresh_token")
    if status != 200 or not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise Unheard(f"сервер авторизации ответил без ключей (HTTP {status})")
    portal = urllib.parse.urlsplit(str(data.get("client_endpoint") or "")).netloc
    return Given(access, refresh, str(data.get("member_id") or ""), portal.lower())


def origin_of(endpoint: str, servers: Collection[str]) -> str:
    """The server of the list that a `server_endpoint` names; the first of them where it names none. Raises ValueError."""
    if not endpoint:
        return next(iter(servers))
    parts = urllib.parse.urlsplit(endpoint)
    found = f"{parts.scheme}://{parts.netloc}".lower()
    if found not in servers:
        raise ValueError("чужой сервер авторизации")
    return found
