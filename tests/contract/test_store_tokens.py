"""What every store promises of an application's tokens: a row per portal, one holder of its lock at a time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connector.bitrix24 import tokens
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER

LONG, OVER = 100.0, 0.0


@pytest.fixture(params=stores.KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def rows(world: Any) -> Any:
    return world.store.tokens


async def told(rows: Any, portal: Any = ACME) -> tuple[int, str | None, str, bool] | None:
    row = await rows.read(portal)
    return row and (row.version, row.sealed, row.why, row.held)


async def test_an_installation_is_a_row_of_its_portal(rows: Any) -> None:
    """A second one replaces it under the next version; a neighbour isn't touched."""
    assert await told(rows) is None
    await rows.put(ACME, "v1.first", NOW)
    await rows.put(OTHER, "v1.other", NOW)
    await rows.put(ACME, "v1.second", NOW)
    assert await told(rows) == (2, "v1.second", "", False)
    assert await told(rows, OTHER) == (1, "v1.other", "", False)


async def test_a_rotation_takes_the_place_of_the_version_it_was_made_from(rows: Any) -> None:
    """And of no other: who comes with an old one writes nothing."""
    await rows.put(ACME, "v1.a", NOW)
    await rows.claim(ACME, 1, "me", LONG)
    assert await rows.renew(ACME, 1, "v1.b", NOW)
    assert not await rows.renew(ACME, 1, "v1.c", NOW)
    assert not await rows.renew(OTHER, 1, "v1.c", NOW)
    assert await told(rows) == (2, "v1.b", "", False)


async def test_the_lock_has_one_holder(rows: Any) -> None:
    """Of fifty that ask at once one gets it; its holder may ask again; nobody gets that of another version."""
    await rows.put(ACME, "v1.a", NOW)
    asked = await asyncio.gather(*(rows.claim(ACME, 1, f"worker {n}", LONG) for n in range(50)))
    (holder,) = [n for n, row in enumerate(asked) if row is not None]
    assert [row.held for row in asked if row is not None] == [False]
    again = await rows.claim(ACME, 1, f"worker {holder}", LONG)
    assert again is not None
    assert again.held
    assert await rows.claim(ACME, 2, f"worker {holder}", LONG) is None
    assert await rows.claim(OTHER, 1, "me", LONG) is None


async def test_a_lock_is_given_back_by_its_holder(rows: Any) -> None:
    """By nobody else."""
    await rows.put(ACME, "v1.a", NOW)
    await rows.claim(ACME, 1, "me", LONG)
    await rows.release(ACME, "you")
    assert await rows.claim(ACME, 1, "you", LONG) is None
    await rows.release(ACME, "me")
    assert await told(rows) == (1, "v1.a", "", False)
    assert await rows.claim(ACME, 1, "you", LONG) is not None


async def test_a_lock_that_nobody_gave_back_is_seen(world: Any) -> None:
    """Its holder died in a refresh: the next one gets it when its time is over, and is told so, in another life too."""
    await world.store.tokens.put(ACME, "v1.a", NOW)
    await world.store.tokens.claim(ACME, 1, "dead", OVER)
    rows = (await world.reborn()).tokens
    before = await rows.claim(ACME, 1, "next", LONG)
    assert before is not None
    assert before.held


async def test_spoilt_tokens_stay_and_are_no_use(rows: Any) -> None:
    """Nobody refreshes them; the next installation does away with the reason. Another version's end isn't this one's."""
    await rows.put(ACME, "v1.a", NOW)
    await rows.claim(ACME, 1, "me", LONG)
    await rows.spoil(ACME, 2, tokens.REFUSED)
    assert await told(rows) == (1, "v1.a", "", True)
    await rows.spoil(ACME, 1, tokens.REFUSED)
    assert await told(rows) == (1, "v1.a", "refused", False)
    assert await rows.claim(ACME, 1, "me", LONG) is None
    await rows.put(ACME, "v1.b", NOW)
    assert await told(rows) == (2, "v1.b", "", False)


async def test_what_is_erased_is_gone(rows: Any) -> None:
    """The row says that there was something, and nothing of it; a rotation under way can't bring it back."""
    await rows.put(ACME, "v1.a", NOW)
    await rows.put(OTHER, "v1.other", NOW)
    await rows.claim(ACME, 1, "me", LONG)
    await rows.erase(ACME, NOW)
    assert await told(rows) == (2, None, tokens.REMOVED, False)
    assert not await rows.renew(ACME, 1, "v1.b", NOW)
    assert await rows.claim(ACME, 2, "me", LONG) is None
    assert (await told(rows, OTHER) or ())[1] == "v1.other"


async def test_the_tokens_outlive_the_daemon(world: Any) -> None:
    """The next life reads what the last one wrote."""
    await world.store.tokens.put(ACME, "v1.a", NOW)
    assert await told((await world.reborn()).tokens) == (1, "v1.a", "", False)


async def test_no_token_lies_open_in_the_file(tmp_path: Path) -> None:
    """R12: a search of the whole database for the tokens' own letters."""
    grant = tokens.Grant("canary-access", "canary-refresh", "canary-application", "m", "https://o.example")
    vault = tokens.Vault(tokens.fresh_key())
    async with stores.opened("sqlite", tmp_path) as world:
        await world.store.tokens.put(ACME, vault.seal(ACME, grant), NOW)
        row = await world.store.tokens.read(ACME)
        assert vault.open(ACME, row.sealed) == grant
        assert "canary" not in repr(row)
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as raw:
        dump = "\n".join(raw.iterdump())
    assert "v1." in dump
    assert "canary" not in dump
