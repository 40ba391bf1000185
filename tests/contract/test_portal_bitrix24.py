"""What the port of a portal promises, kept by the Bitrix24 adapter against the sandbox over real HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connector import errors, ports
from connector.bitrix24 import client
from robots import intents, model
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


@pytest.mark.parametrize("history", ["modern", "late_commit", "old_box"])
async def test_a_sweep_sees_every_change_of_the_portal(history: str) -> None:
    """What happens between two sweeps is in the second one, moves to another pipeline too."""
    async with worlds.world(history=history) as world:
        await world.here.directory()
        begun = await world.here.sweep({})
        world.there.clock.advance(60)
        deal = world.add(title="a", categoryId=world.pipeline("Продажи"))
        contact = world.add(3, name="b")
        task = world.call("tasks.task.add", fields={"TITLE": "Т", "RESPONSIBLE_ID": seed.IVANOV})["task"][
            "id"
        ]
        moved = world.stage("Доставка", "Новый заказ")
        world.call(
            "crm.item.update",
            entityTypeId=2,
            id=deal,
            fields={"categoryId": world.pipeline("Доставка"), "stageId": moved},
        )
        world.there.clock.advance(10)
        swept = await world.here.sweep(begun.cursors)
        seen = {(one.thing.kind.value, one.thing.id) for one in swept.seen}
        assert seen >= {("deal", deal), ("contact", contact), ("task", int(task))}
        assert moved in {one.stage for one in swept.seen if one.row is not None}
        assert not swept.more


async def test_a_sweep_pages_on_and_comes_to_rest() -> None:
    """A hundred and twenty cards changed at once are all seen, and then no more is promised."""
    async with worlds.world() as world:
        await world.here.directory()
        cursors = (await world.here.sweep({})).cursors
        world.there.clock.advance(60)
        wanted = {world.add(title=str(n)) for n in range(120)}
        world.there.clock.advance(30)
        seen: set[int] = set()
        for _ in range(10):
            swept = await world.here.sweep(cursors)
            cursors = swept.cursors
            seen |= {one.thing.id for one in swept.seen if one.thing.kind is ports.Kind.DEAL}
            if not swept.more:
                break
        assert seen == wanted
        assert not swept.more


@pytest.mark.parametrize("reference", ["empty", "error"])
@pytest.mark.parametrize("total", ["absent", "zero"])
async def test_a_copy_takes_few_requests_and_misses_nothing(reference: str, total: str) -> None:
    """Three thousand deals and one closed: each once, open ones first, within 1.1·⌈n/2500⌉+2 requests."""
    async with worlds.world(batch_reference=reference, start_minus_one_total=total, patience=20.0) as world:
        await world.here.directory()
        closed = world.add(stageId="WON")
        seed.many_deals(world.there, 3000)
        before = world.here.client.requests
        seen: list[int] = []
        async for page in world.here.copy(ports.Kind.DEAL, None):
            assert len(page) <= 50
            seen += [one.card.ref.id for one in page if isinstance(one, ports.CopiedCard)]
        assert (len(seen), len(set(seen)), seen[-1]) == (3001, 3001, closed)
        assert world.here.client.requests - before <= 1.1 * 2 + 2


async def test_copied_clients_carry_hashes_not_phones() -> None:
    """The store gets keyed digests of normalised comms."""
    async with worlds.world() as world:
        world.add(3, name="a", fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "8 (916) 000-00-01"}])
        world.add(3, name="b", fm=[{"typeId": "PHONE", "valueType": "WORK", "value": "+79160000001"}])
        pages = [page async for page in world.here.copy(ports.Kind.CONTACT, None)]
        found = [one for page in pages for one in page if isinstance(one, ports.CopiedClient)]
        assert len(found) == 2
        assert found[0].comms == found[1].comms
        assert "9160000001" not in str(found[0].comms)


# --- wishes


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


TASK = intents.SetTask(
    title="Позвонить",
    description="Так [B]надо[/B]: $result[x]",
    creator=model.UserId(seed.HEAD),
    responsible=model.UserId(seed.IVANOV),
    deadline=datetime(2030, 1, 1, 18, tzinfo=UTC),
    checklist=("раз", "два"),
)


@pytest.mark.parametrize("xml_id", ["ignored", "works", "error"])
async def test_a_task_with_a_checklist_is_set_and_found(xml_id: str) -> None:
    """One batch; found again by its marker in the answer, never by a filter on it."""
    async with worlds.world(task_filter_xml_id=xml_id) as world:
        number = world.add(title="a")
        row = worlds.row(TASK, worlds.ref(number))
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
        again = await world.here.perform(worlds.row(TASK, worlds.ref(number), tries=1))
        assert (again.made, len(world.there.taskbook.tasks)) == (done.made, 1)


async def test_a_half_made_checklist_is_finished() -> None:
    """The task came through, an item of its checklist didn't."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.there.faults.add(
            faults.Fault("some_commands_failed", ("task.checklistitem.add",), nth=2, params={"status": 500, "code": "INTERNAL_SERVER_ERROR"})
        )  # fmt: skip
        done = await world.here.perform(worlds.row(TASK, worlds.ref(number)))
        task = world.there.taskbook.tasks[done.made or 0]
        assert sorted(item.title for item in task.checklist.ordered()) == ["Чек-лист", "два", "раз"]


