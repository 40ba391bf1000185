"""A portal spoken to by a local application: its tokens, its installation while we run, its events, its removal.

The other way than a webhook's address; which of the two it is, `Secrets.app` says. Where the portal reaches us is
remembered in the notebook by `connect` (or said by VORONKA_PUBLIC_URL): a request's own Host is never believed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import structlog

from connector import clock as clocks
from connector import errors, logs, ports, settings
from connector.bitrix24 import authserver, hooks, installation, oauth, portal, secret, tokens
from connector.bootstrap import notes, wiring
from connector.loops import supervisor
from connector.store import api
from connector.web import seams
from robots import model

REBIND = 3600.0
"""Seconds between two looks whether the events are still bound."""
REREAD = 5.0
"""Seconds between two readings of the store for a doorbell's sake."""
_log = structlog.get_logger()


class Application:
    """What `check` refuses is not made into one."""

    def __init__(
        self,
        made: settings.Settings,
        section: wiring.PortalSection,
        kept: settings.Secrets,
        store: api.Store,
        clock: ports.Clock,
        at: Callable[[str], None] = oauth.nothing_happens,
    ) -> None:
        self._public, self._section, self._store, self._clock = made.public_url, section, store, clock
        self.id = model.PortalId(settings.portal_id(section.address))
        self.origin = secret.origin_of(section.address, insecure_http=section.insecure_http)
        self.servers = servers(kept, self.origin, insecure=section.insecure_http)
        self._vault = tokens.Vault(kept.tokens_key)
        self.server = authserver.Server(
            authserver.App(kept.client_id, kept.client_secret),
            self.servers,
            timeout=min(authserver.TIMEOUT, made.request_timeout),
        )
        self.authority = oauth.Authority(
            self.id, self.origin, store.tokens, self._vault, self.server, clock, at=at, learn=_hide
        )
        self._reread_at = -REREAD
        self._rebind = asyncio.Event()
        self._unbound = ""
        """Why events don't come, for people."""

    async def close(self) -> None:
        await self.authority.close()
        await self.server.close()

    # --- the portal's word

    async def take(self, body: bytes) -> None:
        """An installation. Raises as seams.InstallPortal.take."""
        try:
            grant = await installation.prove(installation.claim(body), self.server, self.servers, self.origin)
        except hooks.Malformed as broken:
            raise seams.HookMalformed(str(broken)) from broken
        except installation.Unproven as refused:
            raise seams.NotOurs(str(refused)) from refused
        await self.keep(grant)

    async def keep(self, grant: tokens.Grant) -> None:
        """Raises StoreError."""
        _hide(grant)
        await self._store.tokens.put(self.id, self._vault.seal(self.id, grant), self._clock.now())
        self.authority.forget()
        self._rebind.set()
        _log.info("app.installed", portal=self.id)

    async def rang(self, bell: seams.Doorbell) -> None:
        """The last event of an application that was removed: its tokens are erased at once. Raises StoreError."""
        if bell.event == installation.GONE:
            await self._store.tokens.erase(self.id, self._clock.now())
            self.authority.forget()
            _log.warning("app.removed", portal=self.id)

    async def again(self) -> bool:
        """A doorbell's token didn't fit: another process may have taken an installation, or we have just started."""
        if self._clock.monotonic() - self._reread_at < REREAD:
            return False
        self._reread_at = self._clock.monotonic()
        try:
            await self.authority.reread()
        except errors.Retryable:
            return False
        return True

    def hook_portals(self) -> dict[str, seams.HookPortal]:
        host = settings.host_of(self._section.address)
        found = seams.HookPortal(
            self.id,
            b"",
            "" if settings.is_loopback(host) else host,
            parse=wiring.parse,
            proof=lambda: self.authority.application,
            again=self.again,
            rang=self.rang,
        )
        return dict.fromkeys(settings.hook_names(self._section.address), found)

    def installs(self) -> dict[str, seams.InstallPortal]:
        return dict.fromkeys(
            settings.hook_names(self._section.address), seams.InstallPortal(self.id, self.take)
        )

    # --- events

    async def keep_bound(self, reached: portal.Bitrix24Portal, stop: asyncio.Event) -> None:
        """Binds the events at the start, after each installation, and whenever an update has unbound them."""
        while not stop.is_set():
            self._rebind.clear()
            await self._bind(reached)
            await supervisor.first_of(self._clock.sleep(REBIND), stop.wait(), self._rebind.wait())

    async def _bind(self, reached: portal.Bitrix24Portal) -> None:
        try:
            handler = await self._handler()
            if handler and self._section.events == "webhook":
                fresh = await installation.bind(reached.client, handler)
                if fresh:
                    _log.info("app.bound", portal=self.id, events=len(fresh))
            self._unbound = ""
        except (errors.PortalError, errors.StoreError) as refused:
            self._unbound = f"события портала не привязаны: {refused}"
            _log.warning("portal.degraded", portal=self.id, reason=self._unbound)

    async def _handler(self) -> str:
        public = self._public or await self._store.notebook.read(self.id, notes.PUBLIC_URL) or ""
        return handler(str(public), self.id)

    def remarks(self) -> Iterator[seams.Trouble]:
        """What isn't red and a person should know."""
        if self._section.events != "webhook":
            return
        if self._unbound:
            yield seams.Trouble("events_unbound", self._unbound)


def servers(kept: settings.Secrets, origin: str, *, insecure: bool) -> tuple[str, ...]:
    """Where the application's secret may be sent: the configured server, else the vendor's, and a sandbox's own."""
    if kept.oauth_server:
        return (kept.oauth_server.rstrip("/").lower(),)
    return (origin,) if insecure else authserver.KNOWN


def handler(public_url: str, of: model.PortalId) -> str:
    return f"{public_url.rstrip('/')}/hooks/{of}" if public_url else ""


async def reading(
    made: settings.Settings, section: wiring.PortalSection, kept: settings.Secrets
) -> tuple[model.Directory, tuple[str, ...]]:
    """As wiring.reading, for a webhook or an application, whose tokens are read beside a daemon or without one."""
    if not kept.app:
        return await wiring.reading(made, section, kept)
    check(section, kept)
    try:
        async with api.open_store(made.database_url, daemon=False) as store:
            ticking = clocks.SystemClock()
            own = Application(made, section, kept, store, ticking)
            async with wiring.opened(made, section, kept, ticking, None, own.authority) as found:
                try:
                    return await found.directory(), found.notes
                finally:
                    await own.close()
    except errors.StoreError as refused:
        raise errors.PortalClosed(errors.Closed.APP, f"Ключи приложения не читаются: {refused}") from refused


async def directory(
    made: settings.Settings, section: wiring.PortalSection, kept: settings.Secrets
) -> model.Directory:
    return (await reading(made, section, kept))[0]


def check(section: wiring.PortalSection, kept: settings.Secrets) -> None:
    """Raises BadUrl with a sentence about what can't be worked with."""
    secret.origin_of(section.address, insecure_http=section.insecure_http)
    if not kept.client_secret:
        raise wiring.BadUrl(
            "не задан B24_CLIENT_SECRET: он в карточке приложения в портале (voronka connect --app)"
        )
    if kept.oauth_server and not kept.oauth_server.startswith("https://") and not section.insecure_http:
        raise wiring.BadUrl("B24_OAUTH_SERVER: нужен адрес, который начинается с https://")
    try:
        tokens.Vault(kept.tokens_key)
    except tokens.BadKey as wrong:
        raise wiring.BadUrl(str(wrong)) from wrong


def _hide(grant: tokens.Grant) -> None:
    logs.learn(grant.access, grant.refresh, grant.application)
