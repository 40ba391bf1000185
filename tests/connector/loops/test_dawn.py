"""A robot that waits for dates learns of the cards that were there before it: each is looked at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from connector.loops import backfill, dawn
from connector.loops import desk as desks
from robots import decision, happenings, model
from robots import robot as robots_robot
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, World
from tests.robots import builders

WAITING = robots_robot.Reached(model.FieldCode("closedate"), "Дата")


def rules(config: str, digest: str) -> decision.Rules:
    timed = dataclasses.replace(worlds.robot(digest), trigger=WAITING)
    return decision.Rules((timed,), config=config)


async def copied(world: World) -> None:
    """The first copy is over."""
    moment = world.clock.now().isoformat()
    await world.store.notebook.write(PORTAL, backfill.COMPLETE, {"deal": moment, "lead": moment})


def put(world: World, made: decision.Rules) -> None:
    desk = world.worker.desk
    desk.shelf.book = desks.Book(made, desk.book.directory, desk.book.activations)


async def test_older_cards_are_looked_at_once_for_each_new_robot_of_time(tmp_path: Path) -> None:
    """Not again after a restart; again if the robot waits for something else now."""
    async with worlds.opened(tmp_path) as world:
        for number in (1, 2):
            world.deal(number)
            await world.ring(model.CardRef(model.CardKind.DEAL, number))
        await world.worker.begin()
        await world.look()
        put(world, rules("c2", "d2"))
        first = dawn.Dawn(world.worker.desk, world.store.hands)
        assert (await first.step(), await world.dirty()) == (0, 0)  # what isn't copied yet can't be listed

        await copied(world)
        assert (await first.step(), await world.dirty()) == (2, 2)
        await world.look()
        again = dawn.Dawn(world.worker.desk, world.store.hands)
        assert (await first.step(), await again.step(), await world.dirty()) == (0, 0, 0)

        put(world, rules("c3", "d3"))
        assert (await again.step(), await world.dirty()) == (2, 2)


async def test_without_robots_of_time_nothing_is_looked_at(tmp_path: Path) -> None:
    """The usual funnel costs nothing more."""
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        world.deal(1)
        await world.ring(model.CardRef(model.CardKind.DEAL, 1))
        await world.look()
        await copied(world)
        first = dawn.Dawn(world.worker.desk, world.store.hands)
        assert (await first.step(), await world.dirty()) == (0, 0)


async def test_a_look_knows_when_the_last_one_judged_and_a_torn_one_judges_nothing(tmp_path: Path) -> None:
    """A slot is for the first whole look after it: its moment is remembered with what it decided."""
    async with worlds.opened(tmp_path) as world:
        ref = world.deal(1)
        await world.worker.begin()
        put(world, rules("c2", "d2"))
        await (await world.ring(ref)).look()
        first = world.clock.now()
        await world.pass_time(60)
        world.portal.move(ref, builders.stage("Обрабатываем запрос"))
        world.portal.lagging.add(ref)
        await (await world.ring(ref)).look()
        assert len(world.script.seen) == 1

        world.portal.lagging.clear()
        await world.pass_time(2)
        await world.look()
        second = world.clock.now()
        await world.pass_time(60)
        await (await world.ring(ref)).look()
        assert [seen.judged for seen in world.script.seen] == [None, first, second]


async def test_news_is_heard_by_the_first_look_that_finds_it(tmp_path: Path) -> None:
    """The next looks know that it was judged; a robot that nobody calls costs no memory."""
    async with worlds.opened(tmp_path) as world:
        ref = world.deal(1)
        await world.worker.begin()
        for waited, heard in ((WAITING, set()), (robots_robot.Happened("/trigger/paid"), {"1", "2"})):
            told = dataclasses.replace(worlds.robot("d2"), trigger=waited)
            put(world, decision.Rules((told,), config=f"c {waited}"))
            for number in "12":
                news = happenings.called("paid", ref, number)
                await world.store.hands.called(PORTAL, news, world.clock.now())
                await world.look()
            await (await world.ring(ref)).look()
            seen = [{key.split("/")[-2].split()[1] for key in one.heard} for one in world.script.seen[-2:]]
            assert (seen[-1], len(world.script.seen[-1].past)) == (heard, 2)
