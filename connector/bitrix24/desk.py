"""What every question and every act of this adapter stands on: the client and what is known of the portal so far."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from connector import errors, ports
from connector.bitrix24 import client, names, outside, parsing
from robots import model


@dataclass(frozen=True, slots=True)
class Settings:
    """`sweep_overlap`: seconds of changes read twice, for what became visible late. `history_overlap`: the same for
    history rows, at most `history_rows` of them."""

    sweep_overlap: float = 10.0
    history_overlap: float = 300.0
    history_rows: int = 250
    sweep_activities: bool = False
    comm_key: bytes = field(default=b"", repr=False)
    """Keys the hashes of phones and e-mails that the store keeps."""
    chain: int = 50
    """Pages to a batch of a copy."""


@dataclass(slots=True)
class Desk:
    client: client.Client
    portal: model.PortalId
    address: str
    download: Callable[[str], Awaitable[bytes]]
    """A file of the portal by the address that it gave."""
    settings: Settings = field(default_factory=Settings)
    scheme: str = "https"
    outside: outside.Caller = field(default_factory=outside.Caller)
    """Of what goes beside the portal: calls of an address, SMS."""
    known: parsing.Context = field(default_factory=parsing.Context)
    lane: ports.Lane = ports.Lane.LIVE
    """Of acts: how urgent the one is that this desk is handed to."""
    troubles: dict[str, str] = field(default_factory=dict)
    """What couldn't be read while the rest went on, by name (`items:company`, `copy:deal`): for health and `problems`."""

    @property
    def context(self) -> parsing.Context:
        """How to read an answer now: the portal's zone is learned from each of them."""
        return dataclasses.replace(self.known, zone=self.client.portal_zone)

    def learn(self, directory: model.Directory) -> None:
        semantics = {(p.id, s.id): s.semantic for p in directory.pipelines for s in p.stages}
        self.known = parsing.Context(self.known.zone, directory.base_currency, directory.fields, semantics)

    def card_select(self, kind: model.CardKind) -> list[str]:
        """Deals by name; leads whole, because their phones and e-mails come with `*` only (reference §5.1)."""
        if kind is model.CardKind.LEAD:
            return ["*"]
        described = self.known.fields.get(kind.value)
        if not described:
            return ["*"]
        return list(dict.fromkeys((*names.CARD_SELECT, *described)))


def raise_closed(outcomes: Iterable[object]) -> None:
    """A closed portal is everybody's trouble, not one object's."""
    for one in outcomes:
        if isinstance(one, errors.PortalClosed):
            raise one
