"""A run of `enroll` outlives the process: what was handed out is handed out again, what was looked at isn't (F4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connector.loops import enrolling
from robots import look, model
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, ROBOT, World


def run(out: list[str], queue: list[str], **more: Any) -> dict[str, Any]:
    plain = {"id": "1", "at": "", "by": "", "robots": [ROBOT], "quiet": True, "fire": False, "per_day": 0}
    return {
        **plain,
        "work_hours": False,
        "queue": queue,
        "out": out,
        "day": "",
        "given": 0,
        "total": 2,
        **more,
    }


async def note(world: World) -> list[tuple[list[str], list[str]]]:
    runs = await world.store.notebook.read(PORTAL, enrolling.NOTE)
    return [(one["out"], one["queue"]) for one in runs]


async def test_what_was_handed_out_before_a_crash_is_handed_out_again(tmp_path: Path) -> None:
    """The process died between the handing out and the looks: nobody's card falls between."""
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        for number in (1, 2):
            world.deal(number)
        await world.store.notebook.write(PORTAL, enrolling.NOTE, [run(["deal:1"], ["deal:2"])])
        loop = enrolling.Enrolling(world.worker.desk, world.store.hands)
        await loop.step()
        assert (await note(world), await world.dirty()) == ([(["deal:1", "deal:2"], [])], 2)

        await world.look()
        cared = {seen.card.ref.id: seen.care for seen in world.script.seen}
        assert cared == dict.fromkeys((1, 2), look.Care(frozenset({ROBOT}), quiet=True))
        await loop.step()
        assert (await note(world), await world.dirty()) == ([], 0)
        await world.ring(model.CardRef(model.CardKind.DEAL, 1))
        await world.look()
        assert world.script.seen[-1].care == look.NOBODYS


async def test_no_more_a_day_than_was_said(tmp_path: Path) -> None:
    """Two a day are two a day, over a restart as well; the rest comes tomorrow."""
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        names = [f"deal:{world.deal(number).id}" for number in range(1, 6)]
        await world.store.notebook.write(PORTAL, enrolling.NOTE, [run([], names, per_day=2)])
        for rest in (names[2:], names[2:]):
            loop = enrolling.Enrolling(world.worker.desk, world.store.hands)
            await loop.step()
            assert (await note(world))[0][1] == rest
        await world.look()
        await loop.step()
        assert await note(world) == [([], names[2:])]
        await world.pass_time(86_400)
        await loop.step()
        assert await note(world) == [(names[2:4], names[4:])]
