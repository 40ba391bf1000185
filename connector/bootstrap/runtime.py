"""The process's life: store, web, portals, rules, loops, in that order up and in the reverse order down.

Doorbells are taken as soon as the store is open, before the portal answers: what rings is kept. A portal that can't be
reached is waited for (red, not dead). What a person must mend before anything can run is a StartError: one sentence and
an exit code. SIGTERM and SIGINT end it within 10 s.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from connector import clock, errors, settings
from connector.bootstrap import (
    application,
    configuration,
    daemon,
    files,
    house,
    notes,
    triggering,
    views,
    watching,
    wiring,
)
from connector.loops import leases, supervisor
from connector.store import api
from connector.web import app, metrics, seams
from robots import model

CONFIG, PORTAL, REFUSED, USAGE = 4, 5, 6, 3
_log = structlog.get_logger()

StartError = daemon.StartError


@dataclass(frozen=True, slots=True)
class Home:
    """One portal's files: its YAML (or a folder of them) and what may not be shown."""

    path: Path
    kept: settings.Secrets


class Running:
    """Daemons at work, as the demo and tests see them: the first one, mostly the only one."""

    def __init__(self, lived: house.House, store: api.Store, url: str, figures: metrics.Metrics) -> None:
        self._house, self._worked = lived, next(iter(lived.daemons.values()))
        self.store, self.url, self._figures = store, url, figures
        self.portal = self._worked.portal

    @property
    def hook_url(self) -> str:
        return f"{self.url}/hooks/{self.portal}"

    @property
    def finished(self) -> bool:
        return self._worked.finished

    @property
    def directory(self) -> model.Directory:
        """The portal's words; empty until it was reached."""
        keeper = self._worked.keeper
        return keeper.directory if keeper else notes.directory(self.portal, None)

    @property
    def begun(self) -> bool:
        """Robots have their watermarks: what happens from now on is theirs."""
        return self._worked.worker is not None and self._worked.worker.begun

    def raise_if_failed(self) -> None:
        """Raises StartError if it ended for a reason that a person must mend."""
        alone = self._house.alone
        if alone is not None and alone.failure is not None:
            raise alone.failure

    def doorbells(self) -> int:
        return sum(
            int(sample.value)
            for family in self._figures.hooks.collect()
            for sample in family.samples
            if sample.name == "voronka_hooks_total" and sample.labels["result"] in ("saved", "ignored")
        )


