"""Draws from queues, in the transaction that records the wishes: what every store promises of them (S4.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from robots import draws, intents, model
from tests.contract import stores
from tests.contract.stores import ACME, OTHER, card, looked, wish

A, B, C = (model.UserId(n) for n in (11, 12, 13))
AMONG = tuple(intents.Candidate(user, f"№ {user}") for user in (A, B, C))


@pytest.fixture(params=stores.KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world


def picking(number: int, how: intents.PickHow = intents.PickHow.TURNS, **rest: Any) -> intents.Wish:
    act = intents.SetFields({draws.RESPONSIBLE: intents.DRAWN})
    pick = intents.Pick("дежурный", AMONG, how)
    because = f"ответственный — {intents.DRAWN_NAME}"
    return wish(f"assign {number}", number, act=act, pick=pick, because=because, **rest)


def look_of(number: int, *wishes: intents.Wish, responsible: model.UserId | None = None) -> ports.Looked:
    trace = tuple(ports.TraceLine(one.robot, "wished", one.because, wish=one.key) for one in wishes)
    memory = ports.Memory(card=card(number, responsible=responsible))
    return replace(looked(number, *wishes, memory=memory), trace=trace)


async def drawn(store: Any, portal: model.PortalId = ACME) -> list[tuple[str, int | None]]:
    rows = sorted(await store.ledger.rows(portal), key=lambda row: row.seq)
    return [(row.wish.key, draws.who(row.wish.act)) for row in rows]


async def test_turns_go_on_over_looks_and_lives(world: Any) -> None:
    """Three cards of one look, then one of the next life: the ring isn't begun anew, other portals have their own."""
    await world.store.mirror.record(ACME, [look_of(n, picking(n)) for n in (1, 2)])
    store = await world.reborn()
    await store.mirror.record(ACME, [look_of(n, picking(n)) for n in (3, 4)])
    await store.mirror.record(OTHER, [look_of(9, picking(9))])

    assert await drawn(store) == [("assign 1", A), ("assign 2", B), ("assign 3", C), ("assign 4", A)]
    assert await drawn(store, OTHER) == [("assign 9", A)]


async def test_the_same_look_twice_draws_once(world: Any) -> None:
    """A known key keeps its person and takes nobody's turn; what newly stands on it learns his name."""
    store = world.store
    await store.mirror.record(ACME, [look_of(1, picking(1))])
    told = wish("told 1", 1, act=intents.Notify(intents.DRAWN, "ваша", "tag"), stands_on="assign 1")
    assert await store.mirror.record(ACME, [look_of(1, picking(1), told)]) == ["told 1"]
    await store.mirror.record(ACME, [look_of(2, picking(2))])

    assert await drawn(store) == [("assign 1", A), ("told 1", A), ("assign 2", B)]


async def test_the_name_is_in_the_reason_and_in_the_story(world: Any) -> None:
    """Nobody reads «whose turn it is» afterwards."""
    store = world.store
    await store.mirror.record(ACME, [look_of(1, picking(1))])
    (row,) = await store.ledger.rows(ACME)
    (look,) = await store.journal.story(ACME, row.wish.card)

    assert (row.wish.because, row.wish.pick) == ("ответственный — № 11", None)
    assert [line.reason for line in look.trace] == ["ответственный — № 11"]


async def test_load_is_the_mirror_s_open_cards_and_what_was_given_meanwhile(world: Any) -> None:
    """Closed and deleted cards weigh nothing; two cards drawn at once don't go to one."""
    store, by_load = world.store, intents.PickHow.LOAD
    closed = card(23, responsible=C, semantic=model.Semantic.LOST)
    await store.mirror.record(ACME, [look_of(21, responsible=A), look_of(22, responsible=B)])
    await store.mirror.record(ACME, [looked(23, memory=ports.Memory(card=closed))])
    await store.mirror.record(ACME, [look_of(n, picking(n, by_load)) for n in (1, 2, 3, 4)])

    assert [user for _, user in await drawn(store)] == [C, A, B, C]
    await store.mirror.record(ACME, [look_of(n, responsible=C) for n in (1, 2)])
    await store.mirror.record(ACME, [look_of(5, picking(5, by_load))])
    # C has 1 and 2 now and is given 4; B has 22 and is given 3; A has 21 alone.
    assert (await drawn(store))[-1] == ("assign 5", A)
