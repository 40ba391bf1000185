"""Bytes of what was deleted: SQLite leaves them in free pages, in gaps of pages and in the WAL until they are written over.

The whole file is written anew (VACUUM) and the WAL is folded in and cut to nothing. A daemon may work on the file
meanwhile: its writes wait, and a reader that holds on to an old state is waited for.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from connector import errors
from connector.store import engine, opening

WAIT, AGAIN = 60.0, 0.2
"""Seconds to wait for others on the file, and between two tries."""


def purge(url: str) -> str:
    """Blocks. Empty: nothing is left; else what a person must still do. Raises StoreError."""
    place = opening.database(url)
    if isinstance(place, str):
        return "PostgreSQL держит стёртые строки до уборки: выполните VACUUM FULL и удалите старые копии базы и журналы WAL"
    try:
        return _purge(place)
    except sqlite3.Error as error:
        raise errors.StoreError(f"{place}: {engine.said(str(error))}") from error


def _purge(path: Path) -> str:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=WAIT)) as raw:
        raw.execute("PRAGMA secure_delete=ON")
        raw.execute("PRAGMA synchronous=FULL")
        until = time.monotonic() + WAIT
        _truncated(raw, until)
        raw.execute("VACUUM")
        if _truncated(raw, until):
            return ""
    return f"{path}-wal ещё держит прежние страницы: базу кто-то читает. Повторите команду, когда он закончит"


def _truncated(raw: sqlite3.Connection, until: float) -> bool:
    """Whether the WAL was folded in whole and cut."""
    while True:
        busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(AGAIN)
