"""Connecting a portal, without a daemon: what `voronka connect` needs done, each step refused with a sentence and a code.

The secret stands in arguments only; errors are built from the portal's codes, never from a URL.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib import parse

from connector import settings
from connector.bitrix24 import secret
from connector.bootstrap import wiring

USAGE, CONFIG, PORTAL, REFUSED = 3, 4, 5, 6
KNOCK_SECONDS = 10.0
directory = wiring.directory


class Refused(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Section:
    """The portal as the YAML will name it."""

    address: str
    insecure_http: bool = False
    events: str = "none"
    sweep_seconds: int = 30


def section(url: str, address: str, insecure_http: bool) -> Section:
    """The address comes from the webhook; a stated one must be the same. Raises Refused."""
    try:
        hook = secret.WebhookUrl(url, insecure_http=insecure_http)
    except secret.BadUrl as wrong:
        raise Refused(USAGE, str(wrong)) from wrong
    if address and settings.host_of(address) != settings.host_of(hook.host):
        raise Refused(USAGE, f"вебхук не от портала {settings.host_of(address)}: в нём адрес {hook.host}")
    return Section(hook.host, insecure_http)


def knock(address: str) -> str:
    """Whether a portal answers there; its sentence. Raises Refused."""
    import requests

    host = parse.urlsplit(f"https://{settings.host_of(address)}").hostname or ""
    try:
        answer = requests.get(
            f"https://{host}/rest/server.time.json", timeout=KNOCK_SECONDS, allow_redirects=False
        )
        said = answer.json()
    except requests.JSONDecodeError:
        said = None
    except requests.RequestException as refused:
        raise Refused(PORTAL, f"{host}: не отвечает ({type(refused).__name__})") from refused
    if not isinstance(said, dict) or "error" not in said:
        raise Refused(PORTAL, f"{host}: отвечает, но это не портал Битрикс24")
    return f"{host}: портал отвечает"
