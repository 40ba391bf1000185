"""One REST request over HTTP, in the portal's order of checks: fault -> bucket -> authorisation -> scope -> operating
time -> execution -> latency. Commands of a batch run one after the other; requests run beside each other.
"""

from __future__ import annotations

import base64
import logging
import random
import urllib.parse
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.bitrix24 import batch, dispatch, faults_http, journal, kernel, profiles, wire
from sandbox.bitrix24 import portal as portals

log = logging.getLogger(__name__)
SOURCE_HEADER = "X-Sandbox-Source"
"""Lets a test speak from another address than its own, for the bucket that is kept per source."""
JSON_TYPE = "application/json; charset=utf-8"


class GatewayTimeout(Exception):
    """The request went over its 60 seconds: the gateway in front of the portal gave up."""


@dataclass(slots=True)
class Target:
    """What a URL names."""

    user: str
    secret: str
    method: str
    xml: bool = False


@dataclass(slots=True)
class Exchange:
    """A request being worked: its row in the journal, when it began, and the portal seconds it has taken."""

    row: journal.Request
    began: float
    spent: float = 0.0


def target_of(path: str) -> Target:
    """Reads `/rest/{user}/{secret}/{method}[.json|.xml][/]`; `/rest/{method}` has no webhook in it."""
    parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")][1:]
    user, secret, name = (
        ("", "", parts[-1] if parts else "") if len(parts) < 3 else (parts[0], parts[1], parts[2])
    )
    lower = name.lower()
    xml = lower.endswith(".xml")
    return Target(user, secret, lower.removesuffix(".xml").removesuffix(".json"), xml)


async def parameters(request: web.Request) -> dict[str, Any]:
    """Query and body merged. The body of a GET is not read."""
    given = wire.decode_query(request.rel_url.raw_query_string)
    if request.method == "GET":
        return given
    kind = request.headers.get("Content-Type", "").lower()
    if kind.startswith("multipart/"):
        return given | wire.decode_pairs(_part(name, value) for name, value in (await request.post()).items())
    return given | wire.decode_body(kind, await request.read())


def _part(name: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, web.FileField):
        return name, [value.filename, base64.b64encode(value.file.read()).decode()]
    return name, value


