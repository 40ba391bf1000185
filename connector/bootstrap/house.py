"""The portals of one process: each a daemon, under one landlord who claims their leases, on one store and one address.

A portal that is alone ends the process with what a person must mend. Among others it is set aside, red, until its files
change: it never stops its neighbours, nor does a surprise in it.
"""

from __future__ import annotations

import asyncio
import os
import platform
import secrets as dice
from collections.abc import Sequence
from pathlib import Path

import structlog

from connector import errors, ports
from connector.bootstrap import configuration, daemon, files, notes
from connector.loops import config, leases, supervisor
from connector.web import seams
from robots import model

DOORS = 0.1
"""Seconds between two looks whether a portal's doorbells may be taken; times the number of portals."""
TURNS = 8
"""So many portals read themselves in at a time: a start of hundreds must not keep the leases waiting."""
CROWDED, CALMEST = 10, 30.0
"""From so many portals on each looks at the store and at its files seldomer, in proportion: hundreds that are idle would
else keep a processor busy with nothing."""
FIRST, MOST = 5.0, 300.0
"""Seconds until a portal that fell over is taken up again."""
_log = structlog.get_logger()


class House:
    def __init__(self, daemons: Sequence[daemon.Daemon], seconds: float) -> None:
        """`seconds`: a lease's."""
        first = daemons[0]
        self.daemons = {one.portal: one for one in daemons}
        self._store, self._clock, self._turn = first.store, first.clock, asyncio.Semaphore(TURNS)
        self._falls: dict[model.PortalId, int] = {}
        self._stop = asyncio.Event()
        self.landlord = leases.Landlord(
            self._store.leases,
            self._clock,
            f"{platform.node()}:{os.getpid()}:{dice.token_hex(3)}",
            list(self.daemons),
            seconds,
            self._serve,
            first.log if len(daemons) == 1 else _log,
            quiet=lambda portal: self.daemons[portal].quiet,
        )
        for one in daemons:
            one.landlord = self.landlord
            one.calm = min(CALMEST, max(1.0, len(daemons) / CROWDED))

    @property
    def alone(self) -> daemon.Daemon | None:
        return next(iter(self.daemons.values())) if len(self.daemons) == 1 else None

    async def announce(self, url: str) -> None:
        """Tells the commands beside which portals there are; where their worker answers is told by who works."""
        notebook: ports.Notebook = self._store.notebook
        known = await notebook.read(notes.HERE, notes.PORTALS) or {}
        here = {
            str(one.portal): {"address": one.section.address, "file": str(one.path.absolute())}
            for one in self.daemons.values()
        }
        await notebook.write(notes.HERE, notes.PORTALS, {**known, **here})
        for one in self.daemons.values():
            one.url = url
            await one.look_at_doors()

    async def work(self, stop: asyncio.Event) -> None:
        """Returns when stopped; one that is alone and failed stops it itself."""
        self._stop = stop
        every = DOORS * len(self.daemons)
        try:
            async with asyncio.TaskGroup() as group:
                for one in self.daemons.values():
                    supervisor.spawn(group, one.open_doors(stop, every), name=f"doors {one.portal}")
                supervisor.spawn(group, self.landlord.run(stop), name="leases")
        finally:
            stop.set()
            for one in self.daemons.values():
                await one.close()

    async def _serve(self, tenure: leases.Tenure) -> None:
        one = self.daemons[tenure.lease.portal]
        if self.alone is not None:
            await one.serve(tenure, self._turn)
            if one.failure is not None:
                self._stop.set()
            return
        try:
            await one.serve(tenure, self._turn)
        except Exception as crash:  # noqa: BLE001 - one portal's bug must not stop the others; it is logged and red
            await self._fell(one, tenure, crash)
        else:
            self._falls.pop(one.portal, None)
        if one.failure is not None:
            await self._mended(one, tenure)

    async def _fell(self, one: daemon.Daemon, tenure: leases.Tenure, crash: BaseException) -> None:
        while isinstance(crash, BaseExceptionGroup):
            crash = crash.exceptions[0]
        falls = self._falls[one.portal] = self._falls.get(one.portal, 0) + 1
        one.waiting = seams.Trouble("crashed", f"портал упал и будет поднят: {crash}")
        one.log.error("portal.crashed", reason=str(crash), exc_info=crash)
        delay = config.backoff(falls - 1, FIRST, MOST)
        await supervisor.first_of(self._clock.sleep(delay), tenure.over.wait())

    async def _mended(self, one: daemon.Daemon, tenure: leases.Tenure) -> None:
        """Keeps the portal, idle and red, until a person changed its files; the next tenure reads them."""
        failed, one.failure = one.failure, None
        text = failed.text if failed else ""
        first = " ".join(next(iter(text.splitlines()), "").split())
        one.waiting = seams.Trouble("config", f"{first}. Подробно: voronka check {one.path.name}")
        one.log.error("daemon.failed", reason=text)
        before = _stamp(one.path)
        while not tenure.over.is_set():
            await supervisor.first_of(self._clock.sleep(daemon.WATCH), tenure.over.wait())
            if _stamp(one.path) not in (before, None):
                one.rough = configuration.compiled(files.read(one.path), None)
                break
        one.waiting = daemon.STARTING

    def unsaved(self, refused: errors.StoreError) -> None:
        for one in self.daemons.values():
            one.unsaved(refused)

    def doors_open(self, portal: model.PortalId) -> bool:
        return self.daemons[portal].doors_open


def _stamp(path: Path) -> files.Stamp | None:
    """None: nothing is there, or not just now."""
    try:
        files.read(path)
    except files.NoFile:
        return None
    return files.stamp(path)
