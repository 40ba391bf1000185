"""fast-bitrix24 at our gate: what it is good for, and why nothing else goes through it (docs/adr/0003)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
import fast_bitrix24
import pytest

from connector import errors
from connector.bitrix24 import bulk, client, gate, transport
from tests.connector.bitrix24 import virtual


class Lists:
    """A far end with one long list and one kind of write."""

    def __init__(self, rows: int, broken: list[int] | None = None) -> None:
        self.rows, self.broken = rows, broken or []
        self.methods: list[str] = []
        self.added = 0

    async def post(self, method: str, payload: Mapping[str, Any]) -> transport.Reply:
        self.methods.append(method)
        if method == "batch":
            result = {key: self._line(line) for key, line in payload["cmd"].items()}
            inner = {
                "result": result,
                "result_error": [],
                "result_total": [],
                "result_next": [],
                "result_time": [],
            }
            answer: dict[str, Any] = {"result": inner}
        else:
            answer = {"result": self._page(0), "total": self.rows}
        if self.broken:
            return transport.Reply(self.broken.pop(0), {"error": "", "error_description": "Bad gateway"})
        return transport.Reply(200, answer)

    def _line(self, line: str) -> Any:
        if ".add" in line:
            self.added += 1
            return self.added
        start = int(line.partition("start=")[2].partition("&")[0])
        return self._page(start)

    def _page(self, start: int) -> list[dict[str, str]]:
        return [{"ID": str(number)} for number in range(start, min(start + 50, self.rows))]


async def test_a_long_list_is_read_whole() -> None:
    """Six thousand users in four requests, each through our gate."""
    clock = virtual.Clock()
    far = Lists(6000)
    at = client.Client(far, gate.Gate(clock), clock)
    rows = await clock.run(bulk.whole_list(at, far, "user.get"))
    assert {int(row["ID"]) for row in rows} == set(range(6000))
    assert far.methods == ["user.get", "batch", "batch", "batch"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (transport.Reply(403, {"error": "insufficient_scope"}), errors.NoRights),
        (transport.Reply(401, {"error": "NO_AUTH_FOUND"}), errors.PortalClosed),
        (transport.Reply(500, {"error": "PORTAL_DELETED"}), errors.PortalClosed),
        (transport.Reply(503, {"error": "OVERLOAD_LIMIT"}), errors.PortalClosed),
    ],
)
async def test_refusals_come_out_as_ours(reply: transport.Reply, error: type[Exception]) -> None:
    """And a closed portal is asked once, not ten times."""
    clock = virtual.Clock()
    far = virtual.FarEnd(clock)
    far.trouble.extend([reply] * 3)
    at = client.Client(far, gate.Gate(clock), clock)
    with pytest.raises(error):
        await clock.run(bulk.whole_list(at, far, "department.get"))
    assert len(far.bodies) == 1


async def test_the_webhook_never_reaches_the_library() -> None:
    """It is given an address of nowhere."""
    seen: list[str] = []

    class Spy(Lists):
        async def post(self, method: str, payload: Mapping[str, Any]) -> transport.Reply:
            seen.append(method)
            return await super().post(method, payload)

    clock = virtual.Clock()
    far = Spy(1)
    await clock.run(bulk.whole_list(client.Client(far, gate.Gate(clock), clock), far, "user.get"))
    assert seen == ["user.get"]


async def test_a_write_through_it_would_be_doubled() -> None:
    """The portal commits, a 502 comes back: the library sends the batch again, and nobody is told. Hence reads only."""
    far = Lists(0, broken=[502])
    clock = virtual.Clock()
    library = fast_bitrix24.BitrixAsync("https://portal.invalid/rest/0/none/", verbose=False)
    library.srh.session = bulk.Doorman(far, gate.Gate(clock))
    library.srh.client_provided_by_user = True
    wished = [{"fields": {"TITLE": str(n)}} for n in range(3)]
    async with asyncio.timeout(20):
        await library.call("crm.deal.add", wished)
    assert (len(wished), far.added) == (3, 6)
    assert issubclass(aiohttp.ClientResponseError, Exception)
