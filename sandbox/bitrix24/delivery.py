"""Outbound events: what an outgoing webhook of the portal receives (reference §4).

One form POST per event and subscription, ids only, sent once: a failure is counted and the event is lost. Each
subscription has a lane of its own; a handler that answers slowly is called less and less often. Faults of events
(`faults.EVENT_KINDS`) are played here, between the event and the lane.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from sandbox.bitrix24 import faults
from sandbox.bitrix24 import portal as portals

NOT_OFFERED = frozenset({"ONCRMDEALMOVETOCATEGORY"})
"""Events that only an installed application can have (§4.3)."""
HANDLER_ID = 201


@dataclass(frozen=True, slots=True)
class Pace:
    """What the documentation does not tell about the queue server."""

    concurrency: int = 16
    timeout: float = 10.0
    slow_after: float = 2.0
    """Seconds of mean answer time beyond which a handler is called less."""
    longest_pause: float = 60.0


@dataclass(slots=True)
class Counts:
    sent: int = 0
    failed: int = 0
    dropped: int = 0
    errors: deque[str] = field(default_factory=lambda: deque(maxlen=20))


@dataclass(slots=True)
class Letter:
    """One event on its way to one subscription."""

    name: str
    data: dict[str, Any]
    token: str
    member_id: str
    domain: str
    app: str = ""
    not_before: float = 0.0


class Lane:
    """The queue of one subscription and its workers."""

    def __init__(self, url: str, delivery: Delivery) -> None:
        self.url, self.delivery = url, delivery
        self.queue: asyncio.Queue[Letter] = asyncio.Queue()
        self.pause = 0.0
        self.mean = 0.0
        self.workers = [
            asyncio.create_task(self._work(), name=f"delivery to {url}")
            for _ in range(delivery.pace.concurrency)
        ]

    async def _work(self) -> None:
        while True:
            letter = await self.queue.get()
            try:
                if self.pause:
                    await asyncio.sleep(self.pause)
                await self._post(letter)
            finally:
                self.queue.task_done()

    async def _post(self, letter: Letter) -> None:
        loop, counts = asyncio.get_running_loop(), self.delivery.counts
        began = loop.time()
        form = list(flattened(self.delivery.form(letter)))
        try:
            async with self.delivery.session.post(self.url, data=form, allow_redirects=False) as answer:
                await answer.read()
                good = answer.status < 300
                counts.errors.extend([] if good else [f"{letter.name}: {answer.status}"])
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            good = False
            counts.errors.append(f"{letter.name}: {type(error).__name__}")
        counts.sent += good
        counts.failed += not good
        self.learn(loop.time() - began)

    def learn(self, took: float) -> None:
        """A slow handler's pauses grow, a recovered one's shrink."""
        pace = self.delivery.pace
        self.mean = took if not self.mean else 0.7 * self.mean + 0.3 * took
        if self.mean > pace.slow_after:
            self.pause = min(max(2 * self.pause, self.mean), pace.longest_pause)
        else:
            self.pause = self.pause / 2 if self.pause > 0.01 else 0.0


class Delivery:
    """Listens to the portal between `start` and `stop` and posts to its subscriptions."""

    def __init__(self, portal: portals.Portal, pace: Pace | None = None, seed: int = 0) -> None:
        self.portal, self.pace = portal, pace or Pace()
        self.counts = Counts()
        self.session: aiohttp.ClientSession
        self._dice = random.Random(seed)
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._held: dict[str, list[tuple[Lane, Letter]]] = {}
        self._timers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=0, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=self.pace.timeout),
            headers={"User-Agent": "Bitrix24 Webhook Engine"},
        )
        self.portal.listeners.append(self.on_event)

    async def stop(self) -> None:
        """What has not left by now never will."""
        self.portal.listeners.remove(self.on_event)
        tasks = [worker for lane in self._lanes.values() for worker in lane.workers] + list(self._timers)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()
        await self.session.close()

    async def drain(self) -> None:
        """Waits until everything that is due has been posted; held events are let go first."""
        for kind in list(self._held):
            self._release(kind)
        while self._timers:
            await asyncio.gather(*self._timers)
        await asyncio.gather(*(lane.queue.join() for lane in self._lanes.values()))

    def on_event(self, event: portals.Event) -> None:
        apart = event.name in NOT_OFFERED and self.portal.switch.get("move_event_to_webhooks") == "no"
        for subscription in (*self.portal.subscriptions, *self.portal.apps.subscriptions()):
            if apart and not subscription.app:
                continue
            if subscription.events and event.name not in subscription.events:
                continue
            lane = self._lane(subscription)
            for letter, drawn in self._faulty(event, subscription):
                self._put(lane, letter, drawn)

    def form(self, letter: Letter) -> dict[str, Any]:
        return {
            "event": letter.name,
            "event_handler_id": HANDLER_ID,
            "data": letter.data,
            "ts": int(self.portal.clock.time()),
            "auth": {
                "domain": letter.domain,
                "client_endpoint": f"https://{letter.domain}/rest/",
                "server_endpoint": "https://oauth.bitrix24.tech/rest/",
                "member_id": letter.member_id,
                "application_token": letter.token,
            }
            | (self.portal.apps.event_auth(letter.app) if letter.app else {}),
        }

    def _lane(self, subscription: portals.Subscription) -> Lane:
        key = (subscription.url, subscription.token)
        if key not in self._lanes:
            self._lanes[key] = Lane(subscription.url, self)
        return self._lanes[key]

    def _faulty(
        self, event: portals.Event, subscription: portals.Subscription
    ) -> Iterator[tuple[Letter, list[faults.Fault]]]:
        """The letters that an event becomes: usually one, none when dropped, several when doubled."""
        drawn = self.portal.faults.of_event(event.name)
        kinds = {fault.kind: fault for fault in drawn}
        if "event_drop" in kinds:
            self.counts.dropped += 1
            return
        letter = Letter(event.name, event.data, subscription.token, self.portal.member_id, self.portal.host)
        letter.app = subscription.app
        if "event_wrong_token" in kinds:
            letter.token = secrets.token_hex(16)
        if "event_foreign_portal" in kinds:
            letter.member_id, letter.domain = secrets.token_hex(16), "foreign.bitrix24.example"
        if "event_deleted_entity" in kinds:
            letter.data = _about_nobody(letter.data)
        copies = int(kinds["event_double"].params.get("copies", 2)) if "event_double" in kinds else 1
        for _ in range(copies):
            yield letter, drawn

    def _put(self, lane: Lane, letter: Letter, drawn: list[faults.Fault]) -> None:
        for fault in drawn:
            if fault.kind == "event_delay":
                self._later(lane, letter, float(fault.params.get("seconds", 5)))
                return
            if fault.kind in ("event_reorder", "event_burst"):
                self._hold(fault, lane, letter)
                return
        lane.queue.put_nowait(letter)

    def _later(self, lane: Lane, letter: Letter, seconds: float) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            lane.queue.put_nowait(letter)

        timer = asyncio.create_task(wait(), name="delayed event")
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)

    def _hold(self, fault: faults.Fault, lane: Lane, letter: Letter) -> None:
        held = self._held.setdefault(fault.kind, [])
        held.append((lane, letter))
        if len(held) >= int(fault.params.get("hold", 5)):
            self._release(fault.kind)

    def _release(self, kind: str) -> None:
        held = self._held.pop(kind, [])
        if kind == "event_reorder":
            held = _out_of_order(held, self._dice)
        for lane, letter in held:
            lane.queue.put_nowait(letter)


def _out_of_order(held: list[tuple[Lane, Letter]], dice: random.Random) -> list[tuple[Lane, Letter]]:
    """A shuffle that is never the order they came in (of two, that means swapped)."""
    mixed = list(held)
    dice.shuffle(mixed)
    return mixed[1:] + mixed[:1] if mixed == held else mixed


def _about_nobody(data: dict[str, Any]) -> dict[str, Any]:
    """The same event about an id that does not exist (any more)."""
    return {
        key: _about_nobody(value) if isinstance(value, dict) else 900_000_000 if key == "ID" else value
        for key, value in data.items()
    }


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested data as PHP bracket names: `data[FIELDS][ID]`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flattened(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from flattened(inner, f"{name}[{index}]")
    else:
        yield name, "" if value is None else str(value)
