"""Whose work is on the portal: what bears our mark and isn't in this store is another Voronka's, or a lost life's of this one.

A wish is durable before anything of it is sent, so a crash never leaves a mark that the ledger doesn't know. Two things do:
a store that was put back from an old copy, and a second Voronka on the same portal. They look alike, and are told as such.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector import errors, ports
from connector.loops import desk as desks
from connector.loops import supervisor, sweep
from robots import intents, model

FOREIGN = "problem.foreign"
"""Notebook: {count, at, text} of what another Voronka did here; None: nothing."""
PERIODS = 20
"""Sweeps between two looks for another Voronka at work."""
NAMED = 3
WORDS = {ports.Kind.TASK: "задача", ports.Kind.DEAL: "сделка"}


@dataclass(frozen=True, slots=True)
class Verdict:
    lost: tuple[ports.Trace, ...] = ()
    """Made, and this store doesn't know of it or hasn't sent it yet: it would be made again."""
    beside: tuple[ports.Trace, ...] = ()
    """Made a second time, or by somebody else where this store decided against it."""


async def judge(ledger: ports.Ledger, portal: model.PortalId, traces: ports.Traces) -> Verdict:
    lost, beside = [], []
    for trace in traces.found:
        row = await ledger.by_marker(portal, trace.marker)
        if row is None or (row.sent_at is None and not row.state.final):
            lost.append(trace)
        elif row.sent_at is None or _another(row, trace):
            beside.append(trace)
    return Verdict(tuple(lost), tuple(beside))


def _another(row: ports.Row, trace: ports.Trace) -> bool:
    return row.state is intents.WishState.DONE and row.made is not None and row.made != trace.thing.id


def named(traces: Sequence[ports.Trace]) -> str:
    listed = ", ".join(
        f"{WORDS.get(one.thing.kind, one.thing.kind)} {one.thing.id}" for one in traces[:NAMED]
    )
    return f"{listed} (всего {len(traces)})" if len(traces) > NAMED else listed


def words(traces: Sequence[ports.Trace]) -> str:
    return (
        f"похоже, с порталом работает ещё одна Voronka, сделанное двоится: {named(traces)}. Остановите одну из двух: "
        "лишнюю копию программы, пробный запуск на другом компьютере"
    )


def note(traces: Sequence[ports.Trace], at: datetime) -> dict[str, Any]:
    return {"count": len(traces), "at": at.isoformat(), "text": words(traces)}


class Strangers:
    """Looks now and then for what another Voronka does meanwhile."""

    def __init__(self, desk: desks.Desk, tell: Callable[[str], None]) -> None:
        """`tell` is given the sentence for health's notes."""
        self._desk, self._tell = desk, tell
        self._since: Any = None

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            # Until the first sweep there is nothing to begin from.
            return self._desk.settings.sweep_period * (PERIODS if self._since else 1)

        await supervisor.pulse(self._desk, "strangers", step, stop)

    async def step(self) -> tuple[ports.Trace, ...]:
        """What was found since the last step; the first one only begins. A finding stays until the next start."""
        desk = self._desk
        since, self._since = self._since, await desk.notebook.read(desk.id, sweep.CURSORS)
        if not since:
            return ()
        try:
            traces = await desk.portal.traces(since)
        except errors.PortalError:
            self._since = since  # what is missed now is seen by the next step
            raise
        if traces is None:
            return ()
        verdict = await judge(desk.ledger, desk.id, traces)
        found = (*verdict.lost, *verdict.beside)
        if found:
            text = words(found)
            await desk.notebook.write(desk.id, FOREIGN, note(found, desk.clock.now()))
            desk.log.error("portal.shared", reason=text)
            self._tell(text)
        return found
