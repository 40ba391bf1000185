"""What every store promises of its ledger."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from connector.store import transitions
from robots import intents, model
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER, S, at, card, deal, end, looked, thing, visit, wish


@pytest.fixture(params=stores.KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world


async def wished(store: Any, *wishes: intents.Wish) -> None:
    for number in dict.fromkeys(each.card.id for each in wishes):
        await store.mirror.record(ACME, [looked(number, *(w for w in wishes if w.card.id == number))])


async def ready(store: Any, now: Any = NOW, limit: int = 50, busy: Any = ()) -> list[str]:
    return stores.keys(await store.ledger.ready(ACME, now, limit, busy))


async def states(store: Any) -> dict[str, str]:
    return {row.wish.key: row.state.value for row in await store.ledger.rows(ACME)}


async def test_a_chain_goes_one_by_one(world: Any) -> None:
    """Per card only the oldest open wish is ready; while it is out, nothing of that card is."""
    store = world.store
    await wished(store, wish("a1", 1), wish("a2", 1), wish("b1", 2))
    assert await ready(store) == ["a1", "b1"]
    assert await ready(store, limit=1) == ["a1"]
    assert await ready(store, busy={deal(1)}) == ["b1"]
    assert await store.ledger.sending(ACME, ["a1"], NOW) == {"a1"}
    assert await ready(store) == ["b1"]
    await store.ledger.end(ACME, [end("a1", S.UNKNOWN, retry_at=at(60))])
    assert await ready(store, at(100)) == ["b1"]
    await store.ledger.end(ACME, [end("a1", S.DONE)])
    assert await ready(store) == ["b1", "a2"] or await ready(store) == ["a2", "b1"]


async def test_a_row_tells_the_executor_all_it_must_know(world: Any) -> None:
    """The card's accepted stay and last look, whether it is gone, and what became of the wish it stands on."""
    store = world.store
    first, second = wish("a"), wish("b", stands_on=intents.WishKey("a"))
    memory = ports.Memory(card=card(1), visit=visit(12), accepted=visit(11))
    await store.mirror.record(ACME, [looked(1, first, second, memory=memory)])
    await store.ledger.sending(ACME, ["a"], at(5))
    await store.ledger.end(ACME, [end("a", S.DONE, 6, made=77)])
    done, head = await store.ledger.rows(ACME, card=deal(1))
    (found,) = await store.ledger.ready(ACME, NOW, 9, ())
    assert found == head
    assert done == ports.Row(
        seq=done.seq,
        wish=first,
        state=S.DONE,
        wished_at=NOW,
        sent_at=at(5),
        done_at=at(6),
        tries=1,
        made=77,
        accepted=model.VisitId("h11"),
        looked_at=NOW,
    )
    assert (head.before, head.before_made, head.wish, head.seq > done.seq) == (S.DONE, 77, second, True)


async def test_a_return_tells_where_its_card_stands_now(world: Any) -> None:
    """It sends back the stay that is its cause; other wishes don't ask."""
    store = world.store
    back = intents.MoveStage(model.PipelineId(1), model.StageId("C1:NEW"), model.StageId("C1:WON"), back=True)
    memory = ports.Memory(card=card(1), visit=visit(12), accepted=visit(11))
    moves = [wish("back", act=back), wish("on", act=dataclasses.replace(back, back=False)), wish("log")]
    await store.mirror.record(
        ACME, [looked(1, *moves, memory=memory), looked(2, wish("unseen", 2, act=back))]
    )
    found = {row.wish.key: row.visit for row in await store.ledger.rows(ACME)}
    assert found == {"back": model.VisitId("h12"), "on": None, "log": None, "unseen": None}


async def test_a_wish_waits_for_another_cards_it_stands_on(world: Any) -> None:
    """Not ready while that one is open, whoever's chain it is in."""
    store = world.store
    await wished(store, wish("a", 1), wish("b", 2, stands_on=intents.WishKey("a")))
    assert await ready(store) == ["a"]
    await store.ledger.end(ACME, [end("a", S.REFUSED)])
    (row,) = await store.ledger.ready(ACME, NOW, 9, ())
    assert (row.wish.key, row.before) == ("b", S.REFUSED)


@pytest.mark.parametrize("state", [S.HELD, S.WAITING])
async def test_what_waits_lets_its_chain_go_on(world: Any, state: S) -> None:
    """F4: live work of other robots goes on beside what is held; what stands on it is shown, to be held with it, and
    what only waits for its hour keeps that back."""
    store = world.store
    await wished(store, wish("a1", 1), wish("a2", 1), wish("on a1", 1, stands_on="a1"), wish("a4", 1))
    await store.ledger.end(ACME, [end("a1", state, note="ждёт", retry_at=at(500))])
    assert await ready(store) == ["a2"]
    assert [row.wish.key for row in await store.ledger.behind(ACME, [deal(1)], NOW)] == ["on a1", "a4"]
    await store.ledger.end(ACME, [end("a2", S.NOTHING_TO_DO)])
    assert await ready(store) == (["on a1"] if state is S.HELD else [])
    await store.ledger.end(ACME, [end("on a1", S.HELD)])
    assert await ready(store) == ["a4"]


