"""Opening a server's store: which version it is, and bringing it to ours while others may be at work on it.

Law: one migrates at a time (an advisory lock of the transaction, so it ends with whoever held it); check and migration are
one transaction; migrations only add (`opening.known`). How many workers there are is the leases' matter, not this one's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib import parse

import sqlalchemy as sa

from connector import errors
from connector.store import opening, postgres

T = TypeVar("T")

MIGRATING = 0x766F726F6E6B61
"""The advisory lock's number: «voronka» in ASCII."""
MIGRATE_WITHIN = "60s"


def where(dsn: str) -> str:
    """The database as a person may see it: without name and password."""
    parts = parse.urlsplit(dsn)
    host = (parts.netloc or "").rpartition("@")[2]
    return f"{host}{parts.path}" if host else parts.path.lstrip("/")


def prepare(dsn: str) -> None:
    """Creates or migrates. From a thread without a loop. Raises StoreError."""

    def work(conn: sa.Connection) -> None:
        # Who waits for another's migration waits longer than for a row; both end with the transaction.
        conn.execute(sa.text(f"SET LOCAL lock_timeout = '{MIGRATE_WITHIN}'"))
        conn.execute(sa.text(f"SET LOCAL idle_in_transaction_session_timeout = '{MIGRATE_WITHIN}'"))
        conn.execute(sa.text(f"SELECT pg_advisory_xact_lock({MIGRATING})"))
        if opening.behind(_version(conn, where(dsn))):
            opening.migrate(conn)

    if opening.behind(_asked(dsn)):
        _told(dsn, work)


def inspect(dsn: str) -> None:
    """For guests beside a daemon. Raises StoreError if there is no store of ours."""
    version = _asked(dsn)
    if version is None:
        raise errors.StoreError(f"в базе {where(dsn)} Voronka ещё не работала")
    if opening.behind(version):
        raise opening.too_old(version, where(dsn))


def _asked(dsn: str) -> str | None:
    """Nearly every start finds the store as it should be, and takes no lock."""
    return _told(dsn, lambda conn: _version(conn, where(dsn)))


def _told(dsn: str, work: Callable[[sa.Connection], T]) -> T:
    try:
        return postgres.once(dsn, work)
    except errors.StoreError as error:
        text = str(error)
        raise errors.StoreError(text if where(dsn) in text else f"{where(dsn)}: {text}") from error
    except sa.exc.DBAPIError as error:
        raise errors.StoreError(f"{where(dsn)}: {error.orig}") from error


def _version(conn: sa.Connection, place: str) -> str | None:
    names = set(
        conn.execute(
            sa.text("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()")
        ).scalars()
    )
    if "alembic_version" not in names:
        if names:
            raise errors.StoreError(f"{place} — база другой программы")
        return None
    found = conn.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return opening.known(found, place)
