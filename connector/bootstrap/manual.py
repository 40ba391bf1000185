"""The loops that serve people's hands beside the daemon: errands of commands, and what they set going."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from connector.bootstrap import proposed, reporting
from connector.loops import arrivals, dawn, enrolling, errands, leaving, letters, planning, trying, undoing
from connector.loops import desk as desks
from connector.loops import reporting as reports
from connector.store import api

Loop = Callable[[asyncio.Event], Awaitable[None]]


class Portal(undoing.Touched, reports.Portal, arrivals.Feed, Protocol):
    """What these loops ask of the portal besides."""


def loops(desk: desks.Desk, store: api.Store, portal: Portal, key: bytes) -> list[tuple[str, Loop]]:
    care = enrolling.Enrolling(desk, store.hands)
    back = undoing.Undoing(desk, store.hands, portal)
    leavers = leaving.Leaving(desk, store.hands)
    handlers: dict[str, errands.Handler] = {
        "enroll.plan": care.plan,
        "enroll.start": care.start,
        "undo.plan": back.plan,
        "undo.start": back.start,
        "plan": planning.Planning(desk, store.hands, proposed.rules).plan,
        "person.plan": leavers.plan,
        "person.start": leavers.start,
        "try": trying.Trying(desk, key).told,
    }
    asked = errands.Errands(desk, handlers)
    desk.meter.source = store.hands
    due = letters.Letters(desk, store.hands)
    first = dawn.Dawn(desk, store.hands)
    came = arrivals.Arrivals(desk, store.hands, portal)
    numbers = reports.Reporting(desk, reporting.Numbers(store), portal)
    return [
        ("errands", asked.run),
        ("enroll", care.run),
        ("letters", due.run),
        ("people", leavers.run),
        ("dawn", first.run),
        ("arrivals", came.run),
        ("reports", numbers.run),
    ]
