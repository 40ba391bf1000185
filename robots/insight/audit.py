"""S5.5: the five typical mistakes of a funnel, each with its evidence in numbers and its cure.

A finding is never a verdict on a person: it speaks of stages and fields. Thresholds stand here, together; below `ENOUGH`
cards nothing is said.
"""

from __future__ import annotations

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from robots import model, words
from robots.insight import conversion, rows

ENOUGH = 10
DUMP_SHARE, DUMP_AGE = 0.3, 30 * rows.DAY
SHORT, LONG, MIXED_SHARE = rows.DAY, 7 * rows.DAY, 0.25
HANDOVER_SHARE = 0.2
HELPER_STAGES, HELPER_SHARE = 3, 0.2
HEADS = ("роп", "руководител", "ответствен")
"""A field for the head belongs in the card all along: it names who answers, not who helps."""
VAGUE = frozenset(
    [
        "в работе",
        "работа",
        "думает",
        "думают",
        "переговоры",
        "ожидание",
        "ждём",
        "ждем",
        "отложено",
        "отложенные",
        "прочее",
        "разное",
        "другое",
        "обработка",
        "процесс",
        "в процессе",
        "на потом",
        "пауза",
        "резерв",
        "текущие",
        "общее",
        "принимает решение",
        "контроль",
        "дожим",
        "подумать",
    ]
)


class Mistake(StrEnum):
    DUMP = "dump"
    MIXED = "mixed"
    HANDOVER = "handover"
    HELPER = "helper"
    VAGUE = "vague"


@dataclass(frozen=True, slots=True)
class Finding:
    mistake: Mistake
    pipeline: model.PipelineId
    subject: str
    """The stage or the field."""
    evidence: str
    cure: str
    numbers: Mapping[str, int]


