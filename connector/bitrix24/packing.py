"""How much of the portal's work goes into one batch; pure.

A portal runs a batch's commands one after the other, so with requests to spare the work goes side by side, and with none
each request carries all it can.
"""

from __future__ import annotations

import math

SHORTEST = 3.0
"""Seconds of the portal's work: less isn't worth a request of its own."""
WAVE, WAVE_SECONDS = 8, 6.0
"""Much work comes in waves: one takes so many requests, unless each would be longer than that. The rest of the bucket is
the next wave's."""
QUICK = 0.6
"""The same of reading: somebody waits for it to go on."""


def longest(work: float, *, writing: bool, spare: float, rate: float) -> float:
    """Seconds for one batch, of `work` seconds that wait, over the `spare` requests that may go at once and those that
    the bucket gives back at `rate` a second meanwhile. All is soonest over after L, where those given back later than
    L - m, m the shortest worth sending, carry nothing any more: spare * L + rate * (L² - m²) / 2 = work.
    """
    shortest = SHORTEST if writing else QUICK
    soonest = (math.sqrt(spare**2 + 2 * rate * work + (rate * shortest) ** 2) - spare) / rate
    least = max(shortest, min(WAVE_SECONDS, work / WAVE)) if writing else shortest
    return max(least, soonest)
