"""What bears our mark on a portal: by it a store that was put back from an old copy, or a second Voronka, is known."""

from __future__ import annotations

from typing import Any

import pytest

from connector import errors, ports
from robots import intents, model
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

TASK = intents.SetTask("Позвонить", "", None, model.UserId(seed.IVANOV), None)
ALL_TIME = {"tasks": {"at": "2020-01-01T00:00:00+03:00"}, "items:deal": {"at": "2026-01-01T00:00:00+03:00"}}
FUTURE = {"tasks": {"at": "2099-01-01T00:00:00+03:00"}}


async def done(world: worlds.World, act: intents.Act, number: int, key: str) -> int:
    made = (await world.here.perform(worlds.row(act, worlds.ref(number), key=key))).made
    assert made is not None
    return made


def hand_over(world: worlds.World) -> intents.CopyDeal:
    return intents.CopyDeal(world.pipeline("Доставка"), world.stage("Доставка", "Новый заказ"), frozenset())


async def found(world: worlds.World, cursors: dict[str, Any]) -> list[ports.Trace]:
    traces = await world.here.traces(cursors)
    assert traces is not None
    return sorted(traces.found, key=lambda one: one.thing)


async def test_tasks_and_copies_of_ours_are_traces() -> None:
    """People's tasks and deals of other systems aren't; nor is what was made before."""
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(title="Кран", originatorId="site", originId="7")
        world.call("tasks.task.add", fields={"TITLE": "Своя", "RESPONSIBLE_ID": seed.IVANOV})
        world.call("tasks.task.add", fields={"TITLE": "1С", "RESPONSIBLE_ID": seed.IVANOV, "XML_ID": "1c-5"})
        task = await done(world, TASK, number, "a")
        copy = await done(world, hand_over(world), number, "b")
        assert await found(world, ALL_TIME) == [
            ports.Trace(ports.Thing(ports.Kind.DEAL, copy), ports.marker(intents.WishKey("b"))),
            ports.Trace(ports.Thing(ports.Kind.TASK, task), ports.marker(intents.WishKey("a"))),
        ]
        assert await found(world, FUTURE) == []


async def test_the_sweeps_own_cursors_say_since_when() -> None:
    """The earliest of them; before the first sweep there is nothing to say."""
    async with worlds.world() as world:
        cursors = dict((await world.here.sweep({})).cursors)
        traces = await world.here.traces(cursors)
        assert traces is not None
        assert traces.since.isoformat() == min(cursors["tasks"]["at"], cursors["items:deal"]["at"])
        earliest = await world.here.traces(ALL_TIME)
        assert earliest is not None
        assert earliest.since.year == 2020
        assert await world.here.traces({}) is None


async def test_more_than_a_page_of_tasks_is_read() -> None:
    """Ours is the last of many."""
    async with worlds.world() as world:
        number = world.add(title="a")
        for at in range(60):
            world.call("tasks.task.add", fields={"TITLE": f"{at}", "RESPONSIBLE_ID": seed.IVANOV})
        task = await done(world, TASK, number, "a")
        assert [one.thing.id for one in await found(world, ALL_TIME)] == [task]


async def test_without_the_tasks_scope_copies_are_seen() -> None:
    """What the webhook may not read says nothing; a portal that is shut says so."""
    async with worlds.world() as world:
        await world.here.directory()
        copy = await done(world, hand_over(world), world.add(title="Кран"), "b")
        hook = world.there.webhooks[seed.ROBOT_SECRET]
        hook.scopes = frozenset({"crm", "user"})
        assert [one.thing.id for one in await found(world, ALL_TIME)] == [copy]
        world.there.closed = "tariff"
        with pytest.raises(errors.PortalClosed):
            await world.here.traces(ALL_TIME)
