"""Tokens of an application: one refresh for all who need it, nothing lost on the way, and what is said when it ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from connector import errors
from connector.bitrix24 import authserver, oauth, secret, tokens
from robots import model
from tests import fakes_tokens
from tests.connector.bitrix24 import virtual

ACME = model.PortalId("acme")


SERVER = "https://oauth.bitrix24.tech"


FULL = errors.StoreError("disk full")


Closed = errors.PortalClosed


class World:
    """One portal's row, its authorization server, and as many workers as are asked for."""

    def __init__(self) -> None:
        self.clock, self.server = virtual.Clock(), fakes_tokens.AuthServer()
        self.rows = fakes_tokens.MemoryTokens(self.clock.now)
        self.vault = tokens.Vault(tokens.fresh_key())
        self.learned: list[str] = []
        self.passed: list[str] = []

    def worker(self, **changes: Any) -> oauth.Authority:
        given = {
            "at": self.passed.append,
            "learn": lambda grant: self.learned.append(grant.refresh),
            **changes,
        }
        return oauth.Authority(
            ACME, "https://acme.bitrix24.ru", self.rows, self.vault, self.server, self.clock, **given
        )

    async def install(self, refresh: str = "r0", access: str = "a0") -> None:
        grant = tokens.Grant(access, refresh, "app-token", "m", SERVER)
        await self.rows.put(ACME, self.vault.seal(ACME, grant), self.clock.now())

    def kept(self) -> tokens.Grant:
        row = self.rows.rows[ACME]
        assert row.sealed is not None
        return self.vault.open(ACME, row.sealed)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.install()
    return made


def token(address: secret.AppAddress) -> str:
    return str(address.signed({})["auth"])


async def renew(authority: oauth.Authority) -> str:
    """The portal says 401 to what stands now; the token that stands after it."""
    assert await authority.renewed(await authority.address(), "expired_token")
    return token(await authority.address())


async def test_a_token_that_is_over_is_replaced_and_kept(world: World) -> None:
    """The new pair is sealed in the row before anybody else sees it, and hidden from the logs."""
    authority = world.worker()
    assert token(await authority.address()) == "a0"
    assert await renew(authority) == "a1"
    assert (world.kept().access, world.kept().refresh, world.kept().application) == ("a1", "r1", "app-token")
    assert world.rows.journal == ["put", "claim", "renew"]
    assert (world.learned, world.passed) == (["r0", "r1"], ["token_answered", "token_saved"])
    assert authority.application == b"app-token"


async def test_fifty_refused_calls_make_one_refresh(world: World) -> None:
    """All fifty go again with the new token; a later 401 to the old one asks for nothing."""
    authority = world.worker()
    old = await authority.address()
    assert await asyncio.gather(*(authority.renewed(old, "expired_token") for _ in range(50))) == [True] * 50
    assert await authority.renewed(old, "expired_token")
    assert world.server.asked == ["r0"]
    assert token(await authority.address()) == "a1"


async def test_two_workers_make_one_refresh(world: World) -> None:
    """The second finds the row locked, waits, and takes what the first was given."""
    workers = [world.worker() for _ in range(2)]
    for each in workers:
        await each.address()
    assert await world.clock.run(asyncio.gather(*(renew(each) for each in workers))) == ["a1", "a1"]
    assert world.server.asked == ["r0"]


async def test_a_worker_that_was_asleep_takes_the_younger_tokens(world: World) -> None:
    """Its token is two rotations old: the row is read again, the server isn't asked."""
    sleeper, other = world.worker(), world.worker()
    await sleeper.address()
    await renew(other)
    await renew(other)
    assert await renew(sleeper) == "a2"
    assert world.server.asked == ["r0", "r1"]


async def test_a_lock_of_a_dead_worker_ends(world: World) -> None:
    """Until then nobody refreshes; a caller waits no longer than it must."""
    await world.rows.claim(ACME, 1, "dead", 100)
    with pytest.raises(errors.Retryable, match="обновляет другой процесс"):
        await world.clock.run(renew(world.worker()))
    assert world.server.asked == []
    await world.clock.run(world.clock.sleep(100))
    assert await world.clock.run(renew(world.worker())) == "a1"


async def test_a_caller_that_leaves_doesnt_take_the_answer_with_it(world: World) -> None:
    """A stop cancels a call in the middle of a refresh: the server has rotated, so the new pair must be written."""
    authority = world.worker()
    world.server.gate = asyncio.Event()
    caller = asyncio.ensure_future(authority.renewed(await authority.address(), "expired_token"))
    await asyncio.sleep(0.01)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    another = asyncio.ensure_future(authority.renewed(await authority.address(), "expired_token"))
    await asyncio.sleep(0)
    world.server.gate.set()
    await authority.close()
    assert await another
    assert (world.server.asked, world.kept().refresh) == (["r0"], "r1")


async def test_a_full_disk_loses_no_token(world: World) -> None:
    """The new pair works from memory, is tried again at every call (not oftener than once a second), and is written."""
    authority = world.worker()
    await authority.address()
    claim = world.rows.claim

    async def claimed_then_full(*given: Any) -> Any:
        row = await claim(*given)
        world.rows.fail = FULL
        return row

    world.rows.claim = claimed_then_full  # type: ignore[method-assign]
    assert await renew(authority) == "a1"
    assert world.kept().access == "a0"
    world.rows.fail = None
    assert token(await authority.address()) == "a1"
    assert world.kept().access == "a0"
    await world.clock.run(world.clock.sleep(2))
    assert token(await authority.address()) == "a1"
    assert world.kept() == tokens.Grant("a1", "r1", "app-token", "m", SERVER)


