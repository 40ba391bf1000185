"""Requests beside the portal: to an address that the file allows, with a client of their own (reliability.md «Security»).

Law: https only (http to this machine alone, in a rehearsal), no redirects, no address of a private network whatever a name
resolves to, one try. Outcomes: an answer; Retryable (surely not sent), Rejected (the other side said no), Unknown. No error
holds a secret: neither headers nor the address's path are repeated.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib import parse

import aiohttp
from aiohttp import abc

from connector import errors
from connector.bitrix24 import transport
from robots import outside

ANSWER_CAP = 64 * 1024


class _Private(OSError):
    """The name leads into a private network."""


class _Public(abc.AbstractResolver):
    """Names to addresses of the internet alone: checked where they are used, so that no second answer differs."""

    def __init__(self, names: abc.AbstractResolver | None) -> None:
        self._inner = names or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[abc.ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(outside.private(one["host"]) for one in found):
            raise _Private(host)
        return found

    async def close(self) -> None:
        await self._inner.close()


@dataclass(frozen=True, slots=True)
class Request:
    url: str
    body: bytes
    kind: str
    """Content-Type."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = outside.SECONDS


@dataclass(slots=True)
class Caller:
    """`secrets`: the lines OUTSIDE_… of the secrets file; `insecure`: http to this machine is allowed."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    insecure: bool = False
    names: abc.AbstractResolver | None = None
    """Who resolves names; None: the system."""
    _session: aiohttp.ClientSession | None = None

    def secret(self, name: str) -> str:
        """Raises Rejected where the file names a secret that nobody wrote down."""
        found = self.secrets.get(name, "") if name else ""
        if name and not found:
            raise errors.Rejected(f"в файле секретов нет строки {name}=…", method="outside")
        return found

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, asked: Request) -> bytes:
        """The body of a good answer."""
        host = outside.host(asked.url)
        allowed = outside.Outside(frozenset({host}), insecure=self.insecure)
        if trouble := outside.wrong(asked.url, allowed):
            raise errors.Rejected(trouble, method="outside")
        try:
            sent = self._open().post(
                asked.url,
                data=asked.body,
                headers={"Content-Type": asked.kind, **asked.headers},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=asked.seconds, sock_connect=asked.seconds),
            )
            async with sent as answer:
                body = await transport.read(answer, ANSWER_CAP)
                _judge(answer.status, host)
                return body
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _told(error, host) from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Public(self.names), force_close=True, use_dns_cache=False
                ),
                headers={"User-Agent": transport.USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


def _judge(status: int, host: str) -> None:
    if 200 <= status < 300:
        return
    said = f"{host} ответил {status}"
    if status == 429:
        raise errors.Retryable(f"{said}: просит подождать", status=status, method="outside")
    if status >= 500 or status == 408:
        raise errors.Unknown(said, status=status, method="outside")
    raise errors.Rejected(said, status=status, method="outside")


def _told(error: Exception, host: str) -> errors.PortalError:
    """By its kind alone: the words of a network error may hold the whole address."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, _Private):
        return errors.Rejected(f"{host} ведёт во внутреннюю сеть, туда роботы не ходят", method="outside")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return errors.Retryable(f"{host} недоступен: {type(error).__name__}", method="outside")
    return errors.Unknown(f"{host} не ответил: {type(error).__name__}", method="outside")


def signature(secret: str, moment: int, body: bytes) -> str:
    """`sha256=` and the HMAC of «moment.body»: an old request can't be sent again under a new moment."""
    signed = f"{moment}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def as_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def as_form(fields: Mapping[str, str]) -> bytes:
    return parse.urlencode(fields).encode()
