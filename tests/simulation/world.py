"""A portal, its people, a network and a daemon that dies, all on one virtual clock; a run is a function of the seed.

A run: the daemon starts on an empty portal; people act while faults strike and lives end (`trouble`); then all is calm
and the world runs on until nothing more is due (`quiet`); then the laws are asked (`laws`).
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from connector import errors, ports
from connector.bitrix24 import desk, secret
from connector.bitrix24 import portal as adapter
from connector.bootstrap import wiring
from connector.loops import activation, backfill, looking, sending, worker
from connector.loops import config as loop_config
from robots import decision
from sandbox.bitrix24 import profiles, seed
from tests import fakes_store
from tests.simulation import bells, clocks, config, net, people
from tests.simulation import life as lives
from tests.simulation import loop as loops
from tests.simulation import trace as traces

LONGEST = 3600.0
"""Virtual seconds of calm after which everything must have come to rest."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a seed has in store."""

    acts: int
    deals: int
    weather: net.Weather
    mood: bells.Mood
    deaths: int
    ahead: float
    lazy: float
    ill: float
    cloud: bool
    deletes: bool
    copied: bool
    """The first copy was done in an earlier life."""
    switches: tuple[tuple[str, object], ...]
    sweep: float
    """Seconds between two sweeps."""

    @property
    def rest(self) -> float:
        """So long nothing may happen before the world counts as at rest: a whole sweep, and a census where cards are
        deleted."""
        return max(self.sweep + 15, 90.0 if self.deletes else 0.0)

    @property
    def settings(self) -> loop_config.LoopSettings:
        """Where cards are deleted, a day is a minute: a lost deletion is found by the census alone."""
        paced = replace(SETTINGS, sweep_period=self.sweep)
        return replace(paced, census_check=60.0, census_period=60.0) if self.deletes else paced

    @classmethod
    def drawn(cls, dice: random.Random) -> Plan:
        switches: list[tuple[str, object]] = []
        if dice.random() < 0.3:
            switches.append(("history", dice.choice(["late_commit", "old_box"])))
        if dice.random() < 0.2:
            switches.append(("lists_lag", dice.choice([2, 20])))
        return cls(
            acts=dice.randint(3, 10),
            deals=dice.choice([1, 1, 2, 3]),
            weather=net.Weather.drawn(dice),
            mood=bells.Mood.drawn(dice),
            deaths=dice.choice([0, 1, 1, 2, 3]),
            ahead=dice.choice([0.0, 0.0, 25.0]),
            lazy=dice.choice([0.0, 0.1, 0.5]),
            ill=dice.choice([0.0, 0.0, 0.02]),
            cloud=dice.random() < 0.15,
            deletes=dice.random() < 0.3,
            copied=dice.random() < 0.8,
            switches=tuple(switches),
            sweep=dice.choice([30.0, 90.0]),
        )


SETTINGS = loop_config.LoopSettings(poll=20.0)
HERE = adapter.Settings(desk=desk.Settings(chain=2))