async def test_a_task_is_closed_once() -> None:
    """Open: closed. Closed or gone: nothing to do. Waiting for control: refused, told."""
    async with worlds.world() as world:
        number = world.add(title="a")
        made = (await world.here.perform(worlds.row(TASK, worlds.ref(number)))).made
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
        made = (await world.here.perform(worlds.row(TASK, worlds.ref(number)))).made
        act = intents.ReassignTask(intents.WishKey("k"), model.TaskId(made or 0), model.UserId(seed.SIDOROVA))
        row = worlds.row(act, worlds.ref(number), key="give")
        assert await world.here.find(row) is None
        assert await world.here.perform(row) == ports.Done()
        assert await world.here.find(row) == ports.Done()


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


async def test_a_deal_is_handed_over_with_everything_that_isnt_this_departments() -> None:
    """Fields, clients and product rows go; the stage, the reason of a failure and the РОП stay."""
    async with worlds.world() as world:
        await world.here.directory()
        contact = world.add(3, name="Пётр")
        number = world.add(
            title="Кран",
            contactIds=[contact],
            opportunity=500,
            isManualOpportunity="Y",
            originatorId="site",
            originId="7",
            **{seed.SUBJECT: "кран", seed.ROP: seed.HEAD, seed.LOSS_COMMENT: "нет"},
        )
        world.call(
            "crm.item.productrow.set",
            ownerType="D",
            ownerId=number,
            productRows=[{"productName": "Кран", "price": 500, "quantity": 1}],
        )
        act = intents.CopyDeal(
            world.pipeline("Доставка"),
            world.stage("Доставка", "Новый заказ"),
            frozenset({model.FieldCode(seed.ROP), model.FieldCode(seed.LOSS_COMMENT)}),
            responsible=model.UserId(seed.SIDOROVA),
        )
        row = worlds.row(act, worlds.ref(number))
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        copy = world.item(done.made or 0)
        assert (copy["title"], copy["contactIds"], copy["opportunity"]) == ("Кран", [contact], 500)
        assert (copy[seed.SUBJECT], copy[seed.ROP], copy[seed.LOSS_COMMENT]) == ("кран", None, None)
        assert (copy["originatorId"], copy["assignedById"]) == ("voronka", seed.SIDOROVA)
        rows = world.call("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": done.made})
        assert [one["productName"] for one in rows["productRows"]] == ["Кран"]
        assert (await world.here.find(row)) == (await world.here.perform(row)) == ports.Done(made=done.made)


async def test_a_half_made_copy_is_finished() -> None:
    """The deal came through, its rows didn't: unknown; the look finishes it and makes no second one."""
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(title="Кран")
        world.call(
            "crm.item.productrow.set",
            ownerType="D",
            ownerId=number,
            productRows=[{"productName": "К", "price": 5}],
        )
        world.there.faults.add(faults.Fault("refuse", ("crm.item.productrow.set",)))
        act = intents.CopyDeal(
            world.pipeline("Доставка"), world.stage("Доставка", "Новый заказ"), frozenset()
        )
        row = worlds.row(act, worlds.ref(number))
        with pytest.raises((errors.Unknown, errors.Retryable)):
            await world.here.perform(row)
        found = await world.here.find(row)
        assert found is not None
        rows = world.call("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": found.made})
        assert len(rows["productRows"]) == 1
        assert len(world.call("crm.item.list", entityTypeId=2)["items"]) == 2


async def test_files_of_a_handed_over_deal_go_singly() -> None:
    """Fetched, then written outside of batches; a second finish doesn't repeat what stands."""
    async with worlds.world() as world:
        world.call(
            "crm.deal.userfield.add",
            fields={"USER_TYPE_ID": "file", "FIELD_NAME": "SCAN", "EDIT_FORM_LABEL": "Скан"},
        )
        await world.here.directory()
        number = world.add(title="Кран", UF_CRM_SCAN=["scan.pdf", "YQ=="])
        fetched: list[str] = []

        async def download(path: str) -> bytes:
            fetched.append(path)
            return b"a"

        world.here._desk.download = download  # the sandbox serves no files
        act = intents.CopyDeal(
            world.pipeline("Доставка"), world.stage("Доставка", "Новый заказ"), frozenset()
        )
        row = worlds.row(act, worlds.ref(number))
        done = await world.here.perform(row)
        assert world.item(done.made or 0)["UF_CRM_SCAN"]
        assert await world.here.find(row) == done
        assert len(fetched) == 1


