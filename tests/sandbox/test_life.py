"""The demo's life: every habit happens, by seed, through the portal's own verbs."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import clock, life, multifields, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import rooms


def begun() -> tuple[portals.Portal, life.Life]:
    portal = seed.rop_funnel(clock.Clock(start=rooms.NOON, speed=0.0))
    return portal, life.Life(portal, seed_number=1, pace=0)


def deals(portal: portals.Portal, **wanted: Any) -> list[Any]:
    return [
        deal
        for deal in portal.crm.table(2).rows.values()
        if all(deal.get(name) == value for name, value in wanted.items())
    ]


async def test_the_opening_shows_every_habit() -> None:
    """Within the opening each thing that a robot should notice happens at least once, and nothing is refused."""
    portal, living = begun()
    await living.opening()
    (won,) = deals(portal, stageId=seed.stage(portal, "Продажи", "Клиент получил заказ"))
    (lost,) = deals(portal, stageId=seed.stage(portal, "Продажи", "Дорого"))
    (sent,) = deals(portal, stageId=seed.stage(portal, "Продажи", "Отправили заказ"))
    shipping = next(
        one.id
        for one in portal.crm.user_fields.by_entity["CRM_DEAL"][seed.SHIPPING].options
        if one.value == "Самовывоз"
    )
    phones = [multifields.ru(item.fm[0].value) for item in portal.crm.table(3).rows.values()]
    seen = {
        "the won deal is filled": bool(
            won.get(seed.SUBJECT) and won.get("opportunity") and won.get(seed.NEEDS)
        ),
        "the lost deal has no comment": lost.get(seed.LOSS_COMMENT) is None,
        "the pickup was sent": sent.get(seed.SHIPPING) == shipping,
        "somebody wrote twice": len(phones) - len(set(phones)),
        "a task waits for Ivanov": [
            task["RESPONSIBLE_ID"] for task in portal.taskbook.tasks.values() if task.is_open
        ],
        "leads": len(portal.crm.table(1).rows),
        "clicked through": max(
            len(portal.crm.history(2).of(deal.id)) for deal in deals(portal, assignedById=life.LAZY)
        )
        >= 5,
    }
    assert seen == {
        "the won deal is filled": True,
        "the lost deal has no comment": True,
        "the pickup was sent": True,
        "somebody wrote twice": 1,
        "a task waits for Ivanov": [life.LAZY],
        "leads": 1,
        "clicked through": True,
    }
    assert living.refused == []


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
