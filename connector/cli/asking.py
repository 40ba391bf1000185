"""Errands for the running daemon: a question left in the store, its answer waited for (`loops/errands`)."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Any

from connector.cli import exits, output, reading

PATIENCE = 120.0
"""Seconds for an answer; thousands of cards are reckoned in some."""
POLL = 0.15
NOT_RUNNING = "Voronka не запущена, а делает это она: voronka run ФАЙЛ"
SILENT = "Voronka не ответила за две минуты: посмотрите voronka status"


async def ask(beside: reading.Beside, kind: str, **about: Any) -> Mapping[str, Any]:
    """What the daemon answered. Raises exits.Stop: it isn't there, it refuses."""
    from connector import clock
    from connector.bootstrap import notes
    from connector.cli import state
    from connector.loops import errands

    notebook, portal = beside.store.notebook, beside.portal
    if not await asyncio.to_thread(state.reach, await notebook.read(portal, notes.HTTP)):
        raise exits.Stop(exits.Code.PORTAL, NOT_RUNNING)
    now = clock.SystemClock().now()
    name = f"{now.isoformat()}-{os.getpid()}"
    await notebook.write(portal, errands.ASKED, {"id": name, "kind": kind, "at": now.isoformat(), **about})
    try:
        async with asyncio.timeout(PATIENCE):
            while not (answer := await _answered(beside, name)):  # noqa: ASYNC110 - another process answers
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise exits.Stop(exits.Code.PORTAL, SILENT) from None
    finally:
        await notebook.write(portal, errands.ASKED, None)
    if "refused" in answer:
        raise exits.Stop(exits.Code.REFUSED, str(answer["refused"]))
    done: Mapping[str, Any] = answer["done"]
    return done


async def _answered(beside: reading.Beside, name: str) -> Mapping[str, Any] | None:
    from connector.loops import errands

    found = await beside.store.notebook.read(beside.portal, errands.ANSWERED)
    return found if found and found["id"] == name else None


def confirm(number: int, typed: int | None) -> None:
    """The count is typed by hand, or given as an option by whoever has seen it. Raises exits.Stop."""
    if typed is None:
        if not sys.stdin.isatty():
            raise exits.Stop(
                exits.Code.REFUSED, f"Ничего не сделано. Если решено, повторите с --yes {number}"
            )
        output.say(f"Введите число {number}, чтобы продолжить:")
        text = sys.stdin.readline().strip()
        typed = int(text) if text.isdecimal() else -1
    if typed != number:
        raise exits.Stop(exits.Code.REFUSED, f"Ничего не сделано: нужно было число {number}.")
