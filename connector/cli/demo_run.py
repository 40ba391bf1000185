"""The demo's course: sandbox up, portal subscribed, daemon run, acts told line by line, totals, everything down."""

from __future__ import annotations

import asyncio
import signal
import sys
import webbrowser
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp

from connector import logs, settings
from connector.bootstrap import runtime
from connector.cli import demo, demo_lines, exits, output, texts

STOPPED_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service's stop, a terminal's window closed."""
LOOK_EVERY, GLANCE = 0.4, 0.05
STARTS_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    folder: Path
    sandbox_port: int
    seconds: float | None
    pace: float
    browser: bool
    quiet: bool
    settings: settings.Settings

    @property
    def portal(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"


async def play(plan: Plan) -> Mapping[str, Any]:
    """Runs until its time is over or Ctrl-C; the totals."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in STOPPED_BY:
        loop.add_signal_handler(name, stop.set)
    async with aiohttp.ClientSession() as http, sandbox(plan, http) as secret:
        config = write_config(plan)
        kept = settings.Secrets(secret, demo.EVENTS_TOKEN)
        with (plan.folder / "voronka.log").open("w", encoding="utf-8") as log:
            logs.setup(logs.Filter(kept.values()), level="INFO", stream=log, pretty=False)
            async with runtime.running(
                plan.settings, [runtime.Home(config, kept)], auto=True, stop=stop
            ) as daemon:
                await lever(
                    plan, http, "POST", "subscriptions", {"url": daemon.hook_url, "token": demo.EVENTS_TOKEN}
                )
                await begun(daemon, stop)
                if not stop.is_set():
                    await lever(plan, http, "POST", "life")
                    greet(plan, daemon.url)
                return await watch(plan, http, daemon, stop)


@asynccontextmanager
async def sandbox(plan: Plan, http: aiohttp.ClientSession) -> AsyncIterator[str]:
    """The sandbox while the context is open; yields the incoming webhook's address. Its own session keeps Ctrl-C off it."""
    arguments = ["--port", str(plan.sandbox_port), "--seed", "rop_funnel", "--profile", "cloud"]
    arguments += ["--life", "later", "--pace", str(plan.pace)]
    said = (plan.folder / "sandbox.log").open("wb")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        "bitrix24",
        *arguments,
        stdout=said,
        stderr=said,
        start_new_session=True,
    )
    try:
        state = await up(plan, http, child)
        secret, hook = next(iter(state["webhooks"].items()))
        yield f"{plan.portal}/rest/{hook['user_id']}/{secret}/"
    finally:
        said.close()
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), 5)
            except TimeoutError:
                child.kill()
                await child.wait()


async def up(plan: Plan, http: aiohttp.ClientSession, child: asyncio.subprocess.Process) -> Mapping[str, Any]:
    """The sandbox's state once it answers."""
    for _ in range(int(STARTS_WITHIN / 0.1)):
        if child.returncode is not None:
            break
        try:
            return await lever(plan, http, "GET", "state")
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
    why = (plan.folder / "sandbox.log").read_text("utf-8", "replace").strip().splitlines()
    raise exits.Stop(exits.Code.PORTAL, texts.text("no_sandbox", why=why[-1] if why else ""))


async def lever(
    plan: Plan, http: aiohttp.ClientSession, verb: str, path: str, body: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    async with http.request(verb, f"{plan.portal}/_sandbox/{path}", json=body) as answer:
        answer.raise_for_status()
        said = await answer.json()
        return said if isinstance(said, dict) else {"list": said}


async def begun(daemon: runtime.Running, stop: asyncio.Event) -> None:
    """Until robots have their watermarks: what people do before is past, and robots leave it alone."""
    while not (daemon.begun or daemon.finished or stop.is_set()):  # noqa: ASYNC110  the daemon tells nobody
        await asyncio.sleep(GLANCE)


def write_config(plan: Plan) -> Path:
    text = resources.files("config").joinpath("demo.yaml").read_text("utf-8")
    path = plan.folder / "demo.yaml"
    path.write_text(text.replace("ADDRESS", f"127.0.0.1:{plan.sandbox_port}"), encoding="utf-8")
    return path


def greet(plan: Plan, page: str) -> None:
    board = f"{plan.portal}/"
    output.say(texts.text("demo_board", url=board))
    output.say(texts.text("demo_page", url=page))
    output.say(texts.text("demo_stop"))
    if plan.browser:
        webbrowser.open(board)


async def watch(
    plan: Plan, http: aiohttp.ClientSession, daemon: runtime.Running, stop: asyncio.Event
) -> Mapping[str, Any]:
    """Tells every act as it ends, until the time is over; then counts."""
    teller = demo_lines.Teller(daemon.directory)
    loop = asyncio.get_running_loop()
    end = loop.time() + plan.seconds if plan.seconds else None
    while not stop.is_set() and not daemon.finished and (end is None or loop.time() < end):
        if not plan.quiet:
            await tell_new(daemon, teller)
        await asyncio.sleep(LOOK_EVERY)
    daemon.raise_if_failed()
    totals = await count(plan, http, daemon)
    stop.set()
    return totals


async def tell_new(daemon: runtime.Running, teller: demo_lines.Teller) -> None:
    teller.directory = daemon.directory
    fresh = teller.fresh(await daemon.store.ledger.rows(daemon.portal, limit=500))
    memories = await daemon.store.mirror.memories(daemon.portal, {row.wish.card for row in fresh})
    for row in fresh:
        card = memories[row.wish.card].card
        output.data(teller.line(row, card.title if card and card.title else str(row.wish.card)))


async def count(plan: Plan, http: aiohttp.ClientSession, daemon: runtime.Running) -> Mapping[str, Any]:
    rows = await daemon.store.ledger.rows(daemon.portal, limit=100_000)
    requests = await lever(plan, http, "GET", f"requests?since={2**40}")
    parked = await daemon.store.inbox.parked(daemon.portal)
    asked = {name: requests.get(name, 0) for name in ("requests", "commands")}
    return {
        "cards": len({row.wish.card for row in rows}),
        **demo_lines.deeds(rows),
        "doorbells": daemon.doorbells(),
        "rest_requests": asked["requests"],
        "rest_commands": asked["commands"],
        "problems": sum(row.state in demo_lines.PROBLEMS for row in rows) + len(parked),
    }
