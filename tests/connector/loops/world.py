"""A portal in memory, a real store in a file and the loops between them, moved by hand step by step.

`Script` stands for the rules: it wishes what a story says, once per stay of a card. Everything that happened is read back
as plain lines.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from connector import ports
from connector.loops import config, sending, worker
from connector.store import api
from robots import decision, intents, look, model
from robots import robot as robots_robot
from tests import fakes
from tests.robots import builders

PORTAL = model.PortalId("romashka")
KEY = b"the key of the hashes"
ROBOT = intents.RobotId("Продажи/Новый лид/task")


def robot(digest: str = "d1", mode: robots_robot.Mode = robots_robot.Mode.ON) -> robots_robot.Robot:
    return robots_robot.Robot(
        id=ROBOT,
        kind="log",
        options=None,
        card=model.CardKind.DEAL,
        pipeline=builders.SALES,
        trigger=robots_robot.Always(),
        mark=robots_robot.Mark("romashka.yaml", 1, 1),
        digest=digest,
        mode=mode,
    )


@dataclass
class Step:
    """One wish of the script."""

    name: str
    act: intents.Act = field(default_factory=lambda: intents.LogEntry("Робот", "готово"))
    after: str = ""
    while_there: bool = False
    digest: str = "d1"
    dry_run: bool = False


class Script:
    """`decide` of a story. It keeps every look it was shown."""

    def __init__(self) -> None:
        self.steps: Callable[[look.Look], Sequence[Step]] = lambda _seen: ()
        self.needs: Callable[[look.Look], frozenset[look.Need]] = lambda _seen: frozenset()
        self.wake_at: datetime | None = None
        self.seen: list[look.Look] = []
        self.fails: set[int] = set()
        self.holds = False
        """A gate waits: the accepted stay remains what it was."""

    def __call__(self, rules: decision.Rules, seen: look.Look, now: datetime) -> decision.Decision:
        self.seen.append(seen)
        if seen.card.ref.id in self.fails:
            raise ZeroDivisionError("правило сломано")
        if needs := self.needs(seen):
            return decision.Decision(needs=needs)
        if seen.unfinished_origin or self.holds:
            return decision.Decision(accepted=seen.accepted)
        done = {row.wish.key for row in seen.past}
        wishes = [self._wish(seen, step) for step in self.steps(seen)]
        fresh = tuple(wish for wish in wishes if wish.key not in done)
        told = tuple(decision.Told(ROBOT, "wished", one.because, wish=one.key) for one in fresh)
        return decision.Decision(fresh, self.wake_at, accepted=seen.visit, trace=told)

    def _wish(self, seen: look.Look, step: Step) -> intents.Wish:
        base = f"robot/{seen.card.ref}/{seen.visit.id}"
        return intents.Wish(
            key=intents.WishKey(f"{base}/{step.name}"),
            robot=ROBOT,
            digest=step.digest,
            card=seen.card.ref,
            cause=seen.visit.id,
            act=step.act,
            because="так надо",
            stands_on=intents.WishKey(f"{base}/{step.after}") if step.after else None,
            while_visit=seen.visit.id if step.while_there else None,
            dry_run=step.dry_run,
            depth=seen.depth,
        )


class World:
    def __init__(
        self,
        store: api.Store,
        settings: config.LoopSettings,
        clock: ports.Clock,
        portal: fakes.FakePortal,
        at: Callable[[str], None],
        owned: Callable[[], bool] = lambda: True,
        seen: ports.Portal | None = None,
    ) -> None:
        """`seen`: the portal as the loops meet it, where that isn't `portal` itself."""
        self.store, self.clock, self.portal, self.script = store, clock, portal, Script()
        self.sending = sending.Sending(PORTAL, store.ledger, clock, at=at, owned=owned)
        portal.on_sending = self.sending
        self.worker = worker.PortalWorker(
            portal_id=PORTAL,
            portal=seen or portal,
            stores=worker.Stores(store.inbox, store.mirror, store.ledger, store.notebook),
            sending=self.sending,
            rules=decision.Rules(robots=(robot(),), config="c1"),
            directory=builders.directory(),
            key=KEY,
            settings=settings,
            clock=clock,
            log=structlog.get_logger(),
            decide=self.script,
            at=at,
        )

    # ------------------------------------------------------------ what happens

    def deal(self, number: int = 1, **card: Any) -> model.CardRef:
        created = self.clock.now()
        return self.portal.add(builders.card(id=number, created=created, **card)).ref

    async def ring(self, *things: model.CardRef | ports.Thing) -> World:
        marks = [one if isinstance(one, ports.Thing) else thing(one) for one in things]
        await self.store.inbox.mark(PORTAL, marks)
        return self

    async def look(self) -> World:
        """Looks at whatever is due, until nothing is."""
        while await self.worker.reconciler.step():
            pass
        return self

    async def carry_out(self) -> World:
        while await self.worker.executor.step():
            pass
        return self

    async def settle(self) -> World:
        """A settle window later."""
        await self.pass_time(self.worker.desk.settings.settle_window + 1)
        await self.worker.settler.step()
        return self

    async def pass_time(self, seconds: float) -> None:
        assert isinstance(self.clock, fakes.FakeClock), "only a fake clock can be moved"
        await self.clock.advance(seconds)

    # ------------------------------------------------------------ what is seen

    async def ledger(self, card: model.CardRef | None = None) -> list[str]:
        """`step: state`, in the order of wishing."""
        rows = await self.store.ledger.rows(PORTAL, card=card)
        return [f"{row.wish.key.split('/')[-1]}: {row.state.value}" for row in rows]

    async def memory(self, ref: model.CardRef) -> ports.Memory:
        return (await self.store.mirror.memories(PORTAL, [ref]))[ref]

    async def dirty(self) -> int:
        return await self.store.inbox.depth(PORTAL)

    async def parked(self) -> list[tuple[str, str]]:
        return [
            (f"{one.thing.kind}:{one.thing.id}", one.why) for one in await self.store.inbox.parked(PORTAL)
        ]


def thing(ref: model.CardRef) -> ports.Thing:
    return ports.Thing(ports.Kind(ref.kind.value), ref.id)


def steps(*names: str) -> Callable[[look.Look], Sequence[Step]]:
    return lambda _seen: [Step(name) for name in names]


@contextlib.asynccontextmanager
async def opened(
    path: Path,
    *,
    clock: ports.Clock | None = None,
    portal: fakes.FakePortal | None = None,
    at: Callable[[str], None] = lambda _point: None,
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[World]:
    """With `clock` and `portal` of an earlier world: the daemon's next life."""
    clock = clock or fakes.FakeClock(builders.NOW, hasty=True)
    portal = portal or fakes.FakePortal(builders.directory(), clock)
    async with api.open_store(f"sqlite:///{path / 'voronka.sqlite'}", daemon=True) as store:
        made = World(store, replace(config.LoopSettings(), **(settings or {})), clock, portal, at)
        yield made