class Server:
    def __init__(self, portal: portals.Portal, profile: profiles.Profile, seed: int = 0) -> None:
        self.portal = portal
        self._dice = random.Random(seed)
        self.use(profile)

    def use(self, profile: profiles.Profile) -> None:
        self.profile = profile
        self.portal.limits.operating_limit = profile.operating_limit

    async def rest(self, request: web.Request) -> web.StreamResponse:
        """The handler of everything under /rest/."""
        if request.path.startswith("/rest/api/"):
            return _v3_not_found(request)
        target = target_of(request.path)
        params = await parameters(request)
        source = request.headers.get(SOURCE_HEADER) or request.remote or ""
        row = self.portal.journal.begin(self.portal.clock.time(), source, request.method, target.method)
        names = [target.method]
        if target.method == "batch":
            names += [command.method for command in batch.commands(params, refuse_long=False)]

        async def execute() -> web.StreamResponse:
            return await self._answer(Exchange(row, self.portal.clock.time()), target, params)

        response = await faults_http.handle(request, self.portal, names, execute)
        self.portal.journal.end(row, response.status)
        return response

    async def _answer(self, exchange: Exchange, target: Target, params: dict[str, Any]) -> web.Response:
        try:
            data = await self._worked(exchange, target, params)
            status = 200
        except kernel.Refusal as refusal:
            data, status = refusal.envelope(), refusal.status
        except GatewayTimeout:
            return web.Response(status=504, body=profiles.GATEWAY_TIMEOUT, content_type="text/html")
        except Exception as crash:
            # a defect of the sandbox: the client sees what a portal shows, the journal and the log see the defect
            log.exception("the sandbox failed in %s", target.method)
            self.portal.journal.crashes.append(f"{target.method}: {crash!r}")
            data, status = (
                {"error": "INTERNAL_SERVER_ERROR", "error_description": "Internal server error"},
                500,
            )
        if target.xml:
            return web.Response(
                status=status, body=wire.to_xml(data), headers={"Content-Type": "text/xml; charset=utf-8"}
            )
        return web.Response(status=status, body=wire.to_json(data), headers={"Content-Type": JSON_TYPE})

    async def _worked(self, exchange: Exchange, target: Target, params: dict[str, Any]) -> dict[str, Any]:
        self.portal.limits.take(exchange.row.source)
        webhook = (
            dispatch.authorise(self.portal, target.user, target.secret)
            if target.secret
            else dispatch.authorise_app(self.portal, params)
        )
        if target.method == "batch":
            answer = kernel.Answer(await self._batch(exchange, webhook, params))
            return wire.success(
                answer,
                self._time(exchange.began)
                | {"operating_reset_at": int(exchange.began) + 600, "operating": 0},
            )
        answer = await self._command(exchange, webhook, target.method, params)
        return wire.success(answer, self._time(exchange.began) | self._operating(webhook, target.method))

    async def _batch(
        self, exchange: Exchange, webhook: portals.Webhook, params: dict[str, Any]
    ) -> dict[str, Any]:
        switch = self.portal.switch
        strict = switch.get("batch_reference") == "error"
        results = batch.Results()
        commands = batch.commands(params, refuse_long=switch.get("batch_overflow") == "refuse")
        for position, command in enumerate(commands):
            began = self.portal.clock.time()
            try:
                if position >= batch.MOST:
                    raise batch.too_long()
                batch.refuse_nested(command.method)
                given = batch.parameters(command, results, strict=strict)
                answer = await self._command(exchange, webhook, command.method, given, in_batch=True)
            except kernel.Refusal as refusal:
                results.bad(command.key, refusal)
                if batch.halts(params):
                    break
            else:
                time = self._time(began)
                if switch.get("batch_time_operating") == "present":
                    time |= self._operating(webhook, command.method)
                results.good(command.key, answer, time)
        return results.envelope()

    async def _command(
        self,
        exchange: Exchange,
        webhook: portals.Webhook,
        name: str,
        params: dict[str, Any],
        *,
        in_batch: bool = False,
    ) -> kernel.Answer:
        """Executes at once, then takes the method's time."""
        found = dispatch.prepare(self.portal, webhook, name)
        self.portal.journal.command(exchange.row, name)
        cost = self.profile.cost(name)
        crossing = exchange.spent + cost > self.profile.cap
        if crossing and self._dice.random() < 0.5:
            await self._sleep(self.profile.cap - exchange.spent)
            raise GatewayTimeout
        call = kernel.Call(self.portal, webhook, name, params, in_batch)
        try:
            answer = self.portal.faults.run(call, lambda: dispatch.run(call, found))
        except kernel.Refusal:
            cost = min(cost, self.profile.other)
            raise
        finally:
            self.portal.limits.account(webhook.secret, name, cost)
            exchange.spent += cost
            await self._sleep(cost)
        if crossing:
            raise GatewayTimeout
        return answer

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self.portal.clock.sleep(seconds)

    def _time(self, began: float) -> dict[str, Any]:
        return wire.time_block(began, self.portal.clock.time(), self.portal.clock.zone)

    def _operating(self, webhook: portals.Webhook, name: str) -> dict[str, Any]:
        seconds, reset = self.portal.limits.operating(webhook.secret, name)
        return {"operating_reset_at": reset, "operating": round(seconds, 6)}


def _v3_not_found(request: web.Request) -> web.Response:
    """REST 3.0 has other methods than these; its answer to an unknown one has another shape (§1.6)."""
    name = request.path.rstrip("/").rpartition("/")[2]
    error = {
        "code": "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION",
        "message": f"Method {name} not found",
    }
    return web.Response(status=404, body=wire.to_json({"error": error}), headers={"Content-Type": JSON_TYPE})
