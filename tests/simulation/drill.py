"""One short story of a deal, told again and again with one thing broken at its n-th occasion.

A deal comes with a client and products, is worked, sent back by a gate once, won and handed over. Told in fair weather it
is always the same, so its occasions can be counted: writes of the store, requests of the portal, crash points.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24 import dispatch, seed
from tests.simulation import laws, net, people, runner
from tests.simulation import life as lives
from tests.simulation import loop as loops
from tests.simulation import world as worlds

SEED = 4
NEVER = lives.Doom("", 1_000_000_000)
"""A life that only counts."""
WRITE, ANSWER, REQUEST, CRASH, NOTHING = "write", "answer", "request", "crash", "nothing"


@dataclass(frozen=True, slots=True)
class Case:
    """What is broken, and at which occasion from 1: a write of the store is refused (`write`) or done and its answer lost
    (`answer`), a request meets a fault of the `kind`, the daemon dies at a crash point."""

    what: str
    nth: int = 0
    kind: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.what, str(self.nth), self.kind)))

    def breaches(self) -> list[str]:
        return list(tell(self).breaches)

    def spoil(self, world: worlds.World) -> None:
        if self.what in (WRITE, ANSWER):
            world.troubled.fails_at, world.troubled.committed = self.nth, self.what == ANSWER
        elif self.what == REQUEST:
            world.net.strike = net.Strike(self.kind, self.nth)
        elif self.what == CRASH:
            world.deaths, world.told = 1, lives.Doom("", self.nth)
        else:
            world.told = NEVER


@dataclass(frozen=True, slots=True)
class Told:
    case: Case
    breaches: tuple[str, ...]
    lives: int
    writes: int
    """Of the store, in all lives."""
    requests: int
    points: int
    """Crash points that the last life's doom counted."""
    wishes: int
    struck: int
    """Faults of requests, and failures of the store, that happened."""


def tell(case: Case) -> Told:
    with runner.unburdened():
        return _told(case)


def _told(case: Case) -> Told:
    world = worlds.World(SEED, worlds.calm_plan())
    case.spoil(world)
    points: list[int] = []

    async def checked(world: worlds.World) -> list[str]:
        world.net.strike = None
        return await laws.breaches(world)

    async def whole() -> list[str]:
        await world.begun()
        await _story(world)
        points.append(world.life.passed if world.life is not None else 0)
        return list(await world.ended(checked))

    try:
        breaches = world.loop.run(whole())
    except loops.Stuck as stuck:
        breaches = [str(stuck)]
    return Told(
        case,
        tuple(breaches),
        world.lives,
        world.troubled.writes,
        world.net.requests,
        sum(points),
        len(laws._wishes(world)),
        world.troubled.failed + sum(count for kind, count in world.net.struck.items() if kind != "well"),
    )


@functools.cache
def fair() -> Told:
    """Nothing is broken, everything is counted."""
    return tell(Case(NOTHING))


def cases(what: str, step: int = 1) -> Sequence[Case]:
    """Every `step`-th occasion; of requests other ones for each kind of fault, so that the kinds cover all together."""
    told = fair()
    if what == REQUEST:
        return [
            Case(what, nth, kind)
            for first, kind in enumerate(net.KINDS)
            for nth in range(1 + first % step, told.requests + 1, step)
        ]
    most = told.points if what == CRASH else told.writes
    return [Case(what, nth) for nth in range(1, most + 1, step)]


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