async def test_a_sweep_goes_on_without_what_it_may_not_see() -> None:
    """Tasks are out of the webhook's scopes: everything else is swept, and the trouble is told."""
    async with worlds.world(batch_time_operating="present") as world:
        world.there.webhooks[seed.ROBOT_SECRET].scopes = frozenset({"crm", "user", "department"})
        begun = await world.here.sweep({})
        world.there.clock.advance(60)
        deal = world.add(title="a")
        swept = await world.here.sweep(begun.cursors)
        assert deal in {one.thing.id for one in swept.seen}
        assert list(world.here.troubles) == ["tasks"]


# --- trouble


@pytest.mark.parametrize(
    "kind",
    [
        "commit_then_reset",
        "commit_then_502",
        "commit_then_504",
        "commit_then_truncated",
        "commit_then_html_200",
        "commit_then_nonjson",
        "reset_before_commit",
        "refuse",
        "internal_500",
    ],
)
async def test_a_write_without_a_readable_answer_is_unknown_and_found(kind: str) -> None:
    """Nobody guesses: the look says what was done."""
    async with worlds.world() as world:
        number = world.add(title="a")
        row = worlds.row(TASK, worlds.ref(number))
        world.there.faults.add(faults.Fault(kind, ("tasks.task.add",)))
        with pytest.raises(errors.Unknown) as caught:
            await world.here.perform(row)
        assert seed.ROBOT_SECRET not in repr(caught.value) + str(caught.value)
        found = await world.here.find(row)
        assert (found is not None) == kind.startswith("commit")
        if found is not None:
            titles = [item.title for item in world.there.taskbook.tasks[found.made or 0].checklist.ordered()]
            assert titles == ["Чек-лист", "раз", "два"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("query_limit_503", errors.Retryable),
        ("operation_limit_429", errors.Retryable),
        ("overload_503", errors.PortalClosed),
        ("expired_token_401", errors.PortalClosed),
        ("redirect_302", errors.PortalClosed),
    ],
)
async def test_a_write_that_was_surely_not_done_says_so(kind: str, error: type[Exception]) -> None:
    """The ledger may send it again without a look."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.there.faults.add(faults.Fault(kind, ("tasks.task.add",), params={"host": "evil.example"}))
        with pytest.raises(error):
            await world.here.perform(worlds.row(TASK, worlds.ref(number)))
        assert world.there.taskbook.tasks == {}


@pytest.mark.parametrize(
    "kind", ["commit_then_502", "reset_before_commit", "query_limit_503", "commit_then_truncated"]
)
async def test_a_read_is_repeated(kind: str) -> None:
    """A passing trouble of a read is the adapter's own matter."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.there.faults.add(faults.Fault(kind, ("crm.item.list",)))
        ask = ports.FactsAsk(worlds.ref(number), 0)
        assert isinstance((await world.here.facts([ask], LIVE))[ask.ref], ports.Facts)


@pytest.mark.parametrize(
    ("closed", "why"), [("tariff", errors.Closed.TARIFF), ("deleted", errors.Closed.DELETED)]
)
async def test_a_closed_portal_is_a_state(closed: str, why: errors.Closed) -> None:
    """Every call fails for one reason, and says which."""
    async with worlds.world() as world:
        world.there.closed = closed
        with pytest.raises(errors.PortalClosed) as caught:
            await world.here.watermarks()
        assert caught.value.why is why
        with pytest.raises(errors.PortalClosed):
            await world.here.directory()


@pytest.mark.parametrize("answered", ["no_auth_found", "invalid_credentials"])
async def test_a_revoked_webhook_is_told_apart(answered: str) -> None:
    """By its code, whatever the status."""
    async with worlds.world(wrong_secret=answered) as world:
        world.there.webhooks[seed.ROBOT_SECRET].revoked = True
        with pytest.raises(errors.PortalClosed) as caught:
            await world.here.sweep({})
        assert caught.value.why is errors.Closed.REVOKED


async def test_a_wish_that_lost_its_leave_is_not_sent() -> None:
    """The ledger is asked with the keys just before the socket opens."""
    async with worlds.world() as world:
        number = world.add(title="a")
        world.withheld.add(intents.WishKey("no"))
        with pytest.raises(client.NotPermitted):
            await world.here.perform(worlds.row(intents.Comment("x"), worlds.ref(number), key="no"))
        assert world.there.timeline.comments == {}


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
