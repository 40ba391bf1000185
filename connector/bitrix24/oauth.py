"""Speaking to a portal as an application: which access token stands now, and a new one when the portal says it is over.

Law: a refresh token is used once. In one process callers share one refresh; between processes it happens under the row's
lock; before giving up the row is read again, since somebody else may have been luckier. The vendor asks to refresh on 401
`expired_token` only. A 401 means that the call surely wasn't done, so the same call goes again (writes too). New tokens
that the store can't take stay in memory and are written as soon as it can.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

import structlog

from connector import errors, ports
from connector.bitrix24 import authserver, secret, tokens
from robots import model

HOLD = 2 * authserver.TIMEOUT
"""Seconds that a refresh may take before its lock is anybody's."""
PATIENCE, LOOK = 20.0, 0.2
"""Seconds that another worker's refresh is waited for; between two looks at it."""
SAVE_AGAIN = 1.0
CLOSE_WITHIN = 0.8
"""A part of the ten seconds that a stop may take."""
NEVER, UNKNOWN, CLIENT, KEY = "", "unknown", "invalid_client", "key"
_HEAL = (
    "Переустановите приложение в портале: работающая Voronka возьмёт новые ключи сама. "
    "Не помогло — voronka connect --app"
)
WHY = {
    NEVER: "Приложение ещё не установлено в портале, ключей нет. Выполните voronka connect --app",
    tokens.REMOVED: "Приложение Voronka удалено из портала, его ключи стёрты. "
    "Чтобы роботы работали снова, добавьте приложение ещё раз: voronka connect --app",
    tokens.REFUSED: "Портал больше не принимает ключи приложения (invalid_grant): они живут 180 дней "
    f"и меняются при переустановке. {_HEAL}",
    tokens.INTERRUPTED: "Ключи приложения потеряны: программу или связь прервали, когда портал выдавал новые, "
    f"а прежних он уже не принимает. {_HEAL}",
    UNKNOWN: f"Портал не узнаёт ключ приложения: его удалили или переустановили без Voronka. {_HEAL}",
    CLIENT: "Сервер авторизации не узнаёт приложение: B24_CLIENT_ID или B24_CLIENT_SECRET не те. "
    "Возьмите их в карточке приложения в портале и запустите voronka run заново",
    KEY: "Ключи приложения в базе не расшифровываются: VORONKA_TOKENS_KEY не тот, что при установке. "
    "Верните прежний файл .secrets или выполните voronka connect --app",
}
_log = structlog.get_logger()


def nothing_happens(_point: str) -> None:
    """No crash is asked for at any point."""


def nobody(_grant: tokens.Grant) -> None:
    """Nobody hides what is secret."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Tokens in use, as read from or written to the store."""

    version: int
    grant: tokens.Grant
    address: secret.AppAddress
    unsaved: bool = False


