"""A bare HTTP client of the sandbox for tests: nothing of ours in between, so that the wire itself is seen."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import test_utils

from sandbox.bitrix24 import app, profiles, seed
from sandbox.bitrix24 import portal as portals


class Rest:
    """Speaks to one portal as the owner of one webhook."""

    def __init__(self, client: test_utils.TestClient[Any, Any], base: str) -> None:
        self.client, self.base = client, base

    async def send(self, method: str, params: Any = None, **more: Any) -> tuple[int, Any]:
        """A JSON POST: (status, body)."""
        async with self.client.post(f"{self.base}/{method}", json=params or {}, **more) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, method: str, query: str = "", **more: Any) -> tuple[int, Any]:
        async with self.client.get(f"{self.base}/{method}?{query}", **more) as answer:
            return answer.status, await answer.json(content_type=None)

    async def result(self, method: str, params: Any = None) -> Any:
        _, body = await self.send(method, params)
        return body["result"]

    async def control(self, verb: str, path: str, data: Any = None) -> Any:
        async with self.client.request(verb, f"/_sandbox/{path}", json=data) as answer:
            return await answer.json()


@contextlib.asynccontextmanager
async def serving(portal: portals.Portal, profile: str | profiles.Profile = "instant") -> AsyncIterator[Rest]:
    """The portal on a free port, spoken to with its first webhook; a crash of the sandbox fails the test."""
    server = test_utils.TestServer(app.create_app(portal, profile=profile))
    async with test_utils.TestClient(server) as client:
        secret, hook = next(iter(portal.webhooks.items()), (seed.SECRET, portals.Webhook(1, seed.SECRET)))
        yield Rest(client, f"/rest/{hook.user_id}/{secret}")
    assert portal.journal.crashes == []
