"""Other programs' calls: saved before they are answered, believed only with their token, never a 500 (R1, R11, R13)."""

from __future__ import annotations

import asyncio
import random
import string
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from connector import errors
from connector.web import app, seams, triggers
from robots import model
from tests.connector.web import doorstep

TOKEN = "t0ken-of-1c"
URL = "/trigger/oplata"
DEAL = model.CardRef(model.CardKind.DEAL, 759)


@dataclass
class Door:
    """A portal whose robots wait for «oplata» of deals. Calls are remembered; `broken` is what the database says."""

    calls: list[tuple[str, model.CardRef, str]] = field(default_factory=list)
    broken: str = ""
    slow: float = 0.0
    opened: bool = True
    id: model.PortalId = doorstep.ROMASHKA
    secret: str = TOKEN

    async def save(self, name: str, ref: model.CardRef, number: str) -> bool:
        await asyncio.sleep(self.slow)
        if self.broken:
            raise errors.StoreError(self.broken)
        new = (name, ref, number) not in self.calls
        self.calls += [(name, ref, number)] if new else []
        return new

    def portal(self) -> seams.TriggerPortal:
        waited = {"oplata": frozenset({model.CardKind.DEAL}), "tihiy": frozenset({model.CardKind.DEAL})}
        tokens = {"oplata": self.secret.encode()}
        return seams.TriggerPortal(
            self.id,
            lambda name: waited.get(name, frozenset()),
            lambda name: tokens.get(name, b""),
            self.save,
        )


@pytest.fixture
def door() -> Door:
    return Door()


def at(*doors: Door) -> TestClient[web.Request, web.Application]:
    made = app.create_app(
        {},
        doorstep.FakeInbox(),
        {},
        body_timeout=0.3,
        is_open=lambda portal: {one.id: one.opened for one in doors}[portal],
        called=[one.portal() for one in doors],
    )
    return TestClient(TestServer(made))


async def test_a_call_is_saved_once_for_each_key_and_then_answered(door: Door) -> None:
    """R1: in JSON, in a form, in the address, as the portal's own outgoing webhook says it; the number is told back."""
    ways: list[dict[str, Any]] = [
        {"json": {"card": "deal:759", "key": "п-7", "token": TOKEN}},
        {"data": {"card": "759", "key": "п-7", "token": TOKEN}},
        {"params": {"card": "DEAL_759", "key": "п-7", "token": TOKEN}},
        {"json": {"card": 759, "key": "п-7"}, "headers": {"Authorization": f"Bearer {TOKEN}"}},
        {"data": {"document_id[2]": "DEAL_759"}, "params": {"token": TOKEN, "key": "п-7"}},
    ]
    told = []
    async with at(door) as client:
        for way in ways:
            answer = await client.post(URL, **way)
            told.append((answer.status, await answer.json()))
    same = {"saved": True, "card": "deal:759", "key": "п-7"}
    assert told == [(200, {**same, "again": False})] + [(200, {**same, "again": True})] * 4
    assert door.calls == [("oplata", DEAL, "п-7")]


async def test_without_a_key_each_call_is_its_own(door: Door) -> None:
    """Its number is in the answer."""
    async with at(door) as client:
        numbers = [
            (await (await client.post(URL, json={"card": "759", "token": TOKEN})).json())["key"] for _ in "ab"
        ]
    assert [call[2] for call in door.calls] == numbers
    assert len(set(numbers)) == 2


async def test_the_answer_waits_for_the_commit_and_a_refusal_is_an_honest_503(door: Door) -> None:
    """R1, R8: before the watermarks nothing is promised either."""
    door.slow = 0.05
    good = {"card": "759", "token": TOKEN}
    async with at(door) as client:
        posted = asyncio.ensure_future(client.post(URL, json=good))
        await asyncio.sleep(0.01)
        before = (posted.done(), len(door.calls))
        statuses = [(await posted).status]
        door.broken = "disk full"
        statuses.append((await client.post(URL, json=good)).status)
        door.broken, door.opened = "", False
        statuses.append((await client.post(URL, json=good)).status)
    assert (before, statuses, len(door.calls)) == ((False, 0), [200, 503, 503], 1)


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        (URL, {"card": "759", "token": "t0ken-of-1C"}, 403),
        (URL, {"card": "759"}, 403),
        (URL, {"card": "759", "token": "ключ"}, 403),
        ("/trigger/zakaz", {"card": "759", "token": TOKEN}, 404),
        ("/trigger/tihiy", {"card": "759", "token": ""}, 404),
        (URL, {"token": TOKEN}, 400),
        (URL, {"card": "lead:5", "token": TOKEN}, 400),
        (URL, {"card": "contact:5", "token": TOKEN}, 400),
        (URL, {"card": "759", "token": TOKEN, "key": "a/b"}, 400),
        (URL, {"card": "759", "token": TOKEN, "key": "a" * 81}, 400),
        (URL, {"card": ["759"], "token": TOKEN}, 400),
        (URL, {"card": True, "token": TOKEN}, 400),
        (URL, ["759"], 400),
    ],
)
async def test_what_cannot_be_believed_or_understood_saves_nothing(
    door: Door, path: str, said: Any, status: int
) -> None:
    """R13: another's token, a name nobody waits for, one without a token of its own, no card of theirs."""
    async with at(door) as client:
        answer = await client.post(path, json=said)
        told = await answer.json()
    assert (answer.status, told["saved"], door.calls) == (status, False, [])
    assert TOKEN not in told["error"]


async def test_the_token_says_which_portal_is_meant(door: Door) -> None:
    """Two portals in one process may wait for the same name."""
    other = Door(id=model.PortalId("lutik"), secret="of-lutik")
    async with at(door, other) as client:
        answer = await client.post(URL, json={"card": "759", "token": "of-lutik"})
    assert (answer.status, door.calls, len(other.calls)) == (200, [], 1)


async def test_no_body_makes_a_500(door: Door) -> None:
    """R11: noise, deep JSON, a giant, another method; the daemon answers on."""
    dice = random.Random(7)
    noise = [bytes(dice.randrange(256) for _ in range(dice.randrange(200))) for _ in range(60)]
    noise += [
        b"[" * 60_000,
        b'{"card":' * 5_000,
        b"\xff{",
        b"{",
        '{"card": "7\ud83d"}'.encode("utf-16", "surrogatepass"),
    ]
    noise += ["".join(dice.choices(string.printable, k=80)).encode() for _ in range(60)]
    async with at(door) as client:
        statuses = {(await client.post(URL, data=body)).status for body in noise}
        big = await client.post(URL, data=b"a" * 70_000)
        read = await client.get(URL)
        after = await client.post(URL, json={"card": "759", "token": TOKEN})
    assert statuses <= {400, 403}
    assert (big.status, read.status, after.status, len(door.calls)) == (413, 405, 200, 1)


def test_a_number_too_long_names_no_card() -> None:
    """No column of a database holds it."""
    with pytest.raises(triggers.Wrong):
        triggers.understood({"card": "9" * 16}, frozenset(model.CardKind))
