"""Rows of tokens in memory, as the store keeps them, and an authorization server whose refresh tokens are for one use."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from connector import errors
from connector.bitrix24 import authserver, tokens
from robots import model


@dataclasses.dataclass(frozen=True)
class Row:
    version: int
    sealed: str | None
    why: str = ""
    held_until: datetime | None = None
    holder: str = ""

    @property
    def held(self) -> bool:
        return self.held_until is not None


class MemoryTokens(tokens.Rows):
    """`now` is the database's clock. `fail`: what the database says to every write; `journal`: what was written, in order."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.rows: dict[model.PortalId, Row] = {}
        self.fail: errors.StoreError | None = None
        self.journal: list[str] = []

    async def read(self, portal: model.PortalId) -> Row | None:
        return self.rows.get(portal)

    async def put(self, portal: model.PortalId, sealed: str, at: datetime) -> None:
        self._write(portal, "put", Row(self._next(portal), sealed))

    async def claim(self, portal: model.PortalId, version: int, holder: str, seconds: float) -> Row | None:
        now = self._now()
        row = self.rows.get(portal)
        if row is None or row.version != version or row.sealed is None or row.why:
            return None
        if row.held_until is not None and row.held_until > now and row.holder != holder:
            return None
        self._write(
            portal,
            "claim",
            dataclasses.replace(row, held_until=now + timedelta(seconds=seconds), holder=holder),
        )
        return row

    async def renew(self, portal: model.PortalId, version: int, sealed: str, at: datetime) -> bool:
        row = self.rows.get(portal)
        if row is None or row.version != version:
            return False
        self._write(portal, "renew", Row(version + 1, sealed))
        return True

    async def spoil(self, portal: model.PortalId, version: int, why: str) -> None:
        row = self.rows.get(portal)
        if row is not None and row.version == version:
            self._write(portal, "spoil", Row(version, row.sealed, why))

    async def release(self, portal: model.PortalId, holder: str) -> None:
        row = self.rows.get(portal)
        if row is not None and row.holder == holder:
            self._write(portal, "release", dataclasses.replace(row, held_until=None, holder=""))

    async def erase(self, portal: model.PortalId, at: datetime) -> None:
        if portal in self.rows:
            self._write(portal, "erase", Row(self._next(portal), None, tokens.REMOVED))

    def _next(self, portal: model.PortalId) -> int:
        row = self.rows.get(portal)
        return row.version + 1 if row else 1

    def _write(self, portal: model.PortalId, what: str, row: Row) -> None:
        if self.fail is not None:
            raise self.fail
        self.journal.append(what)
        self.rows[portal] = row


class AuthServer(authserver.Giving):
    """`troubles`: what becomes of the next asks: an error to raise before anything is done, or `lost` (done, unheard).
    `gate`: asks wait for it. `old_lives`: a used refresh token is good for another while."""

    def __init__(self, refresh: str = "r0", member: str = "m", portal: str = "romashka.bitrix24.ru") -> None:
        self.good, self.used = {refresh}, set[str]()
        self.member, self.portal = member, portal
        self.asked: list[str] = []
        self.troubles: deque[Exception | str] = deque()
        self.gate: asyncio.Event | None = None
        self.old_lives = False
        self.number = 0

    async def ask(self, server: str, **what: str) -> authserver.Given:
        token = what.get("refresh_token") or what.get("code", "")
        self.asked.append(token)
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        trouble = self.troubles.popleft() if self.troubles else ""
        if isinstance(trouble, Exception):
            raise trouble
        if token not in self.good and not (self.old_lives and token in self.used):
            raise authserver.Denied("invalid_grant", "")
        self.good.discard(token)
        self.used.add(token)
        self.number += 1
        number = self.number
        self.good.add(f"r{number}")
        if trouble == "lost":
            raise authserver.Unheard("сервер авторизации не ответил: TimeoutError")
        return authserver.Given(f"a{number}", f"r{number}", self.member, self.portal)
