"""What leaves the portal: letters it sends, SMS and calls over real HTTP, each answer sorted by what is known of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import abc, test_utils, web

from connector import errors, ports
from connector.bitrix24 import outside
from robots import intents, model
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

SECRET = "canary-outside-secret"
MARIA = model.ClientRef(model.ClientKind.CONTACT, 1)
LETTER = intents.SendLetter(
    "maria@mail.ru", MARIA, "Заказ", "Приняли", "Я <i@r.ru>", model.UserId(seed.IVANOV)
)


@dataclass
class Receiver:
    """Another company's program: what it was told, and how it answers."""

    url: str = ""
    status: int = 200
    answer: str = '{"status": "OK"}'
    silent: bool = False
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((dict(request.headers), await request.read()))
        if self.silent:
            await asyncio.sleep(5)
        return web.Response(status=self.status, text=self.answer, headers={"Location": "http://127.0.0.1:1/"})


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[worlds.World, Receiver, model.CardRef]]:
    made, app = Receiver(), web.Application()
    app.router.add_post("/in", made.take)
    async with test_utils.TestServer(app, host="127.0.0.1") as server, worlds.world() as world:
        made.url = f"http://127.0.0.1:{server.port}/in"
        world.here._desk.outside = outside.Caller({"OUTSIDE_ERP": SECRET}, insecure=True)
        try:
            yield world, made, worlds.ref(world.add(title="a"))
        finally:
            await world.here._desk.outside.close()


def call(url: str, **rest: object) -> intents.CallUrl:
    return intents.CallUrl(url, {"заказ": "12"}, **{"secret": "OUTSIDE_ERP", **rest})  # type: ignore[arg-type]


def sms(url: str, **rest: object) -> intents.SendSms:
    return intents.SendSms("+79160000001", "Да", url, {"to": "+79160000001", "text": "Да"}, **rest)  # type: ignore[arg-type]


async def test_a_call_is_signed_and_named() -> None:
    """The receiver checks who said it and when, and knows a repeat by its id; the ledger knew it as sent before."""
    async with receiver() as (world, there, ref):
        row = worlds.row(call(there.url), ref)
        assert await world.here.perform(row) == ports.Done()
        ((headers, body),) = there.calls
        signed = f"{headers['X-Voronka-Time']}.".encode() + body
        assert headers["X-Voronka-Signature"] == (
            "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        )
        assert headers["X-Voronka-Id"] == ports.marker(row.wish.key)
        assert json.loads(body) == {"card": f"deal:{ref.id}", "data": {"заказ": "12"}}
        assert world.sent == [row.wish.key]
        assert await world.here.find(row) is None


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, errors.Rejected),
        (302, errors.Rejected),
        (429, errors.Retryable),
        (500, errors.Unknown),
        (503, errors.Unknown),
    ],
)
async def test_an_answer_is_sorted_by_what_is_known(status: int, outcome: type[errors.PortalError]) -> None:
    """A no is final, a plea to wait surely not done, a broken answer unknown; a redirect isn't followed."""
    async with receiver() as (world, there, ref):
        there.status = status
        with pytest.raises(errors.PortalError) as told:
            await world.here.perform(worlds.row(call(there.url), ref))
        assert type(told.value) is outcome
        assert (len(there.calls), SECRET in str(told.value), "/in" in str(told.value)) == (1, False, False)


async def test_silence_is_unknown_and_a_closed_door_is_not() -> None:
    """After the request has left nobody knows; where no connection was made it surely wasn't done."""
    async with receiver() as (world, there, ref):
        there.silent = True
        with pytest.raises(errors.Unknown):
            await world.here.perform(worlds.row(call(there.url, seconds=1), ref))
        with pytest.raises(errors.Retryable):
            await world.here.perform(worlds.row(call("http://127.0.0.1:1/in"), ref, key="k2"))


async def test_what_may_not_be_sent_leaves_nothing() -> None:
    """A missing secret, a wish that was taken back, a name that leads home: no request."""
    async with receiver() as (world, there, ref):
        with pytest.raises(errors.Rejected, match="OUTSIDE_NONE"):
            await world.here.perform(worlds.row(call(there.url, secret="OUTSIDE_NONE"), ref))
        world.withheld = {intents.WishKey("k2")}
        with pytest.raises(errors.PortalError, match="уже не отправляется"):
            await world.here.perform(worlds.row(call(there.url), ref, key="k2"))
        world.here._desk.outside.insecure = False
        with pytest.raises(errors.Rejected, match="https"):
            await world.here.perform(worlds.row(call(there.url), ref, key="k3"))
        assert there.calls == []


class Names(abc.AbstractResolver):
    """A name server of somebody who means harm: every name leads to `address`."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[abc.ResolveResult]:
        return [
            abc.ResolveResult(hostname=host, host=self.address, port=port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
async def test_a_name_that_leads_home_is_refused(address: str) -> None:
    """Whatever it resolves to is checked where it is used, and no socket is opened."""
    made = outside.Caller(names=Names(address))
    try:
        with pytest.raises(errors.Rejected, match="внутреннюю сеть"):
            await made.post(outside.Request("https://erp.example/in", b"{}", "application/json"))
    finally:
        await made.close()


async def test_an_sms_says_its_key_and_reads_the_answer() -> None:
    """Services answer 200 to what they refuse."""
    async with receiver() as (world, there, ref):
        expect = (("status", "ok"),)
        asked = sms(there.url, secret="OUTSIDE_ERP", expect=expect, form=True)
        assert await world.here.perform(worlds.row(asked, ref)) == ports.Done()
        ((headers, body),) = there.calls
        assert (headers["Authorization"], body) == (
            f"Bearer {SECRET}",
            b"to=%2B79160000001&text=%D0%94%D0%B0",
        )
        there.answer = '{"status": "ERROR"}'
        with pytest.raises(errors.Rejected, match="служба SMS отказала"):
            await world.here.perform(worlds.row(asked, ref, key="k2"))
        there.answer = "<html>"
        with pytest.raises(errors.Unknown):
            await world.here.perform(worlds.row(asked, ref, key="k3"))


async def test_a_letter_leaves_the_portal_and_is_found() -> None:
    """With the sender of the file; a second try adopts the first one's."""
    async with worlds.world() as world:
        number = world.add(title="a")
        row = worlds.row(LETTER, worlds.ref(number))
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        assert await world.here.perform(worlds.row(LETTER, worlds.ref(number), tries=1)) == done
        assert await world.here.find(row) == done
        (mail,) = world.there.timeline.activities.mails
        assert {name: mail[name] for name in ("subject", "text", "from", "to")} == {
            "subject": "Заказ",
            "text": "Приняли",
            "from": "Я <i@r.ru>",
            "to": ["maria@mail.ru"],
        }
