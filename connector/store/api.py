"""The door of the store. Importing it is cheap; `open_store` imports the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from connector import ports
from robots import model

if TYPE_CHECKING:
    from pathlib import Path

    from connector.store import bells, engine
    from connector.store import hands as by_hand
    from connector.store import readout as readouts
    from connector.store import retention as keeping
    from connector.store import tokens as token_rows


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
    tokens: token_rows.SqlTokens
    """Of an application, sealed; no loop asks for them."""
    erasure: ports.Erasure
    leases: ports.Leases
    retention: keeping.SqlRetention
    readout: readouts.Readout
    """Lives of cards for reports; no loop asks for them."""
    hands: by_hand.SqlHands
    """The ledger as people put their hands to it."""
    under: Callable[[model.PortalId, int], Store]
    """The same rooms for the holder of a portal's lease: (portal, token). Its writes are refused once the portal is
    another worker's, save answers to what it sent itself."""


@asynccontextmanager
async def open_store(url: str, *, daemon: bool) -> AsyncIterator[Store]:
    """Raises StoreError, in one sentence, where the store can't be had.

    A daemon creates and migrates the store; it has a file for itself, a server it shares with other workers. A guest
    (`daemon=False`) works on a store that is there, beside a daemon or without one, and where it is read-only only its
    writes fail.
    """
    from connector.store import opening

    place = opening.database(url)
    opened = _server(place, daemon) if isinstance(place, str) else _file(place, daemon)
    async with opened as store:
        yield store


@asynccontextmanager
async def _file(path: Path, daemon: bool) -> AsyncIterator[Store]:
    from connector.store import engine, inbox, opening

    with ExitStack() as lock:
        if daemon:
            lock.enter_context(opening.only_daemon(path))
            await asyncio.to_thread(opening.prepare, path)
        read_only = await asyncio.to_thread(opening.inspect, path)
        database = engine.Sqlite(path, inbox.mark, read_only=read_only)
        try:
            yield over(database, sole=True)
        finally:
            await database.aclose()


@asynccontextmanager
async def _server(dsn: str, daemon: bool) -> AsyncIterator[Store]:
    from connector.store import bells, inbox, opening_postgres, postgres

    await asyncio.to_thread(opening_postgres.prepare if daemon else opening_postgres.inspect, dsn)
    database, ringing = postgres.Postgres(dsn, inbox.mark), bells.Bells()
    try:
        if daemon:
            await database.listen(ringing.ring, ringing.ring_all)
        yield over(database, ringing)
    finally:
        await database.aclose()


def over(database: engine.Engine, ringing: bells.Bells | None = None, *, sole: bool = False) -> Store:
    """The store's rooms over any Engine; `ringing` where somebody else rings the bells too."""
    from connector.store import bells, erasing, fencing, inbox, journal, leases, ledger, mirror, notebook
    from connector.store import hands as by_hand
    from connector.store import readout as readouts
    from connector.store import retention as keeping
    from connector.store import tokens as token_rows

    bell = ringing or bells.Bells()
    return Store(
        inbox=inbox.SqlInbox(database, bell),
        mirror=mirror.SqlMirror(database, bell),
        ledger=ledger.SqlLedger(database, bell),
        notebook=notebook.SqlNotebook(database),
        journal=journal.SqlJournal(database),
        tokens=token_rows.SqlTokens(database),
        erasure=erasing.SqlErasure(database),
        leases=leases.SqlLeases(database, sole=sole),
        retention=keeping.SqlRetention(database),
        readout=readouts.Readout(database),
        hands=by_hand.SqlHands(database),
        under=lambda portal, token: over(fencing.Fenced(database, portal, token), bell, sole=sole),
    )
