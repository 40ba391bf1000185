"""One POST to the portal, and nothing else: the only place where a credential is spelled out.

No redirects, no proxies of the environment, one host. The body is read as text first, up to a cap, then as JSON.
Raises Retryable for what was surely not sent, Unknown for what was sent without a readable answer; any HTTP status
with a readable body is a Reply, whatever it says. No error or log text holds the secret.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeVar

import aiohttp

from connector import errors
from connector.bitrix24 import classify

_NASTY = re.compile(r"\\u0000|\\u[dD][89a-fA-F]|\x00")
_SURROGATES = re.compile("[\ud800-\udfff]")
_WORDS = 3
"""Tries of one call by different tokens: under load one may end between its making and its use."""
USER_AGENT = "voronka/0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    data: Any
    """Decoded JSON: usually a map with `result` or `error`."""


class Address(Protocol):
    """Where one call goes and what proves it."""

    def reveal(self, method: str) -> str: ...

    def signed(self, payload: Mapping[str, Any]) -> Mapping[str, Any]: ...


A = TypeVar("A", bound=Address)


class Authority(Protocol[A]):
    """On whose word the portal is spoken to: a webhook's address, or an application's tokens."""

    @property
    def origin(self) -> str: ...

    async def address(self) -> A:
        """Raises Retryable: nothing was sent."""
        ...

    async def renewed(self, used: A, code: str) -> bool:
        """The portal answered 401 with this code (lower case) to `used`: whether the call may go again by another
        `address`. Raises Retryable."""
        ...

    def redact(self, text: str) -> str: ...


class Wire(Protocol):
    """What the client needs of a transport."""

    async def post(self, method: str, payload: Mapping[str, Any]) -> Reply: ...


class Transport:
    """A session with one portal. Opened at the first request, closed by `close`."""

    def __init__(
        self, url: Authority[Any], *, timeout: float = 70.0, size_cap: int = 32 * 1024 * 1024
    ) -> None:
        self._url, self._timeout, self._cap = url, timeout, size_cap
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, method: str, payload: Mapping[str, Any]) -> Reply:
        for _ in range(_WORDS):
            used = await self._url.address()
            reply = await self._posted(used, method, payload)
            # A 401 is surely not done, a write neither: it goes again if there is another word to try.
            if reply.status != 401 or not await self._url.renewed(
                used, classify.code_of(reply.data)[0].casefold()
            ):
                return reply
        raise errors.Retryable("портал не принимает и новых ключей приложения", status=401, method=method)

    async def _posted(self, used: Address, method: str, payload: Mapping[str, Any]) -> Reply:
        try:
            async with self._open().post(
                used.reveal(method), json=used.signed(payload), allow_redirects=False
            ) as response:
                body = await read(response, self._cap)
                return self._reply(method, response.status, body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._raise(error, method)

    async def download(self, path: str) -> bytes:
        """A file by the address that the portal gave; never from another host than the portal's."""
        target = urllib.parse.urljoin(self._url.origin, path)
        if not target.startswith(f"{self._url.origin}/"):
            raise errors.Rejected("файл лежит не на портале", method="download")
        headers = {"Accept": "*/*", "Accept-Language": "ru", "Referer": self._url.origin}
        try:
            async with self._open().get(target, headers=headers, allow_redirects=False) as response:
                body = await read(response, self._cap)
                if response.status != 200:
                    raise errors.Rejected(f"файл не отдан: HTTP {response.status}", method="download")
                return body
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise errors.Retryable(self._told(error), method="download") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=min(15.0, self._timeout)),
                # A connection that the portal has closed meanwhile would turn a healthy write into an unknown one.
                connector=aiohttp.TCPConnector(keepalive_timeout=5.0),
                headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    def _reply(self, method: str, status: int, body: bytes) -> Reply:
        if 300 <= status < 400:
            return Reply(status, {"error": "", "error_description": "портал отвечает перенаправлением"})
        try:
            return Reply(status, decode(body))
        except ValueError:
            raise errors.Unknown(
                f"ответ портала не читается (HTTP {status})", status=status, method=method
            ) from None

    def _raise(self, error: Exception, method: str) -> NoReturn:
        told = self._told(error)
        if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            raise errors.Retryable(f"портал недоступен: {told}", method=method) from None
        raise errors.Unknown(f"портал не ответил: {told}", method=method) from None

    def _told(self, error: Exception) -> str:
        """The kind of a network error and its words; never its chain, which may hold the address."""
        return self._url.redact(f"{type(error).__name__}: {error}".rstrip(": "))


async def read(response: aiohttp.ClientResponse, cap: int) -> bytes:
    parts = bytearray()
    async for chunk in response.content.iter_any():
        parts += chunk
        if len(parts) > cap:
            raise aiohttp.ClientPayloadError("the answer is larger than the cap")
    return bytes(parts)


def decode(body: bytes) -> Any:
    """A JSON map, cleaned once at the border: no NUL, no lone surrogates, no NaN. Raises ValueError."""
    text = body.decode("utf-8-sig")
    try:
        data = json.loads(text, parse_constant=_no_constant)
        data = _cleaned(data) if _NASTY.search(text) else data
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(data, dict):
        raise ValueError("not a map")  # noqa: TRY004 - for the caller it is one kind of unreadable among others
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _cleaned(node: Any) -> Any:
    if isinstance(node, str):
        return _SURROGATES.sub("\ufffd", node.replace("\x00", ""))
    if isinstance(node, list):
        return [_cleaned(part) for part in node]
    if isinstance(node, dict):
        return {_cleaned(key): _cleaned(part) for key, part in node.items()}
    return node
