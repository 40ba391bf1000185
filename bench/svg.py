"""Curves as an SVG file by hand: both axes logarithmic, so that a cost that doesn't grow is a level line.

Steps of ten are the grid; a curve is named at its end with how many times dearer the largest is than the smallest. Colours
are told apart by people who see no red and no green, and readable on white and on black.
"""

from __future__ import annotations

import html
import itertools
import math
import pathlib
from collections.abc import Iterator, Sequence

from bench import report

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 240, 40, 50
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
GREY = "#888888"


def write(folder: pathlib.Path, curves: Sequence[report.Curve]) -> list[pathlib.Path]:
    """A file to each chart and unit; what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chart, unit in dict.fromkeys((one.chart, one.unit) for one in curves):
        path = folder / f"growth-{chart}.svg"
        chosen = [one for one in curves if (one.chart, one.unit) == (chart, unit)]
        path.write_text(drawn(chart, unit, chosen), "utf-8")
        written.append(path)
    return written


class _Scale:
    """Values to pixels; whole tens at both ends."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.high = max(self.high, self.low + 1)
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self._begin + share * (self._end - self._begin), 1)

    def tens(self) -> Iterator[float]:
        return (10.0**power for power in range(self.low, self.high + 1))


def drawn(chart: str, unit: str, curves: Sequence[report.Curve]) -> str:
    across = _Scale([x for one in curves for x, _ in one.points], LEFT, WIDTH - RIGHT)
    up = _Scale([y for one in curves for _, y in one.points], HEIGHT - BOTTOM, TOP)
    ends = _apart([up.at(one.points[-1][1]) for one in curves])
    parts = [*_grid(across, up, chart, unit)]
    for at, (one, end) in enumerate(zip(curves, ends, strict=True)):
        parts += _curve(one, across, up, COLOURS[at % len(COLOURS)], end)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">'
    )
    title = f"<title>Growth of cost with {html.escape(chart)}</title>"
    return "\n".join([head, title, *parts, "</svg>\n"])


def _grid(across: _Scale, up: _Scale, chart: str, unit: str) -> Iterator[str]:
    top, bottom, left, right = TOP, HEIGHT - BOTTOM, LEFT, WIDTH - RIGHT
    for ten in across.tens():
        x = across.at(ten)
        yield _line(x, top, x, bottom)
        yield _text(x, bottom + 18, f"{ten:,.0f}", "middle")
    for ten in up.tens():
        y = up.at(ten)
        yield _line(left, y, right, y)
        yield _text(left - 8, y + 4, f"{ten:g}", "end")
    yield _text((left + right) / 2, HEIGHT - 10, chart, "middle")
    yield _text(left, top - 14, unit, "end")


def _curve(one: report.Curve, across: _Scale, up: _Scale, colour: str, end: float) -> Iterator[str]:
    places = [(across.at(x), up.at(y)) for x, y in one.points]
    line = " ".join(f"{x},{y}" for x, y in places)
    yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in places)
    yield _text(places[-1][0] + 10, end + 4, f"{one.what} (x{report.number(one.growth)})", "start", colour)


def _apart(heights: Sequence[float], least: float = 15.0) -> list[float]:
    """Moved down where names would lie on each other."""
    placed = list(heights)
    order = sorted(range(len(placed)), key=placed.__getitem__)
    for before, after in itertools.pairwise(order):
        placed[after] = max(placed[after], placed[before] + least)
    return placed


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="{GREY}" stroke-width="0.5"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = GREY) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>'
