"""What the adapter reads of a Bitrix24 portal: directory, facts, clients, duplicates, owners; the sandbox answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connector import errors, ports
from robots import look, model
from sandbox.bitrix24 import faults, seed
from tests.contract import bitrix24_world as worlds

LIVE = ports.Lane.LIVE


async def test_the_directory_speaks_of_pipelines_people_and_fields() -> None:
    """Stages in the board's order, departments with heads, options of lists, working time."""
    async with worlds.world() as world:
        directory = await world.here.directory()
        sales = directory.pipeline(world.pipeline("Продажи"))
        assert sales is not None
        assert [stage.name for stage in sales.stages][:2] == ["Новый лид", "Обрабатываем запрос"]
        assert [stage.semantic for stage in sales.stages][7:9] == [model.Semantic.WON, model.Semantic.LOST]
        assert {one.name for one in directory.pipelines} >= {"Продажи", "Доставка", "Лиды"}
        assert directory.departments[model.DepartmentId(seed.SALES)].head == seed.HEAD
        assert directory.departments[model.DepartmentId(seed.DELIVERY)].head is None
        assert not directory.users[model.UserId(seed.DISMISSED)].active
        shipping = directory.fields["deal"][model.FieldCode(seed.SHIPPING)]
        assert (shipping.title, sorted(shipping.options.values())) == (
            "Способ доставки",
            ["Доставка", "Самовывоз"],
        )
        assert directory.calendar is not None
        assert directory.calendar.timezone == "Europe/Moscow"
        assert directory.calendar.exceptions[date(datetime.now(UTC).year, 5, 9)] == model.WorkDay()
        assert (directory.me, directory.base_currency) == (seed.ROBOT, "RUB")


async def test_a_directory_without_the_departments_scope_says_what_is_lost() -> None:
    """A webhook with fewer rights is told of, not refused."""
    async with worlds.world() as world:
        hook = world.there.webhooks[seed.ROBOT_SECRET]
        hook.scopes = frozenset({"crm", "task", "im", "user"})
        directory = await world.here.directory()
        assert (directory.departments, directory.calendar) == ({}, None)
        assert any("Оргструктура" in note for note in world.here.notes)
        assert any("Рабочее время" in note for note in world.here.notes)


@pytest.mark.parametrize("history", ["modern", "late_commit"])
async def test_facts_are_whole(history: str) -> None:
    """The card with typed values, its history above the known row, its own tasks; all in one look."""
    async with worlds.world(history=history) as world:
        await world.here.directory()
        start, work = world.stage("Продажи", "Новый лид"), world.stage("Продажи", "Обрабатываем запрос")
        number = world.add(
            title="Кран",
            categoryId=world.pipeline("Продажи"),
            stageId=start,
            opportunity=1500.5,
            currencyId="RUB",
            **{seed.ROP: seed.HEAD, seed.HANDS_OFF: "Y"},
        )
        world.call("crm.item.update", entityTypeId=2, id=number, fields={"stageId": work})
        task = world.call("tasks.task.add", fields={"TITLE": "Т", "RESPONSIBLE_ID": seed.IVANOV})["task"][
            "id"
        ]
        world.there.clock.advance(5)
        ask = ports.FactsAsk(worlds.ref(number), 0, (model.TaskId(int(task)), model.TaskId(999)))
        found = (await world.here.facts([ask], LIVE))[ask.ref]
        assert isinstance(found, ports.Facts)
        assert [(visit.stage, visit.created) for visit in found.rows] == [(start, True), (work, False)]
        assert found.card.stage == work
        assert found.card.value(model.FieldCode("opportunity")) == model.Money(Decimal("1500.5"), "RUB")
        assert found.card.value(model.FieldCode(seed.ROP)) == seed.HEAD
        assert found.card.value(model.FieldCode(seed.HANDS_OFF)) is True
        assert found.tasks[model.TaskId(999)] is None
        known = found.tasks[model.TaskId(int(task))]
        assert known is not None
        assert known.responsible == seed.IVANOV
        later = ports.FactsAsk(ask.ref, found.rows[0].row or 0)
        again = (await world.here.facts([later], LIVE))[ask.ref]
        assert isinstance(again, ports.Facts)
        assert [visit.stage for visit in again.rows] == [work]


async def test_a_history_longer_than_a_page_is_read_to_its_end() -> None:
    """Sixty moves are sixty stays, whatever the page size."""
    async with worlds.world() as world:
        await world.here.directory()
        stages = [world.stage("Продажи", name) for name in ("Новый лид", "Обрабатываем запрос")]
        number = world.add(categoryId=world.pipeline("Продажи"), stageId=stages[0])
        for at in range(1, 61):
            world.call("crm.item.update", entityTypeId=2, id=number, fields={"stageId": stages[at % 2]})
        ask = ports.FactsAsk(worlds.ref(number), 0)
        found = (await world.here.facts([ask], LIVE))[ask.ref]
        assert isinstance(found, ports.Facts)
        assert len(found.rows) == 61


