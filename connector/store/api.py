"""The door of the store. Importing it is cheap; `open_store` imports the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from connector import ports
from robots import model

if TYPE_CHECKING:
    from connector.store import engine


@dataclass(frozen=True, slots=True)
class Parked:
    """Something that could not be looked at, for `problems`."""

    portal: model.PortalId
    thing: ports.Thing
    tries: int
    until: datetime
    why: str


class Inbox(ports.Inbox, Protocol):
    async def parked(self, portal: model.PortalId | None = None) -> Sequence[Parked]: ...

    async def wake(self, portal: model.PortalId, things: Collection[ports.Thing]) -> None:
        """A person wants these looked at now, however long they were parked for."""
        ...


class Mirror(ports.Mirror, Protocol):
    async def clients_by_comms(
        self, portal: model.PortalId, hashes: Collection[str]
    ) -> Mapping[str, Sequence[model.ClientRef]]:
        """Whom the copy knows by each hash, sorted; hashes of nobody are left out."""
        ...

    async def comm_counts(self, portal: model.PortalId, hashes: Collection[str]) -> Mapping[str, int]:
        """How many clients share each hash; hashes of nobody are left out."""
        ...

    async def clients(
        self, portal: model.PortalId, refs: Collection[model.ClientRef]
    ) -> Mapping[model.ClientRef, model.Client]:
        """Copied clients, without their comms; those never copied are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Store:
    inbox: Inbox
    mirror: Mirror
    ledger: ports.Ledger
    notebook: ports.Notebook
    journal: ports.Journal


@asynccontextmanager
async def open_store(url: str, *, daemon: bool) -> AsyncIterator[Store]:
    """Raises StoreError, in one sentence, where the store can't be had.

    A daemon has the file for itself, creates and migrates it; a guest (`daemon=False`) works on a store that is there,
    beside a daemon or without one, and where the file is read-only only its writes fail.
    """
    from connector.store import engine, inbox, opening

    with ExitStack() as lock:
        path = opening.database(url)
        if daemon:
            lock.enter_context(opening.only_daemon(path))
            await asyncio.to_thread(opening.prepare, path)
        read_only = await asyncio.to_thread(opening.inspect, path)
        database = engine.Sqlite(path, inbox.mark, read_only=read_only)
        try:
            yield over(database)
        finally:
            await database.aclose()


def over(database: engine.Engine) -> Store:
    """The store's rooms over any Engine."""
    from connector.store import bells, inbox, journal, ledger, mirror, notebook

    ringing = bells.Bells()
    return Store(
        inbox=inbox.SqlInbox(database, ringing),
        mirror=mirror.SqlMirror(database, ringing),
        ledger=ledger.SqlLedger(database, ringing),
        notebook=notebook.SqlNotebook(database),
        journal=journal.SqlJournal(database),
    )
