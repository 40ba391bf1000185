"""What reports ask of the portal: every open task that hangs on a card, however many pages they fill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from robots import model
from robots.insight import calls, letter, rows
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
            letter.OpenTask(first, ivanov, int(WHEN.timestamp()), "Позвонить"),
            letter.OpenTask(first, ivanov, None, "Позвонить"),
            letter.OpenTask(second, ivanov, None, "Позвонить"),
        ]


async def test_more_than_a_page_of_them() -> None:
    """Page by page to the end, each once."""
    async with worlds.world() as world:
        deal = world.add(title="a")
        for _ in range(101):
            task(world, f"D_{deal}")
        assert len(await world.here.open_tasks()) == 101


def rung(
    world: worlds.World, deal: int, minutes: int, *, done: str = "Y", kind: int = 2, record: bool = True
) -> int:
    """A call that began so long after `WHEN` and took three minutes and twenty seconds."""
    began = WHEN + timedelta(minutes=minutes)
    fields = {
        "OWNER_TYPE_ID": 2,
        "OWNER_ID": deal,
        "TYPE_ID": kind,
        "SUBJECT": "Звонок",
        "COMMUNICATIONS": [{"VALUE": "+79160000001", "TYPE": "PHONE"}],
        "RESPONSIBLE_ID": seed.IVANOV,
        "START_TIME": began.isoformat(),
        "END_TIME": (began + timedelta(seconds=200)).isoformat(),
        "COMPLETED": done,
        "FILES": [{"fileData": ["call.mp3", ""]}] if record else [],
    }
    return int(world.call("crm.activity.add", fields=fields))


async def test_calls_with_their_recordings() -> None:
    """S3.8: those of the period that took place, with length, manager, card and a link that carries nobody's key."""
    async with worlds.world() as world:
        deal = world.add(title="a")
        first, second = rung(world, deal, 5), rung(world, deal, 0, record=False)
        rung(world, deal, 10)  # begins where the period ends
        rung(world, deal, 1, done="N")
        rung(world, deal, 1, kind=1)
        since = int(WHEN.timestamp())
        found = await world.here.made_calls(rows.Period(since, since + 600))
        card, ivanov = worlds.ref(deal), model.UserId(seed.IVANOV)
        link = f"https://{world.there.host}/bitrix/tools/crm_show_file.php?fileId=1&ownerTypeId=6&ownerId={first}"
        assert found == [
            calls.Call(str(second), since, ivanov, 200, card, ""),
            calls.Call(str(first), since + 300, ivanov, 200, card, link),
        ]


async def test_what_listeners_wrote() -> None:
    """Comments that begin with a mark; the rest of what is said in a card is nobody's remark."""
    async with worlds.world() as world:
        deal, other = world.add(title="a"), world.add(title="b")
        for number, text in ((deal, "замечание: не назвал цену"), (deal, "перезвонить"), (other, "слушал")):
            fields = {"ENTITY_ID": number, "ENTITY_TYPE": "deal", "COMMENT": text}
            world.call("crm.timeline.comment.add", fields=fields)
        found = await world.here.remarks([worlds.ref(deal)])
        assert [(one.card, one.mark, one.remark) for one in found] == [
            (worlds.ref(deal), calls.Mark.REMARK, "не назвал цену")
        ]
