"""The door for installations: what is answered, who waits, and what a stranger can't do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from connector import errors
from connector.web import hooks, install, seams
from tests.connector.web import doorstep

FORM = b"auth[refresh_token]=r"


class Taker:
    """What becomes of a form: `answers` in order (an exception to raise, or nothing); `taken` as they came."""

    def __init__(self) -> None:
        self.answers: list[Exception | None] = []
        self.taken: list[bytes] = []
        self.busy = 0
        self.most = 0
        self.seconds = 0.0

    async def take(self, body: bytes) -> None:
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(self.seconds)
        self.busy -= 1
        self.taken.append(body)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer


@asynccontextmanager
async def door(taker: Taker, **limits: Any) -> AsyncIterator[TestClient[Any, Any]]:
    portal = seams.InstallPortal(doorstep.ROMASHKA, taker.take)
    made = web.Application(client_max_size=hooks.MAX_BODY)
    made.router.add_post("/install/{portal}", install.Installs({"romashka": portal}, 0.5, **limits).posted)
    async with TestClient(TestServer(made)) as client:
        yield client


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, 200),
        (seams.HookMalformed("не форма"), 400),
        (seams.NotOurs("ключи от другого портала"), 403),
        (errors.Retryable("сервер авторизации недоступен"), 503),
        (errors.StoreError("disk full"), 503),
    ],
)
async def test_each_end_has_its_answer(answer: Exception | None, status: int) -> None:
    """A refusal tells a stranger nothing."""
    taker = Taker()
    taker.answers.append(answer)
    async with door(taker, rest=0.0) as client:
        answered = await client.post("/install/Romashka", data=FORM)
        text = await answered.text()
    assert (answered.status, taker.taken) == (status, [FORM])
    assert text == (install.INSTALLED if status == 200 else "")
    assert answered.headers.get("Retry-After") == ("5" if status == 503 else None)


async def test_proofs_go_one_at_a_time() -> None:
    """Each costs a request elsewhere; whoever comes waits, since the portal comes once."""
    taker = Taker()
    taker.seconds = 0.02
    async with door(taker) as client:
        answers = await asyncio.gather(*(client.post("/install/romashka", data=FORM) for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert taker.most == 1


async def test_nobody_waits_for_ever() -> None:
    """A server of authorization that hangs keeps the next one no longer than its patience; then it is free again."""
    taker = Taker()
    taker.seconds = 0.3
    async with door(taker, patience=0.05) as client:
        first = asyncio.ensure_future(client.post("/install/romashka", data=FORM))
        await asyncio.sleep(0.1)
        second = await client.post("/install/romashka", data=FORM)
        assert (second.status, (await first).status) == (503, 200)
        taker.seconds = 0
        assert (await client.post("/install/romashka", data=FORM)).status == 200


async def test_what_is_refused_before_it_is_read() -> None:
    """An unknown portal, a body over the cap, another verb."""
    taker = Taker()
    async with door(taker) as client:
        statuses = [
            (await client.post("/install/other", data=FORM)).status,
            (await client.post("/install/romashka", data=b"a=" + b"x" * hooks.MAX_BODY)).status,
            (await client.get("/install/romashka")).status,
        ]
    assert (statuses, taker.taken) == ([404, 413, 405], [])


class Told:
    """An application behind the doorbell: a token that may be learnt again, and what was rung."""

    def __init__(self, token: bytes, younger: bytes = b"") -> None:
        self.token, self.younger = token, younger
        self.rung: list[str] = []
        self.broken = False

    async def again(self) -> bool:
        fresh, self.token = bool(self.younger), self.younger or self.token
        return fresh

    async def rang(self, bell: seams.Doorbell) -> None:
        if self.broken:
            raise errors.StoreError("disk full")
        self.rung.append(bell.event)


@asynccontextmanager
async def bells(told: Told) -> AsyncIterator[TestClient[Any, Any]]:
    from connector.web import metrics

    portal = seams.HookPortal(
        doorstep.ROMASHKA,
        b"",
        parse=doorstep.read_form,
        proof=lambda: told.token,
        again=told.again,
        rang=told.rang,
    )
    handler = hooks.Hooks({"romashka": portal}, doorstep.FakeInbox(), metrics.Metrics(), 1.0)
    made = web.Application()
    made.router.add_post("/hooks/{portal}", handler.handle)
    async with TestClient(TestServer(made)) as client:
        yield client


async def ring(client: TestClient[Any, Any], **changes: str) -> int:
    form = doorstep.form(**{"event": "ONAPPUNINSTALL", "data[FIELDS][ID]": "", **changes})
    return (await client.post("/hooks/romashka", data=form)).status


async def test_an_applications_token_is_learnt_while_we_run() -> None:
    """A token that doesn't fit is looked up once more: another process may have taken an installation."""
    good = doorstep.TOKEN
    told = Told(b"old", younger=good)
    async with bells(told) as client:
        assert await ring(client) == 200
        assert await ring(client, **{"auth[application_token]": "wrong"}) == 403
    assert told.rung == ["ONAPPUNINSTALL"]


async def test_before_any_token_is_known_nothing_is_believed() -> None:
    """An empty token fits no empty claim."""
    told = Told(b"")
    async with bells(told) as client:
        assert await ring(client, **{"auth[application_token]": ""}) == 403
    assert told.rung == []


async def test_a_removal_that_isnt_written_is_no_200() -> None:
    """The portal won't say it again; the door says the truth all the same."""
    told = Told(doorstep.TOKEN)
    told.broken = True
    async with bells(told) as client:
        assert await ring(client) == 503
