"""One short story of a deal, told again and again with one thing broken at its n-th occasion.

A deal comes with a client and products, is worked, sent back by a gate once, won and handed over. Told in fair weather it
is always the same, so its occasions can be counted: writes of the store, requests of the portal, crash points.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24 import dispatch, seed
from tests.simulation import laws, people
from tests.simulation import life as lives
from tests.simulation import loop as loops
from tests.simulation import world as worlds

SEED = 4
NEVER = lives.Doom("", 1_000_000_000)
"""A life that only counts."""
Spoil = Callable[[worlds.World], None]
"""What is done to a world before its story begins."""


@dataclass(frozen=True, slots=True)
class Told:
    breaches: tuple[str, ...]
    lives: int
    writes: int
    """Of the store, in all lives."""
    requests: int
    points: int
    """Crash points of the first life until the calm; 0 unless its doom counted them."""
    wishes: int


def tell(spoil: Spoil) -> Told:
    world = worlds.World(SEED, worlds.calm_plan())
    spoil(world)
    points: list[int] = []

    async def whole() -> list[str]:
        await world.begun()
        await _story(world)
        points.append(world.life.passed if world.life is not None else 0)
        return list(await world.ended(laws.breaches))

    try:
        breaches = world.loop.run(whole())
    except loops.Stuck as stuck:
        breaches = [str(stuck)]
    writes, asked = world.troubled.writes, world.net.requests
    return Told(tuple(breaches), world.lives, writes, asked, *points, len(laws._wishes(world)))


def fair() -> Told:
    """Nothing is broken, everything is counted."""

    def counted(world: worlds.World) -> None:
        world.told = NEVER

    return tell(counted)


def broken(spoils: Iterable[tuple[str, Spoil]]) -> list[str]:
    """Which of these spoilt tellings break a law, with what they broke."""
    found = []
    for name, spoil in spoils:
        told = tell(spoil)
        found += [f"{name}: {breach}" for breach in told.breaches]
    return found


async def _story(world: worlds.World) -> None:
    deal = _deal(world)
    await asyncio.sleep(4)
    _go(world, deal, world.people.stages[1])  # «Требования» are empty: the gate sends it back
    await asyncio.sleep(6)
    _write(world, deal, {seed.NEEDS: "двадцать штук", seed.SUBJECT: "окна"})
    await asyncio.sleep(2)
    _go(world, deal, world.people.stages[1])
    await asyncio.sleep(4)
    _go(world, deal, world.people.stages[3])
    await asyncio.sleep(4)
    _go(world, deal, world.people.won)
    await asyncio.sleep(12)


def _deal(world: worlds.World) -> int:
    portal = world.portal
    client = {"fields": {"NAME": "Анна", "PHONE": [{"VALUE": people.PHONES[0]}]}}
    fields: dict[str, Any] = {
        "title": "Заказ 1",
        "categoryId": world.people.sales,
        "stageId": world.people.stages[0],
        "assignedById": seed.IVANOV,
        "contactId": int(dispatch.call(portal, "crm.contact.add", client, user_id=seed.IVANOV)),
    }
    made = portal.crm.add(people.DEAL, fields, seed.IVANOV)
    rows = [{"productName": f"Товар {n}", "price": 100 * n, "quantity": n} for n in (1, 2)]
    given = {"ownerType": "D", "ownerId": made.id, "productRows": rows}
    dispatch.call(portal, "crm.item.productrow.set", given, user_id=seed.IVANOV)
    world.people.deals.append(made.id)
    return made.id


def _go(world: worlds.World, deal: int, stage: str) -> None:
    _write(world, deal, {"stageId": stage})


def _write(world: worlds.World, deal: int, values: dict[str, Any]) -> None:
    if world.portal.crm.item(people.DEAL, deal) is not None:
        world.portal.crm.update(people.DEAL, deal, values, seed.IVANOV)