class World:
    def __init__(
        self,
        number: int,
        plan: Plan | None = None,
        *,
        say: Callable[[str], None] = traces.nowhere,
        rules: decision.Rules | None = None,
        decide: looking.Decide = decision.decide,
    ) -> None:
        """`rules` and `decide` where a story wishes for itself what the funnel's robots wouldn't."""
        self.seed, self.shared = number, config.shared()
        self.rules, self.decide = rules or self.shared.rules, decide
        self.plan = plan or Plan.drawn(self._dice("plan"))
        self.loop = loops.VirtualLoop(number)
        self.clock = clocks.DaemonClock(self.loop)
        self.trace = traces.Trace(self.clock.now, say)
        self.log = traces.Log(self.trace)
        self.portal = seed.rop_funnel(clocks.PortalClock(self.loop, self.plan.ahead))
        for name, position in self.plan.switches:
            self.portal.switch.set(name, position)
        profile = profiles.PROFILES["cloud" if self.plan.cloud else "instant"]
        self.net = net.Net(self.loop, self.portal, profile, self.plan.weather, self._dice("net"), self.trace)
        self.net.command_faults(self._dice("commands"), deletes=self.plan.deletes)
        self.bells = bells.Bells(
            self.loop, self.portal, self.plan.mood, self._dice("bells"), self._ring, self.trace
        )
        self.people = people.People(
            self.loop, self.portal, self._dice("people"), self.trace, deletes=self.plan.deletes
        )
        self.troubled = lives.Troubled(self._dice("store"), self.plan.lazy, self.plan.ill)
        self.store = fakes_store.MemoryStore()
        if self.plan.copied:
            done = dict.fromkeys((kind.value for kind in backfill.ORDER), clocks.START.isoformat())
            self.store.world.portals[config.PORTAL].notes[backfill.COMPLETE] = json.dumps(done)
        self._doom = self._dice("doom")
        self.told: lives.Doom | None = None
        """How the next life ends, where a story says it."""
        self.deaths = self.plan.deaths
        self.lives = 0
        self.life: lives.Life | None = None
        self.here: adapter.Bitrix24Portal | None = None
        self.worker: worker.PortalWorker | None = None
        self.quiet = False
        self.ends: Counter[str] = Counter()
        """Where lives ended."""
        self.failures: list[str] = []

    def _dice(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}/{what}")

    # ------------------------------------------------------------ the daemon

    def born(self) -> None:
        shared, self.lives = self.shared, self.lives + 1
        doom = self.told or (lives.Doom.drawn(self._doom) if self.deaths else None)
        self.told = None
        life = self.life = lives.Life(self.lives, self.loop, doom, self._died, self.trace)
        self.trace.note("daemon", f"life {self.lives} begins", doom or "")
        if self.lives > 1:
            self.store = self.store.reborn()
        stores = lives.Stores(self.store, life, self.troubled, self.trace)
        leave = sending.Sending(config.PORTAL, stores.ledger, self.clock, at=life.point)
        self.here = config.on_wire(
            adapter.Bitrix24Portal(
                secret.WebhookUrl(config.URL),
                portal=config.PORTAL,
                clock=self.clock,
                address=config.ADDRESS,
                on_sending=leave,
                settings=HERE,
            ),
            net.Wire(self.net, life),
        )
        self.here._desk.learn(shared.directory)
        self.worker = worker.PortalWorker(
            portal_id=config.PORTAL,
            portal=self.here,
            stores=worker.Stores(stores.inbox, stores.mirror, stores.ledger, stores.notebook),
            sending=leave,
            rules=self.rules,
            directory=shared.directory,
            key=b"the key of the hashes",
            settings=self.plan.settings,
            clock=self.clock,
            log=self.log,
            decide=self.decide,
            at=life.point,
        )
        self._stores = stores
        self.loop.of_life(life, self._live(life, self.worker, self.here))

    async def _live(
        self, life: lives.Life, working: worker.PortalWorker, here: adapter.Bitrix24Portal
    ) -> None:
        stop = asyncio.Event()
        if self.deaths and self._doom.random() < 0.15:
            # A polite end, at some moment of the story.
            self.loop.at(
                self.loop.time() + self._doom.random() * 120, lambda: None if self.quiet else stop.set()
            )
        try:
            await working.run(stop)
            await wiring._closed(here)
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is a breach
            self.failures.append(f"the worker of life {life.number} failed: {bug!r}")
        if not life.dead:
            life.dead = True
            self.trace.note("daemon", f"life {life.number} stopped")
            self._died(life)

    def _died(self, life: lives.Life) -> None:
        # A polite stop may last into the calm, when no death is left to give.
        self.deaths = max(0, self.deaths - 1)
        self.life = None
        self.ends[life.ended_at or "stop"] += 1
        self.loop.at(self.loop.time() + self._doom.choice([0.1, 2.0, 40.0]), self.born)

    def _ring(self, thing: ports.Thing) -> None:
        if self.life is not None:
            self.loop.of_life(self.life, self._take(self.life, thing))

    async def _take(self, life: lives.Life, thing: ports.Thing) -> None:
        """As the web room: saved, then acknowledged; an honest 503 otherwise, and the portal never asks again."""
        stores, working = self._stores, self.worker
        if working is None or not (
            working.begun or await stores.notebook.read(config.PORTAL, activation.NOTE) is not None
        ):
            return
        try:
            await stores.inbox.mark(config.PORTAL, [thing])
        except errors.StoreError:
            self.trace.note("bells", "503", thing)

    # ------------------------------------------------------------ a run

    def run(self, checks: Callable[[World], Any]) -> Any:
        return self.loop.run(self._run(checks))

    async def begun(self) -> None:
        """What lies before the robots' watermarks is past: people come once these stand."""
        self.born()
        while self.worker is None or not self.worker.begun:  # noqa: ASYNC110 - each life has a worker of its own
            await asyncio.sleep(1)

    async def ended(self, checks: Callable[[World], Any]) -> Any:
        await self.calm()
        return await checks(self)

    async def _run(self, checks: Callable[[World], Any]) -> Any:
        await self.begun()
        end = self.people.begin(self.plan.acts, self.plan.deals)
        await asyncio.sleep(end + 1 + self._doom.random() * 60)
        return await self.ended(checks)

    async def calm(self) -> None:
        """No more faults; runs until nothing is due."""
        self.trace.note("world", "calm")
        self.net.calm()
        self.bells.calm()
        self.portal.faults.clear()
        self.troubled.ill = 0.0
        self.deaths, self.quiet = 0, True
        if self.life is not None:
            self.life.doom = None
        began, still, seen = self.loop.time(), self.loop.time(), -1
        while self.loop.time() - began < LONGEST:
            await asyncio.sleep(10)
            if self.restless() or seen != self.bells.count:
                still, seen = self.loop.time(), self.bells.count
            elif self.loop.time() - still >= self.plan.rest:
                self.trace.note("world", "at rest")
                return
        self.failures.append(f"no rest within {LONGEST:.0f} s of calm: {self.restless()}")

    def restless(self) -> str:
        """What is still due; empty: nothing is."""
        rows = self.store.world.portals[config.PORTAL]
        wishes = [f"{row.wish.key} {row.state}" for row in rows.wishes.values() if not row.state.final]
        dirty = [f"{row.thing} until {row.until}: {row.why}" for row in rows.dirty.values()]
        flying = ["a request in the air"] if self.net.flying else []
        shut = ["the portal counts as shut"] if self.worker and self.worker.desk.state.shut else []
        return "; ".join([*([] if self.life else ["the daemon is down"]), *flying, *shut, *wishes, *dirty])


def calm_plan(**changes: Any) -> Plan:
    """Fair weather, for stories that bring their own troubles."""
    plain = Plan(6, 2, net.Weather(), bells.Mood(), 0, 0.0, 0.0, 0.0, False, False, True, (), 30.0)
    return replace(plain, **changes)
