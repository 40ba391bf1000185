"""Time in each stage from the portal's own history (S5.3): stays that ended in the period, and what stands there now."""

from __future__ import annotations

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from robots import model
from robots.insight import conversion, rows


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. `median` and `p90` are None where no stay ended in the period."""

    pipeline: model.PipelineId
    stage: model.StageId
    pipeline_name: str
    name: str
    stays: int
    median: int | None
    p90: int | None
    standing: int
    """Cards that stand there now."""
    standing_median: int | None


Lengths = Mapping[rows.Place, Sequence[int]]


def passed(lives: Iterable[rows.Life], period: rows.Period) -> Lengths:
    """Seconds of each stay that ended in the period. A stay ends where the next one begins."""
    ended: dict[rows.Place, array[int]] = defaultdict(lambda: array("q"))
    since, until = period.since, period.until
    for life in lives:
        for (place, entered), (_, left) in itertools.pairwise(life.stays):
            if since <= left < until:
                ended[place].append(max(0, left - entered))
    return ended


def standing(lives: Iterable[rows.Life], now: int) -> Lengths:
    """How long each open card has stood where it stands."""
    found: dict[rows.Place, array[int]] = defaultdict(lambda: array("q"))
    for life in lives:
        if not life.closed:
            found[life.place].append(max(0, now - life.arrived))
    return found


def table(ended: Lengths, stand: Lengths, directory: model.Directory) -> tuple[Timing, ...]:
    """Work stages only, in the board's order."""
    boards = conversion.Boards(directory)
    places = [one for one in {*ended, *stand} if one.semantic is model.Semantic.WORK]
    order = {one.id: at for at, one in enumerate(directory.pipelines)}
    places.sort(key=lambda p: (order.get(p.pipeline, len(order)), boards.position(p), str(p.stage)))
    return tuple(
        _timing(boards, place, sorted(ended.get(place, ())), sorted(stand.get(place, ()))) for place in places
    )


def _timing(boards: conversion.Boards, place: rows.Place, ended: list[int], now: list[int]) -> Timing:
    return Timing(
        place.pipeline,
        place.stage,
        boards.pipeline(place.pipeline),
        boards.name(place),
        len(ended),
        rows.percentile(ended, 0.5) if ended else None,
        rows.percentile(ended, 0.9) if ended else None,
        len(now),
        rows.percentile(now, 0.5) if now else None,
    )
