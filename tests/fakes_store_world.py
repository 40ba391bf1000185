"""The data behind `fakes_store.MemoryStore`: dictionaries by portal, and what several of its rooms do to them."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connector import errors, ports
from connector.store import codec
from robots import intents, model

S = intents.WishState


def again(value: Any) -> Any:
    """What a database would give back."""
    return codec.load(type(value), codec.dump(value))


@dataclass
class DirtyRow:
    thing: ports.Thing
    seq: int
    lane: ports.Lane
    version: int
    tries: int = 0
    until: datetime | None = None
    why: str = ""


@dataclass
class CardRow:
    memory: ports.Memory
    looked_at: datetime | None = None
    wake_at: datetime | None = None


@dataclass
class WishRow:
    seq: int
    wish: intents.Wish
    state: intents.WishState
    wished_at: datetime
    sent_at: datetime | None = None
    done_at: datetime | None = None
    retry_at: datetime | None = None
    tries: int = 0
    made: int | None = None
    note: str = ""
    life: object = 0


@dataclass
class LeaseRow:
    worker: str
    token: int
    until: datetime


@dataclass
class Rows:
    """One portal's data."""

    dirty: dict[ports.Thing, DirtyRow] = field(default_factory=dict)
    cards: dict[model.CardRef, CardRow] = field(default_factory=dict)
    visits: dict[model.CardRef, dict[model.VisitId, model.Visit]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    links: dict[model.CardRef, set[model.ClientRef]] = field(default_factory=dict)
    clients: dict[model.ClientRef, ports.CopiedClient] = field(default_factory=dict)
    wishes: dict[intents.WishKey, WishRow] = field(default_factory=dict)
    looks: list[tuple[model.CardRef, ports.StoryLook]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    no_copy: set[str] = field(default_factory=set)


@dataclass
class World:
    """What outlives a life."""

    portals: defaultdict[model.PortalId, Rows] = field(default_factory=lambda: defaultdict(Rows))
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    life: Any = 1
    fail: errors.StoreError | None = None
    leases: dict[model.PortalId, LeaseRow] = field(default_factory=dict)
    workers: dict[tuple[model.PortalId, str], datetime] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    """The database's clock, for leases alone."""

    def anybody(self, portal: model.PortalId) -> Rows:
        """Written by whoever comes."""
        if self.fail is not None:
            raise errors.StoreError(str(self.fail))
        return self.portals[portal]

    def answer(self, portal: model.PortalId) -> tuple[Rows, bool]:
        """To be written though it may come late; whether it does: the portal is another worker's by now."""
        return self.anybody(portal), False

    def write(self, portal: model.PortalId) -> Rows:
        return self.anybody(portal)

    def mark(self, rows: Rows, thing: ports.Thing, lane: ports.Lane) -> None:
        row = rows.dirty.get(thing)
        if row is None:
            rows.dirty[thing] = DirtyRow(thing, next(self.numbers), lane, next(self.numbers))
        else:
            row.version, row.lane = next(self.numbers), min(row.lane, lane)

    def finish(self, rows: Rows, done: Collection[ports.Dirty]) -> None:
        for dirty in done:
            row = rows.dirty.get(dirty.thing)
            if row is not None and row.version == dirty.version:
                del rows.dirty[dirty.thing]
            elif row is not None:
                row.tries, row.until, row.why = 0, None, ""


def kept(look: ports.Looked) -> ports.Looked:
    memory = again(dataclasses.replace(look.memory, past=()))
    return dataclasses.replace(look, memory=memory, wishes=tuple(map(again, look.wishes)))


def story(look: ports.Looked) -> ports.StoryLook:
    place = look.memory.card or look.memory.visit
    stage = place.stage if place else model.StageId("")
    pipeline = place.pipeline if place else model.PipelineId(0)
    trace = codec.load_trace(codec.dump_trace(look.trace))
    return ports.StoryLook(look.look_id, look.at, stage, pipeline, look.config, trace)


def closed(row: CardRow) -> bool:
    return row.memory.card is not None and row.memory.card.closed


def thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)


def clients(card: model.Card | None) -> set[model.ClientRef]:
    if card is None:
        return set()
    found = {model.ClientRef(model.ClientKind.CONTACT, number) for number in card.contacts}
    return found | ({model.ClientRef(model.ClientKind.COMPANY, card.company)} if card.company else set())


def supersede(row: WishRow, at: datetime, note: str) -> None:
    row.state, row.done_at, row.retry_at, row.note = S.SUPERSEDED, at, None, note
