"""Installations: both forms, the proof, the events; and tokens at work against the sandbox's portal over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import test_utils

from connector import clock, errors, ports
from connector.bitrix24 import authserver, client, hooks, installation, oauth, tokens, transport
from connector.bitrix24 import gate as gates
from robots import model
from sandbox.bitrix24 import app as sandbox_app
from sandbox.bitrix24 import oauth as sandbox_oauth
from sandbox.bitrix24 import portal as portals
from sandbox.bitrix24 import seed
from tests import fakes_tokens

ACME = model.PortalId("acme")
ORIGIN = "https://romashka.bitrix24.ru"
SERVERS = authserver.KNOWN
ID, SECRET = "local.1", "canary-client-secret"


def form(**fields: str) -> bytes:
    return urllib.parse.urlencode(fields).encode()


EVENT = {
    "event": "ONAPPINSTALL",
    "auth[access_token]": "a0",
    "auth[refresh_token]": "r0",
    "auth[application_token]": "app",
    "auth[member_id]": "m",
    "auth[server_endpoint]": "https://oauth.bitrix.info/rest/",
}


def test_both_forms_of_an_installation_are_read() -> None:
    """The event of «Uses API only», and the form with which a page of an application is opened."""
    page = {
        "AUTH_ID": "a0",
        "REFRESH_ID": "r0",
        "APPLICATION_TOKEN": "app",
        "member_id": "m",
        "SERVER_ENDPOINT": "https://oauth.bitrix.info/rest/",
    }
    assert installation.claim(form(**EVENT)) == installation.claim(form(**page))
    assert "r0" not in repr(installation.claim(form(**EVENT)))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", form(event="ONAPPINSTALL"), b"a=" + b"x" * 70_000, b"a=b&" * 300]
)
def test_what_is_no_installation_is_malformed(body: bytes) -> None:
    """The doorbell's caps hold here too."""
    with pytest.raises(hooks.Malformed):
        installation.claim(body)


async def test_an_installation_is_proven_by_its_refresh_token() -> None:
    """What is kept is what the server gave for it; the form's own tokens are dead."""
    server = fakes_tokens.AuthServer()
    grant = await installation.prove(installation.claim(form(**EVENT)), server, SERVERS, ORIGIN)
    assert grant == tokens.Grant("a1", "r1", "app", "m", "https://oauth.bitrix.info")


@pytest.mark.parametrize(
    ("changes", "portal", "said"),
    [
        ({"auth[refresh_token]": "stolen"}, "romashka.bitrix24.ru", "отказал: invalid_grant"),
        ({}, "other.bitrix24.ru", "от другого портала"),
        ({}, "romashka.bitrix24.ru.evil.example", "от другого портала"),
        ({"auth[member_id]": "else"}, "romashka.bitrix24.ru", "разные порталы"),
        ({"auth[server_endpoint]": "https://evil.example/rest/"}, "romashka.bitrix24.ru", "чужой сервер"),
    ],
)
async def test_a_strangers_installation_is_refused(changes: dict[str, str], portal: str, said: str) -> None:
    """R13: tokens of nobody, of another portal, a form that contradicts them, a server off the list (never asked)."""
    server = fakes_tokens.AuthServer(portal=portal)
    with pytest.raises(installation.Unproven, match=said):
        await installation.prove(installation.claim(form(**{**EVENT, **changes})), server, SERVERS, ORIGIN)
    assert server.asked == ([] if "сервер" in said else [changes.get("auth[refresh_token]", "r0")])


async def test_a_wrong_secret_of_our_own_isnt_the_forms_fault() -> None:
    """The form may be tried again after the secret was typed anew."""
    server = fakes_tokens.AuthServer()
    server.troubles.append(authserver.Denied("invalid_client", ""))
    with pytest.raises(installation.WrongApp, match="client_secret"):
        await installation.prove(installation.claim(form(**EVENT)), server, SERVERS, ORIGIN)


def test_what_is_bound_already_isnt_bound_twice() -> None:
    """By this handler and online; whatever the case of the names, whatever the answer's shape."""
    ours = "https://v.example/hooks/romashka"
    bound = [
        {"event": "onCrmDealAdd", "handler": ours, "auth_type": "0", "offline": 0},
        {"event": "ONCRMDEALUPDATE", "handler": "https://other.example/", "offline": 0},
        {"event": "ONCRMDEALDELETE", "handler": ours, "offline": 1},
        "nonsense",
    ]
    rest = tuple(name for name in installation.EVENTS if name != "ONCRMDEALADD")
    assert installation.unbound(bound, ours) == rest
    assert installation.unbound([], ours) == installation.unbound(None, ours) == installation.EVENTS


# ---------------------------------------------------------------- against a portal over HTTP


class World:
    """A sandbox with an installed application and what speaks to it."""

    def __init__(self, portal: portals.Portal, origin: str) -> None:
        self.portal, self.origin, self.clock = portal, origin, clock.SystemClock()
        self.rows = fakes_tokens.MemoryTokens(self.clock.now)
        self.vault = tokens.Vault(tokens.fresh_key())
        self.server = authserver.Server(authserver.App(ID, SECRET), (origin,))
        self.authority = oauth.Authority(ACME, origin, self.rows, self.vault, self.server, self.clock)
        self.wire = transport.Transport(self.authority, timeout=10)
        self.client = client.Client(self.wire, gates.Gate(self.clock, gates.Pace(rate=1000)), self.clock)

    async def install(self) -> None:
        auth = self.portal.apps.install(self.portal.apps.by_id[ID])
        body = urllib.parse.urlencode({f"auth[{name}]": value for name, value in auth.items()}).encode()
        grant = await installation.prove(installation.claim(body), self.server, (self.origin,), self.origin)
        await self.rows.put(ACME, self.vault.seal(ACME, grant), self.clock.now())

    async def close(self) -> None:
        await self.client.close()
        await self.wire.close()
        await self.authority.close()
        await self.server.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    portal = seed.plain()
    portal.limits.bucket_on = False
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            test_utils.TestServer(sandbox_app.create_app(portal), host="127.0.0.1")
        )
        portal.host = f"127.0.0.1:{server.port}"
        portal.apps.add(sandbox_oauth.App(ID, SECRET, 1, portals.ALL_SCOPES))
        made = World(portal, f"http://{portal.host}")
        stack.push_async_callback(made.close)
        await made.install()
        portal.apps.counts.clear()
        yield made
    assert portal.journal.crashes == []


