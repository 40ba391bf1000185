"""How the adapter follows a Bitrix24 portal: sweeps and copies, in few requests and without gaps."""

from __future__ import annotations

import pytest

from connector import ports
from sandbox.bitrix24 import faults, seed
from tests.contract import bitrix24_world as worlds


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
@pytest.mark.parametrize("broken", [False, True])
async def test_much_at_once_is_swept_in_few_requests(reference: str, broken: bool) -> None:
    """A thousand deals within seconds, and two hundred tasks: each is seen and nothing older, also where a page in the middle fails."""
    async with worlds.world(batch_reference=reference, patience=20.0) as world:
        await world.here.directory()
        seed.many_deals(world.there, 200)
        world.there.clock.advance(3600)
        cursors = (await world.here.sweep({})).cursors
        world.there.clock.advance(60)
        wanted = set()
        for n in range(1000):
            wanted.add((ports.Kind.DEAL, world.add(title=str(n))))
            if n % 5 == 0:
                made = world.call("tasks.task.add", fields={"TITLE": str(n), "RESPONSIBLE_ID": seed.IVANOV})
                wanted.add((ports.Kind.TASK, int(made["task"]["id"])))
            world.there.clock.advance(0.03)
        world.there.clock.advance(30)
        if broken:
            failing = ("crm.stagehistory.list", "crm.item.list", "tasks.task.list")
            world.there.faults.add(faults.Fault("some_commands_failed", failing, nth=20, params={"status": 500, "code": "INTERNAL_SERVER_ERROR"}))  # fmt: skip
        before, seen, more = world.here.client.requests, set(), True
        while more:
            swept = await world.here.sweep(cursors)
            cursors, more = swept.cursors, swept.more
            seen |= {(one.thing.kind, one.thing.id) for one in swept.seen}
        assert seen == wanted
        assert world.here.client.requests - before <= (8 if broken else 5)


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
