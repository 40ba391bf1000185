"""The far end for the Bitrix24 adapter's contract: a sandbox portal over real HTTP, and the adapter looking at it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import test_utils

from connector import ports
from connector.bitrix24 import client, desk, gate, portal, secret
from robots import intents, model
from sandbox.bitrix24 import app, dispatch, seed
from sandbox.bitrix24 import portal as portals

ASK = model.CardKind.DEAL
TASK = intents.SetTask(
    title="Позвонить",
    description="Так [B]надо[/B]: $result[x]",
    creator=model.UserId(seed.HEAD),
    responsible=model.UserId(seed.IVANOV),
    deadline=datetime(2030, 1, 1, 18, tzinfo=UTC),
    checklist=("раз", "два"),
)


class RealClock(ports.Clock):
    """Real time; pauses are cut, so that back-off costs a test nothing."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))


@dataclass
class World:
    there: portals.Portal
    here: portal.Bitrix24Portal
    server: test_utils.TestServer
    sent: list[intents.WishKey] = field(default_factory=list)
    withheld: set[intents.WishKey] = field(default_factory=set)

    def call(self, method: str, **params: Any) -> Any:
        """As a person would in the portal: at once, beside the limits."""
        return dispatch.call(self.there, method, params)

    def add(self, kind: int = 2, **fields: Any) -> int:
        made = self.call("crm.item.add", entityTypeId=kind, fields=fields, useOriginalUfNames="Y")
        return int(made["item"]["id"])

    def item(self, number: int, kind: int = 2) -> dict[str, Any]:
        got = self.call("crm.item.get", entityTypeId=kind, id=number, useOriginalUfNames="Y")
        found: dict[str, Any] = got["item"]
        return found

    def stage(self, pipeline: str, name: str) -> model.StageId:
        return model.StageId(seed.stage(self.there, pipeline, name))

    def pipeline(self, name: str) -> model.PipelineId:
        return model.PipelineId(seed.category(self.there, name).id)

    async def permit(self, keys: Collection[intents.WishKey]) -> frozenset[intents.WishKey]:
        self.sent += keys
        return frozenset(keys) - self.withheld


@asynccontextmanager
async def world(*, patience: float = 2.0, **switches: str | float) -> AsyncIterator[World]:
    there = seed.rop_funnel()
    for name, position in switches.items():
        there.switch.set(name, position)
    async with test_utils.TestServer(app.create_app(there), host="127.0.0.1") as server:
        url = secret.WebhookUrl(
            f"http://127.0.0.1:{server.port}/rest/{seed.ROBOT}/{seed.ROBOT_SECRET}/", insecure_http=True
        )
        made: list[World] = []

        async def permit(keys: Collection[intents.WishKey]) -> frozenset[intents.WishKey]:
            return await made[0].permit(keys)

        here = portal.Bitrix24Portal(
            url,
            portal=model.PortalId("romashka"),
            clock=RealClock(),
            on_sending=permit,
            settings=portal.Settings(
                timeout=patience,
                pace=gate.Pace(rate=50.0),
                client=client.Settings(read_tries=3),
                desk=desk.Settings(comm_key=b"k"),
            ),
        )
        made.append(World(there, here, server))
        try:
            yield made[0]
        finally:
            await here.close()


def ref(number: int, kind: model.CardKind = model.CardKind.DEAL) -> model.CardRef:
    return model.CardRef(kind, number)


def row(
    act: intents.Act,
    card: model.CardRef,
    *,
    key: str = "r/deal:1/h1/a",
    tries: int = 0,
    before: int | None = None,
) -> ports.Row:
    """A ledger row with this act."""
    now = datetime.now(UTC)
    wish = intents.Wish(
        key=intents.WishKey(key),
        robot=intents.RobotId("r"),
        digest="d",
        card=card,
        cause="h1",
        act=act,
        because="так велено",
    )
    return ports.Row(1, wish, intents.WishState.SENT, now, sent_at=now, tries=tries, before_made=before)
