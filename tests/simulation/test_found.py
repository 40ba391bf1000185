"""What the simulation found, each bug as its smallest story."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector import errors, ports
from connector.loops import absences
from robots import decision, intents, model
from sandbox.bitrix24 import faults
from tests import fakes
from tests.connector.loops import world as loop_worlds
from tests.contract import bitrix24_world
from tests.robots import builders, rules
from tests.robots import world as robot_worlds

S = intents.WishState


class Reader(fakes.FakePortal):
    """A portal whose acts read the card first: what they find, they find before anything is sent."""

    meanwhile: Callable[[], Awaitable[Any]] | None = None

    async def perform(self, row: ports.Row) -> ports.Done:
        if self.meanwhile is not None:
            await self.meanwhile()
        raise errors.NotFound("карточки нет")


async def test_a_wish_called_off_while_its_card_is_read_ends_once(tmp_path: Path) -> None:
    """The card is deleted; a look begun before calls the wish off, and then its own reading says that the card is gone."""
    clock = fakes.FakeClock(builders.NOW, hasty=True)
    portal = Reader(builders.directory(), clock)
    async with loop_worlds.opened(tmp_path, clock=clock, portal=portal) as world:
        deal = world.deal()
        world.script.steps = loop_worlds.steps("log")
        await (await world.ring(deal)).look()

        async def buried() -> None:
            now = world.clock.now()
            (dirty,) = await (await world.ring(deal)).store.inbox.take(loop_worlds.PORTAL, now, 1, ())
            await world.store.mirror.tombstone(loop_worlds.PORTAL, dirty, deal, now)

        portal.meanwhile = buried
        await world.carry_out()
        assert await world.ledger() == ["log: superseded"]
        assert [one.code for one in world.worker.health.troubles(clock.now())] == []


async def test_a_life_that_ends_at_the_tombstone_leaves_no_task_open(tmp_path: Path) -> None:
    """The card's own task is to be closed whatever happens between the two writes."""
    async with loop_worlds.opened(tmp_path) as world:
        deal = world.deal()
        task = intents.SetTask("Позвонить", "", None, builders.IVANOV, None)
        world.script.steps = lambda _seen: [loop_worlds.Step("task", task)]
        await (await (await world.ring(deal)).look()).carry_out()
        world.portal.delete(deal)
        (dirty,) = await (await world.ring(deal)).store.inbox.take(
            loop_worlds.PORTAL, world.clock.now(), 1, ()
        )
        gone = absences.Gone(dirty, deal, await world.memory(deal))
        dying: Any = _Dying(world.store.mirror)
        desk = dataclasses.replace(world.worker.desk, mirror=dying)
        try:
            await absences.Absences(desk).bury([gone])
        except _Died:
            await world.look()
        assert await world.ledger(deal) == ["task: done", "close: wished"]


async def test_a_task_whose_fate_was_unknown_when_its_card_vanished_is_closed(tmp_path: Path) -> None:
    """The answer was lost, the deal was deleted, and then the task turns out to be there."""
    async with loop_worlds.opened(tmp_path) as world:
        deal = world.deal()
        task = intents.SetTask("Позвонить", "", None, builders.IVANOV, None)
        world.script.steps = lambda _seen: [loop_worlds.Step("task", task)]
        world.portal.fail_next(errors.Unknown("timeout"), committed=True)
        await (await (await world.ring(deal)).look()).carry_out()
        world.portal.delete(deal)
        await (await world.ring(deal)).look()
        await (await world.settle()).carry_out()
        assert await world.ledger(deal) == ["task: done", "close: done"]


class _Died(Exception):
    pass


class _Dying:
    """A mirror whose process dies as soon as a tombstone is committed."""

    def __init__(self, mirror: ports.Mirror) -> None:
        self._mirror = mirror

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mirror, name)

    async def tombstone(self, *given: Any) -> None:
        await self._mirror.tombstone(*given)
        raise _Died


