"""The cards of runs of `enroll`, in their order: written once, while where a run stands is noted every moment."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from connector.loops import desk as desks
from robots import model

NOTE = "enroll_queues"
"""Notebook, of a portal: {run: [[kind, [number]]]}."""


class Queue:
    """Many cards in little memory."""

    def __init__(self, parts: Iterable[Sequence[Any]] = ()) -> None:
        self._parts = [(model.CardKind(kind), array("q", numbers)) for kind, numbers in parts]

    def add(self, ref: model.CardRef) -> None:
        if not self._parts or self._parts[-1][0] is not ref.kind:
            self._parts.append((ref.kind, array("q")))
        self._parts[-1][1].append(ref.id)

    def __len__(self) -> int:
        return sum(len(numbers) for _, numbers in self._parts)

    def part(self, start: int, stop: int) -> list[model.CardRef]:
        found: list[model.CardRef] = []
        for kind, numbers in self._parts:
            found += [model.CardRef(kind, number) for number in numbers[max(0, start) : max(0, stop)]]
            start, stop = start - len(numbers), stop - len(numbers)
        return found

    def turned(self) -> Queue:
        """The last first."""
        return Queue((kind.value, reversed(numbers)) for kind, numbers in reversed(self._parts))

    def plain(self) -> list[Any]:
        return [[kind.value, list(numbers)] for kind, numbers in self._parts]


def made(refs: Iterable[model.CardRef]) -> Queue:
    queue = Queue()
    for ref in refs:
        queue.add(ref)
    return queue


class Queues:
    """Of one portal, as the notebook has them; read again where a run is asked for that wasn't there."""

    def __init__(self, desk: desks.Desk) -> None:
        self._desk = desk
        self._queues: dict[str, Queue] | None = None

    async def of(self, run: str) -> Queue:
        """Empty for a run that has none."""
        if run not in await self._all():
            self._queues = None  # another worker may have begun it
        return (await self._all()).get(run, Queue())

    async def put(self, run: str, queue: Queue) -> None:
        await self._write({**await self._all(), run: queue})

    async def keep(self, runs: Iterable[str]) -> None:
        """These and no others."""
        kept = set(runs)
        if (await self._all()).keys() - kept:
            await self._write({run: queue for run, queue in (await self._all()).items() if run in kept})

    async def _all(self) -> dict[str, Queue]:
        if self._queues is None:
            noted = await self._desk.notebook.read(self._desk.id, NOTE) or {}
            self._queues = {run: Queue(parts) for run, parts in noted.items()}
        return self._queues

    async def _write(self, queues: dict[str, Queue]) -> None:
        await self._desk.notebook.write(
            self._desk.id, NOTE, {run: queue.plain() for run, queue in queues.items()}
        )
        self._queues = queues
