"""`python -m tests.simulation --seed 17` replays one world line by line; `--seeds 5000 --jobs 2` runs many."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.simulation import runner


def main(argv: Sequence[str] | None = None) -> int:
    """0: the laws hold; 1: some world broke one."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this one")
    parser.add_argument("--seeds", type=int, default=200, help="so many worlds")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="so many processes")
    parser.add_argument("--first-failure", action="store_true", help="stop at the first broken law")
    given = parser.parse_args(argv)
    if given.seed is not None:
        return replay(given.seed)
    return torture(given.first, given.seeds, given.jobs, stop=given.first_failure)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def replay(seed: int) -> int:
    outcome = runner.run(seed, say=say)
    say(str(outcome) if outcome.breaches else f"seed {seed}: the laws hold")
    say(f"digest {outcome.digest}, {outcome.events} events, {outcome.lives} lives")
    return 1 if outcome.breaches else 0


def torture(first: int, count: int, jobs: int, *, stop: bool) -> int:
    began, broken, done, lives, wishes = time.monotonic(), [], 0, 0, 0
    ends: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for outcome in runner.many(range(first, first + count), jobs):
        done, lives, wishes = done + 1, lives + outcome.lives, wishes + outcome.wishes
        ends.update(outcome.ends)
        faults.update(outcome.faults)
        if outcome.breaches:
            broken.append(outcome.seed)
            say(str(outcome))
            if stop:
                break
    took = time.monotonic() - began
    say("ends of lives: " + ", ".join(f"{where} {n}" for where, n in sorted(ends.items())))
    say("requests: " + ", ".join(f"{kind} {n}" for kind, n in sorted(faults.items())))
    listed = ", ".join(map(str, sorted(broken)[:20])) or "none"
    say(
        f"{done} seeds from {first}, {lives} lives, {wishes} wishes, {len(broken)} broken ({listed}); "
        f"{took:.1f} s, {1000 * took / max(done, 1):.1f} ms each"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
