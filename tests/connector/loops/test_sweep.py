from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from connector import errors, ports
from connector.loops import comms
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


async def test_the_copy_goes_on_where_it_stopped(world: World) -> None:
    """Stopped among the closed cards: open ones are copied again (harmless), closed ones go on below the last."""
    for number in range(1, 10):
        world.deal(number, stage="Спам" if number < 7 else "Новый лид")
    stop, copied = asyncio.Event(), world.worker.desk.mirror
    stop.set()  # a page, and no more
    await world.worker.backfill.step(stop)
    assert await world.store.notebook.read(worlds.PORTAL, "backfill") is None
    stop.clear()
    await world.store.notebook.write(worlds.PORTAL, "backfill", {"deal": 5})
    while not await world.worker.backfill.step(stop):
        pass
    assert world.portal.calls[:2] == ["copy deal None", "copy deal 5"]
    complete = await world.store.notebook.read(worlds.PORTAL, "complete")
    assert sorted(complete) == ["company", "contact", "deal", "lead"]
    memories = await copied.memories(worlds.PORTAL, list(world.portal.cards))
    assert [ref.id for ref, memory in memories.items() if memory.card is not None] == [1, 2, 3, 4, 8, 9]


async def test_a_copied_client_is_known_by_hashes_alone(world: World) -> None:
    """The local index holds keyed hashes of normalised comms."""
    maria = builders.contact(id=31, phones=("8 (916) 000-00-01",), emails=())
    world.portal.people[maria.ref] = maria
    stop = asyncio.Event()
    while not await world.worker.backfill.step(stop):
        pass
    (digest,) = comms.hashes(worlds.KEY, ["+79160000001"])
    assert await world.store.mirror.clients_by_comms(worlds.PORTAL, [digest]) == {digest: [maria.ref]}
