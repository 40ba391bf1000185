"""What a bench says: figures, each beside its floor and a naive rival of the same run, as a table or as JSON.

A figure is worth its ratios: `of_floor` is how many times worse than what nobody can beat (1.0 is perfect), `of_rival` is
how many times better than the script that a user would write instead. A bench may have no floor or no rival: then the
cell is empty, never invented.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

HEADS = ("bench", "what", "Voronka", "floor", "x floor", "naive rival", "better than rival", "wanted", "met")


@dataclass(frozen=True, slots=True)
class Figure:
    """`more`: more is better (a rate); else less is (seconds, requests, bytes)."""

    what: str
    value: float
    unit: str
    floor: float | None = None
    rival: float | None = None
    wanted: str = ""
    met: bool | None = None
    more: bool = False

    @property
    def of_floor(self) -> float | None:
        if not self.floor or (self.more and not self.value):
            return None
        return self.floor / self.value if self.more else self.value / self.floor

    @property
    def of_rival(self) -> float | None:
        if self.rival is None or not (self.rival if self.more else self.value):
            return None
        return self.value / self.rival if self.more else self.rival / self.value


@dataclass(frozen=True, slots=True)
class Curve:
    """How a cost grows: points (size, cost), both above 0. `--svg` draws curves of one `chart` together."""

    chart: str
    """`cards`, `robots`: the file's name and what the axis across counts."""
    what: str
    unit: str
    points: Sequence[tuple[float, float]]

    @property
    def growth(self) -> float:
        """How many times dearer the largest is than the smallest."""
        return self.points[-1][1] / self.points[0][1]


@dataclass(frozen=True, slots=True)
class Report:
    """One bench's figures, how its floor is reckoned, and whatever else was seen."""

    bench: str
    figures: Sequence[Figure]
    formula: str = ""
    rival: str = ""
    notes: Sequence[str] = ()
    detail: dict[str, Any] = field(default_factory=dict)
    curves: Sequence[Curve] = ()

    @property
    def met(self) -> bool:
        return all(figure.met is not False for figure in self.figures)

    def as_json(self) -> dict[str, Any]:
        figures = [
            dataclasses.asdict(one) | {"of_floor": one.of_floor, "of_rival": one.of_rival}
            for one in self.figures
        ]
        return dataclasses.asdict(self) | {"figures": figures, "met": self.met}


def number(value: float | None) -> str:
    """Three significant digits, thousands apart: 0.0123, 1.23, 12.3, 123, 12,300."""
    if value is None:
        return ""
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.3g}"


def cells(bench: str, one: Figure) -> tuple[str, ...]:
    unit = f" {one.unit}" if one.unit else ""

    def said(value: float | None) -> str:
        return "" if value is None else f"{number(value)}{unit}"

    met = {True: "yes", False: "NO", None: ""}[one.met]
    ratios = [f"x{number(ratio)}" if ratio is not None else "" for ratio in (one.of_floor, one.of_rival)]
    return (
        bench,
        one.what,
        said(one.value),
        said(one.floor),
        ratios[0],
        said(one.rival),
        ratios[1],
        one.wanted,
        met,
    )


def table(reports: Iterable[Report]) -> str:
    """Markdown, its columns aligned: reads as well in a terminal."""
    reports = list(reports)
    rows = [HEADS, *(cells(each.bench, one) for each in reports for one in each.figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADS))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]  # fmt: skip
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for each in reports:
        said = [("floor", each.formula), ("rival", each.rival), *(("note", note) for note in each.notes)]
        lines += [f"{each.bench}: {name}: {text}" for name, text in said if text]
    return "\n".join(lines)
