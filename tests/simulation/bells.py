"""Doorbells of the portal: dropped, doubled, late and out of order by seed, and lost for good while nobody is at home."""

from __future__ import annotations

import random
import urllib.parse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from connector import ports
from connector.bitrix24 import hooks
from sandbox.bitrix24 import delivery
from sandbox.bitrix24 import portal as portals
from tests.simulation import loop as loops
from tests.simulation import trace as traces

Ring = Callable[[ports.Thing], None]
"""The daemon's door; nothing is known of what becomes of it."""


@dataclass(frozen=True, slots=True)
class Mood:
    """How likely an event is dropped, doubled, late; by how many seconds at most."""

    drop: float = 0.0
    double: float = 0.0
    late: float = 0.0
    seconds: float = 60.0

    @classmethod
    def drawn(cls, dice: random.Random) -> Mood:
        return cls(
            dice.choice([0.0, 0.0, 0.2, 1.0]),
            dice.choice([0.0, 0.3]),
            dice.choice([0.0, 0.3, 1.0]),
            dice.choice([0.2, 5.0, 90.0]),
        )


class Bells:
    def __init__(
        self,
        loop: loops.VirtualLoop,
        portal: portals.Portal,
        mood: Mood,
        dice: random.Random,
        ring: Ring,
        trace: traces.Trace,
    ) -> None:
        self._loop, self._portal, self._dice, self._ring = loop, portal, dice, ring
        self._delivery = delivery.Delivery(portal)
        self._trace, self.mood = trace, mood
        self.count = 0
        """Everything that ever happened in the portal."""
        self.struck: Counter[str] = Counter()
        """Doorbells dropped, doubled, late; the rest are `well`."""
        portal.listeners.append(self._happened)

    def calm(self) -> None:
        self.mood = Mood()

    def _happened(self, event: portals.Event) -> None:
        self.count += 1
        dice, mood = self._dice, self.mood
        if event.name in delivery.NOT_OFFERED:
            return
        if dice.random() < mood.drop:
            self.struck["dropped"] += 1
            return
        thing = self._thing(event)
        times = dice.randint(2, 4) if dice.random() < mood.double else 1
        self.struck["doubled" if times > 1 else "well"] += 1
        for _ in range(times):
            late = dice.random() * mood.seconds if dice.random() < mood.late else 0.0
            self.struck["late"] += late > 0
            self._loop.at(self._loop.time() + 0.01 + late, lambda: self._ring_at(thing))

    def _ring_at(self, thing: ports.Thing | None) -> None:
        if thing is not None:
            self._ring(thing)

    def _thing(self, event: portals.Event) -> ports.Thing | None:
        """Through the bytes of a real doorbell."""
        letter = delivery.Letter(event.name, event.data, "token", self._portal.member_id, self._portal.host)
        form = delivery.flattened(self._delivery.form(letter))
        return hooks.parse(urllib.parse.urlencode(list(form)).encode()).thing