class Authority:
    """What the transport speaks with. `origin` is the configured portal's; no hook changes it. Named points for trials
    of crashes: `token_answered` (new tokens came, the store doesn't know), `token_saved`."""

    def __init__(
        self,
        portal: model.PortalId,
        origin: str,
        rows: tokens.Rows,
        vault: tokens.Vault,
        server: authserver.Giving,
        clock: ports.Clock,
        *,
        at: Callable[[str], None] = nothing_happens,
        learn: Callable[[tokens.Grant], None] = nobody,
    ) -> None:
        self._portal, self.origin, self._rows, self._vault = portal, origin, rows, vault
        self._server, self._clock, self._at, self._learn = server, clock, at, learn
        self._holder = uuid.uuid4().hex
        self._standing: Standing | None = None
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._unheard = False
        """A request for tokens was sent and no answer came."""
        self._tried_saving = 0.0

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def application(self) -> bytes:
        """`application_token` as last known here."""
        return self._standing.grant.application.encode() if self._standing else b""

    def redact(self, text: str) -> str:
        return self._standing.address.redact(text) if self._standing else text

    async def address(self) -> secret.AppAddress:
        """Raises PortalClosed where there are no good tokens, Retryable where the store can't tell."""
        if self._standing is None or self._standing.unsaved:
            async with self._lock:
                if self._standing is None:
                    self._take(await self._read())
                elif self._standing.unsaved:
                    await self._save_again()
        if self._standing is None:
            raise errors.Retryable("ключи приложения только что сменились")
        return self._standing.address

    async def reread(self) -> None:
        """Another process, or an installation, may have written other tokens. Raises as `address`."""
        async with self._lock:
            row = await self._read()
            if self._standing is None or row is None or row.version != self._standing.version:
                self._take(row)

    def forget(self) -> None:
        """What is known here isn't so any more: an installation or a removal was written to the store."""
        self._standing = None

    async def close(self) -> None:
        """A refresh under way is waited for: its answer must not be lost with the process."""
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=CLOSE_WITHIN)

    async def renewed(self, used: secret.AppAddress, code: str) -> bool:
        """The portal answered 401 with `code` to `used`: True where other tokens stand now and the call may go again."""
        async with self._lock:
            if self._refreshing is not None and not self._refreshing.done():
                await asyncio.shield(self._refreshing)
                return True
            if self._standing is None or used is not self._standing.address:
                return True
            row = await self._read()
            if row is None or row.version != self._standing.version:
                self._take(row)
                return True
            self._good(row)
            if code != "expired_token":
                self._closed(UNKNOWN, code)
            # A task of its own: the caller may be cancelled, the answer of the server may not be thrown away.
            self._refreshing = asyncio.get_running_loop().create_task(
                self._refresh(self._standing), name=f"tokens of {self._portal}"
            )
            self._refreshing.add_done_callback(_heard)
            await asyncio.shield(self._refreshing)
            return True

    # --- one refresh

    async def _refresh(self, old: Standing) -> None:
        before = await self._claimed(old)
        if before is None:
            return
        try:
            given = await self._server.ask(
                old.grant.server, grant_type="refresh_token", refresh_token=old.grant.refresh
            )
        except authserver.Denied as denied:
            await self._denied(old, before, denied)
            return
        except errors.Retryable as trouble:
            self._unheard = self._unheard or isinstance(trouble, authserver.Unheard)
            await self._release()
            raise
        self._at("token_answered")
        new = replace(old.grant, access=given.access, refresh=given.refresh)
        self._unheard = False
        # In use at once, whatever the store says: the old ones are dead.
        self._stand(old.version, new, unsaved=True)
        await self._save()
        self._at("token_saved")
        _log.info("token.renewed", portal=self._portal)

    async def _claimed(self, old: Standing) -> tokens.Row | None:
        """The row as it was before the lock became ours; None: another worker has renewed the tokens, and they stand."""
        give_up = self._clock.monotonic() + PATIENCE
        while True:
            with self._store():
                before = await self._rows.claim(self._portal, old.version, self._holder, HOLD)
            if before is not None:
                return before
            row = await self._read()
            if row is None or row.version != old.version or row.why:
                self._take(row)
                return None
            if self._clock.monotonic() > give_up:
                raise errors.Retryable("ключи приложения обновляет другой процесс")
            await self._clock.sleep(LOOK)

    async def _denied(self, old: Standing, before: tokens.Row, denied: authserver.Denied) -> None:
        """Returns if somebody else's tokens stand after all."""
        row = await self._read()
        if row is None or row.version != old.version:
            self._take(row)
            return
        if denied.code == "invalid_grant":
            lost = self._unheard or before.held
            why = tokens.INTERRUPTED if lost else tokens.REFUSED
            with self._store():
                await self._rows.spoil(self._portal, old.version, why)
            self._standing = None
            self._closed(why, denied.code)
        await self._release()
        if denied.code == "payment_required":
            raise errors.PortalClosed(errors.Closed.TARIFF, denied.text or denied.code, code=denied.code)
        self._closed(CLIENT, denied.code)

    async def _save_again(self) -> None:
        if self._clock.monotonic() - self._tried_saving >= SAVE_AGAIN:
            await self._save()

    async def _save(self) -> None:
        """Writes what stands; a store that refuses is asked again later."""
        standing = self._standing
        if standing is None:
            return
        self._tried_saving = self._clock.monotonic()
        sealed = self._vault.seal(self._portal, standing.grant)
        try:
            saved = await self._rows.renew(self._portal, standing.version, sealed, self._clock.now())
            row = await self._rows.read(self._portal)
        except errors.StoreError as refused:
            _log.error("token.unsaved", portal=self._portal, reason=str(refused))
            return
        if not saved:
            # An installation came between: its tokens are younger than ours.
            self._take(row)
        elif row is not None:
            self._standing = replace(standing, version=row.version, unsaved=False)

    async def _release(self) -> None:
        # A lock that the store can't give back ends by itself.
        with contextlib.suppress(errors.StoreError):
            await self._rows.release(self._portal, self._holder)

    # --- what stands

    async def _read(self) -> tokens.Row | None:
        with self._store():
            return await self._rows.read(self._portal)

    def _take(self, row: tokens.Row | None) -> None:
        """Makes the row's tokens those in use. Raises PortalClosed if it has none that are good."""
        self._standing = None
        sealed = self._good(row)
        try:
            grant = self._vault.open(self._portal, sealed)
        except tokens.BadKey:
            self._closed(KEY)
        self._stand(row.version if row else 0, grant, unsaved=False)

    def _stand(self, version: int, grant: tokens.Grant, *, unsaved: bool) -> None:
        self._learn(grant)
        self._standing = Standing(version, grant, secret.AppAddress(self.origin, grant.access), unsaved)

    def _good(self, row: tokens.Row | None) -> str:
        if row is None or row.why or row.sealed is None:
            self._standing = None
            self._closed(row.why if row else NEVER)
        return row.sealed

    def _closed(self, why: str, code: str = "") -> NoReturn:
        raise errors.PortalClosed(errors.Closed.APP, WHY[why], code=code or why)

    @contextlib.contextmanager
    def _store(self) -> Iterator[None]:
        try:
            yield
        except errors.StoreError as refused:
            raise errors.Retryable(f"база не отдаёт ключи приложения: {refused}") from refused


def _heard(task: asyncio.Task[None]) -> None:
    """Its error was for who waited; where nobody waits any more, nobody needs it."""
    if not task.cancelled():
        task.exception()
