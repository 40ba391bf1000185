"""S5.3: a real jump over stages is fine; a batch of stages clicked through in seconds is reported.

A batch: at least `CLICKS` stays in a row, each shorter than `QUICK` seconds, each followed by a move forward on the same
board. The stay from which the batch set off may be as long as it likes: it was worked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from robots import model
from robots.insight import conversion, rows

QUICK = 60
CLICKS = 2


@dataclass(frozen=True, slots=True)
class Batch:
    ref: model.CardRef
    responsible: model.UserId | None
    pipeline: str
    first: str
    last: str
    """The stage that the batch ended in."""
    stages: int
    """Stages stood in for seconds only."""
    seconds: int
    at: int
    closing: bool
    """It ended in winning: statistics were filled in after the fact."""


@dataclass(frozen=True, slots=True)
class Skips:
    batches: tuple[Batch, ...]
    """Newest first."""
    jumps: int
    """Moves over at least one stage, out of a stage that was worked."""
    moves: int
    """All moves forward in the period."""


def skips(lives: Iterable[rows.Life], directory: model.Directory, period: rows.Period) -> Skips:
    boards = conversion.Boards(directory)
    found: list[Batch] = []
    jumps = moves = 0
    since, until = period.since, period.until
    for life in lives:
        quick = False
        for before, after in itertools.pairwise(life.stays):
            quick = quick or after.entered - before.entered < QUICK
            if since <= after.entered < until and (steps := _forward(boards, before, after)):
                moves += 1
                jumps += steps > 1
        if quick:  # most lives have no such stay at all
            found.extend(one for one in batches(life, boards) if one.at in period)
    found.sort(key=lambda one: (-one.at, one.ref))
    return Skips(tuple(found), jumps, moves)


def _forward(boards: conversion.Boards, before: rows.Stay, after: rows.Stay) -> int:
    """How many places forward; 0 for backwards, to a lost stage or into another pipeline."""
    if before.place.pipeline != after.place.pipeline:
        return 0
    start, end = boards.at[before.place], boards.at[after.place]
    return max(0, end - start) if start >= 0 and end >= 0 else 0


def batches(life: rows.Life, boards: conversion.Boards) -> Iterator[Batch]:
    """Of one card, oldest first."""
    stays, run = life.stays, 0
    for at in range(1, len(stays) + 1):
        more = at < len(stays)
        quick = (
            more
            and stays[at].entered - stays[at - 1].entered < QUICK
            and _forward(boards, stays[at - 1], stays[at]) > 0
        )
        if quick:
            run += 1
            continue
        if run >= CLICKS:
            first, last = stays[at - 1 - run], stays[at - 1]
            yield Batch(
                life.ref,
                life.responsible,
                boards.pipeline(last.place.pipeline),
                boards.name(first.place),
                boards.name(last.place),
                run,
                last.entered - first.entered,
                last.entered,
                last.place.semantic is model.Semantic.WON,
            )
        run = 0
