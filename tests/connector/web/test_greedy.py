"""Clients that are slow, greedy or crafty, over real sockets: each is cut, and good ones don't notice (R8, R11, R13, R14)."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession

from connector.web import app as web_app
from connector.web import hooks
from tests.connector.web import doorstep

PATH = "/hooks/romashka"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode()


@pytest.fixture
def door() -> doorstep.Doorstep:
    return doorstep.Doorstep(body_timeout=0.3)


@asynccontextmanager
async def open_door(door: doorstep.Doorstep) -> AsyncIterator[int]:
    async with web_app.serving(door.app(), "127.0.0.1", 0, header_seconds=0.5) as port:
        yield port


async def said(port: int, *parts: bytes, gap: float = 0.0) -> bytes:
    """The status line of the answer to what is sent part by part; empty if the server just hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(gap)
    except ConnectionError:
        pass  # hung up on while still talking: what it said before may be lost with it
    try:
        answer = await reader.read()
    except ConnectionError:
        answer = b""
    writer.close()
    return answer.split(b"\r\n", 1)[0].partition(b" ")[2]


async def rung(port: int, deal: int = 1) -> int:
    async with ClientSession() as session:
        answer = await session.post(f"http://127.0.0.1:{port}{PATH}", data=doorstep.form(deal))
        answer.release()
        return answer.status


async def test_a_body_that_drips_is_cut_by_its_whole_time(door: doorstep.Doorstep) -> None:
    """R14: a byte now and then doesn't prolong the patience; a good client beside is served at once."""
    drip = [HEAD + b"Content-Length: 1000\r\n\r\n", *[b"x"] * 20]
    async with open_door(door) as port:
        began = time.monotonic()
        slow = asyncio.gather(*(said(port, *drip, gap=0.05) for _ in range(20)))
        good = await rung(port)
        cut = await slow
    assert (good, set(cut) <= {b"408 Request Timeout", b""}) == (200, True)
    assert time.monotonic() - began < 10
    assert len(door.inbox.marks) == 1


async def test_headers_that_drip_are_cut(door: doorstep.Doorstep) -> None:
    """R14: so are headers that never end."""
    drip = [HEAD, *[f"X-{at}: 1\r\n".encode() for at in range(100)]]
    async with open_door(door) as port:
        async with asyncio.timeout(20):
            assert await said(port, *drip, gap=0.02) in (b"", b"400 Bad Request")
        assert await rung(port) == 200


async def test_ten_gigabytes_are_cut_before_they_are_read(door: doorstep.Doorstep) -> None:
    """R14: declared, nothing is read; undeclared, no more than the cap and what the sockets hold."""
    poured = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal poured
        while True:
            poured += 65_536
            yield b"x" * 65_536

    async with open_door(door) as port:
        declared = await said(port, HEAD + b"Content-Length: 10737418240\r\n\r\n" + b"x" * 1000)
        async with ClientSession() as session:
            try:
                answer = await session.post(f"http://127.0.0.1:{port}{PATH}", data=endless())
                chunked = answer.status
                answer.release()
            except OSError:
                chunked = 0
        elsewhere = await said(
            port, b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 10737418240\r\n\r\n", b"x" * 1000
        )
        assert await rung(port) == 200
    assert declared == b"413 Request Entity Too Large"
    assert chunked in (413, 0)
    assert elsewhere == b"405 Method Not Allowed"
    assert poured < 32 * 1024 * 1024


async def test_a_packed_body_is_not_unpacked(door: doorstep.Doorstep) -> None:
    """R14: 64 KB of gzip may be 64 MB of zeros."""
    bomb = gzip.compress(b"0" * 10_000_000)
    head = HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    async with open_door(door) as port:
        assert await said(port, head + bomb) == b"415 Unsupported Media Type"
    assert door.inbox.marks == []


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nevent\r\n0\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"POST /hooks/%ff%fe HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"POST /hooks/..%2f..%2fetc HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"POST http://evil.example/hooks/romashka HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n",
        b"GET /" + b"a/" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /static/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        HEAD + b"Content-Length: 1000\r\n\r\nevent=",
    ],
    ids=lambda sent: sent[:24].decode("latin-1"),
)
async def test_no_bytes_make_a_500(
    door: doorstep.Doorstep, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """R11, R13: whatever comes is refused as the client's fault, or hung up on; the next client is served. A scanner's
    noise leaves no tracebacks in the log."""
    async with open_door(door) as port:
        async with asyncio.timeout(20):
            answer = await said(port, sent)
        assert await rung(port) == 200
    assert answer[:1] in (b"4", b""), answer
    assert len(door.inbox.marks) == 1
    assert [record.name for record in caplog.records if record.exc_info] == []


async def test_who_hangs_up_in_the_middle_harms_nobody(door: doorstep.Doorstep) -> None:
    """R14: half a body and a reset."""
    async with open_door(door) as port:
        for _ in range(50):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"Content-Length: 1000\r\n\r\nevent=ONCRM")
            await writer.drain()
            writer.transport.abort()
        assert await rung(port) == 200
    assert len(door.inbox.marks) == 1


async def test_beyond_capacity_the_answer_is_an_honest_503(door: doorstep.Doorstep) -> None:
    """R8: who can't be saved in time is told so at once; every 200 is saved, every 503 is not; then all is as before."""
    door.most_waiting, door.inbox.slow = 10, 0.3
    async with open_door(door) as port:
        answers = await asyncio.gather(*(rung(port, deal) for deal in range(1, 41)))
        taken = [deal for deal, status in enumerate(answers, 1) if status == 200]
        door.inbox.slow = 0.0
        assert await rung(port, 99) == 200
    assert (set(answers), len(taken)) == ({200, 503}, 10)
    assert sorted(thing.id for _, thing, _ in door.inbox.marks) == [*taken, 99]


async def test_a_crowd_of_slow_bodies_crowds_out_only_slow_bodies(door: doorstep.Doorstep) -> None:
    """R14: places for bodies that are waited for are few; what comes at once needs none."""
    door.most_slow, door.body_timeout = 5, 2.0
    async with open_door(door) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        for _, writer in held:
            writer.write(HEAD + b"Content-Length: 1000\r\n\r\nevent=")
        await asyncio.sleep(0.1)
        sixth = await said(port, HEAD + b"Content-Length: 1000\r\n\r\nevent=")
        good = await asyncio.gather(*(rung(port) for _ in range(20)))
        for _, writer in held:
            writer.close()
    assert (sixth, set(good)) == (b"503 Service Unavailable", {200})


def test_the_deadline_of_a_body_is_short() -> None:
    """R14: within 15 s whatever is left at its default."""
    assert web_app.HEADER_SECONDS < 15
    assert hooks.MAX_BODY == 64 * 1024
