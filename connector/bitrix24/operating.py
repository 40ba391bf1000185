"""Seconds of work per method: what was spent in the last ten minutes, what a command is expected to cost.

The portal counts per method and webhook in a sliding window of ten minutes and blocks a method that went over
(reference §2.2). We spend a share of it, reckoned before sending. What a command costs is learned: the 95th percentile
of its measured times, until then 1 s for a write and 0.1 s for a read. Of a method measured often enough more may be
spent, for what is reckoned is then nearly what is counted (docs/adr/0013). Moments are the clock's monotonic seconds.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

UNMEASURED_WRITE, UNMEASURED_READ = 1.0, 0.05
_KEPT, _SURE = 100, 20
"""Times of a method that are kept, and how many make its cost known."""
_SLOT = 15.0
"""Seconds of the window that are counted as one entry."""


@dataclass(slots=True)
class _Method:
    spent: deque[list[float]] = field(default_factory=deque)
    """[moment of the first, seconds], oldest first."""
    pending: float = 0.0
    blocked_until: float = 0.0
    times: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    p95: float | None = None


class Budget:
    def __init__(
        self, *, limit: float = 480.0, share: float = 0.8, sure: float = 0.95, window: float = 600.0
    ) -> None:
        """`share` of the limit is spent, `sure` of it once the method's cost is known."""
        self._limit, self._share, self._sure, self._window = limit, share, max(share, sure), window
        self._methods: dict[str, _Method] = defaultdict(_Method)

    def expected(self, method: str, *, write: bool) -> float:
        """Seconds that one such command is expected to take."""
        known = self._methods[method.lower()].p95
        if known is not None:
            return known
        return UNMEASURED_WRITE if write else UNMEASURED_READ

    def pace(self, method: str) -> float:
        """Such writes a second, in the long run."""
        state = self._methods[method.lower()]
        return self._cap(state) / self._window / max(1e-3, self.expected(method, write=True))

    def wait(self, method: str, seconds: float, now: float) -> float:
        """Seconds until a command of this cost may go; 0 now."""
        state = self._live(method, now)
        if state.blocked_until > now:
            return state.blocked_until - now
        over = sum(entry[1] for entry in state.spent) + state.pending + seconds - self._cap(state)
        if over <= 0 or (not state.spent and not state.pending):
            return 0.0
        for start, cost in state.spent:
            over -= cost
            if over <= 0:
                return max(0.05, start + _SLOT + self._window - now)
        return 1.0  # what is in flight takes the rest: its true cost will be known soon

    def _cap(self, state: _Method) -> float:
        return self._limit * (self._sure if len(state.times) >= _SURE else self._share)

    def spent(self, method: str, now: float) -> float:
        return sum(entry[1] for entry in self._live(method, now).spent)

    def reserve(self, method: str, seconds: float) -> None:
        self._methods[method.lower()].pending += seconds

    def settle(self, method: str, reserved: float, took: float | None, now: float) -> None:
        """The command came back: `took` its measured seconds, None if nobody knows (then the reserve counts)."""
        state = self._live(method, now)
        state.pending = max(0.0, state.pending - reserved)
        cost = reserved if took is None else took
        if took is not None:
            state.times.append(took)
            state.p95 = _p95(state.times)
        if state.spent and now - state.spent[-1][0] < _SLOT:
            state.spent[-1][1] += cost
        else:
            state.spent.append([now, cost])

    def release(self, method: str, reserved: float) -> None:
        """It was never sent."""
        state = self._methods[method.lower()]
        state.pending = max(0.0, state.pending - reserved)

    def told(self, method: str, operating: float, now: float) -> None:
        """The portal's own count for the method, which somebody else on this webhook may have raised too."""
        state = self._live(method, now)
        missing = operating - sum(entry[1] for entry in state.spent)
        if missing > 0:
            state.spent.append([now, missing])

    def block(self, method: str, seconds: float, now: float) -> None:
        state = self._methods[method.lower()]
        state.blocked_until = max(state.blocked_until, now + seconds)

    def _live(self, method: str, now: float) -> _Method:
        state = self._methods[method.lower()]
        while state.spent and state.spent[0][0] + _SLOT + self._window <= now:
            state.spent.popleft()
        return state


def _p95(times: deque[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
