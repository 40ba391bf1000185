"""Is this store the one that worked here last? Asked of the portal before a worker begins (reliability.md R2).

A store that was put back from an old copy would do again what was done since. Its daemon takes doorbells and waits, red,
until it is started with `--after-restore`; then it begins in the mode of `loops/restoring`, which a crash doesn't end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

from connector import ports
from connector.loops import desk as desks
from connector.loops import replaying, restoring, strangers, sweep
from connector.web import seams
from robots import model

RESTORED, SHARED, CHECKING = "restored", "portal_shared", "restoring"
Loop = Callable[[asyncio.Event], Awaitable[None]]


class Admission:
    """What is known of that by one daemon."""

    def __init__(self, portal: model.PortalId, *, after_restore: bool) -> None:
        """`after_restore`: a person says that the store was put back from a copy."""
        self._name, self._after_restore = portal, after_restore
        self.mode: restoring.Mode | None = None
        """Of a store put back from an old copy, until all is looked for."""
        self.beside = ""
        """What another Voronka does on this portal."""

    def notes(self) -> Iterator[seams.Trouble]:
        if self.mode is not None and self.mode.on:
            yield seams.Trouble(CHECKING, self.mode.words())
        if self.beside:
            yield seams.Trouble(SHARED, self.beside)

    def tell_beside(self, text: str) -> None:
        self.beside = text

    async def doubt(
        self, portal: ports.Portal, ledger: ports.Ledger, notebook: ports.Notebook, now: datetime
    ) -> str:
        """Why a worker mustn't begin, for people; empty: it may. Raises errors.PortalError, errors.StoreError."""
        self.mode, self.beside = None, ""
        begun = await notebook.read(self._name, restoring.NOTE)
        if begun:
            since, at = (datetime.fromisoformat(begun[key]) for key in ("since", "at"))
            self.mode = restoring.Mode(since, at)
            return ""
        cursors = await notebook.read(self._name, sweep.CURSORS)
        traces = await portal.traces(cursors) if cursors else None
        if traces is None:
            return ""  # nothing was ever swept: what lies on the portal is past by the robots' watermarks
        if self._after_restore:
            self.mode = restoring.Mode(traces.since.astimezone(UTC), now)
            moments = {"since": self.mode.since.isoformat(), "at": now.isoformat()}
            await notebook.write(self._name, restoring.NOTE, moments)
            self._after_restore = False  # said of this start; another tenure of the portal is no restore
            return ""
        verdict = await strangers.judge(ledger, self._name, traces)
        await self._note_beside(notebook, verdict, now)
        return _words(verdict.lost, traces.since) if verdict.lost else ""

    async def _note_beside(self, notebook: ports.Notebook, verdict: strangers.Verdict, now: datetime) -> None:
        """What the last life wrote of another Voronka holds no longer, unless it is seen now."""
        if verdict.beside:
            self.beside = strangers.words(verdict.beside)
            await notebook.write(self._name, strangers.FOREIGN, strangers.note(verdict.beside, now))
        elif await notebook.read(self._name, strangers.FOREIGN):
            await notebook.write(self._name, strangers.FOREIGN, None)

    def around(
        self, portal: ports.Portal, ledger: ports.Ledger, mirror: ports.Mirror, clock: ports.Clock
    ) -> tuple[ports.Portal, ports.Ledger]:
        """The portal and the ledger as a worker meets them."""
        if self.mode is None:
            return portal, ledger
        seen = replaying.Replaying(portal, self._name, ledger, mirror, clock, self.mode)
        return seen, restoring.Careful(ledger, mirror, self.mode)

    def loops(self, desk: desks.Desk) -> Iterator[tuple[str, Loop]]:
        """What runs beside the worker."""
        yield "strangers", strangers.Strangers(desk, self.tell_beside).run
        if self.mode is not None:
            yield "restoring", restoring.Restoring(desk, self.mode).run


def _words(lost: tuple[ports.Trace, ...], since: datetime) -> str:
    return (
        f"база старее портала: {strangers.named(lost)} — сделано Voronka после {since:%d.%m %H:%M}, а эта база о том не "
        "знает. Роботы сделали бы всё ещё раз и потому стоят; сигналы портала принимаются. "
        "Если базу вернули из копии, остановите Voronka и запустите один раз: voronka run --after-restore — "
        "сделанное будет найдено и засчитано. "
        "Если не возвращали, с порталом работает ещё одна Voronka: остановите её"
    )
