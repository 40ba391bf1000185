"""`enroll`: open cards older than a robot are given into its care, counted first, spread over days (users.md F4).

A run is in the notebook: how far it is in its queue (`queues`), and the cards that are out to be looked at. A card leaves
it only after the look that met its robots is recorded, so a crash repeats a look and no act (the causes are the live ones).
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from connector import ports
from connector.loops import desk as desks
from connector.loops import errands, queues, supervisor
from robots import decision, intents, look, model, schedule, tally
from robots import robot as robots_robot

NOTE = "enroll"
"""Notebook, of a portal: [{id, at, by, robots, quiet, fire, per_day, work_hours, next, out, day, given, total}]; `next`
cards of its queue were handed out."""
AT_ONCE = 2_000
"""As many as the portal moves in some twenty seconds: with fewer the writing waits for the looks. They let live work go first."""
PAGE = 200
STILL_TRUE = timedelta(minutes=1)


class Cards(Protocol):
    async def open_cards(self, portal: model.PortalId, kind: model.CardKind) -> Sequence[model.CardRef]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What enrolling would do, reckoned from the copy."""

    robots: tuple[intents.RobotId, ...]
    cards: queues.Queue
    """Those with something to do, or of which only a look can tell."""
    looked: int
    sorts: Mapping[intents.RobotId, Counter[tally.Sort]]
    people: Mapping[intents.RobotId, Counter[model.UserId | None]]
    unknown: Mapping[intents.RobotId, int]
    """Cards of which only a look at the portal can tell."""


