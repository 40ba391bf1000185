"""One Bitrix24 portal behind the port: gate, client and the rooms that ask and write, put together.

`on_sending` may be given later than the portal is made (the ledger needs a portal's name first). Close it when done.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connector import ports
from connector.bitrix24 import (
    arrivals,
    client,
    clients,
    copying,
    desk,
    directory,
    duplicates,
    feed,
    operating,
    outside,
    owners,
    performing,
    plans,
    reading,
    reported,
    sweeping,
    traces,
    transport,
    undoing,
)
from connector.bitrix24 import gate as gates
from robots import look, model
from robots.insight import calls, letter, rows


@dataclass(frozen=True, slots=True)
class Settings:
    timeout: float = 70.0
    size_cap: int = 32 * 1024 * 1024
    operating_limit: float = 480.0
    operating_share: float = 0.8
    pace: gates.Pace = field(default_factory=gates.Pace)
    client: client.Settings = field(default_factory=client.Settings)
    desk: desk.Settings = field(default_factory=desk.Settings)


class Bitrix24Portal(ports.Portal):
    def __init__(
        self,
        url: transport.Authority[Any],
        *,
        portal: model.PortalId,
        clock: ports.Clock,
        address: str = "",
        on_sending: ports.OnSending | None = None,
        settings: Settings | None = None,
        beside: outside.Caller | None = None,
    ) -> None:
        chosen = settings or Settings()
        self._wire = transport.Transport(url, timeout=chosen.timeout, size_cap=chosen.size_cap)
        self.gate = gates.Gate(clock, chosen.pace)
        self.client = client.Client(
            self._wire,
            self.gate,
            clock,
            budget=operating.Budget(limit=chosen.operating_limit, share=chosen.operating_share),
            on_sending=on_sending,
            settings=chosen.client,
        )
        self._beside = beside or outside.Caller()
        scheme = url.origin.partition(":")[0]
        self._desk = desk.Desk(
            self.client, portal, address or url.origin, self._wire.download, chosen.desk, scheme, self._beside
        )
        self.notes: tuple[str, ...] = ()
        """What the last directory had to do without, in Russian."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """What a sweep or a copy had to leave out, by name; empty when all is well."""
        return dict(self._desk.troubles)

    def pace(self) -> float:
        at = self._desk.client
        return min(at.gate.rate * client.MOST, at.budget.pace("crm.item.update"))

    def crowded(self) -> float:
        return self.gate.crowded()

    def coming(self, cards: int) -> None:
        self.client.coming(cards)

    async def close(self) -> None:
        await self.client.close()
        await self._wire.close()
        await self._beside.close()

    def key_comms(self, key: bytes) -> None:
        """Keys the hashes of phones and e-mails that copies bring: without a key they could be tried one by one."""
        self._desk.settings = replace(self._desk.settings, comm_key=key)

    async def directory(self) -> model.Directory:
        """Reads the dictionaries and reads cards by them from then on."""
        read = await directory.read(self._desk, self._wire)
        self.notes = read.notes
        self._desk.learn(read.directory)
        return read.directory

    async def watermarks(self) -> ports.Watermarks:
        return await reading.watermarks(self._desk)

    async def facts(
        self, asks: Sequence[ports.FactsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, ports.Facts | ports.Absent | Exception]:
        return await reading.facts(self._desk, asks, lane)

    async def clients(
        self, cards: Sequence[model.Card], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[model.Client, ...] | Exception]:
        return await clients.of_cards(self._desk, cards, lane)

    async def duplicates(
        self, asks: Sequence[ports.CommsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Duplicates | Exception]:
        return await duplicates.of_asks(self._desk, asks, lane)

    async def attempts(
        self, cards: Sequence[model.CardRef], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[look.Attempt, ...] | Exception]:
        return await feed.attempts(self._desk, cards, lane)

    async def plans(
        self, cards: Sequence[model.CardRef], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Plans | Exception]:
        return await plans.of_cards(self._desk, cards, lane)

    async def owners(
        self, things: Sequence[ports.Thing], lane: ports.Lane
    ) -> Mapping[ports.Thing, Sequence[ports.Thing]]:
        return await owners.of_things(self._desk, things, lane)

    async def sweep(self, cursors: Mapping[str, Any]) -> ports.Swept:
        return await sweeping.sweep(self._desk, cursors)

    async def traces(self, cursors: Mapping[str, Any]) -> ports.Traces | None:
        return await traces.made_since(self._desk, cursors)

    def copy(
        self, kind: ports.Kind, below: int | None
    ) -> AsyncIterator[Sequence[ports.CopiedCard] | Sequence[ports.CopiedClient]]:
        return copying.copy(self._desk, kind, below)

    def ids(self, kind: model.CardKind) -> AsyncIterator[Sequence[int]]:
        return copying.ids(self._desk, kind)

    async def arrivals(self, source: str, cursor: Mapping[str, Any]) -> ports.Arrived:
        """What came since: of clients (`activity`), of money (`invoice`)."""
        return await arrivals.since(self._desk, source, cursor)

    async def touches(self, tasks: Collection[model.TaskId]) -> Mapping[model.TaskId, str]:
        """What people did with tasks of ours: `undoing.Touch`."""
        return await undoing.touches(self._desk, tasks)

    async def open_tasks(self) -> Sequence[letter.OpenTask]:
        """Open tasks that hang on deals and leads, for reports."""
        return await reported.open_tasks(self._desk)

    async def made_calls(self, period: rows.Period) -> Sequence[calls.Call]:
        """Calls that began in the period and are over."""
        return await reported.made_calls(self._desk, period)

    async def remarks(self, cards: Collection[model.CardRef]) -> Sequence[calls.Said]:
        """What those who listen to calls wrote under these cards."""
        return await reported.remarks(self._desk, cards)

    async def perform(self, row: ports.Row) -> ports.Done:
        return await performing.perform(replace(self._desk, lane=row.lane), row)

    async def find(self, row: ports.Row) -> ports.Done | None:
        return await performing.find(self._desk, row)
