"""A run of `enroll` outlives the process: what was handed out is handed out again, what was looked at isn't (F4)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector import ports
from connector.loops import enrolling, queues
from robots import look, model
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, ROBOT, World


def run(out: list[str], left: int, **more: Any) -> dict[str, Any]:
    """`left` of its queue are still to be handed out."""
    plain = {"id": "1", "at": "", "by": "", "robots": [ROBOT], "quiet": True, "fire": False, "per_day": 0}
    return {
        **plain,
        "work_hours": False,
        "next": len(out),
        "out": out,
        "day": "",
        "given": 0,
        "total": len(out) + left,
        **more,
    }


async def begin(world: World, cards: list[model.CardRef], out: int = 0, **more: Any) -> None:
    """A run over these cards, the first `out` of which are handed out."""
    await queues.Queues(world.worker.desk).put("1", queues.made(cards))
    noted = run([str(ref) for ref in cards[:out]], len(cards) - out, **more)
    await world.store.notebook.write(PORTAL, enrolling.NOTE, [noted])


async def note(world: World) -> list[tuple[list[str], int]]:
    """(what is out, how many wait), by run."""
    runs = await world.store.notebook.read(PORTAL, enrolling.NOTE)
    return [(one["out"], one["total"] - one["next"]) for one in runs]


async def test_what_was_handed_out_before_a_crash_is_handed_out_again(tmp_path: Path) -> None:
    """The process died between the handing out and the looks: nobody's card falls between."""
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        await begin(world, [world.deal(number) for number in (1, 2)], out=1)
        loop = enrolling.Enrolling(world.worker.desk, world.store.hands)
        await loop.step()
        assert (await note(world), await world.dirty()) == ([(["deal:1", "deal:2"], 0)], 2)
        assert all(world.worker.desk.care.given(model.CardRef(model.CardKind.DEAL, n)) for n in (1, 2))

        await world.look()
        cared = {seen.card.ref.id: seen.care for seen in world.script.seen}
        assert cared == dict.fromkeys((1, 2), look.Care(frozenset({ROBOT}), quiet=True))
        await loop.step()
        assert (await note(world), await world.dirty()) == ([], 0)
        await loop.step()
        assert not world.worker.desk.care.given(model.CardRef(model.CardKind.DEAL, 1))
        assert await world.store.notebook.read(PORTAL, queues.NOTE) == {}
        await world.ring(model.CardRef(model.CardKind.DEAL, 1))
        await world.look()
        assert world.script.seen[-1].care == look.NOBODYS


async def test_what_a_run_wants_lets_live_work_go_first(tmp_path: Path) -> None:
    """Its acts are sent as backfill; those of a card that rang by itself are live."""
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        old, new = world.deal(1), world.deal(2)
        world.script.steps = worlds.steps("a")
        await begin(world, [old])
        await enrolling.Enrolling(world.worker.desk, world.store.hands).step()
        await world.ring(new)
        await world.look()
        await world.carry_out()
        assert world.portal.lanes == {old: ports.Lane.BACKFILL, new: ports.Lane.LIVE}


async def test_no_more_a_day_than_was_said(tmp_path: Path) -> None:
    """Two a day are two a day, over a restart as well; the rest comes tomorrow."""
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        names = [f"deal:{world.deal(number).id}" for number in range(1, 6)]
        await begin(world, [model.CardRef(model.CardKind.DEAL, n) for n in range(1, 6)], per_day=2)
        for _ in range(2):
            loop = enrolling.Enrolling(world.worker.desk, world.store.hands)
            await loop.step()
            assert await note(world) == [(names[:2], 3)]
        await world.look()
        await loop.step()
        assert await note(world) == [([], 3)]
        await world.pass_time(86_400)
        await loop.step()
        assert await note(world) == [(names[2:4], 1)]


async def test_a_queue_that_another_worker_began_is_found(tmp_path: Path) -> None:
    async with worlds.opened(tmp_path) as world:
        desk, cards = world.worker.desk, [world.deal(number) for number in (1, 2)]
        here, there = queues.Queues(desk), queues.Queues(desk)
        assert len(await here.of("1")) == 0
        await there.put("1", queues.made(cards))
        assert (await here.of("1")).part(0, 9) == cards
        await there.keep([])
        assert len(await queues.Queues(desk).of("1")) == 0


@given(st.lists(st.builds(model.CardRef, st.sampled_from(model.CardKind), st.integers(1, 999))), st.integers(0, 40), st.integers(0, 40))  # fmt: skip
def test_a_queue_is_its_cards_in_their_order(refs: list[model.CardRef], start: int, stop: int) -> None:
    queue = queues.made(refs)
    assert (len(queue), queue.part(start, stop)) == (len(refs), refs[start:stop])
    assert queue.turned().part(0, len(refs)) == refs[::-1]
    assert queues.Queue(json.loads(json.dumps(queue.plain()))).part(0, len(refs)) == refs