async def run(
    made: settings.Settings, homes: Sequence[Home], *, auto: bool, after_restore: bool = False
) -> None:
    """Runs until a signal. Raises StartError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    if made.parent_fd is not None:
        loop.add_reader(made.parent_fd, _orphaned, loop, made.parent_fd, stop)
    async with running(made, homes, auto=auto, stop=stop, after_restore=after_restore) as found:
        await stop.wait()
        _log.info("daemon.stopping")
    found.raise_if_failed()
    _log.info("daemon.stopped")


def _orphaned(loop: asyncio.AbstractEventLoop, parent: int, stop: asyncio.Event) -> None:
    loop.remove_reader(parent)
    _log.warning("daemon.orphaned")
    stop.set()


@asynccontextmanager
async def running(
    made: settings.Settings,
    homes: Sequence[Home],
    *,
    auto: bool,
    stop: asyncio.Event,
    after_restore: bool = False,
) -> AsyncIterator[Running]:
    """The daemons while the context is open; leaving it, or setting `stop`, stops them. Raises StartError."""
    roughs = [_checked(home) for home in homes]
    async with AsyncExitStack() as stack:
        store = await _store(stack, made)
        ticking = leases.DatabaseClock(clock.SystemClock())
        lived = house.House(
            [
                daemon.Daemon(
                    made,
                    home.path,
                    home.kept,
                    rough.loaded.settings.portal,
                    store,
                    ticking,
                    auto=auto,
                    rough=rough,
                    after_restore=after_restore,
                )
                for home, rough in zip(homes, roughs, strict=True)
            ],
            made.lease,
        )
        _check_addresses(lived, homes)
        figures = metrics.Metrics()
        seen = {portal: views.Views(one) for portal, one in lived.daemons.items()}
        port = await _listen(stack, _pages(made, lived, seen, figures), made)
        url = f"http://{_spoken(made.http_host)}:{port}"
        await lived.announce(url)
        for portal in lived.daemons:
            _log.info("daemon.started", portal=portal, url=url)
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, lived.work(stop), name="house")
            for one in lived.daemons.values():
                watch = watching.over(one, seen[one.portal], log_key([one.kept]), one.log)
                supervisor.spawn(group, watch.run(stop), name=f"alerts {one.portal}")
            try:
                yield Running(lived, store, url, figures)
            finally:
                stop.set()


def _pages(
    made: settings.Settings,
    lived: house.House,
    seen: Mapping[model.PortalId, views.Views],
    figures: metrics.Metrics,
) -> web.Application:
    bells: dict[str, seams.HookPortal] = {}
    installs: dict[str, seams.InstallPortal] = {}
    for one in lived.daemons.values():
        own = one.application
        bells |= own.hook_portals() if own else wiring.hook_portals(one.section, one.kept)
        installs |= own.installs() if own else {}
    first = next(iter(lived.daemons.values()))
    return app.create_app(
        bells,
        first.store.inbox,
        {portal: one.as_seams() for portal, one in seen.items()},
        body_timeout=made.body_timeout,
        counted=figures,
        at=first.at if made.crash_at else seams.nowhere,
        is_open=lived.doors_open,
        unsaved=lived.unsaved,
        installs=installs or None,
        called=[triggering.door(one) for one in lived.daemons.values()],
    )


def log_key(kept: Sequence[settings.Secrets]) -> bytes:
    """Keys the hashes of phones and e-mails in logs: equal ones stay equal over restarts, nobody else can try them."""
    own = " ".join(sorted(one.client_secret or one.b24_url for one in kept))
    return hashlib.sha256(b"voronka logs " + own.encode()).digest()


def _checked(home: Home) -> configuration.Compiled:
    rough = _read(home.path)
    _check_secrets(home.path, home.kept, rough.loaded.settings.portal)
    return rough


def _check_addresses(lived: house.House, homes: Sequence[Home]) -> None:
    """Two files of one portal would work it twice."""
    if len(lived.daemons) < len(homes):
        paths = Counter(_read(home.path).loaded.settings.portal.address for home in homes)
        raise StartError(USAGE, f"два файла на один портал: {paths.most_common(1)[0][0]}. Оставьте один")


def _read(path: Path) -> configuration.Compiled:
    try:
        bundle = files.read(path)
    except files.NoFile as missing:
        raise StartError(USAGE, f"нет такого файла: {missing}") from missing
    rough = configuration.compiled(bundle, None)
    if not rough.loaded.settings.portal.address:
        shown = rough.shown()
        raise StartError(CONFIG, shown or f"{path}: не указан портал (portal: address: …)")
    return rough


def _check_secrets(path: Path, kept: settings.Secrets, section: wiring.PortalSection) -> None:
    if not (kept.b24_url or kept.app):
        beside = settings.secrets_file(path)
        raise StartError(
            CONFIG,
            f"не задан адрес входящего вебхука: переменная B24_URL или строка B24_URL=… в {beside} (voronka connect)",
        )
    try:
        application.check(section, kept) if kept.app else wiring.webhook(section, kept)
    except wiring.BadUrl as wrong:
        raise StartError(CONFIG, str(wrong)) from wrong


async def _store(stack: AsyncExitStack, made: settings.Settings) -> api.Store:
    try:
        made.home.mkdir(parents=True, exist_ok=True)
        return await stack.enter_async_context(api.open_store(made.database_url, daemon=True))
    except errors.StoreError as refused:
        raise StartError(REFUSED, f"база не открывается: {refused}") from refused
    except OSError as refused:
        raise StartError(
            REFUSED, f"папка {made.home} для состояния не создаётся: {refused.strerror}. Другая: VORONKA_HOME"
        ) from refused


async def _listen(stack: AsyncExitStack, pages: web.Application, made: settings.Settings) -> int:
    try:
        return await stack.enter_async_context(
            app.serving(pages, made.http_host, made.http_port, shared=made.shared_port)
        )
    except app.PortTaken as taken:
        raise StartError(
            REFUSED,
            f"не могу слушать {taken}. Другой адрес и порт: VORONKA_HTTP_HOST, VORONKA_HTTP_PORT=8081",
        ) from taken


def _spoken(host: str) -> str:
    """An address that a browser here can open."""
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  spoken to, not listened on
    return anywhere.get(host, f"[{host}]" if ":" in host else host)
