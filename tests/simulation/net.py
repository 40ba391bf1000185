"""The network between daemon and portal, and what goes wrong on it, drawn by seed.

A request is a task of the portal's side: it arrives, is carried out, its answer travels back; the daemon's death ends
none of it. Vocabulary: shared/reliability.md «Faults the sandbox can be told to make». Each seed has a few kinds and a
probability (swarm), so that some worlds have one fault often and others many seldom. Kinds of single commands and lists
that lag are the sandbox's own rules (`sandbox.bitrix24.faults`).
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector import errors
from connector.bitrix24 import transport
from sandbox.bitrix24 import faults, kernel, profiles, seed, server, wire
from sandbox.bitrix24 import portal as portals
from tests.simulation import life as lives
from tests.simulation import loop as loops
from tests.simulation import trace as traces

TIMEOUT = 70.0
"""Seconds that the client waits for an answer (design.md «The ledger»)."""
LATEST = 55.0
"""Of a commit after the client gave up (R3)."""
KINDS = (
    "refuse",
    "reset_before_commit",
    "commit_then_reset",
    "commit_then_502",
    "half_commit_then_reset",
    "hang_never_commit",
    "hang_commit_later",
    "query_limit_503",
    "overload_503",
    "expired_token_401",
    "redirect_302",
    "internal_500",
)
"""Unreadable answers (504, truncated, HTML with 200) are one thing for whoever stands behind the transport: 502."""
COMMAND_KINDS = ("some_commands_failed", "operation_limit_429", "invisible_in_lists", "delete_between")
_REFUSED: Mapping[str, tuple[int, str]] = {
    "query_limit_503": (503, "QUERY_LIMIT_EXCEEDED"),
    "overload_503": (503, "OVERLOAD_LIMIT"),
    "expired_token_401": (401, "expired_token"),
    "redirect_302": (302, ""),
    "internal_500": (500, "INTERNAL_SERVER_ERROR"),
}
_TARGET = server.Target(str(seed.ROBOT), seed.ROBOT_SECRET, "batch")


@dataclass(frozen=True, slots=True)
class Weather:
    """A seed's faults: which kinds, how likely for a request; how slow the network."""

    kinds: tuple[str, ...] = ()
    likely: float = 0.0
    slow: float = 0.05

    @classmethod
    def drawn(cls, dice: random.Random) -> Weather:
        kinds = tuple(dice.sample(KINDS, dice.choice([0, 1, 1, 2, 3, 5])))
        return cls(kinds, dice.choice([0.03, 0.1, 0.3]), dice.choice([0.0, 0.05, 0.5]))


def any_request(_request: str) -> bool:
    return True


@dataclass(slots=True)
class Strike:
    """One fault that isn't drawn but told: it meets the `nth` request (from 1) that `concerns` says it is about."""

    kind: str
    nth: int
    concerns: Callable[[str], bool] = any_request
    """Of a request, `METHOD BODY`."""
    late: float | None = None
    """With `hang_commit_later`: the commit comes so many seconds after the client gave up."""
    blind: int = 0
    """So many requests after it, whatever they are about, get no answer either."""
    seen: int = 0

    def meets(self, request: str) -> str:
        """The kind of fault, empty: none."""
        if self.seen >= self.nth:
            self.seen += 1
            return "reset_before_commit" if self.seen <= self.nth + self.blind else ""
        self.seen += self.concerns(request)
        return self.kind if self.seen == self.nth else ""