async def test_only_not_found_means_gone() -> None:
    """A deleted card is gone; one hidden by rights is not."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.call("crm.item.delete", entityTypeId=2, id=number)
        asks = [ports.FactsAsk(worlds.ref(number), 0)]
        found = (await world.here.facts(asks, LIVE))[asks[0].ref]
        assert isinstance(found, ports.Absent)
        assert found.gone


async def test_looks_beside_each_other_ride_in_one_batch() -> None:
    """Three rounds asked at once cost one request."""
    async with worlds.world() as world:
        numbers = [world.add(title=str(n)) for n in range(3)]
        before = world.here.client.requests
        await asyncio.gather(
            *(world.here.facts([ports.FactsAsk(worlds.ref(number), 0)], LIVE) for number in numbers)
        )
        assert world.here.client.requests - before == 1


async def test_a_leads_own_phone_is_among_its_fields() -> None:
    """Leads keep comms of their own, deals don't."""
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(
            1, title="Заявка", fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "8 916 000-00-01"}]
        )
        ask = ports.FactsAsk(worlds.ref(number, model.CardKind.LEAD), 0)
        found = (await world.here.facts([ask], LIVE))[ask.ref]
        assert isinstance(found, ports.Facts)
        assert found.card.value(model.FieldCode("phone")) == ("8 916 000-00-01",)
        assert (found.card.pipeline, found.rows[0].stage) == (model.LEADS, "NEW")


@pytest.mark.parametrize("empty", ["empty", "missing"])
async def test_clients_come_with_phones_and_mails(empty: str) -> None:
    """Contacts in order, then the company; a client without comms has none."""
    async with worlds.world(fm_when_empty=empty) as world:
        await world.here.directory()
        phone = [{"typeId": "PHONE", "valueType": "WORK", "value": "+79160000001"}]
        first = world.add(3, name="Пётр", lastName="Иванов", fm=phone, **{seed.SEGMENT: "А"})
        second = world.add(3, name="Анна")
        firm = world.add(4, title="ООО")
        number = world.add(contactIds=[first, second], companyId=firm)
        ask = ports.FactsAsk(worlds.ref(number), 0)
        found = (await world.here.facts([ask], LIVE))[ask.ref]
        assert isinstance(found, ports.Facts)
        read = (await world.here.clients([found.card], LIVE))[ask.ref]
        assert not isinstance(read, Exception)
        assert [(one.full_name, one.phones) for one in read] == [
            ("Пётр Иванов", ("+79160000001",)),
            ("Анна", ()),
            ("ООО", ()),
        ]
        assert read[0].fields[model.FieldCode(seed.SEGMENT)] == "А"


async def test_what_was_done_to_reach_a_client() -> None:
    """Completed and outgoing, a todo that is done, people's comments: not what is planned, came in, or we wrote."""
    async with worlds.world() as world:
        await world.here.directory()
        deal = world.add()
        owner = {"OWNER_TYPE_ID": 2, "OWNER_ID": deal}
        ring = {**owner, "TYPE_ID": 2, "SUBJECT": "Звонок", "COMMUNICATIONS": [{"VALUE": "+79160000001"}]}
        for extra in (
            {"DIRECTION": 2, "COMPLETED": "Y"},
            {"DIRECTION": 1, "COMPLETED": "Y"},
            {"DIRECTION": 2},
        ):
            world.call("crm.activity.add", fields={**ring, **extra})
        for done in ("Y", "N"):
            todo = world.call(
                "crm.activity.todo.add",
                ownerTypeId=2,
                ownerId=deal,
                deadline="2030-01-01T10:00:00+03:00",
                title="Набрать",
            )
            world.call("crm.activity.update", id=todo["id"], fields={"COMPLETED": done})
        for text in ("недозвон", "Проверено · Воронка a1b2c3"):
            world.call(
                "crm.timeline.comment.add", fields={"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": text}
            )
        found = (await world.here.attempts([worlds.ref(deal)], LIVE))[worlds.ref(deal)]
        assert not isinstance(found, Exception)
        assert [(one.how, one.text) for one in found] == [
            (look.Reached.TODO, ""),
            (look.Reached.CALL, ""),
            (look.Reached.COMMENT, "недозвон"),
        ]
        assert all(one.at.tzinfo is not None for one in found)


