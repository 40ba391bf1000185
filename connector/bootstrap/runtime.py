"""The daemon's life: store, web, portal, rules, loops, in that order up and in the reverse order down.

Doorbells are taken as soon as the store is open, before the portal answers: what rings is kept. A portal that can't be
reached is waited for (red, not dead). What a person must mend before anything can run is a StartError: one sentence and
an exit code. SIGTERM and SIGINT end it within 10 s.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web

from connector import clock, errors, settings
from connector.bootstrap import application, configuration, daemon, files, notes, views, watching, wiring
from connector.loops import supervisor
from connector.store import api
from connector.web import app, metrics, seams
from robots import model

CONFIG, PORTAL, REFUSED, USAGE = 4, 5, 6, 3
_log = structlog.get_logger()

StartError = daemon.StartError


class Running:
    """A daemon at work, as the demo and tests see it."""

    def __init__(self, worked: daemon.Daemon, store: api.Store, url: str, figures: metrics.Metrics) -> None:
        self.store, self.url, self._worked, self._figures = store, url, worked, figures
        self.portal = worked.portal

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
        if self._worked.failure is not None:
            raise self._worked.failure

    def doorbells(self) -> int:
        return sum(
            int(sample.value)
            for family in self._figures.hooks.collect()
            for sample in family.samples
            if sample.name == "voronka_hooks_total" and sample.labels["result"] in ("saved", "ignored")
        )


async def run(
    made: settings.Settings, path: Path, kept: settings.Secrets, *, auto: bool, after_restore: bool = False
) -> None:
    """Runs until a signal. Raises StartError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with running(made, path, kept, auto=auto, stop=stop, after_restore=after_restore) as found:
        await stop.wait()
        _log.info("daemon.stopping")
    found.raise_if_failed()
    _log.info("daemon.stopped")


@asynccontextmanager
async def running(
    made: settings.Settings,
    path: Path,
    kept: settings.Secrets,
    *,
    auto: bool,
    stop: asyncio.Event,
    after_restore: bool = False,
) -> AsyncIterator[Running]:
    """The daemon while the context is open; leaving it, or setting `stop`, stops it. Raises StartError."""
    rough = _read(path)
    _check_secrets(path, kept, rough.loaded.settings.portal)
    async with AsyncExitStack() as stack:
        store = await _store(stack, made)
        section = rough.loaded.settings.portal
        figures = metrics.Metrics()
        worked = daemon.Daemon(
            made,
            path,
            kept,
            section,
            store,
            clock.SystemClock(),
            auto=auto,
            rough=rough,
            after_restore=after_restore,
        )
        seen, own = views.Views(worked), worked.application
        pages = app.create_app(
            own.hook_portals() if own else wiring.hook_portals(section, kept),
            store.inbox,
            seen.as_seams(),
            body_timeout=made.body_timeout,
            counted=figures,
            at=worked.at if made.crash_at else seams.nowhere,
            is_open=lambda: worked.doors_open,
            unsaved=worked.unsaved,
            installs=own.installs() if own else None,
        )
        port = await _listen(stack, pages, made)
        url = f"http://{_spoken(made.http_host)}:{port}"
        await worked.announce(url)
        _log.info("daemon.started", portal=worked.portal, url=url)
        async with asyncio.TaskGroup() as group:
            supervisor.spawn(group, worked.work(stop), name=f"daemon {worked.portal}")
            watch = watching.over(worked, seen, log_key(kept), worked.log)
            supervisor.spawn(group, watch.run(stop), name=f"alerts {worked.portal}")
            try:
                yield Running(worked, store, url, figures)
            finally:
                stop.set()


def log_key(kept: settings.Secrets) -> bytes:
    """Keys the hashes of phones and e-mails in logs: equal ones stay equal over restarts, nobody else can try them."""
    return hashlib.sha256(b"voronka logs " + (kept.client_secret or kept.b24_url).encode()).digest()


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