def test_a_deal_won_again_is_handed_over_though_the_first_time_was_called_off() -> None:
    """Won, reopened before anything was sent, won again: what was never sent has used up nothing."""
    world = robot_worlds.World(decision.Rules(robots=(rules.handing_over(),)), stage="Отправили заказ")
    world.look().move("Клиент получил заказ").look()
    world.after(minutes=1).move("Отправили заказ").look().carry_out()
    assert [row.state for row in world.ledger.values()] == [S.SUPERSEDED]
    world.after(minutes=1).move("Клиент получил заказ").work().work()
    copies = [row for row in world.ledger.values() if isinstance(row.wish.act, intents.CopyDeal)]
    assert [row.state for row in copies] == [S.SUPERSEDED, S.DONE]
    world.after(minutes=1).move("Отправили заказ").look().after(minutes=1).move("Клиент получил заказ").work()
    copies = [row for row in world.ledger.values() if isinstance(row.wish.act, intents.CopyDeal)]
    assert [row.state for row in copies] == [S.SUPERSEDED, S.DONE]


def test_a_deal_won_again_before_the_copy_is_settled_is_handed_over_once() -> None:
    """Won, the copy's answer lost, reopened and won again: the open wish is the second win's, not «already handed over»
    and then called off."""
    world = robot_worlds.World(decision.Rules(robots=(rules.handing_over(),)), stage="Отправили заказ")
    world.look().move("Клиент получил заказ").look()
    ((key, row),) = world.ledger.items()
    world.ledger[key] = dataclasses.replace(row, state=S.UNKNOWN)
    world.after(minutes=1).move("Отправили заказ").look().after(minutes=1).move("Клиент получил заказ").look()
    assert {one.wish.while_visit for one in world.ledger.values()} == {world.history[-1].id}
    world.ledger[key] = dataclasses.replace(world.ledger[key], state=S.WISHED)
    said = world.told("Продажи/on_won/hand_over")
    assert world.look().carry_out().look().trace == ()
    assert [(str(one.wish.key), one.state) for one in world.ledger.values()] == [(key, S.DONE)]
    assert said == [("wished", "выиграна: копия в «Доставка / Новый заказ»")]


class HalfMade(fakes.FakePortal):
    """What was made is there, and finishing it is cut off again."""

    async def find(self, row: ports.Row) -> ports.Done | None:
        raise errors.Unknown("чек-лист не дописан: метод отдыхает")


async def test_a_finishing_that_is_cut_off_again_is_no_crash(tmp_path: Path) -> None:
    """The row is still unknown and looked for later; no loop is said to have fallen."""
    clock = fakes.FakeClock(builders.NOW, hasty=True)
    portal = HalfMade(builders.directory(), clock)
    async with loop_worlds.opened(tmp_path, clock=clock, portal=portal) as world:
        deal = world.deal()
        world.script.steps = loop_worlds.steps("log")
        portal.fail_next(errors.Unknown("timeout"), committed=True)
        await (await (await world.ring(deal)).look()).carry_out()
        await world.settle()
        assert await world.ledger() == ["log: unknown"]
        assert [one.code for one in world.worker.health.troubles(clock.now())] == []


async def test_a_task_whose_checklist_nobody_may_read_is_set_all_the_same() -> None:
    """An item didn't come through, and then the task is gone or hidden: it was made, and the ledger must know its number."""
    act = intents.SetTask(
        "Позвонить", "", None, model.UserId(3), builders.NOW + timedelta(days=3000), checklist=("раз", "два")
    )
    async with bitrix24_world.world() as world:
        number = world.add(title="a")
        broken = {"status": 500, "code": "INTERNAL_SERVER_ERROR"}
        refused = {"status": 400, "code": "ERROR_CORE", "text": "TASKS_ERROR_EXCEPTION_#8; Action failed"}
        world.there.faults.extend(
            [
                faults.Fault("some_commands_failed", ("task.checklistitem.add",), nth=2, params=broken),
                faults.Fault("some_commands_failed", ("task.checklistitem.getlist",), params=refused),
            ]
        )
        done = await world.here.perform(bitrix24_world.row(act, bitrix24_world.ref(number)))
        assert done.made in world.there.taskbook.tasks
        assert "чек-лист не дописан" in done.note
