"""An open wish whose cause came again is wanted for the stay of now: what every store promises of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from robots import model
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER, S, at, end, looked, wish

FIRST, SECOND = model.VisitId("h11"), model.VisitId("h13")
GONE_ON = "сделка ушла дальше"


@pytest.fixture(params=stores.KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world


async def recorded(store: Any, portal: model.PortalId = ACME, **changes: Any) -> list[str]:
    return list(await store.mirror.record(portal, [looked(1, wish("copy", **changes))]))


async def bound(store: Any, portal: model.PortalId = ACME) -> list[tuple[str, str | None]]:
    return [(row.state.value, row.wish.while_visit) for row in await store.ledger.rows(portal)]


async def test_an_open_wish_is_bound_to_the_stay_it_is_wished_for_again(world: Any) -> None:
    """In whatever open state; nothing else of it changes, and it is no new one. Other portals' wishes are others."""
    store = world.store
    assert await recorded(store, while_visit=FIRST, because="выиграна") == ["copy"]
    assert await recorded(store, OTHER, while_visit=FIRST) == ["copy"]
    await store.ledger.sending(ACME, ["copy"], NOW)
    await store.ledger.end(ACME, [end("copy", S.UNKNOWN, retry_at=at(60))])
    assert await recorded(store, while_visit=SECOND, because="снова выиграна") == []
    (row,) = await store.ledger.rows(ACME)
    assert row.wish == wish("copy", while_visit=SECOND, because="выиграна")
    assert (row.state, row.tries, await store.ledger.next_moment(ACME)) == (S.UNKNOWN, 1, at(60))
    assert await bound(store, OTHER) == [("wished", FIRST)]


async def test_what_is_over_and_what_isn_t_bound_stays(world: Any) -> None:
    """A finished wish was its own stay's; one wished again for no stay in particular keeps the one it has."""
    store = world.store
    await recorded(store, while_visit=FIRST)
    await recorded(store)
    assert await bound(store) == [("wished", FIRST)]
    await store.ledger.end(ACME, [end("copy", S.REFUSED)])
    await recorded(store, while_visit=SECOND)
    assert await bound(store) == [("refused", FIRST)]


async def test_an_end_reckoned_for_the_stay_before_is_no_news(world: Any) -> None:
    """«The deal has gone on» was true when it was reckoned; by now the deal has come back."""
    store = world.store
    await recorded(store, while_visit=FIRST)
    await recorded(store, while_visit=SECOND)
    await store.ledger.end(ACME, [end("copy", S.SUPERSEDED, note=GONE_ON, bound_to=FIRST)])
    assert await bound(store) == [("wished", SECOND)]
    await store.ledger.end(ACME, [end("copy", S.SUPERSEDED, note=GONE_ON, bound_to=SECOND)])
    assert await bound(store) == [("superseded", SECOND)]


async def test_the_wish_goes_out_as_it_is_bound_now(world: Any) -> None:
    """What the executor takes names the present stay, and a next life reads the same."""
    store = world.store
    await recorded(store, while_visit=FIRST)
    await recorded(store, while_visit=SECOND)
    store = await world.reborn()
    (row,) = await store.ledger.ready(ACME, NOW, 9, ())
    memories = await store.mirror.memories(ACME, [row.wish.card])
    assert [row.wish.while_visit, *(past.wish.while_visit for past in memories[row.wish.card].past)] == [
        SECOND,
        SECOND,
    ]
