"""When much comes at once: what is worth no look now, and what waits for company."""

from __future__ import annotations

import pytest

from connector import ports
from robots import intents
from tests.connector.loops import world as worlds
from tests.robots import builders

World = worlds.World


def crowd(world: World, level: float) -> None:
    """The portal's bucket is so full: 0 to 1."""

    class Crowded(type(world.portal)):  # type: ignore[misc]
        def crowded(self) -> float:
            return level

    world.portal.__class__ = Crowded


def looks(world: World) -> list[str]:
    return [call for call in world.portal.calls if call.startswith("facts")]


@pytest.mark.parametrize(("seconds", "seen"), [(0, 1), (19, 1), (21, 2)], ids=["at once", "soon", "too long"])
async def test_a_card_is_not_looked_at_while_its_effect_is_in_the_air(
    world: World, seconds: float, seen: int
) -> None:
    """The doorbell of our own write rings before its answer is there; the look waits for it, not for ever."""
    deal = world.deal()
    world.script.steps = worlds.steps("log")
    await (await world.ring(deal)).look()

    async def the_portal_rings() -> None:
        await world.ring(deal)
        await world.pass_time(seconds)
        await world.look()

    world.portal.during["perform"] = the_portal_rings
    await world.worker.executor.step()
    assert len(looks(world)) == seen
    await world.look()
    assert (len(looks(world)), await world.dirty()) == (2, 0)


async def test_the_doorbell_of_a_task_being_set_waits_for_its_id(world: World) -> None:
    """Nobody asks the portal whose it is: the ledger knows once the answer is written."""
    deal = world.deal()
    task = intents.SetTask("Позвонить", "", None, builders.IVANOV, None)
    world.script.steps = lambda _seen: [worlds.Step("task", task)]
    await (await world.ring(deal)).look()

    async def the_portal_rings() -> None:
        await world.ring(ports.Thing(ports.Kind.TASK, 9001))
        await world.look()

    world.portal.during["perform"] = the_portal_rings
    await world.carry_out()
    assert world.portal.made == {intents.WishKey("robot/deal:1/h101/task"): 9001}
    await world.pass_time(1)
    await world.look()
    assert [call for call in world.portal.calls if call.startswith("owners")] == []
    assert await world.dirty() == 0


async def test_a_strangers_task_is_asked_for_though_ours_are_being_set(world: World) -> None:
    """It rests twice as long as a look is held at most, then its card is found over there."""
    deal, other = world.deal(), world.deal(2)
    stranger = ports.Thing(ports.Kind.TASK, 77)
    world.portal.bindings[stranger] = (worlds.thing(other),)
    task = intents.SetTask("Позвонить", "", None, builders.IVANOV, None)
    world.script.steps = lambda seen: [worlds.Step("task", task)] if seen.card.ref == deal else []
    await (await world.ring(deal)).look()

    async def a_person_sets_a_task() -> None:
        await world.ring(stranger)
        await world.look()
        assert looks(world) == ["facts 1"]
        await world.pass_time(21)
        await world.look()

    world.portal.during["perform"] = a_person_sets_a_task
    await world.carry_out()
    assert [seen.card.ref for seen in world.script.seen][:2] == [deal, other]


@pytest.mark.parametrize(("level", "at_once"), [(0.4, 1), (1.0, 0)], ids=["room", "crowded"])
async def test_near_the_limit_a_small_batch_waits_for_company(
    world: World, level: float, at_once: int
) -> None:
    """A look costs the same for one card and for fifty; but nothing waits longer than the patience says."""
    await world.ring(world.deal())
    await world.look()
    crowd(world, level)
    await world.ring(world.deal(2))
    await world.worker.reconciler.step()
    assert len(looks(world)) == 1 + at_once
    await world.pass_time(6)
    await world.look()
    assert (looks(world), await world.dirty()) == (["facts 1", "facts 1"], 0)


async def test_a_full_batch_waits_for_nobody(world: World) -> None:
    """A batch of the size that a page of the portal's answer has room for goes at once, however crowded the portal is."""
    await world.ring(world.deal())
    await world.look()
    crowd(world, 1.0)
    await world.ring(*(world.deal(number) for number in range(2, 42)))
    await world.worker.reconciler.step()
    assert looks(world) == ["facts 1", "facts 40"]
