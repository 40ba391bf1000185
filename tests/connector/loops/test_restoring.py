"""A store put back from an old copy: what its lost life did is on the portal, and nothing of it is done again."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector import errors, ports
from connector.loops import behind, config, desk, outcomes, replaying, restoring
from connector.store import api
from robots import intents, look, model
from tests import fakes
from tests.connector.loops import world as worlds
from tests.robots import builders

World = worlds.World
REQUEST, OFFER = builders.stage("Обрабатываем запрос"), builders.stage("Сделали предложение")


@dataclass
class Back:
    """The store's next life, on the old copy."""

    world: World
    mode: restoring.Mode
    loop: restoring.Restoring

    async def work(self) -> Back:
        """Sweep, look, ask, settle, send, as often as there is something to do; two whole sweeps at least."""
        for _ in range(8):
            await self.world.worker.sweeper.step()
            await self.world.look()
            await self.world.carry_out()
            await self.world.worker.settler.step()
            await self.loop.step()
        return self


class Evening:
    """A store in a file, a portal and a clock that outlive it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = fakes.FakeClock(builders.NOW, hasty=True)
        self.portal = fakes.FakePortal(builders.directory(), self.clock)
        self.since = builders.NOW

    @asynccontextmanager
    async def life(self, *names: str) -> AsyncIterator[World]:
        """The daemon as usual; the store is copied by `backup`."""
        async with worlds.opened(self.path, clock=self.clock, portal=self.portal) as made:
            made.script.steps = tasks(*names)
            yield made

    async def backup(self, world: World) -> None:
        """With cursors: a sweep has passed."""
        await world.worker.sweeper.step()
        await self.clock.advance(600)
        self.since = self.clock.now()
        live, to = self.path / "voronka.sqlite", self.path / "copy.sqlite"
        with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy)
        await self.clock.advance(600)

    @asynccontextmanager
    async def back(self, *names: str) -> AsyncIterator[Back]:
        shutil.copyfile(self.path / "copy.sqlite", self.path / "voronka.sqlite")
        await self.clock.advance(600)
        async with api.open_store(f"sqlite:///{self.path / 'voronka.sqlite'}", daemon=True) as store:
            mode = restoring.Mode(self.since, self.clock.now())
            ledger = restoring.Careful(store.ledger, store.mirror, mode)
            seen = replaying.Replaying(self.portal, worlds.PORTAL, ledger, store.mirror, self.clock, mode)
            made = World(
                replace(store, ledger=ledger),
                config.LoopSettings(),
                self.clock,
                self.portal,
                desk.nothing_happens,
                seen=seen,
            )
            made.script.steps = tasks(*names)
            yield Back(made, mode, restoring.Restoring(made.worker.desk, mode))


@pytest.fixture
def evening(tmp_path: Path) -> Evening:
    return Evening(tmp_path)


def tasks(*names: str) -> Callable[[look.Look], Sequence[worlds.Step]]:
    return lambda _seen: [worlds.Step(name, while_there=True) for name in names]


def stages(world: World) -> list[str]:
    return [str(seen.card.stage) for seen in world.script.seen]


async def work(world: World, *refs: model.CardRef) -> None:
    await (await (await world.ring(*refs)).look()).carry_out()


async def test_what_the_lost_life_made_is_found_and_counted(evening: Evening) -> None:
    """A new deal, a moved one, one whose wish stood in the copy unsent: 0 doubled, 0 missing."""
    async with evening.life("task") as world:
        moved, waiting = world.deal(1), world.deal(2)
        await work(world, moved)
        await (await world.ring(waiting)).look()
        await evening.backup(world)
        await (await world.ring(waiting)).look()
        await world.carry_out()
        world.portal.move(moved, REQUEST)
        fresh = world.deal(3)
        await work(world, moved, fresh)
    idle = evening.portal.add(builders.card(id=4, created=evening.clock.now())).ref
    made = list(evening.portal.effects)
    assert len(made) == 4

    async with evening.back("task") as back:
        await back.work()
        assert evening.portal.effects == [*made, f"{idle}/h105/task"]
        assert {state.split(": ")[1] for state in await back.world.ledger()} == {"done"}
        assert (back.mode.on, back.mode.adopted) == (False, 3)
        rows = await back.world.store.ledger.rows(worlds.PORTAL)
        looked_from = {row.sent_at for row in rows if row.note == outcomes.ADOPTED}
        assert looked_from == {evening.since - restoring.SLACK}
        past = [seen.past for seen in back.world.script.seen if seen.card.ref == fresh]
        assert [row.state.value for row in past[-1]] == ["done"], "what follows from it is owed"
        assert await back.world.store.notebook.read(worlds.PORTAL, restoring.NOTE) is None


async def test_each_forgotten_stay_is_looked_at_in_its_turn(evening: Evening) -> None:
    """A task of a stage that was entered and left meanwhile is known again, so that it can be closed."""
    async with evening.life("task") as world:
        deal = world.deal()
        await work(world, deal)
        await evening.backup(world)
        world.portal.move(deal, REQUEST)
        await work(world, deal)
    evening.portal.move(deal, OFFER)

    async with evening.back("task") as back:
        await back.work()
        met = list(dict.fromkeys(stages(back.world)))
        assert met == [REQUEST.id, OFFER.id]
        assert await back.world.ledger() == ["task: done"] * 3
        assert evening.portal.effects == [f"{deal}/h10{row}/task" for row in (1, 2, 3)]
        known = {
            row.state for seen in back.world.script.seen for row in seen.past if row.wish.cause == "h102"
        }
        assert intents.WishState.DONE in known


async def test_a_stage_that_was_passed_by_gets_nothing(evening: Evening) -> None:
    """Nobody was at work while the deal went through it: as always, its task isn't wanted any more."""
    async with evening.life("task") as world:
        deal = world.deal()
        await work(world, deal)
        await evening.backup(world)
    evening.portal.move(deal, REQUEST)
    evening.portal.move(deal, OFFER)

    async with evening.back("task") as back:
        await back.world.worker.sweeper.step()
        await (await back.world.look()).carry_out()
        await back.world.worker.settler.step()
        await back.world.carry_out()
        assert await back.world.ledger() == ["task: done", "task: wished"]
        await back.work()
        assert evening.portal.effects == [f"{deal}/h101/task", f"{deal}/h103/task"]
        assert await back.world.ledger() == ["task: done", "task: superseded", "task: done"]


