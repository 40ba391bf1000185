"""The seam of erasure: what is kept of those who were erased, and the erasing itself (R15)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from connector.ports import looks
from robots import forgetting, model


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the copy knows by a phone, an e-mail or an id."""

    ref: str
    """`contact:7`, `lead:5`."""
    names: tuple[str, ...]
    """As they are written: first, last, second; a company's title."""
    comms: frozenset[str]
    """Keyed hashes of phones and e-mails that nobody else in the copy has."""
    shared: int = 0
    """How many comms are also somebody else's: these are not this person's alone and are left."""
    cards: tuple[str, ...] = ()
    """Cards that are bound to them."""


class Erasure(Protocol):
    """A store that can forget. From `forget` on it keeps nothing of the person, whoever writes it."""

    async def marks(self, portal: model.PortalId, key: bytes) -> forgetting.Marks:
        """The no-copy list."""
        ...

    async def known(
        self, portal: model.PortalId, key: bytes, refs: Collection[str], comms: Collection[str]
    ) -> tuple[Known, ...]:
        """Clients and leads with any of these ids or hashes, by ref; ids never copied are left out."""
        ...

    async def alone(
        self, portal: model.PortalId, words: Collection[str], but: Collection[str]
    ) -> frozenset[str]:
        """Which of these words (as `forgetting.words`) name no client or lead of the copy but `but`."""
        ...

    async def traces(self, portal: model.PortalId, marks: forgetting.Marks) -> Mapping[str, int]:
        """How many rows by room would be changed or deleted: clients, comms, cards, ledger, looks, parked, notes."""
        ...

    async def forget(
        self, portal: model.PortalId, written: Collection[str], key: bytes, at: datetime
    ) -> None:
        """Puts marks into the no-copy list: whatever is recorded from now on is scrubbed by them."""
        ...

    async def erase(self, portal: model.PortalId, marks: forgetting.Marks) -> Mapping[str, int]:
        """Scrubs what was kept before, in short transactions beside a daemon; rows by room. Repeated until nothing is
        found."""
        ...


def scrubbed(known: forgetting.Marks, look: looks.Looked) -> looks.Looked:
    """A look as it may be kept."""
    card = look.memory.card
    memory = replace(look.memory, card=known.card(card)) if card else look.memory
    trace = tuple(replace(line, reason=known.text(line.reason)) for line in look.trace)
    return replace(look, memory=memory, trace=trace, wishes=tuple(known.wish(wish) for wish in look.wishes))


def copiable(known: forgetting.Marks, copied: looks.CopiedClient) -> looks.CopiedClient | None:
    """None: an erased person's own entry."""
    if known.is_erased(copied.client) or known.comms.intersection(copied.comms):
        return None
    return replace(copied, client=known.client(copied.client))
