"""One portal's daemon: reaches the portal, compiles the rules against it, runs the worker, watches the file.

It lives in a house (`house.py`), alone or with other portals' daemons. Several houses may share a store: the portal is worked
by the one that holds its lease (`loops/leases`), over the store `under` its token; the others take doorbells and wait. Until the portal answers it waits and says so; the directory is read again every hour, so that a renamed stage or a new
employee is known without a restart.
"""

from __future__ import annotations

import asyncio
import os
import secrets as dice
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from connector import errors, settings
from connector.bitrix24 import portal as b24
from connector.bootstrap import application, configuration, manual, notes, restored, tuning, wiring
from connector.loops import activation, erasing, leases, retention, sending, supervisor, worker
from connector.loops import config as loop_config
from connector.store import api
from connector.web import seams
from robots import decision, model

T = TypeVar("T")
REFRESH = 3600.0
"""Between two readings of the portal's dictionaries."""
WATCH = 1.0
"""Between two looks at the file."""
FIRST, MOST = 1.0, 60.0
STARTING = seams.Trouble("starting", "запускаюсь: читаю портал")
STANDBY = seams.Trouble(
    "standby", "портал ведёт другой процесс Voronka; этот принимает сигналы и сменит его, если тот замолчит"
)
_log = structlog.get_logger()