async def test_parked_chains_are_not_ready(world: Any) -> None:
    """A card that can't be looked at can't be asked whether its wish still stands."""
    store = world.store
    await wished(store, wish("a1", 1), wish("a2", 1), wish("b", 2))
    await store.ledger.end(ACME, [end("a1", S.HELD, note="ждёт решения"), end("a2", S.SUPERSEDED)])
    await store.inbox.mark(ACME, [thing(2)])
    (row,) = await store.inbox.take(ACME, NOW, 9, ())
    await store.inbox.park(ACME, row, at(10), "нет ответа")
    assert (await ready(store, at(9)), await ready(store, at(10))) == ([], ["b"])
    await store.ledger.end(ACME, [end("a1", S.WISHED)])
    assert sorted(await ready(store, at(10))) == ["a1", "b"]


async def test_surely_not_done_is_tried_again_at_its_moment(world: Any) -> None:
    """Each try is counted, and the loops know when to wake."""
    store = world.store
    await wished(store, wish("a"))
    await store.ledger.sending(ACME, ["a"], NOW)
    await store.ledger.end(ACME, [end("a", S.WISHED, note="лимит", retry_at=at(30))])
    assert await store.ledger.next_moment(ACME) == at(30)
    assert (await ready(store, at(29)), await ready(store, at(30))) == ([], ["a"])
    await store.ledger.sending(ACME, ["a"], at(31))
    (row,) = await store.ledger.rows(ACME)
    assert (row.tries, row.sent_at, row.note, await store.ledger.next_moment(ACME)) == (
        2,
        at(31),
        "лимит",
        None,
    )


async def test_only_what_is_still_wished_may_be_sent(world: Any) -> None:
    """The last door before the socket: what ended meanwhile, is out already or isn't there stays in."""
    store = world.store
    await wished(store, *(wish(key, number) for number, key in enumerate("abcd", 1)))
    await store.ledger.end(ACME, [end("b", S.SUPERSEDED)])
    await store.ledger.sending(ACME, ["c"], NOW)
    await store.ledger.sending(ACME, ["d"], NOW)
    await store.ledger.end(ACME, [end("d", S.UNKNOWN)])
    assert await store.ledger.sending(ACME, ["a", "b", "c", "d", "e"], at(1)) == {"a", "d"}
    assert await store.ledger.sending(OTHER, ["a"], at(1)) == frozenset()


async def test_an_end_told_twice_is_told_once(world: Any) -> None:
    """A late double of an answer changes neither the moment nor what was made."""
    store = world.store
    await wished(store, wish("a"))
    await store.ledger.sending(ACME, ["a"], NOW)
    await store.ledger.end(ACME, [end("a", S.DONE, 5, made=7, note="ок")])
    await store.ledger.end(ACME, [end("a", S.DONE, 50, made=8, note="ещё раз")])
    (row,) = await store.ledger.rows(ACME)
    assert (row.done_at, row.made, row.note) == (at(5), 7, "ок")


async def test_unknown_may_be_looked_for_again(world: Any) -> None:
    """The second look has its own moment."""
    store = world.store
    await wished(store, wish("a"))
    await store.ledger.sending(ACME, ["a"], NOW)
    await store.ledger.end(ACME, [end("a", S.UNKNOWN, retry_at=at(60))])
    await store.ledger.end(ACME, [end("a", S.UNKNOWN, retry_at=at(65))])
    assert (list(await store.ledger.unsettled(ACME, at(64), 0)), await store.ledger.next_moment(ACME)) == (
        [],
        at(65),
    )
    assert stores.keys(await store.ledger.unsettled(ACME, at(65), 0)) == ["a"]


async def test_an_impossible_step_writes_nothing(world: Any) -> None:
    """It is a bug and said aloud; the other ends of the same call aren't written either."""
    store = world.store
    await wished(store, wish("a", 1), wish("b", 2))
    await store.ledger.end(ACME, [end("a", S.REFUSED)])
    with pytest.raises(transitions.ImpossibleTransition):
        await store.ledger.end(ACME, [end("b", S.SUPERSEDED), end("a", S.DONE)])
    with pytest.raises(transitions.ImpossibleTransition):
        await store.ledger.end(ACME, [end("nobody", S.DONE)])
    assert await states(store) == {"a": "refused", "b": "wished"}


