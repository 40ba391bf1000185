"""What the pages and the doorbell need of the rest, as values and callables that the composition root gives them.

The room knows no portal and no store by name: a portal's hook parser, its inbox and the views of health come in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from connector import ports
from robots import model


class HookMalformed(ValueError):
    """A body that isn't a form of the portal's, or one too large, wide or deep. Its text says no more than that."""


class Doorbell(Protocol):
    """A parsed hook. Everything in it is a claim: nothing but `thing` is used, and that only as a place to look."""

    @property
    def event(self) -> str: ...

    @property
    def thing(self) -> ports.Thing | None: ...

    @property
    def token(self) -> bytes: ...

    @property
    def domain(self) -> str: ...


At = Callable[[str], None]
"""Told the name of a point that is passed, for trials that kill the process there."""


def nowhere(_point: str) -> None:
    """Nobody waits at the named points."""


Parse = Callable[[bytes], Doorbell]
"""Raises HookMalformed."""


class NotOurs(Exception):
    """An installation that isn't of this application in this portal. Its text holds no secret."""


def unknown() -> bytes:
    """No other token than the configured one."""
    return b""


async def nothing_new() -> bool:
    return False


async def unheard(_bell: Doorbell) -> None:
    """An event that concerns nobody."""


@dataclass(frozen=True, slots=True)
class HookPortal:
    """A portal whose doorbells are answered."""

    id: model.PortalId
    token: bytes = field(repr=False)
    """Empty: no doorbell of this portal is believed."""
    host: str = ""
    """The host that the configuration names; empty where the portal's own name for itself differs (loopback)."""
    parse: Parse = field(kw_only=True)
    proof: Callable[[], bytes] = field(default=unknown, kw_only=True)
    """An application's token as last learnt, where none is configured."""
    again: Callable[[], Awaitable[bool]] = field(default=nothing_new, kw_only=True)
    """A token didn't fit: whether another one may have been learnt just now. Seldom does more than say no."""
    rang: Callable[[Doorbell], Awaitable[None]] = field(default=unheard, kw_only=True)
    """Told of believed doorbells that name no thing. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class TriggerPortal:
    """A portal whose robots other programs may call."""

    id: model.PortalId
    waited: Callable[[str], frozenset[model.CardKind]]
    """What cards the robots are of that wait for calls of this name; empty: none does."""
    token: Callable[[str], bytes] = field(repr=False)
    """Who calls by this name must say it; empty: nobody may."""
    save: Callable[[str, model.CardRef, str], Awaitable[bool]]
    """(name, card, number of the call) -> whether it is new. Raises StoreError with nothing saved."""


@dataclass(frozen=True, slots=True)
class InstallPortal:
    """A portal whose application may be installed while we run."""

    id: model.PortalId
    take: Callable[[bytes], Awaitable[None]]
    """Proves and keeps. Raises HookMalformed, NotOurs, PortalError, StoreError."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason for a red or yellow light: a constant code for machines, a Russian sentence for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Readiness:
    ready: bool
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[Trouble, ...] = ()
    """Not red: «изменения ждут», broken robots."""


@dataclass(frozen=True, slots=True)
class Act:
    """One line of «последние действия»."""

    at: datetime
    card: str
    robot: str
    what: str
    word: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What the status page, `voronka status` and the metrics show of one portal."""

    portal: str
    address: str
    config: str
    readiness: Readiness
    modes: Mapping[str, int] = field(default_factory=dict)
    """How many robots by mode: on, watch, off, broken."""
    inbox: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    """Ledger rows by state, the open and the troubled ones."""
    acts: tuple[Act, ...] = ()
    now: datetime | None = None
    zone: str = "UTC"
    swept: datetime | None = None
    """When the portal was last gone round; None: not yet."""


@dataclass(frozen=True, slots=True)
class Views:
    """How the pages ask about one portal: `ready` is cheap and never fails, `status` may read the store."""

    ready: Callable[[], Readiness]
    live: Callable[[], bool]
    status: Callable[[], Awaitable[Status]]
    mine: Callable[[], bool] = lambda: True
    """Whether this process works the portal; False: another one does."""
