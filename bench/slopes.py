"""A slope of samples over time, and how sure it is: for what may only grow by chance.

The run is cut into `BLOCKS` equal pieces of time, each stands for itself by its median (one sample caught in a garbage
collection or in a commit says nothing), and a line is laid through the medians by least squares. `error` is the standard
error of its slope; neighbouring blocks aren't wholly independent, so it is rather too small than too large.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

BLOCKS = 12
HOUR = 3600.0

Sample = tuple[float, float]
"""(seconds, value)"""


@dataclass(frozen=True, slots=True)
class Slope:
    """Of the values' own unit, an hour."""

    an_hour: float
    error: float
    first: float
    """Medians of the first and of the last block."""
    last: float

    def leaks(self, limit: float, step: float) -> bool:
        """Surely grows faster than `limit` an hour (three errors don't explain it), and by more than `step` in all: what
        was allocated once and stays is no leak, however steep it looks in a short run."""
        return self.an_hour - 3 * self.error > limit and self.last - self.first > step

    def __str__(self) -> str:
        return f"{self.an_hour:+.2f} ± {self.error:.2f} an hour"


def of(samples: Sequence[Sample]) -> Slope:
    """Raises ValueError where there are fewer than three blocks to lay a line through."""
    middles = _blocks(samples)
    if len(middles) < 3:
        raise ValueError(f"{len(samples)} samples make no slope")
    times, values = [at for at, _ in middles], [value for _, value in middles]
    slope, start = statistics.linear_regression(times, values)
    apart = sum((value - start - slope * at) ** 2 for at, value in middles)
    spread = sum((at - statistics.mean(times)) ** 2 for at in times)
    error = math.sqrt(apart / (len(middles) - 2) / spread)
    return Slope(slope * HOUR, error * HOUR, values[0], values[-1])


def _blocks(samples: Sequence[Sample]) -> list[Sample]:
    began, ended = samples[0][0], samples[-1][0]
    long = (ended - began) / BLOCKS or 1.0
    kept: dict[int, list[Sample]] = {}
    for sample in samples:
        kept.setdefault(min(int((sample[0] - began) / long), BLOCKS - 1), []).append(sample)
    return [
        (statistics.mean(at for at, _ in block), statistics.median(value for _, value in block))
        for block in kept.values()
    ]
