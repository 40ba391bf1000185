"""Local applications in the sandbox: their tokens, their events, and what a webhook may not do (reference §4, §6)."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import test_utils, web

from sandbox.bitrix24 import app as apps
from sandbox.bitrix24 import clock, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import rest

ID, SECRET = "local.abc.1", "canary-of-the-app"


class Listener:
    """An application's server: what was posted to it."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.forms.append({key: str(value) for key, value in form.items()})
        return web.Response()


class World:
    def __init__(self, b24: rest.Rest, portal: portals.Portal, listener: Listener, url: str) -> None:
        self.b24, self.portal, self.listener, self.url = b24, portal, listener, url

    async def installed(self) -> dict[str, Any]:
        given = {
            "client_id": ID,
            "client_secret": SECRET,
            "install_url": self.url,
            "redirect_uri": "https://us.example/code",
        }
        await self.b24.control("POST", "apps", given)
        made: dict[str, Any] = await self.b24.control("POST", f"apps/{ID}/install")
        assert made["status"] == 200
        return dict(made["auth"])

    async def say(self, method: str, auth: str, **params: Any) -> tuple[int, Any]:
        async with self.b24.client.post(f"/rest/{method}", json={**params, "auth": auth}) as answer:
            return answer.status, await answer.json()

    async def token(self, **asked: str) -> tuple[int, dict[str, Any]]:
        given = {"client_id": ID, "client_secret": SECRET, **asked}
        async with self.b24.client.get("/oauth/token/", params=given) as answer:
            return answer.status, await answer.json(content_type=None)

    async def refresh(self, token: str) -> tuple[int, str]:
        status, body = await self.token(grant_type="refresh_token", refresh_token=token)
        return status, body.get("error", "")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    portal = seed.plain(clock.Clock(speed=0.0))
    listener = Listener()
    ours = web.Application()
    ours.router.add_post("/in", listener.take)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(test_utils.TestServer(ours))
        b24 = await stack.enter_async_context(rest.serving(portal))
        yield World(b24, portal, listener, str(server.make_url("/in")))


async def test_an_installation_posts_the_tokens(world: World) -> None:
    """ONAPPINSTALL-style form: every key of §6, and REST answers to the access token, in a body and in a query."""
    auth = await world.installed()
    (form,) = world.listener.forms
    assert form["event"] == "ONAPPINSTALL"
    assert {key for key in form if key.startswith("auth[")} == {
        f"auth[{name}]"
        for name in (
            "access_token",
            "refresh_token",
            "application_token",
            "member_id",
            "domain",
            "client_endpoint",
            "server_endpoint",
            "scope",
            "expires_in",
            "status",
        )
    }
    token = form["auth[access_token]"]
    assert token == auth["access_token"]
    assert (await world.say("app.info", token))[1]["result"]["CODE"] == ID
    assert (await world.b24.client.get(f"/rest/server.time?auth={token}")).status == 200
    status, body = await world.say("batch", token, cmd={"a": "server.time", "b": "app.info"})
    assert (status, sorted(body["result"]["result"])) == (200, ["a", "b"])


async def test_tokens_end_and_are_refreshed(world: World) -> None:
    """An hour, then 401 expired_token; the refresh token is for one use, unless the switch says otherwise."""
    auth = await world.installed()
    world.portal.clock.advance(3601)
    status, body = await world.say("server.time", auth["access_token"])
    assert (status, body["error"]) == (401, "expired_token")
    assert await world.refresh(auth["refresh_token"]) == (200, "")
    assert await world.refresh(auth["refresh_token"]) == (400, "invalid_grant")
    _, made = await world.token(grant_type="refresh_token", refresh_token="no such")
    assert made["error"] == "invalid_grant"


async def test_the_switches_of_what_nobody_tells(world: World) -> None:
    """The old refresh token lives on; refusals come with 200."""
    auth = await world.installed()
    world.portal.switch.set("old_refresh_token", "kept")
    world.portal.switch.set("oauth_error_status", "200")
    assert await world.refresh(auth["refresh_token"]) == (200, "")
    assert await world.refresh(auth["refresh_token"]) == (200, "")
    assert (await world.token(grant_type="refresh_token", client_secret="x"))[1]["error"] == "invalid_client"
    assert (await world.token(grant_type="password"))[1]["error"] == "invalid_request"
    assert (await world.refresh("no such")) == (200, "invalid_grant")


