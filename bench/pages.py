"""A file, the system's memory and the disk: what of a file comes from where (Linux).

A read that the system's memory can answer costs a microsecond, one of the disk a hundred: which of them a bench has measured
must be known. A system may take back memory that a file hasn't been asked for lately, though there is enough of it.
"""

from __future__ import annotations

import os
import pathlib
import random
import time

PAGE = 4096


def from_disk() -> int:
    """Bytes that this process has had from a disk, not from the system's memory."""
    lines = pathlib.Path("/proc/self/io").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("read_bytes:")))


def read_through(path: pathlib.Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def forget(path: pathlib.Path) -> None:
    """Out of the system's memory: what isn't written yet it keeps, so all is written first."""
    os.sync()
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def page_s(path: pathlib.Path, pages: int = 1000) -> float:
    """Seconds of one page of the file from the disk, drawn by chance."""
    forget(path)
    dice, last, before = random.Random(), path.stat().st_size // PAGE - 1, from_disk()
    with path.open("rb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(pages):
            os.pread(file.fileno(), PAGE, dice.randint(0, last) * PAGE)
        took = time.perf_counter() - began
    return took / max(1.0, (from_disk() - before) / PAGE)