@dataclass(slots=True)
class _Pipe:
    cards: int = 0
    moved: int = 0
    """Cards that were in at least two stages, or closed."""
    handed: int = 0
    open: int = 0
    standing: dict[rows.Place, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("q")))
    stays: dict[rows.Place, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    """[all, short, long]"""
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    helpers: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


def audit(lives: Iterable[rows.Life], directory: model.Directory, now: int) -> tuple[Finding, ...]:
    """Deals' pipelines; in the directory's order, a mistake after the other."""
    pipes: dict[model.PipelineId, _Pipe] = defaultdict(_Pipe)
    for life in lives:
        if life.ref.kind is model.CardKind.DEAL:
            _count(pipes[life.place.pipeline], life, now)
    boards = conversion.Boards(directory)
    found: list[Finding] = []
    for pipeline in directory.pipelines:
        if pipeline.kind is model.CardKind.DEAL:
            pipe = pipes[pipeline.id]
            found += _dumps(pipeline, pipe, boards)
            found += _mixed(pipeline, pipe, boards)
            found += _handovers(pipeline, pipe)
            found += _helpers(pipeline, pipe, directory)
            found += _vague(pipeline, pipe)
    return tuple(found)


def _count(pipe: _Pipe, life: rows.Life, now: int) -> None:
    stays = life.stays
    pipe.cards += 1
    if not life.closed:
        pipe.open += 1
        pipe.standing[life.place].append(now - life.arrived)
    for (place, entered), (_, left) in itertools.pairwise(stays):
        counted, lasted = pipe.stays[place], left - entered
        counted[0] += 1
        counted[1] += lasted <= SHORT
        counted[2] += lasted >= LONG
    if len(stays) > 1 or life.closed:
        pipe.moved += 1
        pipe.handed += life.handovers > 0
    if life.held and len({place for place, _ in stays}) >= HELPER_STAGES:
        for code, users in life.held:
            pipe.held[code] += bool(users)
            pipe.helpers[code].update(users)


def _dumps(pipeline: model.Pipeline, pipe: _Pipe, boards: conversion.Boards) -> Iterable[Finding]:
    for place, ages in sorted(pipe.standing.items(), key=lambda one: boards.position(one[0])):
        old = sum(age > DUMP_AGE for age in ages)
        if len(ages) < ENOUGH or old * 2 < len(ages) or len(ages) < pipe.open * DUMP_SHARE:
            continue
        stand = words.count(len(ages), "карточка", "карточки", "карточек")
        yield Finding(
            Mistake.DUMP,
            pipeline.id,
            boards.name(place),
            f"{stand} из {pipe.open} открытых стоят здесь, {old} из них дольше 30 дней.",
            "Это свалка. Отложенным — метка, напоминание менеджеру и срок (S5.2), остальные закрыть с причиной; "
            "список: voronka report stale",
            {"standing": len(ages), "open": pipe.open, "old": old},
        )


def _mixed(pipeline: model.Pipeline, pipe: _Pipe, boards: conversion.Boards) -> Iterable[Finding]:
    for place, (stays, short, long) in sorted(pipe.stays.items(), key=lambda one: boards.position(one[0])):
        needed = max(ENOUGH, stays * MIXED_SHARE)
        if place.semantic is not model.Semantic.WORK or min(short, long) < needed:
            continue
        yield Finding(
            Mistake.MIXED,
            pipeline.id,
            boards.name(place),
            f"Из {stays} прохождений {short} заняли до суток, а {long} — неделю и больше.",
            "Похоже, здесь слиты шаг с известным сроком и ожидание без срока. Разделите: своя работа — одна стадия, "
            "ожидание клиента — другая; сроки задач станут честными.",
            {"stays": stays, "short": short, "long": long},
        )


def _handovers(pipeline: model.Pipeline, pipe: _Pipe) -> Iterable[Finding]:
    if pipe.handed < ENOUGH or pipe.handed < pipe.moved * HANDOVER_SHARE:
        return
    yield Finding(
        Mistake.HANDOVER,
        pipeline.id,
        "Ответственный",
        f"В {pipe.handed} из {pipe.moved} карточек ответственный менялся по дороге.",
        "Итоги приписаны последнему. Передавайте копией в воронку следующего отдела (hand_over): выигранная сделка "
        "останется у того, кто её выиграл.",
        {"handed": pipe.handed, "cards": pipe.moved},
    )


def _helpers(pipeline: model.Pipeline, pipe: _Pipe, directory: model.Directory) -> Iterable[Finding]:
    titles = directory.fields.get(model.CardKind.DEAL.value, {})
    for code, cards in sorted(pipe.held.items()):
        known = titles.get(model.FieldCode(code))
        title = known.title if known else code
        many = len(pipe.helpers[code])
        if cards < ENOUGH or cards < pipe.moved * HELPER_SHARE or many < 2:
            continue
        if any(head in title.casefold() for head in HEADS):
            continue
        yield Finding(
            Mistake.HELPER,
            pipeline.id,
            title,
            f"Поле заполнено в {cards} карточках, прошедших три стадии и больше; людей в нём {many}.",
            "Работа помощника не видна в его статистике. Поставьте ему задачу по стадии (task: for: поле) или дайте его "
            "работе свою воронку (hand_over).",
            {"cards": cards, "people": many},
        )


def _vague(pipeline: model.Pipeline, pipe: _Pipe) -> Iterable[Finding]:
    for stage in pipeline.stages:
        if stage.semantic is not model.Semantic.WORK or stage.name.strip().casefold() not in VAGUE:
            continue
        standing = sum(len(ages) for place, ages in pipe.standing.items() if place.stage == stage.id)
        yield Finding(
            Mistake.VAGUE,
            pipeline.id,
            stage.name,
            f"По названию не видно, что уже было и что делать дальше; сейчас здесь {standing}.",
            "Назовите «ситуация — задача менеджеру», например: «Вышли с КП — получить обратную связь».",
            {"standing": standing},
        )
