"""What the file says of the world outside the portal: which hosts may be called, and how SMS are sent. Pure.

Law: an address is called only if its host stands in `hosts:`, over https; http goes to this machine alone, and only where
`portal: insecure_http: true` says that it is a rehearsal. Addresses of private networks are never called.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib import parse

SECONDS = 10
MOST_SECONDS = 60
PHONE, TEXT = "$phone", "$text"
"""What stands for the client's phone and the message in a provider's fields."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An SMS service: one POST for one message."""

    url: str
    fields: tuple[tuple[str, str], ...]
    secret: str = ""
    """The name of a line of the secrets file; said as `Authorization: Bearer`."""
    seconds: int = SECONDS
    form: bool = False
    """Fields go as a form, not as JSON."""
    expect: tuple[tuple[str, str], ...] = ()
    """What the answer's JSON must say, or the message was refused."""


@dataclass(frozen=True, slots=True)
class Outside:
    hosts: frozenset[str] = frozenset()
    sms: Provider | None = None
    insecure: bool = False
    """http to this machine is allowed."""


def wrong(url: str, outside: Outside) -> str:
    """Why this address may not be called; empty if it may."""
    try:
        told = parse.urlsplit(url)
        host, port = (told.hostname or "").lower(), told.port
    except ValueError:
        return "адрес не читается"
    if not host or port == 0 or told.username is not None:
        return "адрес должен быть вида https://erp.romashka.ru/путь"
    rehearsal = outside.insecure and loopback(host)
    if told.scheme != "https" and not (told.scheme == "http" and rehearsal):
        return "адрес должен начинаться с https://"
    if host not in outside.hosts:
        return f"«{host}» нет среди разрешённых: outside: hosts"
    if private(host) and not rehearsal:
        return f"«{host}» — адрес внутренней сети, туда роботы не ходят"
    return ""


def host(url: str) -> str:
    """Of an address that was found right."""
    return (parse.urlsplit(url).hostname or "").lower()


def loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def private(host: str) -> bool:
    """A written address that isn't one of the internet's; a name says nothing."""
    address = _address(host)
    return host == "localhost" or (address is not None and not address.is_global)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
