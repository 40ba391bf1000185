"""`connect --app`, without a daemon: the portal brings an application's tokens to a door that is open for a while.

The portal posts them when the application is added, and only then shows its id and secret: what comes is held here, unproven,
until a person has typed those. Proven tokens go to the store that the daemon will work on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp import web

from connector import clock, errors, settings
from connector.bitrix24 import hooks, installation, secret
from connector.bootstrap import application, joining, notes, wiring
from connector.store import api
from connector.web import app, install, seams
from robots import model

MOST_HELD = 8
"""A stranger who posts forms pushes out the oldest, and the portal's comes last."""
Address = secret.AppAddress
_log = structlog.get_logger()


class Room:
    def __init__(
        self, made: settings.Settings, section: joining.Section, store: api.Store, public_url: str
    ) -> None:
        self._made, self._section, self._store, self._public = made, section, store, public_url
        self.id = model.PortalId(settings.portal_id(section.address))
        self._held: deque[bytes] = deque(maxlen=MOST_HELD)
        self._came = asyncio.Event()

    async def take(self, body: bytes) -> None:
        try:
            installation.claim(body)
        except hooks.Malformed as broken:
            raise seams.HookMalformed(str(broken)) from broken
        self._held.append(body)
        self._came.set()

    async def come(self, seconds: float) -> None:
        """Until the portal has brought something. Raises Refused."""
        try:
            async with asyncio.timeout(seconds):
                await self._came.wait()
        except TimeoutError:
            raise joining.Refused(
                joining.PORTAL,
                "портал не пришёл: проверьте, что он видит "
                f"{self._public} из интернета, и переустановите в нём приложение, пока команда ждёт",
            ) from None

    async def prove(self, kept: settings.Secrets) -> secret.AppAddress | None:
        """What to speak to the portal with; None if nothing of what came so far is this application's. Raises Refused;
        what came stays for another try where the application's own id or secret is wrong."""
        try:
            application.check(self._section, kept)
        except wiring.BadUrl as wrong:
            raise joining.Refused(joining.CONFIG, str(wrong)) from wrong
        own = application.Application(self._made, self._section, kept, self._store, clock.SystemClock())
        try:
            while self._held:
                body = self._held[-1]
                if await self._proven(own, body):
                    await self._store.notebook.write(self.id, notes.PUBLIC_URL, self._public)
                    return await own.authority.address()
                if body in self._held:  # no pop(): while it was being proved the portal's own may have come
                    self._held.remove(body)
            self._came.clear()
        except (errors.PortalError, errors.StoreError) as trouble:
            raise joining.Refused(joining.PORTAL, str(trouble)) from trouble
        else:
            return None
        finally:
            await own.close()

    async def _proven(self, own: application.Application, body: bytes) -> bool:
        claimed = installation.claim(body)
        try:
            await own.keep(await installation.prove(claimed, own.server, own.servers, own.origin))
        except installation.WrongApp as wrong:
            raise joining.Refused(joining.USAGE, str(wrong)) from wrong
        except installation.Unproven as refused:
            _log.warning("app.refused", portal=self.id, reason=str(refused))
            return False
        return True


@asynccontextmanager
async def opened(made: settings.Settings, section: joining.Section, public_url: str) -> AsyncIterator[Room]:
    """The door and the store while the context is open. Raises Refused."""
    async with AsyncExitStack() as stack:
        try:
            made.home.mkdir(parents=True, exist_ok=True)
            store = await stack.enter_async_context(api.open_store(made.database_url, daemon=True))
        except (errors.StoreError, OSError) as refused:
            raise joining.Refused(joining.REFUSED, f"база не открывается: {refused}") from refused
        room = Room(made, section, store, public_url)
        names = settings.hook_names(section.address)
        doors = dict.fromkeys(names, seams.InstallPortal(room.id, room.take))
        pages = web.Application(client_max_size=64 * 1024)
        pages.router.add_post("/install/{portal}", install.Installs(doors, made.body_timeout).posted)
        try:
            await stack.enter_async_context(app.serving(pages, made.http_host, made.http_port))
        except app.PortTaken as taken:
            raise joining.Refused(
                joining.REFUSED,
                f"не могу слушать {taken}. Если Voronka уже запущена, остановите её на это время",
            ) from taken
        yield room
