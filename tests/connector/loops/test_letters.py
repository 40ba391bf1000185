"""Limits hold, quiet hours keep, digests carry (F4, F14): with a real store, a portal in memory and a hand on the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector import ports
from connector.bootstrap import held
from connector.loops import desk as desks
from connector.loops import holding, letters, pauses
from robots import intents, limits, model, notices
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, World
from tests.robots import builders

HOUR = timedelta(hours=1)
BOSS = builders.PETROVA


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with worlds.opened(tmp_path) as made:
        await made.worker.begin()
        made.worker.desk.meter.source = made.store.hands
        yield made


def obeying(world: World, **rules: object) -> None:
    """Other limits or manners from now on."""
    shelf = world.worker.desk.shelf
    book = shelf.book
    shelf.book = desks.Book(replace(book.rules, **rules), book.directory, book.activations)  # type: ignore[arg-type]


async def wished(world: World, name: str, act: intents.Act, number: int = 1, **more: object) -> None:
    wish = intents.Wish(
        key=intents.WishKey(f"robot/{name}"),
        robot=worlds.ROBOT,
        digest="d1",
        card=model.CardRef(model.CardKind.DEAL, number),
        cause="h1",
        act=act,
        because="так надо",
    )
    await world.store.hands.add(PORTAL, [replace(wish, **more)], world.clock.now())  # type: ignore[arg-type]


async def carried_out(world: World, *numbers: int) -> World:
    """Looked at and sent."""
    await world.ring(*(model.CardRef(model.CardKind.DEAL, number) for number in numbers))
    await world.look()
    return await world.carry_out()


def letter(text: str, to: model.UserId = BOSS, *, urgent: bool = False) -> intents.Notify:
    return intents.Notify(to, text, f"tag {text}", urgent=urgent)


async def told(world: World) -> list[str]:
    """What the portal was given, in the order of wishing."""
    rows = await world.store.ledger.rows(PORTAL, states=[intents.WishState.DONE])
    return [
        row.wish.act.text
        for row in rows
        if isinstance(row.wish.act, intents.Notify) and row.note != letters.CARRIED
    ]


async def sent_by_letters(world: World) -> int:
    carried = await letters.Letters(world.worker.desk, world.store.hands).step()
    await world.carry_out()
    return carried


async def test_messages_of_quiet_hours_come_as_one_in_the_morning(world: World) -> None:
    """F14: each waits without holding up its card; to each person one message, to one who had one its own words."""
    world.deal(1)
    due = world.clock.now() + HOUR
    await wished(world, "first", letter("Просрочено: окна"), not_before=due)
    await wished(world, "log", intents.LogEntry("Робот", "дела идут"))
    await wished(world, "second", letter("Просрочено: двери"), not_before=due)
    await wished(world, "other", letter("Дубль", builders.IVANOV), not_before=due)
    await carried_out(world, 1)
    assert await world.ledger() == ["first: waiting", "log: done", "second: waiting", "other: waiting"]
    assert (await sent_by_letters(world), await told(world)) == (0, [])

    await world.pass_time(3601)
    assert await sent_by_letters(world) == 3
    assert sorted(await told(world)) == [
        "Дубль",
        "Сводка: 2 сообщения\n1. Просрочено: окна\n2. Просрочено: двери",
    ]
    assert (await world.ledger())[:4] == ["first: done", "log: done", "second: done", "other: done"]
    assert (await sent_by_letters(world), len(await told(world))) == (0, 2)


async def test_what_couldnt_be_told_for_half_a_day_comes_as_one_message(world: World) -> None:
    """F3: the daemon stood from the wish on; an urgent one goes as it is, and what a person let go isn't put off again."""
    world.deal(1)
    for name in ("first", "second"):
        await wished(world, name, letter(name))
    await wished(world, "urgent", letter("urgent", urgent=True))
    await wished(world, "fresh", letter("fresh"), not_before=world.clock.now() + 23 * HOUR)
    await world.pass_time(24 * 3600)
    await carried_out(world, 1)
    assert await world.ledger() == ["first: waiting", "second: waiting", "urgent: done", "fresh: done"]
    (note,) = {row.note for row in await world.store.ledger.rows(PORTAL, states=[intents.WishState.WAITING])}
    assert note == "опоздало больше чем на 4 рабочих часа: вместе с другими"

    await world.pass_time(15 * 60)
    assert await sent_by_letters(world) == 2
    assert (await told(world))[-1] == "Сводка: 2 сообщения\n1. first\n2. second"

    await wished(world, "decided", letter("decided"), held_as="похоже на импорт")
    await carried_out(world, 1)
    await world.pass_time(24 * 3600)
    await held.let_go(world.store, PORTAL, [worlds.ROBOT], world.clock.now(), "Иванов")
    await carried_out(world, 1)
    assert "decided: done" in await world.ledger()


async def test_what_nobody_wants_any_more_isnt_in_the_bundle(world: World) -> None:
    """A robot was paused overnight, another was taken out of the file: their messages end, with the reason."""
    world.deal(1)
    due = world.clock.now() + HOUR
    await wished(world, "gone", letter("старое"), not_before=due, robot=intents.RobotId("Убранный"))
    await wished(world, "owed", letter("срок прошёл"), not_before=due, digest="")
    await wished(world, "paused", letter("на паузе"), not_before=due)
    await world.store.ledger.end(PORTAL, [waits(world, name, due) for name in ("gone", "owed", "paused")])
    await world.store.notebook.write(PORTAL, pauses.NOTE, {worlds.ROBOT: {"by": "Иванов"}})
    await world.pass_time(3601)
    await sent_by_letters(world)
    assert await told(world) == ["срок прошёл"]
    assert (await world.ledger())[:3] == ["gone: superseded", "owed: done", "paused: superseded"]


