"""What every store promises of its inbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER, at, thing


@pytest.fixture(params=stores.KINDS)
async def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world.store.inbox


async def taken(inbox: Any, now: Any = NOW, limit: int = 50) -> list[int]:
    return [row.thing.id for row in await inbox.take(ACME, now, limit, ())]


async def test_a_marked_thing_is_taken_until_it_is_finished(inbox: Any) -> None:
    """Taking changes nothing: a daemon that dies after it finds the thing again."""
    await inbox.mark(ACME, [thing(1)])
    (row,) = await inbox.take(ACME, NOW, 50, ())
    assert row == ports.Dirty(thing(1), row.version, ports.Lane.LIVE, 0)
    assert list(await inbox.take(ACME, NOW, 50, ())) == [row]
    await inbox.finish(ACME, [row])
    assert (await taken(inbox), await inbox.depth(ACME)) == ([], 0)


async def test_a_mark_during_the_look_outlives_it(inbox: Any) -> None:
    """Finishing matches the version that was taken."""
    await inbox.mark(ACME, [thing(1)])
    (row,) = await inbox.take(ACME, NOW, 50, ())
    await inbox.mark(ACME, [thing(1)])
    await inbox.finish(ACME, [row])
    (later,) = await inbox.take(ACME, NOW, 50, ())
    assert (later.thing, later.version != row.version) == (thing(1), True)


async def test_a_finish_told_twice_clears_no_later_mark(inbox: Any) -> None:
    """Versions are never used again, even after the row was cleared."""
    await inbox.mark(ACME, [thing(1)])
    (row,) = await inbox.take(ACME, NOW, 50, ())
    await inbox.finish(ACME, [row])
    await inbox.mark(ACME, [thing(1)])
    await inbox.finish(ACME, [row])
    assert await taken(inbox) == [1]


async def test_a_hundred_rings_are_one_thing(inbox: Any) -> None:
    """However often a card is named, it waits in one row."""
    await asyncio.gather(*(inbox.mark(ACME, [thing(1)]) for _ in range(100)))
    (row,) = await inbox.take(ACME, NOW, 50, ())
    assert (row.thing, await inbox.depth(ACME)) == (thing(1), 1)


async def test_the_urgent_go_first_and_the_old_before_the_young(inbox: Any) -> None:
    """A backfill never stands before a person; a ring on a waiting card doesn't send it to the end."""
    await inbox.mark(ACME, [thing(1)], ports.Lane.BACKFILL)
    await inbox.mark(ACME, [thing(2)])
    await inbox.mark(ACME, [thing(3)])
    await inbox.mark(ACME, [thing(2)])
    await inbox.mark(ACME, [thing(4)], ports.Lane.MOMENT)
    assert await taken(inbox) == [2, 3, 4, 1]
    assert await taken(inbox, limit=2) == [2, 3]


async def test_a_more_urgent_mark_moves_a_thing_to_its_lane(inbox: Any) -> None:
    """A card of the backfill that a person touches is live from then on, and a later backfill doesn't undo it."""
    await inbox.mark(ACME, [thing(1)])
    await inbox.mark(ACME, [thing(2)], ports.Lane.BACKFILL)
    await inbox.mark(ACME, [thing(2)], ports.Lane.SWEEP)
    await inbox.mark(ACME, [thing(2)], ports.Lane.BACKFILL)
    assert [(row.thing.id, row.lane) for row in await inbox.take(ACME, NOW, 9, ())] == [
        (2, ports.Lane.SWEEP),
        (1, ports.Lane.LIVE),
    ]


async def test_busy_things_are_left_alone(inbox: Any) -> None:
    """Nobody looks at one card twice at a time; a contact with the same number is somebody else."""
    await inbox.mark(ACME, [thing(1), thing(2), thing(1, ports.Kind.CONTACT)])
    rows = await inbox.take(ACME, NOW, 50, {thing(1)})
    assert {row.thing for row in rows} == {thing(2), thing(1, ports.Kind.CONTACT)}


