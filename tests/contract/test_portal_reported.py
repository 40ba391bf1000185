"""What reports ask of the portal: every open task that hangs on a card, however many pages they fill."""

from __future__ import annotations

from datetime import UTC, datetime

from robots import model
from robots.insight import letter
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

WHEN = datetime(2030, 1, 1, 12, tzinfo=UTC)


def task(world: worlds.World, *bound: str, **fields: object) -> int:
    given = {"TITLE": "Позвонить", "RESPONSIBLE_ID": seed.IVANOV, "UF_CRM_TASK": list(bound), **fields}
    return int(world.call("tasks.task.add", fields=given)["task"]["id"])


async def test_open_tasks_of_cards() -> None:
    """With whose they are and until when; those done, and those of no card, are left out; one on two cards comes twice."""
    async with worlds.world() as world:
        deal = world.add(title="a")
        lead = int(world.call("crm.lead.add", fields={"TITLE": "b"}))
        task(world, f"D_{deal}", DEADLINE=WHEN.isoformat())
        task(world, f"D_{deal}", f"L_{lead}")
        task(world)
        world.call("tasks.task.complete", taskId=task(world, f"D_{deal}"))
        first, second = worlds.ref(deal), model.CardRef(model.CardKind.LEAD, lead)
        ivanov = model.UserId(seed.IVANOV)
        found = await world.here.open_tasks()
        assert found == [
            letter.OpenTask(first, ivanov, int(WHEN.timestamp())),
            letter.OpenTask(first, ivanov, None),
            letter.OpenTask(second, ivanov, None),
        ]


async def test_more_than_a_page_of_them() -> None:
    """Page by page to the end, each once."""
    async with worlds.world() as world:
        deal = world.add(title="a")
        for _ in range(101):
            task(world, f"D_{deal}")
        assert len(await world.here.open_tasks()) == 101
