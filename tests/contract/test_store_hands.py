"""The ledger under a person's hands: what `resume`, `undo` and `enroll` ask of every database alike."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from robots import intents, model
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER, S, at, card, deal, end, looked, wish


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world.store


async def acts(store: Any, *states: S, **between: Any) -> list[str]:
    return [act.wish.key for act in await store.hands.acts(ACME, states, **between)]


async def test_a_wish_that_no_look_made_is_sent_like_others_and_once(store: Any) -> None:
    """Added again, as after a crash between the answer and the typing of it, it is there already."""
    back = dataclasses.replace(wish("undo 1/a"), digest="", calm=True)
    assert await store.hands.add(ACME, [back], NOW) == ["undo 1/a"]
    assert await store.hands.add(ACME, [back], at(5)) == []
    (row,) = await store.ledger.ready(ACME, NOW, 9, ())
    assert (row.wish, row.state, row.wished_at) == (back, S.WISHED, NOW)


async def test_acts_of_a_time(store: Any) -> None:
    """What is over by when it ended, what is open by when it was wished; oldest first, of one portal."""
    await store.mirror.record(ACME, [looked(1, wish("a"), wish("b"), wish("c"))])
    await store.mirror.record(OTHER, [looked(1, wish("theirs"))])
    await store.ledger.sending(ACME, ["a"], at(5))
    await store.ledger.end(ACME, [end("a", S.DONE, 60, made=77), end("b", S.SUPERSEDED, 90, note="пауза")])

    assert await acts(store, S.DONE, S.SUPERSEDED, S.WISHED) == ["a", "b", "c"]
    assert await acts(store, S.DONE, S.SUPERSEDED, since=at(61)) == ["b"]
    assert await acts(store, S.DONE, S.SUPERSEDED, until=at(61)) == ["a"]
    assert await acts(store, S.WISHED, since=at(1)) == []
    (done,) = await store.hands.acts(ACME, [S.DONE])
    assert (done.made, done.sent_at, done.done_at, done.note) == (77, at(5), at(60), "")


async def test_only_what_surely_never_happened_is_wished_again(store: Any) -> None:
    """`resume --catch-up`: superseded and blocked ones go back into the queue; done and unknown ones never."""
    names = [each.value for each in (S.SUPERSEDED, S.BLOCKED, S.DONE, S.REFUSED, S.UNKNOWN)]
    await store.mirror.record(ACME, [looked(n, wish(name, n)) for n, name in enumerate(names, 1)])
    await store.ledger.sending(ACME, ["unknown", "done"], at(1))
    await store.ledger.end(ACME, [end(name, S(name), 2) for name in names])

    assert await store.hands.revive(ACME, [intents.WishKey(name) for name in names], at(50), "вручную") == 2
    again = await store.ledger.ready(ACME, at(50), 9, ())
    assert [(row.wish.key, row.wished_at, row.note) for row in again] == [
        ("superseded", at(50), "вручную"),
        ("blocked", at(50), "вручную"),
    ]


async def test_open_cards_the_newest_first(store: Any) -> None:
    """Closed ones, deleted ones, other kinds and other portals' are none of a robot's."""
    lead = model.CardRef(model.CardKind.LEAD, 9)
    await store.mirror.record(
        ACME,
        [
            looked(1),
            looked(2),
            looked(3, memory=ports.Memory(card=card(3, semantic=model.Semantic.WON))),
            looked(4, memory=ports.Memory(card=card(4), deleted=True)),
            looked(5, ref=lead, memory=ports.Memory(card=card(5, ref=lead))),
        ],
    )
    await store.mirror.record(OTHER, [looked(7)])
    assert await store.hands.open_cards(ACME, model.CardKind.DEAL) == [deal(2), deal(1)]
    assert await store.hands.open_cards(ACME, model.CardKind.LEAD) == [lead]
