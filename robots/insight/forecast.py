"""S3.6: what is planned, what of it is likely, and how wrong the same reckoning was before.

The chance of a stage: of the cards that stood in it at the beginning of earlier windows of the same length, the share won
within the window. The forecast = the sums of open cards × the chance of their stage + what cards not yet there usually
bring (the mean of the windows). It doesn't lean on planned days: the portal writes the real day over them at closing, so
no test over the past could be honest with them.
The test: each of the last windows is foretold from the windows before it only, and compared with what was won in it.
Sums are the cards' present ones: their history isn't kept.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from robots import model
from robots.insight import conversion, rows

TRAINED, TESTED = 6, 3
"""Windows learned from, and windows foretold again."""
WINDOWS = TRAINED + TESTED
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Planned:
    life: rows.Life
    stage: str
    worth: Decimal | None
    """In the base currency; None: no rate."""
    chance: float | None


@dataclass(frozen=True, slots=True)
class StageLine:
    pipeline: str
    name: str
    cards: int
    worth: Decimal
    chance: float | None
    """None: no card stood there at the beginning of a learned window; it adds nothing to the forecast."""
    likely: Decimal


@dataclass(frozen=True, slots=True)
class Test:
    since: int
    until: int
    foretold: Decimal
    fact: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    since: int
    until: int
    stages: tuple[StageLine, ...]
    standing: Decimal
    """What the cards now open are likely to bring."""
    arriving: Decimal
    """What cards not yet created usually bring in such a window."""
    tests: tuple[Test, ...]
    """Newest first."""
    unconverted: int
    planned: tuple[Planned, ...]
    """Open cards whose planned day lies between the asked ones, greatest first."""
    overdue: tuple[Planned, ...]
    """Open cards whose planned day is past."""
    last: date
    """The last planned day asked about."""

    @property
    def total(self) -> Decimal:
        return self.standing + self.arriving

    @property
    def error(self) -> float | None:
        """Of the tests: all misses over all facts (0,12: «ошибся на 12 %»)."""
        facts = sum((one.fact for one in self.tests), Decimal(0))
        missed = sum((abs(one.foretold - one.fact) for one in self.tests), Decimal(0))
        return float(missed / facts) if facts else None


@dataclass(slots=True)
class _Window:
    cards: dict[rows.Place, int] = field(default_factory=lambda: defaultdict(int))
    worth: dict[rows.Place, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    won: dict[rows.Place, int] = field(default_factory=lambda: defaultdict(int))
    won_worth: Decimal = Decimal(0)
    """All that was won in it."""
    arrived_worth: Decimal = Decimal(0)
    """Of that, by cards which weren't open at its beginning."""


@dataclass(frozen=True, slots=True)
class Ask:
    """From `now` to `until`; `first` … `last` are the planned days to list."""

    now: int
    until: int
    first: date
    last: date

    @property
    def oldest(self) -> int:
        """Cards closed before this moment change nothing."""
        return self.now - WINDOWS * (self.until - self.now)


def forecast(lives: Iterable[rows.Life], directory: model.Directory, ask: Ask) -> Forecast:
    teller = Teller(directory, ask)
    for life in lives:
        teller.add(life)
    return teller.told()


class Teller:
    """Takes lives one by one, for readers who see different cards in one walk."""

    def __init__(self, directory: model.Directory, ask: Ask) -> None:
        self._directory, self._ask = directory, ask
        self._windows = [_Window() for _ in range(WINDOWS + 1)]
        self._listed: list[tuple[rows.Life, Decimal | None]] = []
        self._unconverted = 0

    def add(self, life: rows.Life) -> None:
        worth = rows.in_base(life, self._directory)
        self._unconverted += worth is None and not life.closed
        _count(self._windows, life, worth or Decimal(0), self._ask)
        if not life.closed and life.planned is not None and life.planned <= self._ask.last:
            self._listed.append((life, worth))

    def told(self) -> Forecast:
        windows, ask = self._windows, self._ask
        boards, learned = conversion.Boards(self._directory), windows[1 : TRAINED + 1]
        planned = [_planned(life, worth, boards, learned) for life, worth in self._listed]
        planned.sort(key=lambda one: (-(one.worth or 0), one.life.ref))
        stages = _stages(windows[0], boards, learned)
        length = ask.until - ask.now
        return Forecast(
            ask.now,
            ask.until,
            stages,
            sum((one.likely for one in stages), Decimal(0)),
            _arriving(learned),
            tuple(_tests(windows, ask.now, length)),
            self._unconverted,
            tuple(one for one in planned if one.life.planned and one.life.planned >= ask.first),
            tuple(one for one in planned if one.life.planned and one.life.planned < ask.first),
            ask.last,
        )


