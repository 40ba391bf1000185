from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector import errors, ports
from robots import decision, look
from tests.connector.loops import world as worlds
from tests.robots import builders

World = worlds.World


async def test_the_sweep_finds_what_the_doorbells_lost(world: World) -> None:
    """No hook came for a new card and for a move: the sweep marks both; what the mirror holds just so costs nothing."""
    await world.worker.sweeper.step()
    old = world.deal(1)
    await (await world.ring(old)).look()
    new = world.deal(2)
    world.portal.move(old, builders.stage("Обрабатываем запрос"))
    await world.worker.sweeper.step()
    assert await world.dirty() == 2
    await world.look()
    assert (await world.memory(new)).card is not None
    await world.worker.sweeper.step()
    assert await world.dirty() == 0


async def test_cursors_move_only_after_the_marks_are_durable(tmp_path: Path) -> None:
    """Killed between the two: the next life sweeps the same page again and loses nothing."""

    class Killed(BaseException):
        pass

    points: list[str] = []

    def kill(point: str) -> None:
        points.append(point)
        if points.count("in_sweep_before_cursor") == 2:
            raise Killed

    async with worlds.opened(tmp_path, at=kill) as first:
        await first.worker.sweeper.step()
        first.deal()
        with pytest.raises(Killed):
            await first.worker.sweeper.step()
        assert await first.dirty() == 1

    async with worlds.opened(tmp_path, clock=first.clock, portal=first.portal) as second:
        await second.clock.advance(2)
        await second.look()
        second.portal.calls.clear()
        await second.worker.sweeper.step()
        assert (await second.dirty(), await second.store.notebook.read(worlds.PORTAL, "cursors")) == (
            0,
            {"at": 1},
        )


async def test_a_full_page_is_followed_at_once(world: World) -> None:
    """Sixty changes, pages of fifty: the step says that there is more."""
    await world.worker.sweeper.step()
    for number in range(1, 61):
        world.deal(number)
    assert [await world.worker.sweeper.step(), await world.worker.sweeper.step()] == [True, False]
    assert await world.dirty() == 60


async def test_a_late_row_rings_once(world: World) -> None:
    """A history row that will never become a stay is seen by every sweep of the next minutes, and rings once."""
    await world.worker.sweeper.step()
    deal = world.deal()
    await (await world.ring(deal)).look()
    await world.worker.sweeper.step()
    late = ports.Seen(worlds.thing(deal), row=7)
    world.portal.log += [late]
    await world.worker.sweeper.step()
    assert await world.dirty() == 1
    await world.look()
    world.portal.log += [late]
    await world.worker.sweeper.step()
    assert await world.dirty() == 0


async def test_a_robot_acts_from_its_first_sight_on(world: World) -> None:
    """The watermark is what was newest then; it stays when the robot is loaded again."""
    world.deal(41)
    await world.worker.begin()
    world.deal(42)
    await world.worker.replace(decision.Rules(robots=(worlds.robot("d2"),)), builders.directory())
    activation = world.worker.desk.book.activations[worlds.ROBOT]
    assert activation == look.Activation(world.clock.now(), card=41, row=101)


async def test_a_configuration_whose_watermark_cannot_be_had_is_not_taken(world: World) -> None:
    """The portal is shut while a new robot is loaded: the old configuration stays in force."""
    world.portal.closed = errors.PortalClosed(errors.Closed.REVOKED, "invalid_credentials")
    rules = decision.Rules(robots=(worlds.robot("d2"),), config="c2")
    with pytest.raises(errors.PortalClosed):
        await world.worker.replace(rules, builders.directory())
    assert world.worker.desk.book.rules.config == "c1"


async def test_what_changed_within_the_second_of_the_sweep_is_looked_at_again(world: World) -> None:
    """The portal's moments are whole seconds: a change right after the look bears the same one, so it rings once more."""
    await world.worker.sweeper.step()
    deal = world.deal()
    changed = world.portal.log[-1]
    await world.worker.sweeper.step()
    await world.look()
    world.portal.log += [changed]
    await world.pass_time(30)
    await world.worker.sweeper.step()
    assert await world.dirty() == 1
    await world.look()
    world.portal.log += [changed]
    await world.worker.sweeper.step()
    assert (await world.dirty(), (await world.memory(deal)).card is not None) == (0, True)


async def test_a_client_seen_again_by_an_overlapping_sweep_rings_once(world: World) -> None:
    """Sweeps read their last seconds twice; the mirror can't tell of clients and tasks, so the sweep remembers."""
    await world.worker.sweeper.step()
    changed = ports.Seen(ports.Thing(ports.Kind.CONTACT, 31), world.clock.now())
    await world.pass_time(10)
    for expected in (1, 0):
        world.portal.log += [changed]
        await world.worker.sweeper.step()
        assert await world.dirty() == expected
        await world.look()


async def test_the_copy_takes_open_cards_first_and_ticks_off_whole_kinds(world: World) -> None:
    """Stopped in the middle of a kind: it is copied again from its start; a finished one isn't."""
    for number in range(1, 5):
        world.deal(number, stage="Спам" if number < 3 else "Новый лид")
    maria = builders.contact(id=31)
    world.portal.people[maria.ref], world.portal.hashes = maria, ("hash",)
    stop = asyncio.Event()
    stop.set()  # a page, and no more
    await world.worker.backfill.step(stop)
    memories = await world.store.mirror.memories(worlds.PORTAL, list(world.portal.cards))
    assert [ref.id for ref, memory in memories.items() if memory.card is not None] == [3, 4]

    stop.clear()
    while not await world.worker.backfill.step(stop):
        pass
    assert world.portal.calls == ["copy deal", "copy deal", "copy lead", "copy contact", "copy company"]
    memories = await world.store.mirror.memories(worlds.PORTAL, list(world.portal.cards))
    assert [ref.id for ref, memory in memories.items() if memory.card is not None] == [1, 2, 3, 4]
    assert await world.store.mirror.clients_by_comms(worlds.PORTAL, ["hash"]) == {"hash": [maria.ref]}
