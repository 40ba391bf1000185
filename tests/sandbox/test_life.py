"""The demo's life: every habit happens, by seed, through the portal's own verbs."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from aiohttp import test_utils

from sandbox.bitrix24 import __main__ as command
from sandbox.bitrix24 import app, clock, life, multifields, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import rooms


def begun() -> tuple[portals.Portal, life.Life]:
    portal = seed.rop_funnel(clock.Clock(start=rooms.NOON, speed=0.0))
    living = life.Life(portal, seed_number=1, pace=math.inf)
    living.past()
    return portal, living


def deals(portal: portals.Portal, **wanted: Any) -> list[Any]:
    return [
        deal
        for deal in portal.crm.table(2).rows.values()
        if all(deal.get(name) == value for name, value in wanted.items())
    ]


def test_the_past_is_behind_and_filled() -> None:
    """Before anybody looks there are deals in every state, of earlier days, whole; the clock is where it was."""
    portal, living = begun()
    codes = {
        row.status_id: row.name
        for row in portal.crm.dictionaries.stages(2, seed.category(portal, "Продажи").id)
    }
    seen = [
        (codes[deal.get("stageId")], round((rooms.NOON - deal.get("createdTime")) / 86_400))
        for deal in deals(portal)
    ]
    lacking = [
        deal.id
        for deal in deals(portal)
        if not all(deal.get(name) for name in (seed.NEEDS, seed.SUBJECT, seed.SHIPPING, seed.ROP))
    ]
    assert seen == [
        ("Перестал выходить на связь", 10),
        ("Клиент получил заказ", 9),
        ("Не подошёл по портрету", 8),
        ("Отправили заказ", 7),
        ("Отправили заказ", 6),
        ("Получили оплату", 5),
        ("Отправили счёт", 4),
        ("Получили ответ", 3),
        ("Сделали предложение", 2),
        ("Обрабатываем запрос", 1),
    ]
    assert (lacking, portal.clock.time(), living.refused) == ([], rooms.NOON, [])


async def test_the_opening_shows_every_habit() -> None:
    """Within the opening each thing that a robot should notice happens at least once, and nothing is refused."""
    portal, living = begun()
    before = len(deals(portal))
    await living.opening()
    won = deals(portal, stageId=seed.stage(portal, "Продажи", "Клиент получил заказ"))
    (lost,) = deals(portal, stageId=seed.stage(portal, "Продажи", "Дорого"))
    sent = deals(portal, stageId=seed.stage(portal, "Продажи", "Отправили заказ"), assignedById=life.LAZY)
    shipping = next(
        one.id
        for one in portal.crm.user_fields.by_entity["CRM_DEAL"][seed.SHIPPING].options
        if one.value == "Самовывоз"
    )
    phones = [multifields.ru(item.fm[0].value) for item in portal.crm.table(3).rows.values()]
    contacts = portal.crm.table(3).rows.values()
    owners: dict[str, set[int]] = {}
    for phone, contact in zip(phones, contacts, strict=True):
        owners.setdefault(phone, set()).add(contact.get("assignedById"))
    seen = {
        "won in the past and now": len(won),
        "her deals moved, filled": len(
            [deal for deal in deals(portal, assignedById=life.GOOD) if deal.get(seed.NEEDS)]
        )
        >= 4,
        "the lost deal has no comment": lost.get(seed.LOSS_COMMENT) is None,
        "the pickup was sent": [deal.id for deal in sent if deal.get(seed.SHIPPING) == shipping] != [],
        "a client of hers wrote to him": [ids for ids in owners.values() if len(ids) > 1],
        "a task waits for Ivanov": [
            task["RESPONSIBLE_ID"] for task in portal.taskbook.tasks.values() if task.is_open
        ],
        "leads": len(portal.crm.table(1).rows),
        "new deals": len(deals(portal)) - before,
        "clicked through": max(
            len(portal.crm.history(2).of(deal.id)) for deal in deals(portal, assignedById=life.LAZY)
        )
        >= 5,
    }
    assert seen == {
        "won in the past and now": 2,
        "her deals moved, filled": True,
        "the lost deal has no comment": True,
        "the pickup was sent": True,
        "a client of hers wrote to him": [{life.LAZY, life.GOOD}],
        "a task waits for Ivanov": [life.LAZY],
        "leads": 1,
        "new deals": 4,
        "clicked through": True,
    }
    assert living.refused == []


async def test_she_leaves_the_closing_of_tasks_to_robots() -> None:
    """A task of the stage is worked (its checklist ticked) and the deal moved on; the task stays open for the robots."""
    portal, living = begun()
    living.client_writes_her()
    deal = deals(portal, assignedById=life.GOOD)[-1]
    fields = {"TITLE": "Взять в работу", "RESPONSIBLE_ID": life.GOOD, "UF_CRM_TASK": [f"D_{deal.id}"]}
    task = portal.taskbook.add(life.HEAD, fields)
    for title in ("Чек-лист", "Позвонить"):
        portal.taskbook.add_item(life.HEAD, task.id, {"TITLE": title})
    living.good_works()
    (item,) = [one for one in task.checklist.ordered() if one.parent_id]
    stage = seed.stage(portal, "Продажи", "Обрабатываем запрос")
    assert (deal.get("stageId"), task.is_open, item.complete) == (stage, True, True)


async def test_life_goes_on_by_seed() -> None:
    """Two lives with one seed are the same life; it stays within its bounds and is never refused."""
    stories = []
    for _ in range(2):
        portal, living = begun()
        await living.opening()
        for _ in range(300):
            living.step()
        assert living.refused == []
        assert len(deals(portal, stageSemanticId="P")) <= life.MOST_OPEN
        stories.append(
            [(deal.get("title"), deal.get("stageId")) for deal in portal.crm.table(2).rows.values()]
        )
    assert stories[0] == stories[1]


async def test_life_waits_for_its_lever() -> None:
    """`--life later --pace 2`: the past is there at once, people begin when told, twice as fast."""
    given = command.parser().parse_args(["--life", "later", "--pace", "2"])
    portal = seed.rop_funnel(clock.Clock())
    made = app.create_app(portal)
    lives = life.Life(portal, pace=given.pace)
    anything = asyncio.Event()
    portal.listeners.append(lambda _event: anything.set())
    command.add_life(made, lives, begun=given.life == "now")
    async with test_utils.TestClient(test_utils.TestServer(made)) as http:
        async with http.get("/board/") as page:
            assert "Отправили заказ" in await page.text()
        before = list(lives.done)
        anything.clear()
        async with http.post("/_sandbox/life") as answer:
            assert answer.status == 200
        await anything.wait()
        await asyncio.sleep(0)
        assert (lives.pace, before, lives.done[0]) == (2.0, [], "client_writes_her")


@pytest.mark.parametrize("pace", ["0", "-1", "inf", "nan", "fast"])
def test_a_pace_is_a_number_above_zero(pace: str) -> None:
    """Nobody lives at no pace at all."""
    with pytest.raises(SystemExit):
        command.parser().parse_args(["--pace", pace])
