"""Many light sandbox portals in one process, and the people who work in them: the far end of `bench/portals.py`.

Each portal has an address of its own on the loopback (127.0.1.1, 127.0.1.2 …, all on one port), its own bucket and its own
daemon to ring at. The process takes orders as JSON lines on its standard input and answers each with one:

    {"hooks": ["http://127.0.0.1:8080/hooks/127-0-1-1", …]}
        comes first: so many portals open, each rings at its address
    {"work": [0, 1, 2], "deals": 5, "pace": 6.0, "patience": 30.0}
        each of these portals gets so many deals, one each `pace` seconds, all out of step; the answer: for each portal
        {"ms": from a deal to its РОП, one by one; "missing": deals without one after `patience` seconds; "seconds": of it all}
    {"ill": 3, "kind": "refuse", "params": {}}
        from now on every request to that portal meets this fault
    {"well": [3, 4]}
        and from now on none

People work inside the process and see a portal's cards at once: that they look costs the portals nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.bitrix24 import app, faults, schema, seed
from sandbox.bitrix24 import portal as portals

LOOK, EACH_LOOKS = 0.005, 0.0001
"""Seconds between two looks at a deal, at least; and for each portal where people work."""
TOKEN = "sandbox-events-token"


def address(number: int) -> str:
    """Of the portal with this number, from 0 on."""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


@dataclass
class Shift:
    """One portal's people at work."""

    portal: portals.Portal
    patience: float
    look: float = LOOK
    ms: list[float] = field(default_factory=list)
    missing: int = 0
    seconds: float = 0.0

    async def work(self, deals: int, pace: float, after: float) -> None:
        await asyncio.sleep(after)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(deals):
                await asyncio.sleep(max(0.0, began + number * pace - time.perf_counter()))
                group.create_task(self._one(number))
        self.seconds = time.perf_counter() - began

    async def _one(self, number: int) -> None:
        fields = {
            "categoryId": seed.category(self.portal, "Продажи").id,
            "assignedById": seed.IVANOV,
            "title": f"Окна {number}",
        }
        deal, began = self.portal.crm.add(schema.DEAL, fields, seed.IVANOV), time.perf_counter()
        while not deal.values.get(seed.ROP):
            if time.perf_counter() - began > self.patience:
                self.missing += 1
                return
            await asyncio.sleep(self.look)
        self.ms.append((time.perf_counter() - began) * 1000)

    def said(self) -> dict[str, Any]:
        return {"ms": self.ms, "missing": self.missing, "seconds": self.seconds}


class Crowd:
    def __init__(self, port: int) -> None:
        self._port = port
        self.portals: list[portals.Portal] = []
        self._runners: list[web.AppRunner] = []

    async def _open(self, hooks: Sequence[str]) -> None:
        for number, url in enumerate(hooks):
            portal, host = seed.rop_funnel(), address(number)
            portal.host = f"{host}:{self._port}"
            seed.subscribe(portal, url, TOKEN)
            runner = web.AppRunner(app.create_app(portal), access_log=None, handle_signals=False)
            await runner.setup()
            await web.TCPSite(runner, host, self._port).start()
            self.portals.append(portal)
            self._runners.append(runner)

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    async def obey(self, order: dict[str, Any]) -> Any:
        if "work" in order:
            return await self._work(order["work"], order["deals"], order["pace"], order["patience"])
        if "hooks" in order:
            await self._open(order["hooks"])
            return {"open": len(self.portals)}
        if "well" in order:
            for number in order["well"]:
                self.portals[number].faults.clear()
            return {}
        self.portals[order["ill"]].faults.add(faults.Fault(order["kind"], times=None, params=order["params"]))
        return {}

    async def _work(
        self, numbers: Sequence[int], deals: int, pace: float, patience: float
    ) -> list[dict[str, Any]]:
        look = max(LOOK, len(numbers) * EACH_LOOKS)
        shifts = [Shift(self.portals[number], patience, look) for number in numbers]
        async with asyncio.TaskGroup() as group:
            for place, shift in enumerate(shifts):
                group.create_task(shift.work(deals, pace, pace * place / len(shifts)))
        return [shift.said() for shift in shifts]


async def serve(port: int) -> None:
    """Until the end of the input."""
    crowd = Crowd(port)
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await crowd.obey(json.loads(line))), flush=True)
    finally:
        await crowd.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.port))


if __name__ == "__main__":
    main()