def assigning(before: model.UserId | None) -> Callable[[look.Look], Sequence[worlds.Step]]:
    act = intents.SetFields(
        {model.FieldCode("assignedById"): builders.SIDOROVA}, {model.FieldCode("assignedById"): before}
    )
    return lambda _seen: [worlds.Step("assign", act)]


LONG_AGO, MEANWHILE, NOW = "long ago", "meanwhile", "now"


@pytest.mark.parametrize(
    ("before", "born", "edited", "state"),
    [
        (builders.IVANOV, MEANWHILE, MEANWHILE, "refused"),
        (builders.IVANOV, LONG_AGO, MEANWHILE, "refused"),
        (builders.IVANOV, MEANWHILE, "", "done"),
        (builders.IVANOV, LONG_AGO, LONG_AGO, "done"),
        (builders.IVANOV, NOW, NOW, "done"),
        (None, MEANWHILE, MEANWHILE, "done"),
    ],
)
async def test_a_value_that_a_person_may_have_set_is_not_written_over(
    evening: Evening, before: model.UserId | None, born: str, edited: str, state: str
) -> None:
    """Only where the card was touched meanwhile and something stood there; then a person decides, and `retry` does it."""
    deal, stuck = builders.card(id=1).ref, builders.card(id=2).ref

    async def pass_by(moment: str) -> None:
        if born == moment:
            evening.portal.add(builders.card(id=1, created=evening.clock.now(), updated=evening.clock.now()))
            await evening.clock.advance(60)
        if edited == moment:
            evening.portal.edit(deal, title="Правили")
            await evening.clock.advance(60)

    async with evening.life() as world:
        await pass_by(LONG_AGO)
        await evening.backup(world)
    await pass_by(MEANWHILE)
    evening.portal.add(builders.card(id=2, created=evening.clock.now()))
    evening.portal.broken[stuck] = ValueError("пока она не смотрится, сверка не кончается")

    async with evening.back() as back:
        await evening.clock.advance(1)
        await pass_by(NOW)
        back.world.script.steps = assigning(before)
        await back.world.ring(deal)
        await back.work()
        assert await back.world.ledger() == [f"assign: {state}"]
        (row,) = await back.world.store.ledger.rows(worlds.PORTAL)
        assert (row.note == restoring.DOUBT) == (state == "refused")
        if state == "refused":
            await back.world.store.ledger.redo(worlds.PORTAL, [row.wish.key], evening.clock.now())
            await back.work()
            assert (await back.world.ledger(), back.mode.on) == (["assign: done"], True)


