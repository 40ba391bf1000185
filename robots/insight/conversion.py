"""S1.9: how many came through each step, per direction, source and person, and what the losses point at.

A cohort: cards whose first stay in a pipeline began in the period. A card *reached* a stage if it stood there or further
on the board: a jump over a stage isn't a loss (S5.3). Lost stages reach nothing. So steps never rise, and parts (people,
sources) add up to the whole.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from robots import model
from robots.insight import rows

THRESHOLD = 0.05
"""S1.9: below this share the first step says «the leads are bad»."""
ENOUGH = 20
"""Cards in a cohort below which a share is chance, not a diagnosis."""
HEALTHY = 0.5


class Cut(StrEnum):
    PIPELINE = "pipeline"
    PERSON = "person"
    SOURCE = "source"


Key = int | str | None


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    reached: int
    of_previous: float | None
    of_all: float | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """`cards` = open + won + lost + left (gone on to another pipeline)."""

    pipeline: model.PipelineId
    name: str
    key: Key
    cards: int
    open: int
    won: int
    lost: int
    left: int
    without_history: int
    steps: tuple[Step, ...]


@dataclass(slots=True)
class _Count:
    ends: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("open", "won", "lost", "left"), 0))
    without_history: int = 0
    furthest: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    """Board position -> cards that came just so far; -1: only to lost stages."""


class _Positions(dict[rows.Place, int]):
    """Place -> position, found once for each of a few dozen places: a report asks for millions."""

    def __init__(self, known: Iterable[tuple[tuple[model.PipelineId, model.StageId], int]]) -> None:
        super().__init__()
        self._known = dict(known)

    def __missing__(self, place: rows.Place) -> int:
        return self.setdefault(place, self._known.get((place.pipeline, place.stage), -1))


class Boards:
    """Positions of a directory's stages that lead to winning; -1 for the lost and the unknown ones."""

    def __init__(self, directory: model.Directory) -> None:
        self._directory = directory
        self.ways: dict[model.PipelineId, tuple[model.Stage, ...]] = {
            one.id: tuple(stage for stage in one.stages if stage.semantic is not model.Semantic.LOST)
            for one in directory.pipelines
        }
        self.at = _Positions(
            ((pipeline, stage.id), at) for pipeline, way in self.ways.items() for at, stage in enumerate(way)
        )

    def position(self, place: rows.Place) -> int:
        return self.at[place]

    def name(self, place: rows.Place) -> str:
        found = self._directory.stage(place.pipeline, place.stage)
        return found.name if found else str(place.stage)

    def pipeline(self, pipeline: model.PipelineId) -> str:
        found = self._directory.pipeline(pipeline)
        return found.name if found else f"воронка {pipeline}"


def funnels(
    lives: Iterable[rows.Life],
    directory: model.Directory,
    period: rows.Period,
    cut: Cut = Cut.PIPELINE,
) -> tuple[Funnel, ...]:
    """One funnel per pipeline and key, in the directory's order, greatest first within a pipeline."""
    return both(lives, directory, period, cut)[0]


def both(
    lives: Iterable[rows.Life],
    directory: model.Directory,
    period: rows.Period,
    cut: Cut = Cut.PIPELINE,
) -> tuple[tuple[Funnel, ...], tuple[LeadConversion, ...]]:
    """The funnels, and what became of the leads, in one walk."""
    boards = Boards(directory)
    counts: dict[tuple[model.PipelineId, Key], _Count] = defaultdict(_Count)
    of_leads = _Leads(period, cut)
    for life in lives:
        of_leads.add(life)
        for pipeline, furthest in _parts(life, boards, period):
            _add(counts[pipeline, _key(life, cut)], life, pipeline, furthest)
    order = {one.id: at for at, one in enumerate(directory.pipelines)}
    made = [_funnel(boards, pipeline, key, count) for (pipeline, key), count in counts.items()]
    made.sort(key=lambda one: (order.get(one.pipeline, len(order)), -one.cards, str(one.key)))
    return tuple(made), of_leads.made()


def _key(life: rows.Life, cut: Cut) -> Key:
    match cut:
        case Cut.PERSON:
            return int(life.responsible) if life.responsible else None
        case Cut.SOURCE:
            return life.source or None
        case Cut.PIPELINE:
            return None


def _parts(life: rows.Life, boards: Boards, period: rows.Period) -> Iterable[tuple[model.PipelineId, int]]:
    """(pipeline into which the card came in the period, its furthest position there)."""
    stays = life.stays or (rows.Stay(life.place, life.created),)
    came: dict[model.PipelineId, int] = {}
    furthest: dict[model.PipelineId, int] = {}
    at = boards.at
    for place, entered in stays:
        pipeline = place[0]
        here = at[place]
        if pipeline not in came:
            came[pipeline], furthest[pipeline] = entered, here
        elif here > furthest[pipeline]:
            furthest[pipeline] = here
    return [(pipeline, furthest[pipeline]) for pipeline, entered in came.items() if entered in period]