async def test_unwritten_tokens_are_refreshed_again_before_they_are_written(world: World) -> None:
    """The disk is full for longer than a token lives: the youngest pair is what is written in the end."""
    authority = world.worker()
    await authority.address()
    saved = world.rows.renew

    async def refuse(*_given: Any) -> bool:
        raise FULL

    world.rows.renew = refuse  # type: ignore[method-assign]
    assert [await renew(authority), await renew(authority)] == ["a1", "a2"]
    world.rows.renew = saved  # type: ignore[method-assign]
    await world.clock.run(world.clock.sleep(2))
    await authority.address()
    assert (world.kept().refresh, world.server.asked) == ("r2", ["r0", "r1"])


async def test_a_reinstallation_during_a_refresh_wins(world: World) -> None:
    """Its tokens are younger than what the refresh brings."""
    authority = world.worker()
    await authority.address()
    world.server.gate = asyncio.Event()
    waiting = asyncio.ensure_future(renew(authority))
    await asyncio.sleep(0.01)
    await world.install("n0", "b0")
    authority.forget()
    world.server.gate.set()
    assert await waiting == "b0"
    assert world.kept().refresh == "n0"


async def said(work: Any) -> str:
    with pytest.raises(Closed) as closed:
        await work
    assert closed.value.why is errors.Closed.APP
    return closed.value.text


async def test_a_refused_refresh_token_is_said_and_asked_once(world: World) -> None:
    """invalid_grant: 180 days, or a reinstallation elsewhere. The server isn't asked again with it, even after a restart;
    a new installation heals."""
    world.server.good.clear()
    authority = world.worker()
    assert "invalid_grant" in await said(renew(authority))
    assert await said(authority.address()) == oauth.WHY[tokens.REFUSED]
    assert await said(world.worker().address()) == oauth.WHY[tokens.REFUSED]
    assert world.server.asked == ["r0"]
    world.server.good.add("n0")
    await world.install("n0", "b0")
    assert token(await authority.address()) == "b0"


@pytest.mark.parametrize("old_lives", [False, True])
async def test_killed_between_the_answer_and_its_writing(world: World, old_lives: bool) -> None:
    """The documentation doesn't say whether the old refresh token lives on: if so nothing happened, else that is said."""

    class Killed(BaseException):
        pass

    def die(point: str) -> None:
        if point == "token_answered":
            raise Killed

    world.server.old_lives = old_lives
    with pytest.raises(Killed):
        await renew(world.worker(at=die))
    assert world.kept().refresh == "r0"
    await world.clock.run(world.clock.sleep(oauth.HOLD))
    next_life = world.worker()
    if old_lives:
        assert await renew(next_life) == "a2"
    else:
        assert await said(renew(next_life)) == oauth.WHY[tokens.INTERRUPTED]
        assert await said(world.worker().address()) == oauth.WHY[tokens.INTERRUPTED]


async def test_an_answer_that_never_came_is_told_apart_from_age(world: World) -> None:
    """The token was used up by a request whose answer was lost."""
    world.server.troubles.append("lost")
    authority = world.worker()
    with pytest.raises(authserver.Unheard):
        await renew(authority)
    assert await said(renew(authority)) == oauth.WHY[tokens.INTERRUPTED]


async def test_a_server_that_is_down_is_asked_again(world: World) -> None:
    """Nothing was done: the lock is given back at once and the next call refreshes."""
    world.server.troubles.append(errors.Retryable("недоступен"))
    authority = world.worker()
    with pytest.raises(errors.Retryable, match="недоступен"):
        await renew(authority)
    assert world.rows.rows[ACME].held_until is None
    assert await renew(authority) == "a1"


async def test_what_only_a_person_can_mend(world: World) -> None:
    """Never installed, removed, another key, a wrong secret of the application, an unpaid tariff: each in its own words."""
    empty = World()
    assert await said(empty.worker().address()) == oauth.WHY[oauth.NEVER]
    other_key = world.worker()
    other_key._vault = tokens.Vault(tokens.fresh_key())
    assert await said(other_key.address()) == oauth.WHY[oauth.KEY]
    authority = world.worker()
    world.server.troubles += [
        authserver.Denied("invalid_client", ""),
        authserver.Denied("PAYMENT_REQUIRED", "Payment required"),
    ]
    assert await said(renew(authority)) == oauth.WHY[oauth.CLIENT]
    with pytest.raises(Closed) as unpaid:
        await renew(authority)
    assert unpaid.value.why is errors.Closed.TARIFF
    assert await renew(authority) == "a1"
    assert (
        await said(authority.renewed(await authority.address(), "no_auth_found")) == oauth.WHY[oauth.UNKNOWN]
    )
    await world.rows.erase(ACME, world.clock.now())
    authority.forget()
    assert await said(authority.address()) == oauth.WHY[tokens.REMOVED]


async def test_an_unknown_token_may_only_be_an_old_one(world: World) -> None:
    """NO_AUTH_FOUND after a reinstallation in another process: the row has the tokens that are good."""
    authority = world.worker()
    used = await authority.address()
    await world.install("n0", "b0")
    assert await authority.renewed(used, "no_auth_found")
    assert token(await authority.address()) == "b0"


async def test_a_row_is_read_again_before_giving_up(world: World) -> None:
    """A lock ended too early and two workers asked: who is denied finds the other's tokens in the row."""
    authority = world.worker()
    await authority.address()
    world.server.gate = asyncio.Event()
    waiting = asyncio.ensure_future(renew(authority))
    await asyncio.sleep(0.01)
    world.server.good.clear()
    row = world.rows.rows[ACME]
    grant = replace(world.kept(), access="b0", refresh="n0")
    await world.rows.renew(ACME, row.version, world.vault.seal(ACME, grant), world.clock.now())
    world.server.gate.set()
    assert await waiting == "b0"