class StartError(Exception):
    """The daemon can't run until a person mends something: a sentence and the command's exit code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Daemon:
    def __init__(
        self,
        made: settings.Settings,
        path: Path,
        kept: settings.Secrets,
        section: wiring.PortalSection,
        store: api.Store,
        clock: leases.DatabaseClock,
        *,
        auto: bool,
        rough: configuration.Compiled,
        after_restore: bool = False,
    ) -> None:
        self.settings, self.path, self.kept, self.section, self.store = made, path, kept, section, store
        self.clock, self.auto, self.rough = clock, auto, rough
        self.mine = store
        """The store as the holder of the lease writes it."""
        self.portal = model.PortalId(settings.portal_id(section.address))
        self.admission = restored.Admission(self.portal, after_restore=after_restore)
        self.log = _log.bind(portal=self.portal)
        self.at = wiring.crash(made.crash_at)
        self.application = (
            application.Application(made, section, kept, store, clock, self.at) if kept.app else None
        )
        """None where a webhook speaks."""
        self.waiting: seams.Trouble | None = STARTING
        """Why nothing works yet; None once the worker runs."""
        self.keeper: configuration.Keeper | None = None
        self.worker: worker.PortalWorker | None = None
        self.reached: b24.Bitrix24Portal | None = None
        self.failure: StartError | None = None
        self.finished = False
        self.doors_open = False
        """Robots have their watermarks, by whichever worker: doorbells may be taken."""
        self.url = ""
        """Where this process answers."""
        self.calm = 1.0
        """So many times seldomer than where it is alone it looks whether anything happened that no signal told of."""
        self.landlord: leases.Landlord | None = None
        """The house's; it says whether the portal is ours."""

    @property
    def standby(self) -> bool:
        landlord = self.landlord
        return landlord is not None and landlord.asked and self.portal not in landlord.kept

    @property
    def quiet(self) -> bool:
        """Nothing of the portal is in the air."""
        return self.worker is None or not self.worker.executor.flying

    async def look_at_doors(self) -> None:
        noted = await self.store.notebook.read(self.portal, activation.NOTE) is not None
        self.doors_open = noted or (self.worker is not None and self.worker.begun)

    async def open_doors(self, stop: asyncio.Event, every: float) -> None:
        """At once if robots have their watermarks from an earlier life, else after them."""
        while not self.doors_open and not stop.is_set():
            try:
                await self.look_at_doors()
            except errors.StoreError as refused:
                self.log.debug("store.failed", reason=str(refused))
            await supervisor.first_of(self.clock.sleep(every), stop.wait())

    def unsaved(self, refused: errors.StoreError) -> None:
        """A doorbell was answered 503: red at once, though no loop has anything to write."""
        if self.worker is not None:
            supervisor.store_is_ill(self.worker.desk, refused)

    async def close(self) -> None:
        self.finished = True
        if self.application is not None:
            await self.application.close()
        if self.failure is not None:
            self.log.error("daemon.failed", reason=self.failure.text)

    async def serve(self, tenure: leases.Tenure, turn: asyncio.Semaphore) -> None:
        """One tenure of the portal, until it is over or, with `failure` set, a person must mend something. `turn`: so many
        portals read themselves in at a time."""
        self.mine = self.store.under(self.portal, tenure.lease.token)
        leave = sending.Sending(self.portal, self.mine.ledger, self.clock, at=self.at, owned=tenure.owned)
        self.waiting = STARTING
        by = self.application.authority if self.application else None
        try:
            await self.mine.notebook.write(self.portal, notes.HTTP, {"url": self.url, "pid": os.getpid()})
            await self.mine.notebook.write(self.portal, notes.APPLY, None)
            async with wiring.opened(self.settings, self.section, self.kept, self.clock, leave, by) as portal:

                async def read() -> model.Directory:
                    async with turn:
                        return await portal.directory()

                directory = await self._answered(read, tenure.over)
                if directory is not None and await self._admitted(portal, tenure.over):
                    await self._work(portal, leave, directory, tenure.over)
        except StartError as failed:
            self.failure = failed
        except (errors.StoreError, ExceptionGroup) as refused:
            # The next tenure begins anew with what is in the store.
            if isinstance(refused, ExceptionGroup) and refused.split(errors.StoreError)[1] is not None:
                raise
            self.log.log(40, "store.failed", reason=str(refused))
        finally:
            self.worker, self.keeper, self.reached, self.waiting = None, None, None, STARTING

    async def _answered(self, ask: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
        """What the portal says as soon as it says it; None if stopped before."""
        tries = 0
        while not stop.is_set():
            answers: list[T | errors.PortalError] = []
            # The portal may take long to be unreachable: a stop doesn't wait for it.
            await supervisor.first_of(_asked(ask, answers), stop.wait())
            for answer in answers:
                if not isinstance(answer, errors.PortalError):
                    return answer
                delay = loop_config.backoff(tries, FIRST, MOST)
                self._tell_unreachable(answer, delay)
                await supervisor.first_of(self.clock.sleep(delay), stop.wait())
            tries += 1
        return None

    async def _admitted(self, portal: b24.Bitrix24Portal, stop: asyncio.Event) -> bool:
        """Whether the store is the one that worked here last: else it stands, red, until it is stopped."""
        ledger, notebook = self.mine.ledger, self.mine.notebook
        doubt = await self._answered(
            lambda: self.admission.doubt(portal, ledger, notebook, self.clock.now()), stop
        )
        if doubt:
            self.waiting = seams.Trouble(restored.RESTORED, doubt)
            self.log.error("restore.needed", reason=doubt)
            await stop.wait()
        return doubt == ""

    def _tell_unreachable(self, refused: errors.PortalError, delay: float) -> None:
        closed = isinstance(refused, errors.PortalClosed)
        code = f"portal_{refused.why}" if isinstance(refused, errors.PortalClosed) else "portal_unreachable"
        before, self.waiting = self.waiting, seams.Trouble(code, wiring.why(refused))
        # A state is told once, however often the portal is tried.
        level = 10 if self.waiting == before else 40 if closed else 30
        self.log.log(level, "portal.unreachable", reason=self.waiting.text, delay=delay)

    async def _work(
        self,
        portal: b24.Bitrix24Portal,
        leave: sending.Sending,
        directory: model.Directory,
        stop: asyncio.Event,
    ) -> None:
        self.log.info("portal.connected", address=self.section.address)
        for note in portal.notes:
            self.log.warning("portal.degraded", reason=note)
        self.reached = portal
        keeper, chosen = await self._rules(directory)
        key = await self._digest_key()
        portal.key_comms(key)
        forgetful = erasing.Forgetful(portal, self.portal, self.mine.erasure, key)
        seen, ledger = self.admission.around(forgetful, self.mine.ledger, self.mine.mirror, self.clock)
        made = worker.PortalWorker(
            portal_id=self.portal,
            portal=seen,
            stores=worker.Stores(self.mine.inbox, self.mine.mirror, ledger, self.mine.notebook),
            sending=leave,
            rules=chosen.rules(),
            directory=configuration.worked(chosen, directory),
            key=key,
            settings=wiring.loop_settings(self.settings, self.section, self.calm),
            clock=self.clock,
            log=self.log,
            at=self.at,
        )
        await keeper.accept(chosen)
        tuning.tune()
        self.keeper, self.worker, self.waiting = keeper, made, None
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, self._kept(keeper, stop), name=f"config {self.portal}")
            supervisor.spawn(group, self._refreshed(portal, keeper, stop), name=f"directory {self.portal}")
            supervisor.spawn(group, made.run(stop), name=f"worker {self.portal}")
            kept_words = retention.Retention(made.desk, self.mine.retention, self._days_kept)
            by_hand = manual.loops(made.desk, self.mine, portal, key)
            for name, run in (*self.admission.loops(made.desk), *by_hand, ("retention", kept_words.run)):
                kept = supervisor.keep(name, partial(run, stop), made.desk, stop)
                supervisor.spawn(group, kept, name=f"{name} {self.portal}")
            if self.application is not None:
                bound = self.application.keep_bound(portal, stop)
                supervisor.spawn(group, bound, name=f"events {self.portal}")

    async def _rules(self, directory: model.Directory) -> tuple[configuration.Keeper, configuration.Compiled]:
        """What to start with. Raises StartError if there is nothing to start with."""
        await self.mine.notebook.write(self.portal, notes.NAMES, notes.names(directory))
        keeper = configuration.Keeper(
            self.path, self.portal, self.mine.notebook, self.clock, self.auto, directory, self._take
        )
        now = await asyncio.to_thread(configuration.compiled, self.rough.bundle, directory)
        chosen = await keeper.first(now)
        if chosen.errors and not chosen.workable:
            raise StartError(4, chosen.shown())
        return keeper, chosen

    def _days_kept(self) -> int:
        chosen = self.keeper.present if self.keeper is not None else None
        return (chosen or self.rough).loaded.settings.keep_story_days

    async def _take(self, rules: decision.Rules, directory: model.Directory) -> None:
        if self.worker is not None:
            await self.worker.replace(rules, directory)

    async def _kept(self, keeper: configuration.Keeper, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await supervisor.first_of(self.clock.sleep(WATCH * self.calm), stop.wait())
            try:
                await keeper.look()
            except (errors.PortalError, errors.StoreError) as refused:
                # The portal's watermarks or the notebook couldn't be had: the old rules work on, the next look retries.
                self.log.warning("config.delayed", reason=str(refused))

    async def _refreshed(
        self, portal: b24.Bitrix24Portal, keeper: configuration.Keeper, stop: asyncio.Event
    ) -> None:
        while not stop.is_set():
            await supervisor.first_of(self.clock.sleep(REFRESH), stop.wait())
            if stop.is_set():
                return
            try:
                directory = await portal.directory()
                await keeper.renamed(directory)
                await self.mine.notebook.write(self.portal, notes.NAMES, notes.names(directory))
            except (errors.PortalError, errors.StoreError) as refused:
                self.log.warning("portal.degraded", reason=str(refused))

    async def _digest_key(self) -> bytes:
        """Made once for the life of the store: another key would make every phone look new."""
        notebook = self.mine.notebook
        written = await notebook.read(self.portal, notes.DIGEST_KEY)
        if not written:
            written = dice.token_hex(32)
            await notebook.write(self.portal, notes.DIGEST_KEY, written)
        return bytes.fromhex(str(written))


async def _asked(ask: Callable[[], Awaitable[T]], answers: list[T | errors.PortalError]) -> None:
    try:
        answers.append(await ask())
    except errors.PortalError as refused:
        answers.append(refused)
