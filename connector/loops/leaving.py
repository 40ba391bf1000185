"""`person`: what hangs on one employee over all open cards, and giving it to others (users.md F10).

Reckoned first, in counts; then wished like everything else, calm and without a robot's text, so that it goes out whatever is
paused and no robot takes it for an occasion. `undo --robot Voronka/person` returns the values.

Employees are looked over as often as the directory is read: who has been dismissed since is told of at once, to the head
over him.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from connector import errors, ports
from connector.loops import desk as desks
from connector.loops import enrolling, errands, seats, supervisor
from robots import intents, leaving, model, notices, tally

PAGE = 40
PEOPLE = "people"
"""Notebook, of a portal: ids of those who were at work when last looked."""
CONFIG = "config"
"""Of a portal: the configuration at work, {texts: {file: text}, …}."""
EVERY = 60.0
"""Seconds between two looks over the directory that is at hand: no request."""


class Hands(enrolling.Cards, Protocol):
    async def add(
        self, portal: model.PortalId, wishes: Sequence[intents.Wish], at: datetime
    ) -> Sequence[intents.WishKey]: ...


class Leaving:
    def __init__(self, desk: desks.Desk, hands: Hands) -> None:
        self._desk, self._hands = desk, hands

    async def plan(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """`who`, `to`: names as a person writes them. Raises errands.Refused, errors.PortalError."""
        user = self._person(str(asked["who"]))
        to = self._people(asked, user)
        return self._told(user, await self._find(user.id), to)

    async def start(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Gives it over; refused if it would be something else than was shown."""
        desk, user = self._desk, self._person(str(asked["who"]))
        to = self._people(asked, user)
        mine = await self._find(user.id)
        if not to or len(mine) != asked["expected"]:
            raise errands.Refused(
                f"пока вы читали, карточек стало {len(mine)} вместо {asked['expected']}: повторите команду"
            )
        now = desk.clock.now()
        run = f"person {now:%Y%m%d%H%M%S%f}"
        by = f", решил {asked['by']}" if asked.get("by") else ""
        wishes = []
        for one, heir in zip(mine, leaving.dealt(len(mine), to), strict=True):
            name = desk.book.directory.user_name(heir)
            because = f"вместо {user.full_name} теперь {name}{by}"
            wishes += [
                _wish(run, one.card.ref, tail, act, because) for tail, act in leaving.acts(one, user.id, heir)
            ]
        added = await self._hands.add(desk.id, wishes, now)
        things = [ports.Thing(ports.Kind(one.card.ref.kind.value), one.card.ref.id) for one in mine]
        await desk.inbox.mark(desk.id, things, ports.Lane.BACKFILL)
        desk.log.info("person.replaced", cards=len(mine), acts=len(added), by=asked.get("by", ""))
        return self._told(user, mine, to)

    # ------------------------------------------------------------ who has gone

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return EVERY

        await supervisor.pulse(self._desk, "people", step, stop)

    async def step(self) -> None:
        """Tells of everybody dismissed since the last time; whoever was dismissed before the first is nobody's news."""
        desk, users = self._desk, self._desk.book.directory.users
        known = await desk.notebook.read(desk.id, PEOPLE)
        present = sorted(int(one.id) for one in users.values() if one.active)
        if known == present:
            return
        for number in known or ():
            user = users.get(model.UserId(number))
            if user is not None and not user.active:
                await self._tell(user)
        await desk.notebook.write(desk.id, PEOPLE, present)

    async def _tell(self, user: model.User) -> None:
        desk = self._desk
        mine = await self._find(user.id)
        tasks = sum(len(one.tasks) + one.going_along for one in mine)
        accepted = await desk.notebook.read(desk.id, CONFIG) or {}
        places = list(leaving.named(accepted.get("texts", {}), user.full_name))
        desk.log.warning("person.left", person=int(user.id), cards=len(mine), tasks=tasks)
        to = leaving.to_tell(user, desk.book.directory)
        if to is None or not (mine or places):
            return
        text = leaving.told(user, len(mine), tasks, places)
        now = desk.clock.now()
        await self._hands.add(desk.id, [_message(user, to, text, now)], now)

    # ------------------------------------------------------------ what is his

    async def _find(self, who: model.UserId) -> Sequence[leaving.Found]:
        """Open cards on which he is, in the copy; his tasks as they stand in the portal."""
        desk, mine = self._desk, []
        for kind in model.CardKind:
            refs = await self._hands.open_cards(desk.id, kind)
            for at in range(0, len(refs), PAGE):
                mine += await self._of_page(refs[at : at + PAGE], who)
        return mine

    async def _of_page(self, refs: Sequence[model.CardRef], who: model.UserId) -> list[leaving.Found]:
        desk = self._desk
        memories = await desk.mirror.memories(desk.id, refs)
        asks = [seats.ask(ref, one) for ref, one in memories.items() if seats.own_tasks(one.past)]
        facts = await desk.portal.facts(asks, ports.Lane.BACKFILL) if asks else {}
        found = []
        for ref in refs:
            memory, seen = memories[ref], facts.get(ref)
            if isinstance(seen, errors.PortalError):
                raise seen
            if memory.card is None or memory.deleted or memory.card.closed:
                continue
            tasks = seen.tasks if isinstance(seen, ports.Facts) else {}
            one = leaving.found(memory.card, memory.past, tasks, who, desk.book.directory)
            found += [one] if one.anything else []
        return found

    def _told(
        self, user: model.User, mine: Sequence[leaving.Found], to: Sequence[model.UserId]
    ) -> Mapping[str, Any]:
        known = self._desk.book.directory
        titles = Counter(
            known.fields[one.card.ref.kind.value][code].title for one in mine for code in one.fields
        )
        heirs: Counter[model.UserId | None] = Counter(leaving.dealt(len(mine), to) if to else ())
        return {
            "id": int(user.id),
            "name": user.full_name,
            "active": user.active,
            "cards": len(mine),
            "responsible": sum(one.responsible for one in mine),
            "fields": dict(titles),
            "tasks": sum(len(one.tasks) + one.going_along for one in mine),
            "to": tally.people(heirs, known),
        }

    # ------------------------------------------------------------ who is meant

    def _people(self, asked: Mapping[str, Any], leaver: model.User) -> list[model.UserId]:
        heirs = [self._person(name) for name in asked.get("to") or []]
        for one in heirs:
            if one.id == leaver.id or not one.active:
                why = "это тот же человек" if one.id == leaver.id else "сотрудник уволен"
                raise errands.Refused(f"{one.full_name}: {why}, передать ему нельзя")
        return [one.id for one in heirs]

    def _person(self, name: str) -> model.User:
        wanted, users = set(name.casefold().split()), self._desk.book.directory.users.values()
        found = [one for one in users if wanted <= set(one.full_name.casefold().split())]
        found = found or [one for one in users if name.strip() in (str(one.id), one.email)]
        if len(found) != 1:
            names = ", ".join(f"{one.full_name} ({one.email or one.id})" for one in found) or "никого"
            raise errands.Refused(f"кто это: «{name}»? Подходит: {names}")
        return found[0]


def _message(user: model.User, to: model.UserId, text: str, now: datetime) -> intents.Wish:
    """Said once a day: a life that ends before the note is written says it under the same key."""
    tag = f"{leaving.ROBOT}/left/{user.id}/{now:%Y%m%d}"
    return intents.Wish(
        key=intents.WishKey(tag),
        robot=notices.BUNDLE,
        digest="",
        card=model.CardRef(model.CardKind.DEAL, -int(to)),
        cause=f"left/{user.id}",
        act=intents.Notify(to, text, tag, urgent=True),
        because=f"{user.full_name}: сотрудник уволен",
    )


def _wish(run: str, card: model.CardRef, tail: str, act: intents.Act, because: str) -> intents.Wish:
    return intents.Wish(
        key=intents.WishKey(f"{run}/{card}/{tail}"),
        robot=leaving.ROBOT,
        digest="",
        card=card,
        cause=run,
        act=act,
        because=because,
        calm=True,
    )
