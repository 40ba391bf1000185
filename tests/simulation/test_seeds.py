"""The laws hold in every world: thousands of seeds, chunk by chunk, so that several processes can share them.

`SIMULATION_SEEDS` says how many (a release run takes more); a broken one names the command that replays it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from tests.simulation import life, net, runner
from tests.simulation import world as worlds

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "5000"))
CHUNK = 50


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_the_laws_hold_whatever_happens(first: int) -> None:
    """Crashes, lost answers, lost doorbells, people of two minds: in the end everything was done once."""
    broken = [str(one) for one in runner.some(range(first, first + CHUNK)) if one.breaches]
    assert not broken, "\n".join(broken)


def test_a_life_born_in_the_calm_has_no_doom() -> None:
    """Where the last life stops politely while the weather clears: the next one would die of the laws' own reading."""

    async def stopped(world: worlds.World) -> tuple[int, life.Doom | None]:
        assert world.life is not None
        world.life.end("stop")
        while world.life is None:  # noqa: ASYNC110 - born by a timer of the world
            await asyncio.sleep(1)
        return world.lives, world.life.doom

    assert worlds.World(0, worlds.calm_plan()).run(stopped) == (2, None)


def test_the_same_seed_is_the_same_run() -> None:
    """Byte for byte, within one process."""
    assert [runner.run(seed).digest for seed in range(3)] == [runner.run(seed).digest for seed in range(3)]


def test_the_order_of_sets_is_nobody_s_seed() -> None:
    """A run that fails elsewhere fails here: nothing hangs on how the interpreter hashes."""
    script = "from tests.simulation import runner; print([runner.run(seed).digest for seed in range(4)])"
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": chosen, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for chosen in ("1", "2")
    }
    assert len(said) == 1


def test_the_worlds_are_troubled() -> None:
    """Laws that hold in fair weather prove nothing: every fault strikes and lives end at telling points."""
    outcomes = runner.some(range(120))
    faults = {kind for one in outcomes for kind in one.faults}
    ends = {where for one in outcomes for where in one.ends}
    assert set(net.KINDS) <= faults
    assert len(ends & set(life.TARGETS)) >= 8
    assert sum(one.lives - 1 for one in outcomes) > 60
    assert sum(one.wishes for one in outcomes) > 400