class Net:
    def __init__(
        self,
        loop: loops.VirtualLoop,
        portal: portals.Portal,
        profile: profiles.Profile,
        weather: Weather,
        dice: random.Random,
        trace: traces.Trace,
    ) -> None:
        self._loop, self._portal, self._dice, self._trace = loop, portal, dice, trace
        self.weather, self.profile = weather, profile
        self._rest = server.Server(portal, profile)
        self.flying = 0
        """Requests that may still change something over there."""
        self.requests = 0
        self.struck: Counter[str] = Counter()
        """Faults of the weather that happened, by kind."""
        self.limit_errors = 0
        """Refusals of the portal's own bucket; those of the weather don't count."""
        self.strike: Strike | None = None
        self.heard: Callable[[str], object] = len
        """Is told of each request, `METHOD BODY`."""

    async def post(self, life: lives.Life, method: str, payload: Mapping[str, Any]) -> transport.Reply:
        """As `transport.Transport.post`."""
        self.requests += 1
        body = json.dumps(payload)
        request = f"{method} {body}"
        self.heard(request)
        kind = self._kind(request)
        self.struck[kind or "well"] += 1
        self._trace.note("net", "post", method, kind, body)
        answer: asyncio.Future[transport.Reply] = self._loop.create_future()
        self._loop.outside(self._carry(life, kind, method, body, answer))
        return await answer

    def calm(self) -> None:
        self.weather = Weather(slow=self.weather.slow)

    def _kind(self, request: str) -> str:
        if self.strike is not None and (told := self.strike.meets(request)):
            return told
        weather, dice = self.weather, self._dice
        return dice.choice(weather.kinds) if weather.kinds and dice.random() < weather.likely else ""

    async def _carry(
        self, life: lives.Life, kind: str, method: str, body: str, answer: asyncio.Future[transport.Reply]
    ) -> None:
        self.flying += 1
        try:
            await self._travel()
            # A request of a dead daemon may have left its buffers, or not.
            if not (life.dead and self._dice.random() < 0.5):
                outcome = await self._play(kind, method, body, answer)
                await self._travel()
                _give(answer, outcome)
        finally:
            self.flying -= 1

    async def _travel(self) -> None:
        slow = self.weather.slow
        if slow:
            await asyncio.sleep(self._dice.random() * slow)

    async def _play(
        self, kind: str, method: str, body: str, answer: asyncio.Future[transport.Reply]
    ) -> transport.Reply | errors.PortalError:
        lost = errors.Unknown(f"портал не ответил: {kind}", method=method)
        match kind:
            case "":
                return await self._execute(method, body)
            case "refuse":
                return errors.Retryable("портал недоступен", method=method)
            case "reset_before_commit":
                return lost
            case "commit_then_reset":
                await self._execute(method, body)
                return lost
            case "commit_then_502":
                await self._execute(method, body)
                return errors.Unknown("ответ портала не читается (HTTP 502)", status=502, method=method)
            case "half_commit_then_reset":
                await self._execute(method, body, half=True)
                return lost
            case "hang_never_commit":
                await asyncio.sleep(TIMEOUT)
                return lost
            case "hang_commit_later":
                return await self._late(method, body, answer, lost)
            case _:
                status, code = _REFUSED[kind]
                return transport.Reply(status, {"error": code, "error_description": kind})

    async def _late(
        self, method: str, body: str, answer: asyncio.Future[transport.Reply], lost: errors.PortalError
    ) -> transport.Reply | errors.PortalError:
        """The portal is slow, and goes on after the client has left."""
        after = self._dice.random() * (TIMEOUT + LATEST)
        if self.strike is not None and self.strike.late is not None:
            after = TIMEOUT + self.strike.late
        if after < TIMEOUT:
            await asyncio.sleep(after)
            return await self._execute(method, body)
        await asyncio.sleep(TIMEOUT)
        _give(answer, lost)
        await asyncio.sleep(after - TIMEOUT)
        self._trace.note("net", "late commit", method)
        await self._execute(method, body)
        return lost

    async def _execute(self, method: str, body: str, *, half: bool = False) -> transport.Reply:
        params = json.loads(body)
        if half and method == "batch":
            keys = list(params["cmd"])
            kept = keys[: self._dice.randint(0, len(keys) - 1)]
            params["cmd"] = {key: params["cmd"][key] for key in kept}
        row = self._portal.journal.begin(self._portal.clock.time(), "daemon", "POST", method)
        exchange = server.Exchange(row, self._portal.clock.time())
        target = server.Target(_TARGET.user, _TARGET.secret, method)
        try:
            data: Any = await self._rest._worked(exchange, target, params)
        except kernel.Refusal as refusal:
            self.limit_errors += refusal.status in (429, 503)
            return transport.Reply(refusal.status, refusal.envelope())
        except server.GatewayTimeout:
            return transport.Reply(504, {"error": "", "error_description": "504"})
        return transport.Reply(200, json.loads(wire.to_json(data)))

    def command_faults(self, dice: random.Random, *, deletes: bool) -> None:
        for kind in dice.sample(COMMAND_KINDS, dice.choice([0, 0, 1, 2])):
            deadly = kind == "delete_between"
            if deadly and not deletes:
                continue
            self._portal.faults.add(
                faults.Fault(
                    kind,
                    methods=("crm.item.get", "tasks.task.get")
                    if deadly
                    else ("*.add", "*.update", "*.complete"),
                    probability=0.05 if deadly else dice.choice([0.1, 0.4]),
                    times=1 if deadly else None,
                    params={"seconds": dice.choice([3, 25])} if kind == "invisible_in_lists" else {},
                )
            )


def _give(answer: asyncio.Future[transport.Reply], outcome: transport.Reply | errors.PortalError) -> None:
    if answer.done():
        return
    if isinstance(outcome, errors.PortalError):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)


class Wire:
    """One life's end of the network: each await of it is a crash point."""

    def __init__(self, net: Net, life: lives.Life) -> None:
        self._net, self._life = net, life

    async def post(self, method: str, payload: Mapping[str, Any]) -> transport.Reply:
        self._life.point("wire.before")
        reply = await self._net.post(self._life, method, payload)
        self._life.point("wire.after")
        return reply

    async def close(self) -> None:
        return
