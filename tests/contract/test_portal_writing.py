"""One wish made true on a Bitrix24 portal, looked for where its outcome is unknown, and never made twice."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector import errors, ports
from robots import intents, model
from sandbox.bitrix24 import faults, seed
from tests.contract import bitrix24_world as worlds

LIVE = ports.Lane.LIVE


async def test_fields_are_set_and_checked() -> None:
    """What was written is read back from the portal's own answer; an ignored field is `no_effect`."""
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(title="a")
        act = intents.SetFields({model.FieldCode(seed.ROP): seed.HEAD, model.FieldCode("opportunity"): model.Money(Decimal("10.5"), "RUB")})  # fmt: skip
        done = await world.here.perform(worlds.row(act, worlds.ref(number)))
        assert done == ports.Done()
        assert (world.item(number)[seed.ROP], world.item(number)["opportunity"]) == (seed.HEAD, 10.5)
        ignored = intents.SetFields({model.FieldCode("UF_CRM_NOPE"): "x"})
        done = await world.here.perform(worlds.row(ignored, worlds.ref(number)))
        assert (done.changed, done.note) == (False, "no_effect")
        assert world.sent == ["r/deal:1/h1/a"] * 2


async def test_whole_lists_are_merged() -> None:
    """An observer that somebody added meanwhile stays."""
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(title="a", observers=[seed.HEAD])
        act = intents.SetFields({model.FieldCode("observers"): (seed.IVANOV,)})
        await world.here.perform(worlds.row(act, worlds.ref(number)))
        assert set(world.item(number)["observers"]) == {seed.HEAD, seed.IVANOV}


async def test_who_was_added_is_taken_off_again() -> None:
    """An undoing: until it is sent it isn't done, afterwards it is; whom others added stays."""
    field = model.FieldCode("observers")
    act = intents.SetFields({field: (seed.HEAD,)}, {field: (seed.HEAD, seed.IVANOV)}, guarded=True)
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(observers=[seed.HEAD, seed.IVANOV, seed.SIDOROVA])
        row = worlds.row(act, worlds.ref(number))
        assert await world.here.find(row) is None
        assert await world.here.perform(row) == ports.Done()
        assert world.item(number)["observers"] == [seed.HEAD, seed.SIDOROVA]
        assert await world.here.find(row) == ports.Done()


async def test_a_move_happens_only_from_where_it_was_decided() -> None:
    """Somebody was faster: nothing to do."""
    async with worlds.world() as world:
        await world.here.directory()
        start, work = world.stage("Продажи", "Новый лид"), world.stage("Продажи", "Обрабатываем запрос")
        number = world.add(categoryId=world.pipeline("Продажи"), stageId=start)
        act = intents.MoveStage(world.pipeline("Продажи"), work, start)
        row = worlds.row(act, worlds.ref(number))
        assert await world.here.find(row) is None
        assert await world.here.perform(row) == ports.Done()
        assert await world.here.find(row) == ports.Done()
        again = await world.here.perform(row)
        assert (again.changed, world.item(number)["stageId"]) == (False, work)


@pytest.mark.parametrize("xml_id", ["ignored", "works", "error"])
async def test_a_task_with_a_checklist_is_set_and_found(xml_id: str) -> None:
    """One batch; found again by its marker in the answer, never by a filter on it."""
    async with worlds.world(task_filter_xml_id=xml_id) as world:
        number = world.add(title="a")
        row = worlds.row(worlds.TASK, worlds.ref(number))
        assert await world.here.find(row) is None
        before = world.here.client.requests
        done = await world.here.perform(row)
        assert world.here.client.requests - before == 1
        assert done.made is not None
        task = world.there.taskbook.tasks[done.made]
        assert (task["TITLE"], task["RESPONSIBLE_ID"], task["TASK_CONTROL"]) == (
            "Позвонить",
            seed.IVANOV,
            "N",
        )
        assert [item.title for item in task.checklist.ordered()] == ["Чек-лист", "раз", "два"]
        assert await world.here.find(row) == ports.Done(made=done.made)
        again = await world.here.perform(worlds.row(worlds.TASK, worlds.ref(number), tries=1))
        assert (again.made, len(world.there.taskbook.tasks)) == (done.made, 1)


