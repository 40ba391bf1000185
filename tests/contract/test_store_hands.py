"""The ledger under a person's hands: what `resume`, `undo` and `enroll` ask of every database alike."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from connector.store import transitions
from robots import happenings, intents, model
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


async def test_news_of_a_card_is_written_down_once_and_the_card_is_looked_at(store: Any) -> None:
    """Again under its number it is known, and rings once more: the first answer may have been lost."""
    news = happenings.called("oplata", deal(7), "n-1")
    assert await store.hands.called(ACME, news, NOW) is True
    (dirty,) = await store.inbox.take(ACME, NOW, 9, ())
    assert (dirty.thing, dirty.lane) == (ports.Thing(ports.Kind.DEAL, 7), ports.Lane.LIVE)
    await store.inbox.finish(ACME, [dirty])

    assert await store.hands.called(ACME, news, at(5)) is False
    assert await store.inbox.depth(ACME) == 1
    (row,) = (await store.mirror.memories(ACME, [deal(7)]))[deal(7)].past
    assert (row.wish, row.wished_at) == (news, NOW)


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


async def test_what_is_held_is_let_go_or_dropped_by_its_robot(store: Any) -> None:
    """Back in its old place, as wished as it was; of one robot, of one portal, and nothing that isn't held."""
    other = intents.RobotId("другой")
    await store.mirror.record(ACME, [looked(1, wish("a"), wish("b"), wish("c", robot=other), wish("d"))])
    await store.mirror.record(OTHER, [looked(1, wish("theirs"))])
    await store.ledger.end(OTHER, [end("theirs", S.HELD)])
    await store.ledger.end(ACME, [end(name, S.HELD, 5) for name in ("a", "b", "c")])
    mine = wish("a").robot
    assert await store.hands.held(ACME) == {mine: 2, other: 1}

    assert await store.hands.let_go(ACME, [mine], "отпущено") == 2
    (row,) = await store.ledger.ready(ACME, at(9), 9, ())
    assert (row.wish.key, row.wished_at, row.note) == ("a", NOW, "отпущено")
    assert await store.hands.drop(ACME, [mine, other], at(9), "снято") == 1
    assert await acts(store, S.SUPERSEDED, since=at(9)) == ["c"]
    assert (await store.hands.held(ACME), await store.hands.held(OTHER)) == ({}, {mine: 1})


async def test_messages_whose_hour_has_come_go_in_a_bundle_or_wait_on(store: Any) -> None:
    """Their ends and the bundle are one transaction: an impossible end leaves both as they were."""
    await store.mirror.record(ACME, [looked(1, wish("a"), wish("b"))])
    await store.ledger.end(ACME, [end("a", S.WAITING, retry_at=at(60)), end("b", S.WAITING, retry_at=at(90))])
    assert [one.key for one in await store.hands.due(ACME, at(60))] == ["a"]
    bundle = dataclasses.replace(wish("bundle", -7), digest="")
    with pytest.raises(transitions.ImpossibleTransition):
        await store.hands.bundle(ACME, [bundle], [end("a", S.DONE), end("b", S.SENT)], at(60))
    assert await acts(store, S.WAITING) == ["a", "b"]
    await store.hands.bundle(ACME, [bundle], [end("a", S.DONE)], at(60))
    assert (await acts(store, S.DONE), await acts(store, S.WAITING)) == (["a"], ["b"])
    assert [row.wish.key for row in await store.ledger.ready(ACME, at(60), 9, ())] == ["bundle"]


async def test_what_was_sent_lately(store: Any) -> None:
    """Limits begin with it after a restart: sent and unknown ones count, unsent ones and old ones don't."""
    await store.mirror.record(ACME, [looked(n, wish(name, n)) for n, name in enumerate("abc", 1)])
    await store.ledger.sending(ACME, ["a"], at(5))
    await store.ledger.sending(ACME, ["b"], at(50))
    await store.ledger.end(ACME, [end("b", S.UNKNOWN, 60)])
    found = await store.hands.sent(ACME, at(0))
    assert [(gone.wish.key, gone.at) for gone in found] == [("a", at(5)), ("b", at(50))]
    assert [gone.wish.key for gone in await store.hands.sent(ACME, at(6))] == ["b"]
