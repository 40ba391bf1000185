"""A file of deals comes in (users.md F4): with a real store, a portal in memory and a hand on the clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from connector import errors, ports
from connector.bootstrap import held
from connector.loops import desk as desks
from robots import imports, intents, limits, model
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, ROBOT, World
from tests.robots import builders

IVANOV, SIDOROVA = int(builders.IVANOV), int(builders.SIDOROVA)
HELD = "похоже на импорт: новых карточек от одного человека больше 3 за минуту"


async def begun(world: World) -> World:
    await world.worker.begin()
    world.script.steps = worlds.steps("log")
    shelf = world.worker.desk.shelf
    book = shelf.book
    rules = replace(book.rules, limits={"created": limits.Rate(3, 60)})
    shelf.book = desks.Book(rules, book.directory, book.activations)
    return world


async def come(world: World, *numbers: int, by: int = IVANOV) -> None:
    """New deals, looked at together and worked."""
    created = world.clock.now()
    refs = [
        world.portal.add(made_by(builders.card(id=number, created=created), by)).ref for number in numbers
    ]
    await world.ring(*refs)
    await world.look()
    await world.carry_out()


def made_by(card: model.Card, by: int) -> model.Card:
    return replace(card, fields={**card.fields, imports.CREATED_BY: by})


async def states(world: World) -> dict[int, str]:
    """By deal; and whom Voronka told, how often."""
    rows = await world.store.ledger.rows(PORTAL)
    return {row.wish.card.id: row.state.value for row in rows if row.wish.robot == ROBOT}


async def told(world: World) -> list[tuple[model.UserId, str]]:
    rows = await world.store.ledger.rows(PORTAL)
    return [
        (row.wish.act.to, row.wish.act.text.splitlines()[0])
        for row in rows
        if isinstance(row.wish.act, intents.Notify)
    ]


async def test_a_file_of_deals_is_held_and_told_of_once(tmp_path: Path) -> None:
    """Another's deals of the same minute go on; what a person lets go is done, the next file is asked about anew."""
    async with worlds.opened(tmp_path) as world:
        await begun(world)
        await come(world, *range(1, 7))
        await come(world, 7, 8)
        await come(world, 9, by=SIDOROVA)
        assert await states(world) == {**dict.fromkeys(range(1, 9), "held"), 9: "done"}
        (row, *_) = await world.store.ledger.rows(PORTAL, states=[intents.WishState.HELD])
        assert row.note == HELD
        said = "Похоже на импорт: больше 3 сделок за минуту"
        assert await told(world) == [(builders.ADMIN, said), (builders.IVANOV, said)]

        await held.let_go(world.store, PORTAL, [ROBOT], world.clock.now(), "Иванов")
        await world.ring(*world.portal.cards)
        await world.look()
        await world.carry_out()
        assert set((await states(world)).values()) == {"done"}

        await world.pass_time(3600)
        await come(world, *range(11, 15))
        assert {state for number, state in (await states(world)).items() if number > 10} == {"held"}
        assert len(await told(world)) == 4


async def test_it_goes_on_over_a_restart(tmp_path: Path) -> None:
    """The deals before it are forgotten by then: the import is not. A minute later a single deal is live work."""
    async with worlds.opened(tmp_path) as world:
        await begun(world)
        await come(world, *range(1, 6))
        clock, portal = world.clock, world.portal
    async with worlds.opened(tmp_path, clock=clock, portal=portal) as world:
        await begun(world)
        await come(world, 6)
        assert (await states(world))[6] == "held"
        assert len(await told(world)) == 2
        await world.pass_time(61)
        await come(world, 7)
        assert (await states(world))[7] == "done"


async def test_deals_that_come_one_by_one_are_live_work(tmp_path: Path) -> None:
    """Twenty seconds between them; and without the word nothing is counted."""
    async with worlds.opened(tmp_path) as world:
        await begun(world)
        for number in range(1, 8):
            await come(world, number)
            await world.pass_time(20)
        assert set((await states(world)).values()) == {"done"}


async def test_another_text_of_the_robot_waits_for_the_person_as_well(tmp_path: Path) -> None:
    """The admin mends the YAML before he says anything: that isn't a yes."""
    async with worlds.opened(tmp_path) as world:
        await begun(world)
        await come(world, *range(1, 6))
        rows = await world.store.ledger.rows(PORTAL, states=[intents.WishState.HELD])
        ends = [
            ports.End(
                row.wish.key, intents.WishState.SUPERSEDED, world.clock.now(), note="робот изменён или убран"
            )
            for row in rows
        ]
        await world.store.ledger.end(PORTAL, ends)
        world.script.steps = worlds.steps("log#1")
        await world.ring(*world.portal.cards)
        await world.look()
        await world.carry_out()
        again = [row for row in await world.store.ledger.rows(PORTAL) if row.wish.key.endswith("log#1")]
        assert [row.state.value for row in again] == ["held"] * 5


async def test_a_card_looked_at_again_is_counted_once(tmp_path: Path) -> None:
    """The disk was full for a while: two deals, however often they are looked at, are no import."""
    full = iter([True] * 5)

    def ill(point: str) -> None:
        if point == "before_record" and next(full, False):
            raise errors.StoreError("на диске нет места")

    async with worlds.opened(tmp_path, at=ill) as world:
        await begun(world)
        await come(world, 1, 2)
        for _ in range(6):
            await world.pass_time(5)
            await world.look()
            await world.carry_out()
        assert await states(world) == {1: "done", 2: "done"}