async def test_fifty_calls_that_were_refused_go_again_after_one_refresh(world: World) -> None:
    """50 requests at once meet 401 expired_token; one refresh; 50 answers."""
    world.portal.apps.expire()
    replies = await asyncio.gather(*(world.wire.post("app.info", {}) for _ in range(50)))
    assert {(reply.status, reply.data["result"]["CODE"]) for reply in replies} == {(200, ID)}
    assert world.portal.apps.counts == {"refresh_token": 1}
    assert world.portal.journal.counts()["statuses"]["200"] == 50


async def test_a_write_that_met_401_is_done_once(world: World) -> None:
    """A 401 is surely not done: the same write goes again and there is one card of it."""
    world.portal.apps.expire()
    params = {"entityTypeId": 2, "fields": {"title": "одна"}}
    await world.client.call("crm.item.add", params, lane=ports.Lane.LIVE, write=True)
    assert [item.values["title"] for item in world.portal.crm.table(2).rows.values()] == ["одна"]


async def test_events_are_bound_and_bound_again_after_an_update(world: World) -> None:
    """Thirteen, the move to another pipeline among them; the second look binds nothing; an update unbinds all."""
    handler = "https://v.example/hooks/acme"
    assert await installation.bind(world.client, handler) == installation.EVENTS
    assert await installation.bind(world.client, handler) == ()
    app = world.portal.apps.by_id[ID]
    assert {one.event for one in app.handlers} == set(installation.EVENTS)
    del app.handlers[:-1]
    assert len(await installation.bind(world.client, handler)) == 12


async def test_an_event_that_is_refused_is_said(world: World) -> None:
    """Without rights: an error for the caller, not silence."""
    world.portal.switch.set("event_bound_twice", "refused")
    handler = "ftp://v.example/"
    with pytest.raises(errors.Rejected):
        await installation.bind(world.client, handler)


async def test_a_removed_application_is_closed_not_rejected(world: World) -> None:
    """NO_AUTH_FOUND to the only tokens there are: a state of the portal, with what to do; no refresh is asked."""
    world.portal.apps.uninstall(world.portal.apps.by_id[ID])
    with pytest.raises(errors.PortalClosed) as closed:
        await world.wire.post("app.info", {})
    assert (closed.value.why, closed.value.text) == (errors.Closed.APP, oauth.WHY[oauth.UNKNOWN])
    assert "Роботы стоят, ничего не потеряно" in errors.words(closed.value)
    assert world.portal.apps.counts == {}


async def test_tokens_that_are_dead_at_birth_end_in_a_later_try(world: World) -> None:
    """A portal that accepts no token at all: three words, then surely not done."""
    world.portal.apps.lifetime = -1.0
    world.portal.apps.expire()
    with pytest.raises(errors.Retryable, match="и новых ключей"):
        await world.wire.post("app.info", {})
    assert world.portal.apps.counts == {"refresh_token": 3}


@pytest.mark.parametrize("status", ["400", "401", "200"])
async def test_a_dead_refresh_token_over_http(world: World, status: str) -> None:
    """Whatever status the refusal comes with, it closes the portal with its words; no secret in them."""
    world.portal.switch.set("oauth_error_status", status)
    world.portal.apps.expire()
    world.portal.apps._refresh.clear()
    with pytest.raises(errors.PortalClosed) as closed:
        await world.wire.post("app.info", {})
    assert closed.value.text == oauth.WHY[tokens.REFUSED]
    assert SECRET not in f"{closed.value!r} {closed.value.__cause__!r}"


async def test_a_server_that_answers_garbage(world: World) -> None:
    """Nothing done: the next call heals. Done and unheard: what is lost is said."""
    world.portal.apps.expire()
    world.portal.apps.troubles.append("down")
    with pytest.raises(authserver.Unheard, match="не читается"):
        await world.wire.post("app.info", {})
    assert (await world.wire.post("app.info", {})).status == 200
    world.portal.apps.expire()
    world.portal.apps.troubles.append("lost")
    with pytest.raises(authserver.Unheard):
        await world.wire.post("app.info", {})
    with pytest.raises(errors.PortalClosed) as closed:
        await world.wire.post("app.info", {})
    assert closed.value.text == oauth.WHY[tokens.INTERRUPTED]


async def test_nobody_there(world: World) -> None:
    """A server of authorization that can't be reached: surely not asked, no address in the words."""
    gone = authserver.Server(authserver.App(ID, SECRET), ("http://127.0.0.1:9",), timeout=2)
    with pytest.raises(errors.Retryable, match="недоступен") as refused:
        await gone.ask("http://127.0.0.1:9", grant_type="refresh_token", refresh_token="canary")
    await gone.close()
    told: Any = refused.value
    assert not isinstance(told, authserver.Unheard)
    assert SECRET not in f"{told} {told.__cause__!r}"
    assert told.__suppress_context__