class Enrolling:
    def __init__(self, desk: desks.Desk, cards: Cards) -> None:
        self._desk, self._cards = desk, cards
        self._began = False
        self._queues = queues.Queues(desk)
        self._counted: tuple[tuple[Any, ...], desks.Book, datetime, Found] | None = None
        """What was shown last."""
        self._noting = asyncio.Lock()
        """What a step notes and what is begun meanwhile mustn't undo each other."""

    # ------------------------------------------------------------ the loop

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            return await self.step()

        await supervisor.pulse(self._desk, "enroll", step, stop)

    async def step(self) -> float:
        """Takes what was looked at off its run, and hands out the next few; seconds until the next time."""
        async with self._noting:
            return await self._step()

    async def _step(self) -> float:
        desk = self._desk
        runs: list[dict[str, Any]] = list(await desk.notebook.read(desk.id, NOTE) or [])
        if not runs:
            desk.care.put({})
            return desk.settings.poll
        done = {str(ref) for ref in desk.care.take_done()}
        news: list[str] = []
        for run in runs:
            run["out"] = [name for name in run["out"] if name not in done]
            news += run["out"] if not self._began else []
            news += await self._hand_out(run)
        self._began = True
        for run in [run for run in runs if _over(run)]:
            desk.log.info("enroll.done", robots=", ".join(run["robots"]), cards=run["total"])
        runs = [run for run in runs if not _over(run)]
        desk.care.put({_ref(name): _care(run) for run in runs for name in run["out"]})
        await desk.notebook.write(desk.id, NOTE, runs)
        await self._queues.keep(run["id"] for run in runs)
        if news:
            await desk.inbox.mark(desk.id, [_thing(_ref(name)) for name in news], ports.Lane.BACKFILL)
        return 0.2 if any(run["out"] for run in runs) else desk.settings.poll

    async def _hand_out(self, run: dict[str, Any]) -> list[str]:
        """The next cards, as many as the day and the hour allow."""
        calendar = self._desk.book.directory.calendar
        now = self._desk.clock.now()
        if run["work_hours"] and calendar is not None and not schedule.is_working(now, calendar):
            return []
        today = now.astimezone(ZoneInfo(calendar.timezone if calendar else "UTC")).date().isoformat()
        if run["day"] != today:
            run["day"], run["given"] = today, 0
        room = AT_ONCE - len(run["out"])
        if run["per_day"]:
            room = min(room, run["per_day"] - run["given"])
        queue = await self._queues.of(run["id"])
        fresh = [str(ref) for ref in queue.part(run["next"], run["next"] + max(0, room))]
        run["next"] += len(fresh)
        run["out"] += fresh
        run["given"] += len(fresh)
        return fresh

    # ------------------------------------------------------------ what is asked

    async def plan(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Counts per robot and person. Raises errands.Refused."""
        found = await self._find(asked)
        self._counted = (_about(asked), self._desk.book, self._desk.clock.now(), found)
        directory = self._desk.book.directory
        count = sum(sum(one.values()) for one in found.sorts.values())
        return {
            "cards": len(found.cards),
            "looked": found.looked,
            "seconds": round(count / self._desk.portal.pace()),
            "robots": [
                {
                    "robot": robot,
                    "acts": {one.value: number for one, number in found.sorts[robot].items()},
                    "said": tally.said(found.sorts[robot]),
                    "people": tally.people(found.people[robot], directory),
                    "unknown": found.unknown.get(robot, 0),
                }
                for robot in found.robots
            ],
        }

    async def start(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Begins the run that was shown; refused if it would be another one by now."""
        found = self._shown(asked) or await self._find(asked)
        self._counted = None
        if len(found.cards) != asked["expected"]:
            raise errands.Refused(
                f"пока вы читали, карточек стало {len(found.cards)} вместо {asked['expected']}: повторите команду"
            )
        desk = self._desk
        queue = found.cards if asked.get("newest_first") else found.cards.turned()
        run = {
            "id": asked["id"],
            "at": desk.clock.now().isoformat(),
            "by": asked.get("by", ""),
            "robots": list(found.robots),
            "quiet": bool(asked.get("quiet")),
            "fire": bool(asked.get("fire")),
            "per_day": int(asked.get("per_day") or 0),
            "work_hours": bool(asked.get("work_hours")),
            "next": 0,
            "out": [],
            "day": "",
            "given": 0,
            "total": len(found.cards),
        }
        async with self._noting:
            runs = list(await desk.notebook.read(desk.id, NOTE) or [])
            await self._queues.put(run["id"], queue)
            await desk.notebook.write(desk.id, NOTE, [*runs, run])
        desk.log.info("enroll.begun", robots=", ".join(found.robots), cards=run["total"], by=run["by"])
        return {"cards": run["total"]}

    def _shown(self, asked: Mapping[str, Any]) -> Found | None:
        """What was counted a moment ago for the same question; each card's own look decides anew anyway."""
        if self._counted is None:
            return None
        about, book, at, found = self._counted
        same = about == _about(asked) and book is self._desk.book
        return found if same and self._desk.clock.now() - at < STILL_TRUE else None

    async def _find(self, asked: Mapping[str, Any]) -> Found:
        desk = self._desk
        matched = [one for one in desk.book.rules.robots if fnmatchcase(one.id, asked["pattern"])]
        chosen = [one for one in matched if one.mode is robots_robot.Mode.ON]
        if not chosen:
            raise errands.Refused(
                f"«{asked['pattern']}»: робот пока только смотрит, включите его: mode: on"
                if matched
                else f"нет такого робота: «{asked['pattern']}»"
            )
        since = desk.clock.now() - timedelta(days=asked["newer_than"]) if asked.get("newer_than") else None
        count = _Count(chosen, desk.book, quiet=bool(asked.get("quiet")))
        for kind in sorted({one.card for one in chosen}):
            refs = await self._cards.open_cards(desk.id, kind)
            for at in range(0, len(refs), PAGE):
                page = refs[at : at + PAGE]
                memories = await desk.mirror.memories(desk.id, page)
                for ref in page:
                    count.card(memories[ref], desk.clock.now(), since)
                await asyncio.sleep(0)  # live work goes first
        return count.found()


class _Count:
    """Asks the rules about each card of the copy, as its look will."""

    def __init__(self, chosen: Sequence[robots_robot.Robot], book: desks.Book, *, quiet: bool) -> None:
        self._ids = tuple(one.id for one in chosen)
        self._pipelines = {one.pipeline for one in chosen}
        self._rules, self._book = decision.Rules(robots=tuple(chosen)), book
        self._care = look.Care(frozenset(self._ids), quiet=quiet)
        self._cards = queues.Queue()
        self._sorts: defaultdict[intents.RobotId, Counter[tally.Sort]] = defaultdict(Counter)
        self._people: defaultdict[intents.RobotId, Counter[model.UserId | None]] = defaultdict(Counter)
        self._unknown: Counter[intents.RobotId] = Counter()
        self._looked = 0

    def card(self, memory: ports.Memory, now: datetime, since: datetime | None) -> None:
        card = memory.card
        if card is None or card.closed or memory.deleted:
            return
        if None not in self._pipelines and card.pipeline not in self._pipelines:
            return
        self._looked += 1
        if since is not None and moved(memory, card) < since:
            return
        made = decision.decide(self._rules, of_copy(memory, card, self._book, self._care), now)
        wished = [wish for wish in made.wishes if wish.robot in self._ids]
        if wished or made.needs:
            self._cards.add(card.ref)
        for wish in wished:
            kind = tally.sort(wish.act, self._book.directory)
            if kind is not tally.Sort.NOTES:
                self._sorts[wish.robot][kind] += 1
                self._people[wish.robot][tally.person(wish.act, card.responsible)] += 1
        if made.needs:
            told = {one.robot for one in made.trace}
            self._unknown.update(robot for robot in self._ids if robot not in told)

    def found(self) -> Found:
        sorts = {robot: self._sorts[robot] for robot in self._ids}
        people = {robot: self._people[robot] for robot in self._ids}
        return Found(self._ids, self._cards, self._looked, sorts, people, self._unknown)


def moved(memory: ports.Memory, card: model.Card) -> datetime:
    """When something last happened with the card, as far as the copy knows."""
    active = card.value(model.FieldCode("lastActivityTime"))
    moments = [card.created, *([memory.visit.entered] if memory.visit else [])]
    if isinstance(active, datetime):
        moments.append(active)
    return max(moments)


def of_copy(
    memory: ports.Memory, card: model.Card, book: desks.Book, care: look.Care = look.NOBODYS
) -> look.Look:
    """A look made of the copy alone; a card never looked at stands where the copy has it."""
    visit = memory.visit or model.Visit(
        model.VisitId("?"), card.pipeline, card.stage, card.semantic, card.updated
    )
    return look.Look(
        card=card,
        directory=book.directory,
        visit=visit,
        before=card,
        accepted=memory.accepted or visit,
        changes=memory.changes,
        past=memory.past,
        activations=book.activations,
        care=care,
    )


def _about(asked: Mapping[str, Any]) -> tuple[Any, ...]:
    return (asked["pattern"], asked.get("newer_than"), bool(asked.get("quiet")))


def _over(run: Mapping[str, Any]) -> bool:
    return not run["out"] and bool(run["next"] >= run["total"])


def _care(run: Mapping[str, Any]) -> look.Care:
    return look.Care(frozenset(map(intents.RobotId, run["robots"])), quiet=run["quiet"], fire=run["fire"])


def _ref(name: str) -> model.CardRef:
    kind, _, number = name.partition(":")
    return model.CardRef(model.CardKind(kind), int(number))


def _thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)