async def test_every_step_is_as_the_table_says(world: Any) -> None:
    """All pairs of states, by way of the store itself."""
    store, number = world.store, itertools.count(1)
    allowed: dict[S, set[S]] = {}
    for source, target in itertools.product(S, S):
        key = f"k{next(number)}"
        await wished(store, wish(key, next(number), dry_run=source is S.DRY_RUN))
        if source in (S.SENT, S.UNKNOWN):
            await store.ledger.sending(ACME, [key], NOW)
        if source not in (S.WISHED, S.SENT, S.DRY_RUN):
            await store.ledger.end(ACME, [end(key, source)])
        try:
            await store.ledger.end(ACME, [end(key, target)])
        except transitions.ImpossibleTransition:
            continue
        if source is not target:
            allowed.setdefault(source, set()).add(target)
    assert allowed == {source: set(targets) for source, targets in transitions.DAEMON.items() if targets}


async def test_what_another_life_left_sent_is_settled_by_this_one(world: Any) -> None:
    """Nobody will answer for it: after the window it is looked for. This life's own are still awaited."""
    await wished(world.store, wish("old", 1))
    await world.store.ledger.sending(ACME, ["old"], NOW)
    assert list(await world.store.ledger.unsettled(ACME, at(1000), 60)) == []
    store = await world.reborn()
    await wished(store, wish("own", 2))
    await store.ledger.sending(ACME, ["own"], NOW)
    assert list(await store.ledger.unsettled(ACME, at(59), 60)) == []
    assert stores.keys(await store.ledger.unsettled(ACME, at(60), 60)) == ["old"]


async def test_a_reload_calls_off_what_changed_robots_wished(world: Any) -> None:
    """Unsent wishes of changed and gone robots end, their cards are looked at again; obligations outlive the robot."""
    store = world.store
    a, b = intents.RobotId("a"), intents.RobotId("b")
    await wished(
        store,
        wish("same", 1, robot=a, digest="d1"),
        wish("changed", 2, robot=a, digest="d0"),
        wish("gone", 3, robot=b),
        wish("out", 4, robot=b),
        wish("owed", 5, robot=b, digest="", act=intents.CloseTask(intents.WishKey("t"), model.TaskId(7))),
    )
    await store.ledger.sending(ACME, ["out"], NOW)
    await store.inbox.take(ACME, NOW, 9, ())
    assert await store.ledger.supersede(ACME, {a: "d1"}, at(5)) == 2
    assert await states(store) == {
        "same": "wished",
        "changed": "superseded",
        "gone": "superseded",
        "out": "sent",
        "owed": "wished",
    }
    await store.inbox.wait(ACME, 60)
    assert {row.thing.id for row in await store.inbox.take(ACME, NOW, 9, ())} == {2, 3}
    assert await store.ledger.supersede(ACME, {a: "d1"}, at(6)) == 0


async def test_retry_by_hand(world: Any) -> None:
    """Refused, given up and blocked are wished again with their tries forgotten; nothing else is."""
    store = world.store
    await wished(store, *(wish(state.value, number) for number, state in enumerate(S, 1)))
    final = [S.REFUSED, S.GIVEN_UP, S.BLOCKED, S.DONE, S.SUPERSEDED]
    await store.ledger.end(ACME, [end(state.value, state) for state in final])
    assert await store.ledger.redo(ACME, [state.value for state in final], at(100)) == 3
    for state in (S.REFUSED, S.GIVEN_UP, S.BLOCKED):
        (row,) = [row for row in await store.ledger.rows(ACME) if row.wish.key == state.value]
        assert (row.state, row.tries, row.done_at, row.wished_at) == (S.WISHED, 0, None, at(100))


async def test_rows_are_listed_by_portal_card_and_state(world: Any) -> None:
    """The newest, oldest first."""
    store = world.store
    await wished(store, wish("a", 1), wish("b", 1), wish("c", 2))
    await store.mirror.record(OTHER, [looked(1, wish("z"))])
    await store.ledger.end(ACME, [end("a", S.REFUSED, note="нельзя")])
    ask = store.ledger.rows
    assert stores.keys(await ask(ACME)) == ["a", "b", "c"]
    assert stores.keys(await ask(None)) == ["a", "b", "c", "z"]
    assert stores.keys(await ask(ACME, limit=2)) == ["b", "c"]
    assert stores.keys(await ask(ACME, card=deal(1))) == ["a", "b"]
    assert stores.keys(await ask(ACME, states=[S.REFUSED, S.DONE])) == ["a"]


async def test_a_marker_leads_back_to_its_wish(world: Any) -> None:
    """Whatever became of it; a marker of nobody, or of another portal, is nobody's."""
    store = world.store
    await wished(store, wish("a"), wish("b"))
    await store.ledger.end(ACME, [end("a", S.REFUSED)])
    found = await store.ledger.by_marker(ACME, ports.marker(intents.WishKey("a")))
    assert (found.wish.key, found.state) == ("a", S.REFUSED)
    assert await store.ledger.by_marker(ACME, "v-0000") is None
    assert await store.ledger.by_marker(OTHER, ports.marker(intents.WishKey("a"))) is None