async def test_what_is_planned_for_a_card() -> None:
    """Its open todos and tasks with their terms, whoever set them; of what is done only when the last was."""
    async with worlds.world() as world:
        await world.here.directory()
        deal, other = world.add(), world.add()
        for number, due in ((deal, "2030-01-01T10:00:00+03:00"), (other, "2030-02-01T10:00:00+03:00")):
            world.call("crm.activity.todo.add", ownerTypeId=2, ownerId=number, deadline=due, title="Набрать")
        task = world.call(
            "tasks.task.add",
            fields={"TITLE": "Счёт", "RESPONSIBLE_ID": seed.IVANOV, "UF_CRM_TASK": [f"D_{deal}"]},
        )["task"]["id"]
        found = (await world.here.plans([worlds.ref(deal)], LIVE))[worlds.ref(deal)]
        assert isinstance(found, look.Plans)
        assert found.ahead == (
            look.Plan("Счёт", None, task=True),
            look.Plan("Набрать", datetime(2030, 1, 1, 7, tzinfo=UTC)),
        )
        assert found.done is None

        world.call("tasks.task.complete", taskId=task)
        found = (await world.here.plans([worlds.ref(deal)], LIVE))[worlds.ref(deal)]
        assert isinstance(found, look.Plans)
        assert ([one.title for one in found.ahead], found.done is not None) == (["Набрать"], True)


@pytest.mark.parametrize("compared", ["digits", "exact", "ru"])
async def test_duplicates_are_found_however_the_portal_compares(compared: str) -> None:
    """A phone written as 8…, asked as +7…: clients, leads, and the clients' open deals."""
    async with worlds.world(findbycomm=compared) as world:
        await world.here.directory()
        phone = [{"typeId": "PHONE", "valueType": "WORK", "value": "89160000001"}]
        contact = world.add(3, name="Пётр", fm=phone, assignedById=seed.IVANOV)
        lead = world.add(1, title="Заявка", fm=phone)
        deal = world.add(title="Сделка", contactIds=[contact], assignedById=seed.SIDOROVA)
        ask = ports.CommsAsk(worlds.ref(999), ("+79160000001",), ())
        found = (await world.here.duplicates([ask], LIVE))[ask.ref]
        assert not isinstance(found, Exception)
        told = {str(one.ref): (one.title, one.responsible, one.via) for one in found.matches}
        assert told == {
            f"contact:{contact}": ("Пётр", seed.IVANOV, "+79160000001"),
            f"lead:{lead}": ("Заявка", seed.ROBOT, "+79160000001"),
            f"deal:{deal}": ("Сделка", seed.SIDOROVA, ""),
        }


async def test_doorbells_of_other_things_lead_to_cards() -> None:
    """Task, comment, activity and client are resolved to what they hang on."""
    async with worlds.world() as world:
        contact = world.add(3, name="Пётр")
        deal = world.add(contactIds=[contact])
        task = int(
            world.call(
                "tasks.task.add",
                fields={
                    "TITLE": "Т",
                    "RESPONSIBLE_ID": seed.IVANOV,
                    "UF_CRM_TASK": [f"D_{deal}", f"C_{contact}"],
                },
            )["task"]["id"]
        )
        note = world.call(
            "crm.timeline.comment.add", fields={"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "x"}
        )
        todo = world.call(
            "crm.activity.todo.add",
            ownerTypeId=2,
            ownerId=deal,
            deadline="2030-01-01T10:00:00+03:00",
            title="дело",
        )["id"]
        things = [
            ports.Thing(ports.Kind.TASK, task),
            ports.Thing(ports.Kind.COMMENT, int(note)),
            ports.Thing(ports.Kind.ACTIVITY, int(todo)),
            ports.Thing(ports.Kind.CONTACT, contact),
            ports.Thing(ports.Kind.TASK, 4040),
        ]
        found = await world.here.owners(things, LIVE)
        card = ports.Thing(ports.Kind.DEAL, deal)
        assert [card in found[thing] for thing in things] == [True, True, True, True, False]
        assert ports.Thing(ports.Kind.CONTACT, contact) in found[things[0]]


async def test_drifting_types_park_one_card_and_never_crash() -> None:
    """Half of all leaves change their type: each card is either read or Unreadable."""
    async with worlds.world() as world:
        await world.here.directory()
        numbers = [world.add(title=str(n)) for n in range(30)]
        world.there.faults.add(
            faults.Fault("type_drift", ("crm.item.list",), times=None, params={"share": 0.3})
        )
        asks = [ports.FactsAsk(worlds.ref(number), 0) for number in numbers]
        found = await world.here.facts(asks, LIVE)
        assert {type(one) for one in found.values()} <= {ports.Facts, ports.Absent, errors.Unreadable}


async def test_a_lagging_list_does_not_mean_gone() -> None:
    """The card exists, the list doesn't show it yet."""
    async with worlds.world(lists_lag=30) as world:
        number = world.add(title="a")
        ask = ports.FactsAsk(worlds.ref(number), 0)
        found = (await world.here.facts([ask], LIVE))[ask.ref]
        assert isinstance(found, ports.Absent)
        assert not found.gone


async def test_the_portals_clock_is_learned() -> None:
    """Cursors and marks are by the portal's time, two minutes ahead of ours."""
    async with worlds.world() as world:
        world.there.clock.advance(120)
        await world.here.watermarks()
        assert abs(world.here.client.offset - timedelta(seconds=120)) < timedelta(seconds=2)
