"""What people do between our look and our write, and what of it REST lets us respect."""

from __future__ import annotations

import asyncio

import pytest

from connector import errors, ports
from robots import intents
from sandbox.bitrix24 import faults
from tests.contract import bitrix24_world as worlds


@pytest.mark.parametrize("reference", ["empty", "error"])
async def test_who_moved_the_card_meanwhile_is_not_overruled(reference: str) -> None:
    """Whatever the portal makes of a reference that leads nowhere: no card is moved, neither this one nor another."""
    async with worlds.world(batch_reference=reference) as world:
        await world.here.directory()
        sales = world.pipeline("Продажи")
        start, work, sent = (world.stage("Продажи", name) for name in ("Новый лид", "Обрабатываем запрос", "Отправили счёт"))  # fmt: skip
        others = [world.add(categoryId=sales, stageId=start) for _ in range(3)]
        number = world.add(categoryId=sales, stageId=sent)
        row = worlds.row(intents.MoveStage(sales, work, start), worlds.ref(number))
        assert await world.here.perform(row) == ports.Done(changed=False, note="nothing_to_do")
        assert [world.item(one)["stageId"] for one in (*others, number)] == [start, start, start, sent]
        with pytest.raises(errors.NotFound):
            await world.here.perform(worlds.row(intents.MoveStage(sales, work, start), worlds.ref(999)))


@pytest.mark.parametrize("reference", ["empty", "error"])
async def test_many_are_moved_by_one_question_and_each_for_itself(reference: str) -> None:
    """Two of six were moved by people, one was deleted: the rest is moved, each is told its own."""
    async with worlds.world(batch_reference=reference) as world:
        await world.here.directory()
        sales = world.pipeline("Продажи")
        start, work, sent = (world.stage("Продажи", name) for name in ("Новый лид", "Обрабатываем запрос", "Отправили счёт"))  # fmt: skip
        numbers = [world.add(categoryId=sales, stageId=start) for _ in range(6)]
        for one in numbers[0], numbers[3]:
            world.call("crm.item.update", entityTypeId=2, id=one, fields={"stageId": sent})
        world.call("crm.item.delete", entityTypeId=2, id=numbers[4])
        act, before = intents.MoveStage(sales, work, start), dict(world.there.journal.by_method)
        rows = [worlds.row(act, worlds.ref(one), key=f"r/deal:{one}/h1/a") for one in numbers]
        ends = await asyncio.gather(*map(world.here.perform, rows), return_exceptions=True)
        gone = ports.Done(changed=False, note="nothing_to_do")
        assert [*ends[:4], ends[5]] == [gone, ports.Done(), ports.Done(), gone, ports.Done()]
        assert isinstance(ends[4], errors.NotFound)
        left = [world.item(one)["stageId"] for one in numbers if one != numbers[4]]
        assert left == [sent, work, work, sent, work]
        assert sorted(world.sent) == sorted(row.wish.key for row in rows)
        asked = world.there.journal.by_method["crm.item.list"] - before.get("crm.item.list", 0)
        assert asked < len(numbers), "one question for those that ride together"


async def test_a_card_that_lists_don_t_show_yet_is_moved_later() -> None:
    """It stands where it should, only the list is late: surely not done, and tried again."""
    async with worlds.world(lists_lag=1000) as world:
        await world.here.directory()
        start, work = world.stage("Продажи", "Новый лид"), world.stage("Продажи", "Обрабатываем запрос")
        number = world.add(categoryId=world.pipeline("Продажи"), stageId=start)
        row = worlds.row(intents.MoveStage(world.pipeline("Продажи"), work, start), worlds.ref(number))
        with pytest.raises(errors.Retryable):
            await world.here.perform(row)
        assert world.item(number)["stageId"] == start


async def test_a_move_whose_answer_is_lost_is_unknown() -> None:
    """A look-up that may be repeated rides with it: what rides along doesn't make the move surely undone."""
    async with worlds.world() as world:
        await world.here.directory()
        start, work = world.stage("Продажи", "Новый лид"), world.stage("Продажи", "Обрабатываем запрос")
        number = world.add(categoryId=world.pipeline("Продажи"), stageId=start)
        row = worlds.row(intents.MoveStage(world.pipeline("Продажи"), work, start), worlds.ref(number))
        world.there.faults.add(faults.Fault("commit_then_reset", times=1))
        with pytest.raises(errors.Unknown):
            await world.here.perform(row)
        assert (await world.here.find(row), world.item(number)["stageId"]) == (ports.Done(), work)


async def test_a_copy_whose_source_was_deleted_meanwhile_is_known() -> None:
    """Its answer was lost and then its source went: the copy stands, its number is found, what it lacks is said."""
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(title="Кран")
        act = intents.CopyDeal(
            world.pipeline("Доставка"), world.stage("Доставка", "Новый заказ"), frozenset()
        )
        row, unmade = worlds.row(act, worlds.ref(number)), worlds.row(act, worlds.ref(number), key="another")
        made = (await world.here.perform(row)).made
        world.call("crm.item.delete", entityTypeId=2, id=number)
        note = f"сделка {made} создана; скопирована ли вся, не узнать: исходной больше нет"
        assert await world.here.find(row) == await world.here.perform(row) == ports.Done(made=made, note=note)
        with pytest.raises(errors.NotFound):
            await world.here.find(unmade)
