"""One life of the daemon: the real worker over the real adapter and a store that outlives it, and its sudden end.

Every await of the store and of the wire is a crash point. At a drawn one the life is dead: its tasks are cancelled, and
what they do on their way out reaches nobody, for each door to the world asks first who is still alive. A call of the store
that was under way has committed or has not, as the point lay.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connector import errors, ports
from tests import fakes_store
from tests.simulation import loop as loops
from tests.simulation import trace as traces

WRITES = frozenset(
    [
        "mark",
        "finish",
        "park",
        "record",
        "due",
        "tombstone",
        "write",
        "sending",
        "end",
        "supersede",
        "copy_cards",
        "copy_clients",
    ]
)
TARGETS = (
    "ledger.sending.after",
    "wire.before",
    "wire.after",
    "ledger.end.before",
    "ledger.end.after",
    "mirror.record.before",
    "mirror.record.after",
    "mirror.tombstone.after",
    "inbox.mark.after",
    "inbox.finish.after",
    "notebook.write.before",
    "before_send",
    "after_answer",
    "in_settle",
    "ledger.supersede.after",
)
"""Points at which a death tells most; half of the deaths are drawn from them."""


@dataclass(frozen=True, slots=True)
class Doom:
    """When a life ends: at the `count`-th time that it passes `point` (empty: any point)."""

    point: str
    count: int

    @classmethod
    def drawn(cls, dice: random.Random) -> Doom:
        if dice.random() < 0.5:
            return cls(dice.choice(TARGETS), dice.choice([1, 1, 2, 3, 5, 8]))
        return cls("", dice.randint(1, 400))


class Life:
    def __init__(
        self,
        number: int,
        loop: loops.VirtualLoop,
        doom: Doom | None,
        died: Callable[[Life], None],
        trace: traces.Trace,
    ) -> None:
        self.number, self.doom, self.dead = number, doom, False
        self._loop, self._died, self._trace = loop, died, trace
        self.passed = 0
        """Points that its doom has counted."""
        self.ended_at = ""

    def point(self, name: str) -> None:
        """A crash point. Raises CancelledError in a life that is over, also the one that ends here."""
        if self.dead:
            raise asyncio.CancelledError
        doom = self.doom
        if doom is None or (doom.point and doom.point != name):
            return
        self.passed += 1
        if self.passed >= doom.count:
            self.end(name)
            raise asyncio.CancelledError

    def end(self, where: str) -> None:
        self.dead, self.ended_at = True, where
        self._trace.note("crash", f"life {self.number} ends at {where}")
        self._loop.kill(self)
        self._died(self)


class Troubled:
    """The store's own troubles and its pace, common to all lives."""

    def __init__(self, dice: random.Random, lazy: float, ill: float) -> None:
        """`lazy`: how often a call takes its time; `ill`: how often a write is refused."""
        self.dice, self.lazy, self.ill = dice, lazy, ill
        self.writes = 0
        """So many were asked for."""
        self.fails_at = 0
        """That one fails, counted from 1; 0: none does."""
        self.committed = False
        """It is committed all the same: the database's answer was lost."""
        self.failed = 0

    async def pause(self) -> None:
        if self.lazy and self.dice.random() < self.lazy:
            await asyncio.sleep(self.dice.choice([0.0, 0.002, 0.03]))

    def refuse(self) -> int:
        """The number of a write that isn't refused."""
        if self.ill and self.dice.random() < self.ill:
            raise errors.StoreError("диск полон")
        self.writes += 1
        self.failed += self.writes == self.fails_at
        if self.writes == self.fails_at and not self.committed:
            raise errors.StoreError("диск полон")
        return self.writes

    def loses_answer(self, number: int) -> bool:
        return number == self.fails_at and self.committed


@functools.cache
def _calls(room: Any) -> Sequence[str]:
    """The names of what a room can be asked."""
    named = (name for name in dir(room) if not name.startswith("_"))
    return [name for name in named if inspect.iscoroutinefunction(getattr(room, name))]


class Room:
    """One room of the store as one life sees it."""

    def __init__(self, name: str, room: Any, life: Life, troubled: Troubled, trace: traces.Trace) -> None:
        self._name, self._life, self._troubled, self._trace = name, life, troubled, trace
        kind: Any = type(room)
        for method in _calls(kind):
            found = getattr(room, method)
            setattr(self, method, found if method == "wait" else self._wrapped(room, method, found))

    def _wrapped(
        self, room: Any, method: str, call: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        before, after = f"{self._name}.{method}.before", f"{self._name}.{method}.after"
        life, troubled, writes = self._life, self._troubled, method in WRITES
        trace = self._trace

        async def called(*given: Any, **named: Any) -> Any:
            life.point(before)
            await troubled.pause()
            if life.dead:
                raise asyncio.CancelledError
            number = troubled.refuse() if writes else 0
            found = await call(*given, **named)
            if writes:
                trace.note("store", before[:-7], *map(_plain, given[1:]))
                if troubled.loses_answer(number):
                    if method == "sending":
                        room.in_doubt()
                    raise errors.StoreError("связь с базой оборвалась")
            life.point(after)
            await troubled.pause()
            return found

        return called


class Stores:
    """A life's view of a `MemoryStore`."""

    def __init__(
        self, store: fakes_store.MemoryStore, life: Life, troubled: Troubled, trace: traces.Trace
    ) -> None:
        self.bare = store
        self.inbox: Any = Room("inbox", store.inbox, life, troubled, trace)
        self.mirror: Any = Room("mirror", store.mirror, life, troubled, trace)
        self.ledger: Any = Room("ledger", store.ledger, life, troubled, trace)
        self.notebook: Any = Room("notebook", store.notebook, life, troubled, trace)


def _plain(value: object) -> object:
    """What is worth a reader's time; sets in order, for their own order is the interpreter's."""
    match value:
        case ports.Looked():
            stay, accepted = value.memory.visit, value.memory.accepted
            stays = f"{stay.id if stay else None}/{accepted.id if accepted else None}/{value.memory.refused}"
            due = f" due {value.due_again:%X}" if value.due_again else ""
            return f"{value.ref} {stays} {[str(wish.key) for wish in value.wishes]}{due}"
        case ports.End():
            return f"{value.key}: {value.to.value} {value.made or ''} {value.note}"
        case ports.Dirty():
            return f"{value.thing.kind}:{value.thing.id}@{value.version}"
        case ports.Thing():
            return f"{value.kind}:{value.id}"
        case set() | frozenset() | dict():
            return sorted(str(_plain(one)) for one in value)
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