def waits(world: World, name: str, due: datetime) -> ports.End:
    now = world.clock.now()
    return ports.End(intents.WishKey(f"robot/{name}"), intents.WishState.WAITING, now, retry_at=due)


async def test_so_many_messages_a_day_and_the_rest_with_the_digest(world: World) -> None:
    """F14: the cap is a person's, urgent ones pierce it, and a restart doesn't forget the count."""
    world.deal(1)
    obeying(world, manners=notices.Manners(at_most_per_day=2))
    for name in ("one", "two", "three"):
        await wished(world, name, letter(name))
    await wished(world, "urgent", letter("urgent", urgent=True))
    await wished(world, "other", letter("other", builders.IVANOV))
    await carried_out(world, 1)
    assert sorted(await told(world)) == ["one", "other", "two", "urgent"]
    (waits,) = await world.store.ledger.rows(PORTAL, states=[intents.WishState.WAITING])
    assert (waits.wish.key, waits.note) == ("robot/three", "сегодня человеку уже пришло 2: в сводку")

    object.__setattr__(world.worker.desk, "meter", holding.Meter(world.store.hands))
    await wished(world, "four", letter("four"))
    await carried_out(world, 1)
    assert "four: waiting" in await world.ledger()
    await world.pass_time(86_400)
    assert await sent_by_letters(world) == 2
    assert (await told(world))[-1] == "Сводка: 2 сообщения\n1. three\n2. four"


async def test_above_its_limit_a_robot_is_held_and_the_rest_of_the_work_goes_on(world: World) -> None:
    """F4: the rest is held with what stands on it, another's limit isn't touched, calm and owed work has none."""
    for number in (1, 2, 3):
        world.deal(number)
    obeying(world, limits={"records": limits.Rate(2, 3600)})
    entry = intents.LogEntry("Робот", "запись")
    for number in (1, 2, 3):
        await wished(world, f"act {number}", entry, number)
    await wished(world, "on act 3", letter("сделано"), 3, stands_on=intents.WishKey("robot/act 3"))
    await wished(world, "calm", entry, 3, calm=True)
    await wished(world, "owed", entry, 3, digest="")
    await carried_out(world, 1, 2, 3)
    assert await world.ledger() == [
        "act 1: done",
        "act 2: done",
        "act 3: held",
        "on act 3: held",
        "calm: done",
        "owed: done",
    ]
    await letters.Letters(world.worker.desk, world.store.hands).step()
    assert world.worker.desk.meter.held == {worlds.ROBOT: 2}

    await world.pass_time(3601)
    await wished(world, "act 4", entry, 2)
    await carried_out(world, 2)
    assert (await world.ledger())[-1] == "act 4: done"


async def test_a_robot_with_a_limit_of_its_own_is_held_alone(world: World) -> None:
    """F4: the file has no limits for the others, and they have none; a restart doesn't forget the count."""
    world.deal(1)
    mine = replace(worlds.robot(), limits={"records": limits.Rate(1, 3600)})
    free = replace(mine, id=intents.RobotId("Свободный"), limits={})
    obeying(world, robots=(mine, free))
    entry = intents.LogEntry("Робот", "запись")
    await wished(world, "a", entry)
    await carried_out(world, 1)
    object.__setattr__(world.worker.desk, "meter", holding.Meter(world.store.hands))
    await wished(world, "b", entry)
    for name in ("c", "d"):
        await wished(world, name, entry, robot=free.id)
    await carried_out(world, 1)
    assert await world.ledger() == ["a: done", "b: held", "c: done", "d: done"]


async def test_what_a_person_lets_go_goes_whatever_the_limit(world: World) -> None:
    """`held --let-go` means these acts, not the next flood."""
    world.deal(1)
    obeying(world, limits={"records": limits.Rate(1, 3600)})
    entry = intents.LogEntry("Робот", "запись")
    for name in ("a", "b", "c"):
        await wished(world, name, entry)
    await carried_out(world, 1)
    assert await world.ledger() == ["a: done", "b: held", "c: held"]
    now = world.clock.now()
    assert await held.let_go(world.store, PORTAL, [worlds.ROBOT], now, "Иванов") == 2
    await world.pass_time(2)
    await wished(world, "d", entry)
    await carried_out(world, 1)
    assert await world.ledger() == ["a: done", "b: done", "c: done", "d: held"]
    assert await held.drop(world.store, PORTAL, [worlds.ROBOT], now, "Иванов") == 1
    assert (await world.ledger())[-1] == "d: superseded"


async def test_a_bundle_is_there_with_the_ends_of_those_it_carries_or_not_at_all(world: World) -> None:
    """A crash anywhere: they wait still, or the bundle goes."""
    world.deal(1)
    await wished(world, "one", letter("one"), not_before=world.clock.now() + HOUR)
    await carried_out(world, 1)
    await world.pass_time(3601)
    hands, now = world.store.hands, world.clock.now()
    due = await hands.due(PORTAL, now)
    ((bundle, carried),) = notices.bundles(due, now)
    impossible = replace(waits(world, "nobody", now), to=intents.WishState.DONE)
    with pytest.raises(Exception, match="no such wish"):
        await hands.bundle(PORTAL, [bundle], [impossible], now)
    assert await world.ledger() == ["one: waiting"]
    assert carried == list(due)
