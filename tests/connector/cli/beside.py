"""Commands beside a store that a test has filled: the installed program, as a person types it."""

from __future__ import annotations

import asyncio
import pathlib
import subprocess
import sys
from collections.abc import Awaitable, Callable

from connector import settings


def filled(folder: pathlib.Path, fill: Callable[[str], Awaitable[None]]) -> str:
    """The address of a store of its own, after `fill` has written what the stories are about."""
    made = f"sqlite:///{folder / 'voronka.sqlite'}"

    async def work() -> None:
        await fill(made)

    asyncio.run(work())
    return made


def voronka(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "connector", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=settings.child_environment(VORONKA_DATABASE_URL=url),
    )