async def test_a_parked_thing_waits_and_its_tries_are_counted(inbox: Any) -> None:
    """What can't be looked at is set aside, shown with its reason, and tried again when its time has come."""
    await inbox.mark(ACME, [thing(1)])
    for tries in (1, 2):
        (row,) = await inbox.take(ACME, at(tries * 60), 50, ())
        await inbox.park(ACME, row, at(tries * 60 + 10), "портал ответил непонятно")
        assert await taken(inbox, at(tries * 60 + 9)) == []
    (shown,) = await inbox.parked(ACME)
    assert (shown.portal, shown.thing, shown.tries, shown.until, shown.why) == (
        ACME,
        thing(1),
        2,
        at(130),
        "портал ответил непонятно",
    )
    (row,) = await inbox.take(ACME, at(130), 50, ())
    assert row.tries == 2


async def test_a_person_lifts_a_park(inbox: Any) -> None:
    """`voronka retry`: looked at now; how often it failed is remembered."""
    await inbox.mark(ACME, [thing(1), thing(2)])
    for row in await inbox.take(ACME, at(0), 10, ()):
        await inbox.park(ACME, row, at(600), "нет прав")
    await inbox.wake(ACME, [thing(1), thing(3)])
    assert [(row.thing, row.tries) for row in await inbox.take(ACME, at(1), 10, ())] == [(thing(1), 1)]


async def test_a_ring_does_not_lift_a_park(inbox: Any) -> None:
    """A hail of rings on a poisoned card would else be a hail of looks; the ring isn't lost either."""
    await inbox.mark(ACME, [thing(1)])
    (row,) = await inbox.take(ACME, NOW, 50, ())
    await inbox.park(ACME, row, at(10), "")
    await inbox.mark(ACME, [thing(1)])
    assert (await taken(inbox), await taken(inbox, at(10))) == ([], [1])


async def test_a_good_look_forgets_the_tries_of_a_thing_marked_again(inbox: Any) -> None:
    """It could be looked at: the next trouble starts from the beginning."""
    await inbox.mark(ACME, [thing(1)])
    (row,) = await inbox.take(ACME, NOW, 50, ())
    await inbox.park(ACME, row, at(10), "x")
    (row,) = await inbox.take(ACME, at(10), 50, ())
    await inbox.mark(ACME, [thing(1)])
    await inbox.finish(ACME, [row])
    (row,) = await inbox.take(ACME, at(10), 50, ())
    assert (row.tries, list(await inbox.parked(ACME))) == (0, [])


async def test_portals_do_not_see_each_other(inbox: Any) -> None:
    """The same number in two portals is two things."""
    await inbox.mark(ACME, [thing(1)])
    await inbox.mark(OTHER, [thing(1), thing(2)])
    await inbox.finish(ACME, await inbox.take(ACME, NOW, 50, ()))
    assert (await inbox.depth(ACME), await inbox.depth(OTHER)) == (0, 2)


async def test_waiting_ends_with_a_mark(inbox: Any) -> None:
    """A mark since the last take ends the wait at once, even one from before the wait began."""
    await inbox.take(ACME, NOW, 50, ())
    waiting = asyncio.get_running_loop().create_task(inbox.wait(ACME, 60))
    await asyncio.sleep(0)
    await inbox.mark(OTHER, [thing(1)])
    assert not waiting.done()
    await inbox.mark(ACME, [thing(1)])
    await waiting
    await inbox.wait(ACME, 60)
    await inbox.take(ACME, NOW, 50, ())
    await inbox.wait(ACME, 0.001)


async def test_a_mark_of_nothing_is_nothing(inbox: Any) -> None:
    """An event that names nothing of ours is acked all the same."""
    await inbox.mark(ACME, [])
    assert await inbox.depth(ACME) == 0
