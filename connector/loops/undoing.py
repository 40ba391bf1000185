"""`undo`: what robots did in a time is taken back where nobody has touched it since (users.md F12).

Reckoned first, in counts; then wished like everything else, calm and without a robot's text, so that it goes out while the
robot is paused and no robot takes it for an occasion. What can't be taken back is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol

from connector import ports
from connector.loops import desk as desks
from connector.loops import errands
from robots import depth, intents, model, story, tally, undoing

S = intents.WishState
HAPPENED = (S.DONE, S.SENT, S.UNKNOWN)


class Act(Protocol):
    """A row of the ledger."""

    @property
    def wish(self) -> intents.Wish: ...
    @property
    def state(self) -> S: ...
    @property
    def sent_at(self) -> datetime | None: ...
    @property
    def made(self) -> int | None: ...


class Hands(Protocol):
    async def acts(
        self,
        portal: model.PortalId,
        states: Collection[S],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[Act]: ...

    async def add(
        self, portal: model.PortalId, wishes: Sequence[intents.Wish], at: datetime
    ) -> Sequence[intents.WishKey]: ...


class Touched(Protocol):
    """What people did with tasks of ours."""

    async def touches(self, tasks: Collection[model.TaskId]) -> Mapping[model.TaskId, str]: ...


@dataclass
class Plan:
    """`wishes` newest first: what was done last is taken back first."""

    wishes: list[tuple[Act, intents.Act]] = field(default_factory=list)
    counts: Counter[undoing.Fate] = field(default_factory=Counter)


class Undoing:
    def __init__(self, desk: desks.Desk, hands: Hands, tasks: Touched) -> None:
        self._desk, self._hands, self._tasks = desk, hands, tasks

    async def plan(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        made = await self._plan(asked)
        return {
            "count": len(made.wishes),
            "lines": list(undoing.lines(made.counts)),
            "fates": {fate.value: number for fate, number in made.counts.items()},
        }

    async def start(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises errands.Refused if it would be something else than was shown."""
        made = await self._plan(asked)
        if len(made.wishes) != asked["expected"]:
            raise errands.Refused(
                f"пока вы читали, стало {len(made.wishes)} вместо {asked['expected']}: повторите команду"
            )
        desk = self._desk
        now = desk.clock.now()
        run = f"{undoing.HEAD}{now:%Y%m%d%H%M%S%f}"
        wishes = [_wish(run, act, back, str(asked.get("by", ""))) for act, back in made.wishes]
        added = await self._hands.add(desk.id, wishes, now)
        cards = sorted({wish.card for wish in wishes})
        await desk.inbox.mark(desk.id, [ports.Thing(ports.Kind(ref.kind.value), ref.id) for ref in cards])
        desk.log.info("undo.begun", robots=asked["pattern"], acts=len(added), by=asked.get("by", ""))
        return {"count": len(added)}

    # ------------------------------------------------------------ what is there to undo

    async def _plan(self, asked: Mapping[str, Any]) -> Plan:
        desk = self._desk
        rows = await self._hands.acts(desk.id, HAPPENED)
        over = undoing.undone({row.wish.key for row in rows})
        since = datetime.fromisoformat(asked["since"])
        until = datetime.fromisoformat(asked["until"]) if asked.get("until") else None
        chosen = [
            row
            for row in rows
            if fnmatchcase(row.wish.robot, asked["pattern"])
            and row.wish.key not in over
            and undoing.is_undo(row.wish.key) == bool(asked.get("back"))
            and row.sent_at is not None
            and row.sent_at >= since
            and (until is None or row.sent_at <= until)
            and (not asked.get("card") or str(row.wish.card) == asked["card"])
            and (not asked.get("person") or tally.person(row.wish.act, None) == asked["person"])
        ]
        return await self._judged(chosen, {row.wish.key: row for row in rows})

    async def _judged(self, chosen: Sequence[Act], known: Mapping[intents.WishKey, Act]) -> Plan:
        desk, made = self._desk, Plan()
        numbers = [
            model.TaskId(row.made)
            for row in chosen
            if row.made is not None and isinstance(row.wish.act, intents.SetTask)
        ]
        touched = await self._tasks.touches(numbers) if numbers else {}
        cards = sorted({row.wish.card for row in chosen})
        memories: dict[model.CardRef, ports.Memory] = {}
        for at in range(0, len(cards), 200):
            memories |= await desk.mirror.memories(desk.id, cards[at : at + 200])
        for row in reversed(chosen):
            memory = memories[row.wish.card]
            facts = undoing.Facts(
                act=row.wish.act,
                set_by=row.wish.key,
                made=row.made,
                card=None if memory.deleted else memory.card,
                stood=_stood(row, memory),
                touched=touched.get(model.TaskId(row.made), "over") if row.made is not None else "over",
                directory=desk.book.directory,
                taken=_original(row, known),
            )
            fate, back = undoing.judge(facts)
            if fate is not None:
                made.counts[fate] += 1
            if back is not None:
                made.wishes.append((row, back))
        return made


def _stood(row: Act, memory: ports.Memory) -> bool:
    """The card hasn't moved since this act moved it."""
    stay, sent = memory.visit, row.sent_at
    return stay is not None and sent is not None and stay.entered <= sent + 12 * depth.CLOCKS_APART


def _original(row: Act, known: Mapping[intents.WishKey, Act]) -> intents.Act | None:
    """What it took back, where it did."""
    act = row.wish.act
    found = known.get(act.set_by) if isinstance(act, intents.TakeBack | intents.CloseTask) else None
    return found.wish.act if found is not None else None


def _wish(run: str, row: Act, back: intents.Act, by: str) -> intents.Wish:
    decided = f", решил {by}" if by else ""
    return intents.Wish(
        key=intents.WishKey(f"{run}/{row.wish.key}"),
        robot=row.wish.robot,
        digest="",
        card=row.wish.card,
        cause=run,
        act=back,
        because=f"отмена: {story.deed(row.wish.act)}{decided}",
        calm=True,
    )
