"""How much room the store has, and when that is too little: asked by the watch and by `voronka doctor`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

MB = 1024 * 1024
LITTLE = 200 * MB
"""A day of a small company's journal is a few MB: a week to act remains."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes; `wal` is the store's log beside its file."""

    free: int
    store: int
    wal: int


def room(store: Path) -> Room:
    """Raises OSError where the folder can't be asked."""
    return Room(shutil.disk_usage(store.parent).free, _size(store), _size(wal_of(store)))


def wal_of(store: Path) -> Path:
    return store.with_name(store.name + "-wal")


def low(store: Path | None, little: int = LITTLE) -> str:
    """A sentence; empty: there is room, or the store is a server's, which watches its own disk."""
    if store is None:
        return ""
    try:
        free = room(store).free
    except OSError as refused:
        return f"папка базы не читается: {refused.strerror or type(refused).__name__}"
    return f"на диске с базой осталось {free // MB} МБ" if free < little else ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
