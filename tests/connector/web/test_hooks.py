"""The doorbell: saved before it is answered, believed only with the token, never a 500 (R1, R11, R13, R14)."""

from __future__ import annotations

import asyncio
import random
import string

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from connector import ports
from connector.web import app as web_app
from connector.web import hooks
from tests.connector.web import doorstep

URL = "/hooks/romashka"


@pytest.fixture
def door() -> doorstep.Doorstep:
    return doorstep.Doorstep()


def at(door: doorstep.Doorstep) -> TestClient[web.Request, web.Application]:
    return TestClient(TestServer(door.app()))


async def test_a_doorbell_marks_the_card_it_names(door: doorstep.Doorstep) -> None:
    """U1: one POST, one mark in the live lane, then 200."""
    async with at(door) as client:
        answer = await client.post(URL, data=doorstep.form(759))
    deal = ports.Thing(ports.Kind.DEAL, 759)
    assert (answer.status, door.inbox.marks) == (200, [(doorstep.ROMASHKA, deal, ports.Lane.LIVE)])


async def test_the_answer_waits_for_the_commit(door: doorstep.Doorstep) -> None:
    """R1: as long as the database hasn't committed, no 200 has left."""
    door.inbox.slow = 0.05
    async with at(door) as client:
        posted = asyncio.ensure_future(client.post(URL, data=doorstep.form()))
        await asyncio.sleep(0.01)
        before = (posted.done(), len(door.inbox.marks))
        answer = await posted
    assert (before, answer.status, len(door.inbox.marks)) == ((False, 0), 200, 1)


async def test_before_the_first_watermarks_nothing_is_promised(door: doorstep.Doorstep) -> None:
    """A card that comes before the robots' first watermark would count as past: an honest 503, then 200."""
    door.opened = False
    async with at(door) as client:
        early = await client.post(URL, data=doorstep.form())
        door.opened = True
        taken = await client.post(URL, data=doorstep.form())
    assert (early.status, taken.status, len(door.inbox.marks)) == (503, 200, 1)


async def test_a_database_that_refuses_is_an_honest_503(door: doorstep.Doorstep) -> None:
    """R8, R10: nothing saved, nothing promised; then the disk has room again and the same daemon says 200."""
    door.inbox.broken = "database or disk is full"
    async with at(door) as client:
        refused = await client.post(URL, data=doorstep.form())
        words = await refused.text()
        door.inbox.broken = ""
        taken = await client.post(URL, data=doorstep.form())
    assert (refused.status, refused.headers["Retry-After"], words, taken.status) == (
        503,
        "5",
        "",
        200,
    )


async def test_a_bug_of_ours_is_no_500(door: doorstep.Doorstep) -> None:
    """R11: a surprise is logged and answered 503."""
    door.inbox.bug = ZeroDivisionError("surprise")
    async with at(door) as client:
        answer = await client.post(URL, data=doorstep.form())
    assert answer.status == 503


@pytest.mark.parametrize(
    "changes",
    [
        {"auth[application_token]": "wrong"},
        {"auth[application_token]": ""},
        {"auth[application_token]": "токен"},
        {"auth[domain]": "evil.example"},
    ],
    ids=["wrong", "empty", "not ascii", "another portal"],
)
async def test_a_forged_doorbell_does_nothing(door: doorstep.Doorstep, changes: dict[str, str]) -> None:
    """R13: 403 without a word of why, no mark."""
    async with at(door) as client:
        answer = await client.post(URL, data=doorstep.form(**changes))
        words = await answer.text()
    assert (answer.status, words, door.inbox.marks) == (403, "", [])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", URL, 405), ("PUT", URL, 405), ("POST", "/hooks/other", 404), ("POST", "/hooks/", 404)],
)
async def test_wrong_doors(door: doorstep.Doorstep, method: str, path: str, status: int) -> None:
    """A portal that isn't configured doesn't exist; only POST rings."""
    async with at(door) as client:
        answer = await client.request(method, path, data=doorstep.form())
    assert (answer.status, door.inbox.marks) == (status, [])


async def test_an_unknown_event_is_counted_not_refused(door: doorstep.Doorstep) -> None:
    """The portal may send events that nobody asked for: they are answered 200, and seen in the figures."""
    async with at(door) as client:
        answer = await client.post(URL, data=doorstep.form(event="ONSOMETHINGNEW"))
        figures = await (await client.get("/metrics")).text()
    assert (answer.status, door.inbox.marks) == (200, [])
    assert 'voronka_hooks_total{portal="romashka",result="ignored"} 1.0' in figures


async def test_a_large_body_is_cut(door: doorstep.Doorstep) -> None:
    """R14: over 64 KB, declared or not, is 413 and nothing is kept."""

    async def endless() -> object:
        for _ in range(100):
            yield b"x" * 4096

    async with at(door) as client:
        declared = await client.post(URL, data=b"x" * (hooks.MAX_BODY + 1))
        chunked = await client.post(URL, data=endless())
    assert (declared.status, chunked.status, door.inbox.marks) == (413, 413, [])


async def said_to(port: int, sent: bytes) -> bytes:
    """What the server says to a client that sends this and then nothing, until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_slow_client_is_cut(door: doorstep.Doorstep) -> None:
    """R14: who doesn't finish the headers is hung up on, who doesn't finish the body hears 408; others are served."""
    door.body_timeout = 0.1
    head = b"POST /hooks/romashka HTTP/1.1\r\nHost: x\r\n"
    async with web_app.serving(door.app(), "127.0.0.1", 0, header_seconds=0.2) as port:
        slow_body = said_to(port, head + b"Content-Length: 100\r\n\r\nevent=")
        slow_head = said_to(port, head)
        async with ClientSession() as session:
            good = await session.post(f"http://127.0.0.1:{port}{URL}", data=doorstep.form())
            good.release()
        cut = await asyncio.gather(slow_body, slow_head)
    assert (cut[0].splitlines()[0], cut[1], good.status) == (b"HTTP/1.1 408 Request Timeout", b"", 200)


def hostile(dice: random.Random) -> bytes:
    """A body that was a hook once: cut, doubled, stirred, or noise."""
    body = "&".join(
        f"{key}={value}" for key, value in doorstep.form(dice.choice(["1", "-1", "9" * 40])).items()
    )
    raw = bytearray(body.encode())
    for _ in range(dice.randint(1, 30)):
        place = dice.randrange(len(raw) or 1)
        raw[place : place + dice.randint(0, 3)] = bytes(
            dice.randrange(256) for _ in range(dice.randint(0, 4))
        )
    depth = "data" + "[a]" * dice.choice([0, 5, 300])
    extra = dice.choice(
        ["", f"&{depth}=1", "&a=1" * 3000, "&" + "".join(dice.choices(string.printable, k=50))]
    )
    return bytes(raw) + extra.encode()


async def test_noise_never_makes_a_500(door: doorstep.Doorstep) -> None:
    """R11: 400 hostile bodies from a seed; every answer is one of the documented ones."""
    dice = random.Random(20260302)
    async with at(door) as client:
        seen = {(await client.post(URL, data=hostile(dice))).status for _ in range(400)}
    assert seen <= {200, 400, 403, 413}


async def test_a_taken_port_is_said() -> None:
    """Two daemons on one port: the second hears it as PortTaken, not as a traceback."""
    door = doorstep.Doorstep()
    async with web_app.serving(door.app(), "127.0.0.1", 0) as port:
        with pytest.raises(web_app.PortTaken, match=str(port)):
            async with web_app.serving(door.app(), "127.0.0.1", port):
                raise AssertionError("unreachable")