_ENDS = {model.Semantic.WON: "won", model.Semantic.LOST: "lost", model.Semantic.WORK: "open"}


def _add(count: _Count, life: rows.Life, pipeline: model.PipelineId, furthest: int) -> None:
    end = _ENDS[life.place.semantic] if life.place.pipeline == pipeline else "left"
    count.ends[end] += 1
    count.furthest[furthest] += 1
    count.without_history += not life.stays


def _funnel(boards: Boards, pipeline: model.PipelineId, key: Key, count: _Count) -> Funnel:
    cards, steps, previous = sum(count.ends.values()), [], sum(count.ends.values())
    for at, stage in enumerate(boards.ways.get(pipeline, ())):
        reached = sum(number for furthest, number in count.furthest.items() if furthest >= at)
        steps.append(Step(stage.name, reached, rows.rate(reached, previous), rows.rate(reached, cards)))
        previous = reached
    return Funnel(
        pipeline,
        boards.pipeline(pipeline),
        key,
        cards,
        **count.ends,
        without_history=count.without_history,
        steps=tuple(steps),
    )


# ---------------------------------------------------------------- lead -> deal


@dataclass(frozen=True, slots=True)
class LeadConversion:
    """`leads` = converted + rejected + open."""

    key: Key
    leads: int
    converted: int
    rejected: int
    open: int

    @property
    def share(self) -> float | None:
        return rows.rate(self.converted, self.leads)


def leads(
    lives: Iterable[rows.Life], period: rows.Period, cut: Cut = Cut.PIPELINE
) -> tuple[LeadConversion, ...]:
    """Leads created in the period. A lead is converted if it says so, or if a deal names it: some portals close leads late."""
    found = _Leads(period, cut)
    for life in lives:
        found.add(life)
    return found.made()


class _Leads:
    def __init__(self, period: rows.Period, cut: Cut) -> None:
        self._period, self._cut = period, cut
        self._named: set[int] = set()
        self._seen: dict[int, tuple[Key, model.Semantic]] = {}

    def add(self, life: rows.Life) -> None:
        if life.ref.kind is model.CardKind.DEAL:
            if life.lead is not None:
                self._named.add(life.lead)
        elif life.created in self._period:
            self._seen[life.ref.id] = _key(life, self._cut), life.place.semantic

    def made(self) -> tuple[LeadConversion, ...]:
        counts: dict[Key, dict[str, int]] = defaultdict(lambda: {"converted": 0, "rejected": 0, "open": 0})
        for number, (key, semantic) in self._seen.items():
            won = semantic is model.Semantic.WON or number in self._named
            end = "converted" if won else "rejected" if semantic is model.Semantic.LOST else "open"
            counts[key][end] += 1
        made = [LeadConversion(key, sum(ends.values()), **ends) for key, ends in counts.items()]
        return tuple(sorted(made, key=lambda one: (-one.leads, str(one.key))))


# ---------------------------------------------------------------- the diagnosis


@dataclass(frozen=True, slots=True)
class Diagnosis:
    code: str
    """few · leads · sales · healthy"""
    text: str


def diagnosis(funnel: Funnel, *, first: float | None = None, threshold: float = THRESHOLD) -> Diagnosis:
    """`first`: the share of the first step where it isn't the funnel's own (lead -> deal)."""
    pairs = itertools.pairwise(funnel.steps)
    # A share of few is chance; a step that few have come to yet isn't where the loss is.
    shares = [(now.name, now.reached / past.reached) for past, now in pairs if past.reached >= ENOUGH]
    opening = first if first is not None else shares[0][1] if shares else None
    if funnel.cards < ENOUGH or opening is None:
        return Diagnosis("few", f"Мало карточек ({funnel.cards}): для диагноза нужно хотя бы {ENOUGH}.")
    if opening < threshold:
        return Diagnosis(
            "leads",
            f"Первый шаг проходят {rows.percent(opening)} (порог {rows.percent(threshold)}): "
            "дело в качестве лидов. Смотрите источники: voronka report conversion --by source",
        )
    later = shares if first is not None else shares[1:]
    worst = min(later, key=lambda one: one[1], default=None)
    if worst is not None and worst[1] < HEALTHY:
        return Diagnosis(
            "sales",
            f"Лиды годные (первый шаг {rows.percent(opening)}), теряем дальше: до «{worst[0]}» доходят "
            f"{rows.percent(worst[1])} с предыдущей стадии. Дело в работе отдела: voronka report conversion --by person",
        )
    return Diagnosis("healthy", "Провалов нет: на каждом шаге остаётся не меньше половины.")
