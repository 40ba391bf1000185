"""The table of people: what came to each, what each closed, what lies untouched. Parts add up to `total`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

from robots import model
from robots.insight import rows

SILENT = 14 * rows.DAY
"""An open card that nobody touched for so long."""


@dataclass(slots=True)
class Person:
    """Cards count for whoever is responsible now: the history of responsible people isn't kept by the portal."""

    user: model.UserId | None
    arrived: int = 0
    open: int = 0
    silent: int = 0
    won: int = 0
    won_sum: Decimal = Decimal(0)
    lost: int = 0
    unconverted: int = 0
    """Won cards whose currency has no rate: their sums are missing in `won_sum`."""

    @property
    def success(self) -> float | None:
        return rows.rate(self.won, self.won + self.lost)


def people(
    lives: Iterable[rows.Life], directory: model.Directory, period: rows.Period, now: int
) -> tuple[Person, ...]:
    """Deals and leads as given; those with the greatest sum first."""
    found: dict[model.UserId | None, Person] = {}
    for life in lives:
        count(found.setdefault(life.responsible, Person(life.responsible)), life, directory, period, now)
    return tuple(sorted(found.values(), key=lambda one: (-one.won_sum, -one.won, -one.open, one.user or 0)))


def count(one: Person, life: rows.Life, directory: model.Directory, period: rows.Period, now: int) -> None:
    """One card more."""
    one.arrived += life.created in period
    if not life.closed:
        one.open += 1
        one.silent += now - life.updated > SILENT
    elif (life.ended or 0) in period:
        _close(one, life, directory)


def _close(one: Person, life: rows.Life, directory: model.Directory) -> None:
    if life.place.semantic is model.Semantic.LOST:
        one.lost += 1
        return
    one.won += 1
    worth = rows.in_base(life, directory)
    if worth is None:
        one.unconverted += 1
    else:
        one.won_sum += worth


def total(found: Iterable[Person]) -> Person:
    sums: dict[str, Decimal | int] = defaultdict(int)
    for one in found:
        for slot in fields(one)[1:]:
            sums[slot.name] += getattr(one, slot.name)
    made = Person(None)
    for name, value in sums.items():
        setattr(made, name, value)
    return made
