"""Who is still there: deletions whose doorbells were lost, found once a day (X1)."""

from __future__ import annotations

from connector import ports
from tests.connector.loops import world as worlds

World = worlds.World
DAY = 86_401.0


async def test_a_deletion_nobody_told_of_is_found_the_next_day(world: World) -> None:
    """The card is looked at, and only the look says that it is gone."""
    kept, gone, last = world.deal(1), world.deal(2), world.deal(5)
    for ref in (kept, gone, last):
        await (await world.ring(ref)).look()
    assert await world.worker.census.step() is None
    del world.portal.cards[gone], world.portal.cards[last]
    await world.pass_time(DAY)

    assert await world.worker.census.step() == 2
    assert await world.dirty() == 2
    await world.look()
    assert [(await world.memory(ref)).deleted for ref in (kept, gone, last)] == [False, True, True]


async def test_it_counts_once_a_day_and_never_the_dead_again(world: World) -> None:
    """Tombstones aren't missed; a count within the day is none."""
    ref = world.deal(1)
    await (await world.ring(ref)).look()
    await world.worker.census.step()
    del world.portal.cards[ref]
    await world.pass_time(DAY)
    assert await world.worker.census.step() == 1
    await world.look()
    assert await world.worker.census.step() is None

    await world.pass_time(DAY)
    assert await world.worker.census.step() == 0


async def test_the_mirror_counts_what_it_does_not_know_deleted(world: World) -> None:
    """Copied cards too: they may have gone before anybody looked."""
    await (await world.ring(world.deal(3))).look()
    copied = ports.CopiedCard(world.portal.cards[world.deal(7)])
    await world.store.mirror.copy_cards(worlds.PORTAL, [copied])

    found = await world.store.mirror.card_ids(worlds.PORTAL, copied.card.ref.kind)
    assert list(found) == [3, 7]