async def test_a_code_is_good_once_for_thirty_seconds(world: World) -> None:
    """The browser brings it with state and domain; late or twice it is nothing."""
    await world.installed()

    async def code() -> str:
        url = f"/oauth/authorize/?client_id={ID}&state=s1"
        async with world.b24.client.get(url, allow_redirects=False) as answer:
            asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))
        assert (answer.status, asked["state"], asked["domain"]) == (302, "s1", world.portal.host)
        return asked["code"]

    first = await code()
    status, made = await world.token(grant_type="authorization_code", code=first)
    assert (status, made["member_id"], made["user_id"]) == (200, world.portal.member_id, 1)
    assert (await world.token(grant_type="authorization_code", code=first))[1]["error"] == "invalid_grant"
    late = await code()
    world.portal.clock.advance(31)
    assert (await world.token(grant_type="authorization_code", code=late))[1]["error"] == "invalid_grant"


async def test_the_authorization_servers_troubles(world: World) -> None:
    """Down: nothing was done. Lost: the token was rotated and nobody heard the new one. Unpaid: said."""
    auth = await world.installed()
    await world.b24.control("POST", "oauth", {"troubles": ["down", "lost"]})
    statuses = []
    for _ in range(3):
        async with world.b24.client.get(
            "/oauth/token/",
            params={
                "client_id": ID,
                "client_secret": SECRET,
                "grant_type": "refresh_token",
                "refresh_token": auth["refresh_token"],
            },
        ) as answer:
            statuses.append(answer.status)
    assert statuses == [502, 502, 400]
    again = (await world.b24.control("POST", f"apps/{ID}/install"))["auth"]
    await world.b24.control("POST", "oauth", {"paid": False})
    assert await world.refresh(again["refresh_token"]) == (400, "PAYMENT_REQUIRED")


async def test_events_of_an_application(world: World) -> None:
    """Bound by REST, with an access token and no refresh token; a move to another pipeline is told to it alone."""
    auth = await world.installed()
    token = auth["access_token"]
    for name in ("onCrmDealAdd", "ONCRMDEALMOVETOCATEGORY"):
        assert (await world.say("event.bind", token, event=name, handler=world.url))[1]["result"] is True
    assert (await world.say("event.bind", token, event="ONNOTHING", handler=world.url))[1]["error"] == (
        "ERROR_EVENT_NOT_FOUND"
    )
    again = await world.say("event.bind", token, event="ONCRMDEALADD", handler=world.url)
    assert again[1]["error"] == "ERROR_EVENT_BINDING_EXISTS"
    _, bound = await world.say("event.get", token)
    assert [row["event"] for row in bound["result"]] == ["ONCRMDEALADD", "ONCRMDEALMOVETOCATEGORY"]
    other = world.portal.crm.dictionaries.add_category(2, "Другая", 200)
    world.listener.forms.clear()
    item = world.portal.crm.add(2, {"title": "x"}, 1)
    world.portal.crm.update(2, item.id, {"categoryId": other.id}, 1)
    await world.b24.client.app[apps.DELIVERY].drain()
    assert [form["event"] for form in world.listener.forms] == ["ONCRMDEALADD", "ONCRMDEALMOVETOCATEGORY"]
    assert world.listener.forms[0]["auth[application_token]"] == auth["application_token"]
    assert "auth[access_token]" in world.listener.forms[0]
    assert "auth[refresh_token]" not in world.listener.forms[0]


async def test_an_application_that_is_removed(world: World) -> None:
    """The last event has no tokens; both tokens are dead; installed anew it has no handlers and another token."""
    auth = await world.installed()
    await world.say("event.bind", auth["access_token"], event="ONAPPUNINSTALL", handler=world.url)
    world.listener.forms.clear()
    assert await world.b24.control("POST", f"apps/{ID}/uninstall") == {"statuses": [200]}
    (form,) = world.listener.forms
    assert (form["event"], form["auth[application_token]"]) == ("ONAPPUNINSTALL", auth["application_token"])
    assert not [key for key in form if "access_token" in key or "refresh_token" in key]
    assert (await world.say("server.time", auth["access_token"]))[1]["error"] == "NO_AUTH_FOUND"
    assert await world.refresh(auth["refresh_token"]) == (400, "invalid_grant")
    new = (await world.b24.control("POST", f"apps/{ID}/install"))["auth"]
    assert new["application_token"] != auth["application_token"]
    assert (await world.say("event.get", new["access_token"]))[1]["result"] == []


async def test_who_may_not(world: World) -> None:
    """No token, a narrow application, a webhook that asks for an application's methods."""
    auth = await world.installed()
    world.portal.apps.by_id[ID].scopes = frozenset({"task"})
    assert (await world.say("crm.item.list", auth["access_token"], entityTypeId=2))[1]["error"] == (
        "insufficient_scope"
    )
    assert (await world.say("server.time", ""))[1]["error"] == "NO_AUTH_FOUND"
    assert (await world.b24.send("event.bind"))[1]["error"] == "ERROR_WRONG_CONTEXT"
    world.portal.closed = "tariff"
    assert (await world.say("server.time", auth["access_token"]))[0] == 403
