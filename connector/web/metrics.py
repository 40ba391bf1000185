"""The figures of this process in Prometheus' text form, in a registry of their own.

Names are a contract (docs/harness.md). Labels hold portals, results and states: never a card, a robot's text or a person.
"""

from __future__ import annotations

from collections.abc import Iterable

import prometheus_client
from prometheus_client import exposition

from connector.web import seams

CONTENT_TYPE = exposition.CONTENT_TYPE_LATEST
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    def __init__(self) -> None:
        self.registry = prometheus_client.CollectorRegistry()
        self.hooks = prometheus_client.Counter(
            "voronka_hooks",
            "Doorbells by how they were answered",
            ("portal", "result"),
            registry=self.registry,
        )
        self.hook_seconds = prometheus_client.Histogram(
            "voronka_hook_seconds",
            "From a doorbell's headers to its answer",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._ready = self._gauge("voronka_ready", "1 while robots can work", "portal")
        self._inbox = self._gauge("voronka_inbox_depth", "Things waiting to be looked at", "portal")
        self._robots = self._gauge("voronka_robots", "Robots by mode", "portal", "mode")
        self._swept = self._gauge(
            "voronka_sweep_age_seconds", "Since the portal was last gone round", "portal"
        )
        self._wishes = self._gauge("voronka_wishes", "Ledger rows by state", "portal", "state")

    def show(self, statuses: Iterable[seams.Status]) -> None:
        for figures in (self._ready, self._inbox, self._swept, self._robots, self._wishes):
            figures.clear()  # a state that nothing is in any more, a portal given away would keep its last figure
        for status in statuses:
            self._show(status)

    def _show(self, status: seams.Status) -> None:
        self._ready.labels(status.portal).set(1 if status.readiness.ready else 0)
        self._inbox.labels(status.portal).set(status.inbox)
        if status.swept is not None and status.now is not None:
            self._swept.labels(status.portal).set((status.now - status.swept).total_seconds())
        for mode, number in status.modes.items():
            self._robots.labels(status.portal, mode).set(number)
        for state, number in status.states.items():
            self._wishes.labels(status.portal, state).set(number)

    def text(self) -> bytes:
        return prometheus_client.generate_latest(self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> prometheus_client.Gauge:
        return prometheus_client.Gauge(name, words, labels, registry=self.registry)