async def test_a_half_made_checklist_is_finished() -> None:
    """The task came through, an item of its checklist didn't."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.there.faults.add(
            faults.Fault("some_commands_failed", ("task.checklistitem.add",), nth=2, params={"status": 500, "code": "INTERNAL_SERVER_ERROR"})
        )  # fmt: skip
        done = await world.here.perform(worlds.row(worlds.TASK, worlds.ref(number)))
        task = world.there.taskbook.tasks[done.made or 0]
        assert sorted(item.title for item in task.checklist.ordered()) == ["Чек-лист", "два", "раз"]


async def test_a_task_is_closed_once() -> None:
    """Open: closed. Closed or gone: nothing to do. Waiting for control: refused, told."""
    async with worlds.world() as world:
        number = world.add(title="a")
        made = (await world.here.perform(worlds.row(worlds.TASK, worlds.ref(number)))).made
        act = intents.CloseTask(intents.WishKey("k"), None)
        row = worlds.row(act, worlds.ref(number), key="close", before=made)
        assert await world.here.find(row) is None
        assert (await world.here.perform(row)).changed
        assert not (await world.here.perform(row)).changed
        assert await world.here.find(row) is not None
        world.there.taskbook.tasks[made or 0].values |= {"STATUS": 4}
        with pytest.raises(errors.Rejected, match="контроля"):
            await world.here.perform(row)
        world.call("tasks.task.delete", taskId=made)
        assert not (await world.here.perform(row)).changed


async def test_a_task_is_given_to_another_person() -> None:
    """And found so."""
    async with worlds.world() as world:
        number = world.add(title="a")
        made = (await world.here.perform(worlds.row(worlds.TASK, worlds.ref(number)))).made
        act = intents.ReassignTask(intents.WishKey("k"), model.TaskId(made or 0), model.UserId(seed.SIDOROVA))
        row = worlds.row(act, worlds.ref(number), key="give")
        assert await world.here.find(row) is None
        assert await world.here.perform(row) == ports.Done()
        assert await world.here.find(row) == ports.Done()


async def test_a_task_that_isnt_his_any_more_stays_where_a_person_put_it() -> None:
    """Between the count and the act somebody gave it to another."""
    async with worlds.world() as world:
        number = world.add(title="a")
        made = model.TaskId((await world.here.perform(worlds.row(worlds.TASK, worlds.ref(number)))).made or 0)
        heir, other = model.UserId(seed.SIDOROVA), model.UserId(seed.HEAD)
        late = intents.ReassignTask(intents.WishKey("k"), made, heir, only_from=other)
        assert not (await world.here.perform(worlds.row(late, worlds.ref(number), key="late"))).changed
        first = worlds.TASK.responsible
        due = intents.ReassignTask(intents.WishKey("k"), made, heir, only_from=first)
        assert (await world.here.perform(worlds.row(due, worlds.ref(number), key="due"))).changed


@pytest.mark.parametrize("client_id", ["yes", "no"])
async def test_a_repeated_notice_replaces_the_first(client_id: str) -> None:
    """Class B: none missing, a repeat replaces."""
    async with worlds.world(notify_client_id_required=client_id) as world:
        act = intents.Notify(model.UserId(seed.HEAD), "Смотри", "tag-1")
        for _ in range(2):
            done = await world.here.perform(worlds.row(act, worlds.ref(1)))
            assert done.made
        shown = [one for one in world.there.notices.notices.values() if one.user_id == seed.HEAD]
        assert len(shown) == 1


@pytest.mark.parametrize("act", [intents.Comment("Спросите клиента"), intents.LogEntry("Робот", "Проверено")])
async def test_an_entry_of_the_feed_is_found_by_its_tail(act: intents.Comment | intents.LogEntry) -> None:
    """A short visible tail is the marker."""
    async with worlds.world() as world:
        number = world.add(title="a")
        row = worlds.row(act, worlds.ref(number))
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        assert done.made
        assert await world.here.find(row) == ports.Done(made=done.made)
        other = worlds.row(act, worlds.ref(number), key="another")
        assert await world.here.find(other) is None
