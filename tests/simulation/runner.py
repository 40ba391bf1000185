"""One seed from its beginning to its laws; many seeds over a few processes."""

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.simulation import config, laws, trace
from tests.simulation import loop as loops
from tests.simulation import world as worlds


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    digest: str
    events: int
    lives: int
    wishes: int
    requests: int
    ends: Mapping[str, int]
    """Where lives ended -> how often."""
    faults: Mapping[str, int]
    bells: Mapping[str, int]
    breaches: tuple[str, ...]

    def __str__(self) -> str:
        told = "\n".join(f"  {line}" for line in self.breaches)
        return (
            f"seed {self.seed} breaks the law:\n{told}\nreplay: python -m tests.simulation --seed {self.seed}"
        )


def run(seed: int, say: Callable[[str], None] = trace.nowhere) -> Outcome:
    world = worlds.World(seed, say=say)
    try:
        breaches = world.run(laws.breaches)
    except loops.Stuck as stuck:
        breaches = [str(stuck)]
    return Outcome(
        seed=seed,
        digest=world.trace.digest,
        events=world.trace.count,
        lives=world.lives,
        wishes=len(laws._wishes(world)),
        requests=world.net.requests,
        ends=dict(world.ends),
        faults=dict(world.net.struck),
        bells=dict(world.bells.struck),
        breaches=tuple(breaches),
    )


@contextlib.contextmanager
def unburdened() -> Iterator[None]:
    """A world is full of circles and gone as a whole: rubbish is looked for behind it, not within it, and nowhere else."""
    was = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        if was:
            gc.enable()


def some(seeds: Sequence[int]) -> list[Outcome]:
    config.shared()
    return [_one(seed) for seed in seeds]


def _one(seed: int) -> Outcome:
    with unburdened():
        return run(seed)


def many(seeds: Sequence[int], jobs: int) -> Iterator[Outcome]:
    """In no order if `jobs` is more than one."""
    size = max(1, min(50, len(seeds) // jobs))
    chunks = [seeds[at : at + size] for at in range(0, len(seeds), size)]
    if jobs <= 1:
        for chunk in chunks:
            yield from some(chunk)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for done in concurrent.futures.as_completed([pool.submit(some, chunk) for chunk in chunks]):
            yield from done.result()