async def test_what_goes_side_by_side_is_looked_for_one_by_one(evening: Evening) -> None:
    """Of two tasks of one look the lost life made the second alone."""
    task = intents.SetTask("Задача", "", None, builders.IVANOV, None)
    both = [worlds.Step("one", task), worlds.Step("two", task)]
    async with evening.life() as world:
        await evening.backup(world)
        world.script.steps = lambda _seen: both
        world.portal.fail_next(errors.Retryable("портал занят"))
        deal = world.deal()
        await (await (await world.ring(deal)).look()).worker.executor.step()
        assert world.portal.effects == [f"{deal}/h101/two"]

    async with evening.back() as back:
        back.world.script.steps = lambda _seen: both
        await back.work()
        assert await back.world.ledger() == ["one: done", "two: done"]
        assert evening.portal.effects == [f"{deal}/h101/two", f"{deal}/h101/one"]


async def test_a_copy_waits_for_the_deal_it_was_made_from(evening: Evening) -> None:
    """Its making was forgotten: until the source is looked at again nothing is decided about it."""
    hand_over = intents.CopyDeal(builders.DELIVERY, model.StageId("C2:NEW"), frozenset())

    def steps(seen: look.Look) -> Sequence[worlds.Step]:
        if seen.card.pipeline == builders.DELIVERY:
            return [worlds.Step("greet")] if seen.origin_card is None else []
        return [worlds.Step("copy", hand_over)]

    async with evening.life() as world:
        await evening.backup(world)
        world.script.steps = steps
        deal = world.deal()
        await work(world, deal)
        copy = next(ref for ref in world.portal.cards if ref != deal)
        await (await world.ring(copy)).look()
    evening.portal.log.reverse()  # the copy is met first

    async with evening.back() as back:
        back.world.script.steps = steps
        await back.work()
        assert await back.world.ledger() == ["copy: done"]
        assert len(evening.portal.cards) == 2


async def test_the_mode_lasts_while_anything_waits(evening: Evening) -> None:
    """A card that can't be looked at is still of the past: what it wishes later must be looked for too."""
    async with evening.life("task") as world:
        await evening.backup(world)
        deal = world.deal()
        await work(world, deal)
    evening.portal.broken[deal] = ValueError("сломана")

    async with evening.back("task") as back:
        await back.work()
        assert back.mode.on
        evening.portal.broken.clear()
        await evening.clock.advance(4000)
        await back.work()
        assert (back.mode.on, await back.world.ledger()) == (False, ["task: done"])
        assert evening.portal.effects == [f"{deal}/h101/task"]


def test_what_stands_around_a_port_leaves_nothing_out() -> None:
    """A method that isn't passed on would answer None, or the port's own default."""
    for outer, port in ((restoring.Careful, ports.Ledger), (behind.Behind, ports.Portal)):
        wanted = {name for name in vars(port) if not name.startswith("_")}
        assert wanted - vars(outer).keys() == set(), outer.__name__


def test_the_note_says_how_far_it_is() -> None:
    """For the person who looks at the health page meanwhile."""
    since = datetime.fromisoformat("2026-03-02T07:00+00:00")
    mode = restoring.Mode(since, since + timedelta(hours=5), adopted=7)
    assert mode.words() == (
        "сверяюсь с порталом после восстановления базы (копия от 02.03 07:00 UTC): "
        "засчитано сделанного раньше 7, оставлено на решение человека 0"
    )
