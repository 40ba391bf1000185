"""A webhook's address is a credential: it is read once, masked everywhere, and spelled out only by the transport.

So is an application's access token, which goes in the body of a call: addresses get into logs, bodies don't.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

_PATH = re.compile(r"^/rest/(\d+)/([^/?#]+)/?$")
_IN_TEXT = re.compile(r"/rest/(api/)?(\d+)/[^/\s\"'<>]+")


class BadUrl(ValueError):
    """Not a webhook's address, or one that may not be called. Its text never holds the secret."""


class WebhookUrl:
    """`https://host/rest/7/secret/` with the secret kept out of repr, str, equality of texts and pickles."""

    __slots__ = ("__secret", "host", "origin", "user_id")

    def __init__(self, text: str, *, insecure_http: bool = False) -> None:
        parts = urllib.parse.urlsplit(text.strip())
        found = _PATH.match(parts.path)
        if found is None or not parts.hostname:
            raise BadUrl("адрес вебхука должен быть вида https://портал/rest/номер/код/")
        if parts.username is not None or parts.query or parts.fragment:
            raise BadUrl("в адресе вебхука лишнее: нужно https://портал/rest/номер/код/")
        if parts.scheme != "https" and not (
            parts.scheme == "http" and insecure_http and _loopback(parts.hostname)
        ):
            raise BadUrl("нужен https; http бывает только на этой же машине и с insecure_http: true")
        self.host = parts.netloc
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.user_id = int(found[1])
        self.__secret = found[2]

    def reveal(self, method: str) -> str:
        """The whole address of a method. For the transport alone."""
        return f"{self.origin}/rest/{self.user_id}/{self.__secret}/{method}.json"

    def signed(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body: the address says enough."""
        return payload

    async def address(self) -> WebhookUrl:
        """As an authority: always the same one."""
        return self

    async def renewed(self, used: object, code: str) -> bool:  # noqa: ARG002
        """A webhook that isn't accepted has no successor."""
        return False

    def redact(self, text: str) -> str:
        """`text` without the secret, in any webhook's address or alone."""
        return _IN_TEXT.sub(r"/rest/\1\2/***", text).replace(self.__secret, "***")

    def __repr__(self) -> str:
        return f"WebhookUrl({self.origin}/rest/{self.user_id}/***/)"

    def __reduce__(self) -> str:
        raise TypeError("a webhook's address isn't pickled")


class AppAddress:
    """A portal's REST with an access token kept out of repr, str and pickles."""

    __slots__ = ("__token", "host", "origin")

    def __init__(self, origin: str, token: str) -> None:
        self.origin, self.host = origin, origin.partition("://")[2]
        self.__token = token

    def reveal(self, method: str) -> str:
        return f"{self.origin}/rest/{method}.json"

    def signed(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body with the token in it. For the transport alone."""
        return {**payload, "auth": self.__token}

    def redact(self, text: str) -> str:
        return text.replace(self.__token, "***")

    def __repr__(self) -> str:
        return f"AppAddress({self.origin}/rest/)"

    def __reduce__(self) -> str:
        raise TypeError("an access token isn't pickled")


def origin_of(address: str, *, insecure_http: bool = False) -> str:
    """`romashka.bitrix24.ru` -> `https://romashka.bitrix24.ru`. Raises BadUrl for http elsewhere than on this machine."""
    host = address.strip().lower().split("://")[-1].split("/")[0]
    parts = urllib.parse.urlsplit(f"https://{host}")
    if not parts.hostname or parts.username is not None:
        raise BadUrl("адрес портала должен быть вида romashka.bitrix24.ru")
    if insecure_http and not _loopback(parts.hostname):
        raise BadUrl("нужен https; http бывает только на этой же машине и с insecure_http: true")
    return f"{'http' if insecure_http else 'https'}://{host}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
