"""A robot that waits for dates learns of the cards that were there before it: each is looked at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from connector.loops import backfill, dawn
from connector.loops import desk as desks
from robots import decision, model
from robots import robot as robots_robot
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, World

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
