"""The worlds of the store's suite: every adapter opened the same way, and small values to keep in it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from connector import ports
from connector.store import api
from robots import intents, model
from tests import fakes_store
from tests.contract import postgres_server

KINDS = ("memory", "sqlite", "postgres")
ACME, OTHER = model.PortalId("acme"), model.PortalId("other")
NOW = datetime(2026, 5, 12, 9, 30, 15, 123456, tzinfo=UTC)
S = intents.WishState


class World(Protocol):
    """A store that can be opened again by the next life of the daemon."""

    store: api.Store | fakes_store.MemoryStore

    async def reborn(self) -> api.Store | fakes_store.MemoryStore: ...


class MemoryWorld:
    def __init__(self) -> None:
        self.store: Any = fakes_store.MemoryStore()

    async def reborn(self) -> Any:
        self.store = self.store.reborn()
        return self.store


class SqlWorld:
    def __init__(self, url: str, *, sole: bool = True) -> None:
        """Not `sole`: over a file too leases are waited for, as on a server."""
        self.url, self._sole = url, sole
        self.store: Any = None
        self._opened: Any = None

    async def reborn(self) -> Any:
        await self.close()
        self._opened = api.open_store(self.url, daemon=True)
        self.store = await self._opened.__aenter__()
        if not self._sole:
            self.store.leases.sole = False
        return self.store

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.__aexit__(None, None, None)
            self._opened = None


@asynccontextmanager
async def opened(kind: str, folder: Path, *, sole: bool = True) -> AsyncIterator[Any]:
    if kind == "memory":
        yield MemoryWorld()
        return
    url = postgres_server.fresh() if kind == "postgres" else f"sqlite:///{folder / 'store.sqlite'}"
    world = SqlWorld(url, sole=sole)
    try:
        await world.reborn()
        yield world
    finally:
        await world.close()
        if kind == "postgres":
            postgres_server.drop(url)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def deal(number: int) -> model.CardRef:
    return model.CardRef(model.CardKind.DEAL, number)


def contact(number: int) -> model.ClientRef:
    return model.ClientRef(model.ClientKind.CONTACT, number)


def company(number: int) -> model.ClientRef:
    return model.ClientRef(model.ClientKind.COMPANY, number)


def thing(number: int, kind: ports.Kind = ports.Kind.DEAL) -> ports.Thing:
    return ports.Thing(kind, number)


def card(number: int, **changes: Any) -> model.Card:
    plain = model.Card(
        ref=deal(number),
        pipeline=model.PipelineId(1),
        stage=model.StageId("C1:NEW"),
        semantic=model.Semantic.WORK,
        title="Заказ",
        responsible=model.UserId(10),
        created=NOW,
        updated=NOW,
    )
    return dataclasses.replace(plain, **changes)


def visit(row: int, stage: str = "C1:NEW") -> model.Visit:
    return model.Visit(
        id=model.VisitId(f"h{row}"),
        pipeline=model.PipelineId(1),
        stage=model.StageId(stage),
        semantic=model.Semantic.WORK,
        entered=NOW,
        row=row,
    )


def wish(key: str, number: int = 1, **changes: Any) -> intents.Wish:
    plain = intents.Wish(
        key=intents.WishKey(key),
        robot=intents.RobotId("Продажи/Новый лид/task"),
        digest="d1",
        card=deal(number),
        cause="h1",
        act=intents.LogEntry("Робот", "сделал"),
        because="карточка вошла в этап",
    )
    return dataclasses.replace(plain, **changes)


def dirty(number: int) -> ports.Dirty:
    """As if it had been taken long ago: it clears nothing that was marked since."""
    return ports.Dirty(thing(number), 0, ports.Lane.LIVE)


def looked(number: int = 1, *wishes: intents.Wish, **changes: Any) -> ports.Looked:
    plain = ports.Looked(
        dirty=dirty(number),
        ref=deal(number),
        look_id=f"look-{number}",
        at=NOW,
        memory=ports.Memory(card=card(number)),
        wishes=wishes,
    )
    return dataclasses.replace(plain, **changes)


def end(key: str, to: intents.WishState, seconds: float = 10, **changes: Any) -> ports.End:
    return ports.End(intents.WishKey(key), to, at(seconds), **changes)


def keys(rows: Any) -> list[str]:
    return [row.wish.key for row in rows]
