"""One sandbox portal: everything it remembers, and the few verbs that rooms share.

The state lives in the rooms (`crm`, `taskbook`, `timeline`, `notices`, `documents`); this class holds them together with
people, webhooks, switches and the outbox of events. One portal is used from one event loop; a method runs to its
end without awaiting, so no locks.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.bitrix24 import clock as clocks
from sandbox.bitrix24 import (
    crm,
    documents,
    faults,
    journal,
    limits,
    notices,
    oauth,
    people,
    switches,
    taskbook,
    timeline,
    workdays,
)

ALL_SCOPES = frozenset(
    [
        "crm",
        "task",
        "tasks",
        "im",
        "user",
        "user_basic",
        "user_brief",
        "department",
        "calendar",
        "timeman",
        "bizproc",
        "userfieldconfig",
    ]
)


@dataclass(slots=True)
class Webhook:
    """An incoming webhook: a secret that speaks with its owner's rights."""

    user_id: int
    secret: str
    scopes: frozenset[str] = ALL_SCOPES
    revoked: bool = False
    app: str = ""
    """client_id where an application speaks by an access token."""


@dataclass(slots=True)
class Subscription:
    """An outgoing webhook: where events are posted, which ones, and the token that proves their origin."""

    url: str
    token: str
    events: frozenset[str]
    """Upper-case event names; empty means all that the portal offers in its list for outgoing webhooks."""
    app: str = ""
    """client_id where an application has bound the event."""


@dataclass(slots=True)
class Event:
    """An event about to leave: its documented name and the `data` part, nested."""

    name: str
    data: dict[str, Any]
    at: float


@dataclass
class Portal:
    """The whole of a portal. `emit` is where every change of an entity must report itself."""

    host: str = "sandbox.local"
    member_id: str = "0123456789abcdef0123456789abcdef"
    clock: clocks.Clock = field(default_factory=clocks.Clock)
    switch: switches.Switches = field(default_factory=switches.Switches)
    users: dict[int, people.User] = field(default_factory=dict)
    departments: dict[int, people.Department] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    """By secret."""
    subscriptions: list[Subscription] = field(default_factory=list)
    closed: str | None = None
    """None: REST is open. "tariff": 403 «available only on commercial plans». "deleted": 500 PORTAL_DELETED."""

    def __post_init__(self) -> None:
        self._numbers: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
        self.listeners: list[Callable[[Event], None]] = []
        self.limits = limits.Limits(self.clock)
        self.journal = journal.Journal()
        self.faults = faults.Faults()
        self.workdays = workdays.WorkDays()
        self.crm = crm.Crm(self)
        self.taskbook = taskbook.TaskBook(self)
        self.timeline = timeline.Timeline(self)
        self.notices = notices.Notices(self)
        self.documents = documents.Documents(self)
        self.apps = oauth.Apps(self)

    def next_id(self, sequence: str) -> int:
        """Numbers are per table, as in the portal's database."""
        return next(self._numbers[sequence])

    def webhook_of(self, user_id: int) -> Webhook:
        """A webhook that speaks as this user: a registered one, or one made for the occasion."""
        found = (each for each in self.webhooks.values() if each.user_id == user_id and not each.revoked)
        return next(found, None) or Webhook(user_id, f"inside-{user_id}")

    def emit(self, name: str, data: dict[str, Any]) -> None:
        """Tells the listeners (delivery, board, tests) that something happened; delivery is theirs."""
        event = Event(name.upper(), data, self.clock.time())
        for listener in list(self.listeners):
            listener(event)
