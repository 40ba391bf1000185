"""What the portal allows: the leaky bucket of requests and the operating time of methods (reference §2.1, §2.2).

Bucket: a counter per portal and source IP, +1 per HTTP request, draining all the time; a request that would lift it
over the threshold is refused and not counted. Operating time: seconds per method and webhook in ten one-minute
buckets; checked before execution, so the call that crosses the limit still completes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.bitrix24 import clock as clocks
from sandbox.bitrix24 import kernel

WINDOW = 600
ORDINARY, ENTERPRISE = (2.0, 50.0), (5.0, 250.0)
"""(drained per second, threshold)"""


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


@dataclass(slots=True)
class _Minute:
    minute: int
    first: float
    seconds: float


@dataclass(slots=True)
class Limits:
    clock: clocks.Clock
    drain: float = ORDINARY[0]
    threshold: float = ORDINARY[1]
    operating_limit: float | None = 480.0
    """Seconds per method, webhook and ten minutes; None switches the limit off."""
    bucket_on: bool = True
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _minutes: dict[tuple[str, str], list[_Minute]] = field(default_factory=dict)

    def tariff(self, name: str) -> None:
        """`ordinary` or `enterprise`."""
        self.drain, self.threshold = ENTERPRISE if name == "enterprise" else ORDINARY

    def level(self, source: str) -> float:
        bucket = self._buckets.get(source)
        if bucket is None:
            return 0.0
        return max(0.0, bucket.level - (self.clock.time() - bucket.at) * self.drain)

    def take(self, source: str) -> None:
        """Counts a request from this address; raises 503 when the bucket is full."""
        if not self.bucket_on:
            return
        level = self.level(source)
        if level + 1 > self.threshold:
            raise kernel.Refusal(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
        self._buckets[source] = _Bucket(level + 1, self.clock.time())

    def check(self, secret: str, method: str) -> None:
        """Raises 429 when this method of this webhook has used up its time."""
        if self.operating_limit is not None and self.operating(secret, method)[0] >= self.operating_limit:
            raise kernel.Refusal(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit")

    def account(self, secret: str, method: str, seconds: float) -> None:
        now = self.clock.time()
        live = self._live(secret, method)
        if live and live[-1].minute == int(now // 60):
            live[-1].seconds += seconds
        else:
            live.append(_Minute(int(now // 60), now, seconds))

    def operating(self, secret: str, method: str) -> tuple[float, int]:
        """(seconds used, Unix time at which the oldest bucket falls out)"""
        live = self._live(secret, method)
        reset = live[0].first if live else self.clock.time()
        return sum(each.seconds for each in live), int(reset) + WINDOW

    def forget(self) -> None:
        """Empties bucket and operating time."""
        self._buckets.clear()
        self._minutes.clear()

    def _live(self, secret: str, method: str) -> list[_Minute]:
        live = self._minutes.setdefault((secret, method), [])
        now = self.clock.time()
        while live and live[0].first + WINDOW <= now:
            live.pop(0)
        return live
