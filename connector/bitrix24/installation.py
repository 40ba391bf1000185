"""An application's installation: what the portal posts, the proof that it is ours, and the events it is given.

Law: a form proves nothing. Its refresh token is handed to the authorization server together with the application's own
secret: only a token that was made for this application is taken, and the answer names the portal, which must be the
configured one. The one refresh beside 401s that we make (reference §6). What came is of no use to anybody afterwards.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector import errors, ports
from connector.bitrix24 import authserver, client, hooks, tokens

EVENTS = (
    "ONCRMDEALADD",
    "ONCRMDEALUPDATE",
    "ONCRMDEALDELETE",
    "ONCRMDEALMOVETOCATEGORY",
    "ONCRMLEADADD",
    "ONCRMLEADUPDATE",
    "ONCRMLEADDELETE",
    "ONCRMCONTACTUPDATE",
    "ONCRMCOMPANYUPDATE",
    "ONTASKUPDATE",
    "ONTASKDELETE",
    "ONCRMTIMELINECOMMENTADD",
    "ONAPPUNINSTALL",
)
"""What a move to another pipeline rings with is for applications only (§4.3)."""
GONE = "ONAPPUNINSTALL"


class Unproven(Exception):
    """Not an installation of this application in this portal; a sentence without a secret."""


class WrongApp(Unproven):
    """The application's own id or secret isn't right: the form may be good all the same."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a form says. All of it is a stranger's word."""

    refresh: str = field(repr=False)
    application: str = field(repr=False)
    member: str
    server_endpoint: str


def claim(body: bytes) -> Claim:
    """Both shapes: ONAPPINSTALL with `auth[…]`, and the form with which a page of the application is opened (AUTH_ID,
    REFRESH_ID …). Raises hooks.Malformed."""
    form = hooks.form(body)

    def said(event_key: str, page_key: str) -> str:
        return form.get(f"auth[{event_key}]", "") or form.get(page_key, "")

    found = Claim(
        refresh=said("refresh_token", "REFRESH_ID"),
        application=said("application_token", "APPLICATION_TOKEN"),
        member=said("member_id", "member_id"),
        server_endpoint=said("server_endpoint", "SERVER_ENDPOINT"),
    )
    if not found.refresh:
        raise hooks.Malformed("нет ключа обновления")
    return found


async def prove(
    claimed: Claim, server: authserver.Giving, servers: Collection[str], origin: str
) -> tokens.Grant:
    """Raises Unproven; Retryable where the authorization server can't be asked."""
    try:
        asked = authserver.origin_of(claimed.server_endpoint, servers)
    except ValueError as foreign:
        raise Unproven(str(foreign)) from None
    try:
        given = await server.ask(asked, grant_type="refresh_token", refresh_token=claimed.refresh)
    except authserver.Denied as denied:
        if denied.code == "invalid_client":
            raise WrongApp(
                "сервер авторизации не узнаёт приложение: client_id или client_secret не те"
            ) from None
        raise Unproven(f"сервер авторизации отказал: {denied.code}") from None
    return _ours(given, asked, origin, claimed.member, claimed.application)


def _ours(given: authserver.Given, asked: str, origin: str, member: str, application: str) -> tokens.Grant:
    if given.portal != urllib.parse.urlsplit(origin).netloc:
        raise Unproven("ключи от другого портала")
    if member and member != given.member:
        raise Unproven("форма и ключи называют разные порталы")
    return tokens.Grant(given.access, given.refresh, application, given.member, asked)


def unbound(bound: Any, handler: str) -> tuple[str, ...]:
    """Which of EVENTS aren't bound to this handler yet, by the answer of `event.get`."""
    rows = [row for row in bound if isinstance(row, Mapping)] if isinstance(bound, list) else []
    there = {
        str(row.get("event", "")).upper()
        for row in rows
        if str(row.get("handler", "")) == handler and str(row.get("offline", "0")) in ("0", "False")
    }
    return tuple(name for name in EVENTS if name not in there)


async def bind(at: client.Client, handler: str) -> tuple[str, ...]:
    """Binds what isn't bound: handlers vanish when an application is updated. Names of the events that are new.

    Raises PortalError where the list can't be had or an event is refused.
    """
    answer = await at.call("event.get", lane=ports.Lane.BACKFILL)
    lacking = unbound(answer.result, handler)
    if not lacking:
        return ()
    commands = [
        client.Command("event.bind", {"event": name, "handler": handler}, write=True) for name in lacking
    ]
    for outcome in await at.group(commands, lane=ports.Lane.BACKFILL):
        if isinstance(outcome, errors.PortalError):
            raise outcome
    return lacking
