"""Cards that the portal no longer shows: deleted ones become tombstones, hidden ones are kept.

A list without a card proves nothing; the port says NOT_FOUND or that it can't know. Many gone at once may be a lost right
or a wiped portal: they are held until a person says so (design.md «The look»).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector import errors, ports
from connector.loops import desk as desks
from connector.loops import health, seats
from robots import intents, model, words

APPROVED = "gone_approved"
"""Notebook: until when (ISO) a person lets cards vanish in any number."""
PROBLEM = "problem.gone"
S = intents.WishState


@dataclass(frozen=True, slots=True)
class Gone:
    dirty: ports.Dirty
    ref: model.CardRef
    memory: ports.Memory


class Absences:
    def __init__(self, desk: desks.Desk) -> None:
        self._desk = desk
        self._lately: deque[datetime] = deque()
        self._hidden: set[model.CardRef] = set()

    async def bury(self, gone: Sequence[Gone]) -> dict[ports.Dirty, Exception]:
        """Returns those that were held, and why."""
        desk, now = self._desk, self._desk.clock.now()
        known = [one for one in gone if one.memory.card is not None and not one.memory.deleted]
        while self._lately and now - self._lately[0] > timedelta(seconds=desk.settings.gone_window):
            self._lately.popleft()
        self._lately.extend(now for _ in known)
        held: set[ports.Dirty] = set()
        if len(self._lately) > desk.settings.gone_at_once:
            if await self._approved(now):
                desk.health.clear(health.GONE)
                await desk.notebook.write(desk.id, PROBLEM, None)
            else:
                await self._ask_a_person(known, now)
                held = {one.dirty for one in known}
        for one in gone:
            if one.dirty not in held:
                await self._tombstone(one, now)
        return {dirty: errors.Held("пропала вместе с многими другими: ждёт человека") for dirty in held}

    def hidden(self, ref: model.CardRef, memory: ports.Memory, why: str) -> errors.NoRights:
        """It may be there: the card is kept; if it was seen before, health is red until it is again."""
        if memory.card is None:
            return errors.NoRights(why)
        self._hidden.add(ref)
        text = f"вебхук не видит карточек, которые видел: {len(self._hidden)}, например {ref} ({why})"
        self._desk.health.trouble(health.RIGHTS, text)
        return errors.NoRights(why)

    def seen(self, ref: model.CardRef) -> None:
        self._hidden.discard(ref)
        if not self._hidden:
            self._desk.health.clear(health.RIGHTS)

    async def _approved(self, now: datetime) -> bool:
        until = await self._desk.notebook.read(self._desk.id, APPROVED)
        return until is not None and now < datetime.fromisoformat(until)

    async def _ask_a_person(self, known: Sequence[Gone], now: datetime) -> None:
        count = len(self._lately)
        cards_ = words.count(count, "карточка пропала", "карточки пропали", "карточек пропало")
        text = (
            f"{cards_} сразу: удалили или отобрали права? Остальные ждут вас, с ними ничего не сделано. "
            "Если их правда удалили: voronka retry --gone"
        )
        if not self._desk.health.has(health.GONE):
            self._desk.log.error("portal.degraded", reason=text)
        self._desk.health.trouble(health.GONE, text)
        cards = sorted(str(one.ref) for one in known)
        written = {"count": count, "cards": cards[:50], "at": now.isoformat(), "text": text}
        await self._desk.notebook.write(self._desk.id, PROBLEM, written)

    async def _tombstone(self, gone: Gone, now: datetime) -> None:
        desk = self._desk
        closes = _closes(gone.memory.past)
        if closes:
            # First, for the tombstone finishes the dirty row: a life that ends between the two finds the card gone again.
            memory = replace(gone.memory, deleted=True, past=())
            look_id = f"{gone.ref}@gone{now:%Y%m%dT%H%M%S}"
            unfinished = replace(gone.dirty, version=-1)
            looked = ports.Looked(unfinished, gone.ref, look_id, now, memory, wishes=closes)
            await desk.mirror.record(desk.id, [looked])
        await desk.mirror.tombstone(desk.id, gone.dirty, gone.ref, now)
        if not gone.memory.deleted:
            desk.log.info("card.gone", card=str(gone.ref))
        self.seen(gone.ref)


def _closes(past: Sequence[intents.Past]) -> tuple[intents.Wish, ...]:
    """Own open tasks of a deleted card hang on people for nothing; so will those whose fate nobody knows yet."""
    open_tasks = set(seats.own_tasks(past))
    return tuple(
        intents.Wish(
            key=intents.WishKey(f"{row.wish.key}/close"),
            robot=row.wish.robot,
            digest="",
            card=row.wish.card,
            cause=f"{row.wish.cause}/close",
            act=intents.CloseTask(row.wish.key, model.TaskId(row.made) if row.made is not None else None),
            because="карточка удалена: задача больше не нужна",
            stands_on=row.wish.key,
        )
        for row in past
        if isinstance(row.wish.act, intents.SetTask)
        and (row.made in open_tasks if row.made is not None else row.state in (S.SENT, S.UNKNOWN))
    )
