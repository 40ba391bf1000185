"""A portal seen without those who were erased: robots and the mirror meet «клиент» in their place (R15).

What comes in is scrubbed by the no-copy list of that moment, just as what was kept was scrubbed, so that no robot sees a
change. An erased client's own entry isn't copied and its changes aren't followed; its deals go on by their ids. The store
guards its own writes too: that is for what was in the air while a person was erased.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector import ports
from connector.loops import behind
from robots import forgetting, look, model

Page = behind.Page


class Forgetful(behind.Behind):
    def __init__(
        self, portal: ports.Portal, name: model.PortalId, erasure: ports.Erasure, key: bytes
    ) -> None:
        """`key` keys the hashes of the list."""
        super().__init__(portal)
        self._name, self._erasure, self._key = name, erasure, key

    async def _marks(self) -> forgetting.Marks:
        """Asked after every answer: a person may be erased at any moment."""
        return await self._erasure.marks(self._name, self._key)

    async def facts(
        self, asks: Sequence[ports.FactsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, ports.Facts | ports.Absent | Exception]:
        found = await self._portal.facts(asks, lane)
        marks = await self._marks()
        if not marks:
            return found
        return {
            ref: _facts(marks, one) if isinstance(one, ports.Facts) else one for ref, one in found.items()
        }

    async def clients(
        self, cards: Sequence[model.Card], lane: ports.Lane
    ) -> Mapping[model.CardRef, tuple[model.Client, ...] | Exception]:
        found = await self._portal.clients(cards, lane)
        marks = await self._marks()
        if not marks:
            return found
        return {
            ref: one if isinstance(one, Exception) else tuple(map(marks.client, one))
            for ref, one in found.items()
        }

    async def duplicates(
        self, asks: Sequence[ports.CommsAsk], lane: ports.Lane
    ) -> Mapping[model.CardRef, look.Duplicates | Exception]:
        found = await self._portal.duplicates(asks, lane)
        marks = await self._marks()
        if not marks:
            return found
        return {
            ref: one if isinstance(one, Exception) else marks.duplicates(one) for ref, one in found.items()
        }

    async def owners(
        self, things: Sequence[ports.Thing], lane: ports.Lane
    ) -> Mapping[ports.Thing, Sequence[ports.Thing]]:
        marks = await self._marks()
        kept = [thing for thing in things if f"{thing.kind}:{thing.id}" not in marks.refs]
        return await self._portal.owners(kept, lane) if kept else {}

    async def sweep(self, cursors: Mapping[str, Any]) -> ports.Swept:
        swept = await self._portal.sweep(cursors)
        marks = await self._marks()
        if not marks:
            return swept
        seen = (one for one in swept.seen if not _own(marks, one.thing))
        return replace(swept, seen=tuple(seen))

    async def copy(self, kind: ports.Kind, below: int | None) -> AsyncIterator[Page]:
        async for page in self._portal.copy(kind, below):
            yield _page(await self._marks(), page)


def _facts(marks: forgetting.Marks, facts: ports.Facts) -> ports.Facts:
    tasks = {
        number: replace(task, title=marks.text(task.title)) if task else None
        for number, task in facts.tasks.items()
    }
    return ports.Facts(marks.card(facts.card), facts.rows, tasks)


def _own(marks: forgetting.Marks, thing: ports.Thing) -> bool:
    """A client's own change; a lead of theirs still has stages to follow."""
    return thing.card is None and f"{thing.kind}:{thing.id}" in marks.refs


def _page(marks: forgetting.Marks, page: Page) -> Page:
    if not marks:
        return page
    clients = [one for one in page if isinstance(one, ports.CopiedClient)]
    if clients:
        return [copy for one in clients if (copy := ports.copiable(marks, one))]
    cards = [one for one in page if isinstance(one, ports.CopiedCard)]
    return [replace(one, card=marks.card(one.card)) for one in cards]