def _count(windows: Sequence[_Window], life: rows.Life, worth: Decimal, ask: Ask) -> None:
    """Window k begins at now - k·length; 0 is the one to foretell: what stands in it stands now."""
    length, ended = ask.until - ask.now, life.ended
    if ended is None:
        windows[0].cards[life.place] += 1
        windows[0].worth[life.place] += worth
    won = ended is not None and life.place.semantic is model.Semantic.WON
    oldest = min((ask.now - life.created) // length, WINDOWS)
    newest = 0 if ended is None or ended > ask.now else (ask.now - ended) // length
    for at in range(newest + 1, oldest + 1):
        start = ask.now - at * length
        if (ended is not None and ended <= start) or (place := _stood(life, start)) is None:
            continue
        windows[at].cards[place] += 1
        windows[at].worth[place] += worth
        if won and ended is not None and ended <= start + length:
            windows[at].won[place] += 1
    if won and ended is not None and ended <= ask.now and newest < WINDOWS:
        window, start = windows[newest + 1], ask.now - (newest + 1) * length
        window.won_worth += worth
        if life.created > start or _stood(life, start) is None:
            window.arrived_worth += worth


def _stood(life: rows.Life, moment: int) -> rows.Place | None:
    """Where the card stood; None if it wasn't there yet, was closed, or its history isn't known."""
    at = bisect.bisect_right(life.stays, moment, key=lambda stay: stay.entered)
    place = life.stays[at - 1].place if at else None
    return place if place and place.semantic is model.Semantic.WORK else None


def _chance(place: rows.Place, learned: Sequence[_Window]) -> float | None:
    return rows.rate(
        sum(one.won.get(place, 0) for one in learned), sum(one.cards.get(place, 0) for one in learned)
    )


def _arriving(learned: Sequence[_Window]) -> Decimal:
    lived = [one.arrived_worth for one in learned if one.cards or one.won_worth]
    return (sum(lived, Decimal(0)) / len(lived)).quantize(CENT) if lived else Decimal(0)


def _likely(worth: Decimal, chance: float | None) -> Decimal:
    return (worth * Decimal(str(chance or 0.0))).quantize(CENT)


def _stages(present: _Window, boards: conversion.Boards, learned: Sequence[_Window]) -> tuple[StageLine, ...]:
    made = []
    for place in sorted(present.cards, key=lambda one: (one.pipeline, boards.position(one), one.stage)):
        chance, worth = _chance(place, learned), present.worth[place]
        name, count = boards.name(place), present.cards[place]
        pipeline = boards.pipeline(place.pipeline)
        made.append(StageLine(pipeline, name, count, worth, chance, _likely(worth, chance)))
    return tuple(made)


def _tests(windows: Sequence[_Window], now: int, length: int) -> Iterable[Test]:
    for at in range(1, TESTED + 1):
        learned = windows[at + 1 : at + 1 + TRAINED]
        if not any(one.cards or one.won_worth for one in learned):
            continue
        window = windows[at]
        foretold = _arriving(learned) + sum(
            (_likely(worth, _chance(place, learned)) for place, worth in window.worth.items()), Decimal(0)
        )
        yield Test(now - at * length, now - (at - 1) * length, foretold, window.won_worth)


def _planned(
    life: rows.Life, worth: Decimal | None, boards: conversion.Boards, learned: Sequence[_Window]
) -> Planned:
    return Planned(life, boards.name(life.place), worth, _chance(life.place, learned))
