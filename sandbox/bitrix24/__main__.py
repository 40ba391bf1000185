"""`python -m sandbox bitrix24`: a portal on a local port, empty or ready-made, to try robots on."""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from sandbox.bitrix24 import app, clock, life, profiles, seed


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m sandbox bitrix24", description="A sandbox Bitrix24 portal."
    )
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=8010)
    made.add_argument(
        "--seed", choices=sorted(seed.SEEDS), default="rop_funnel", help="what the portal holds at first"
    )
    made.add_argument(
        "--profile", choices=sorted(profiles.PROFILES), default="instant", help="how long it takes"
    )
    made.add_argument("--speed", type=float, default=1.0, help="how many times faster its time passes")
    made.add_argument("--deals", type=int, default=0, help="so many more deals, for load")
    made.add_argument("--events-to", metavar="URL", help="where its outgoing webhook posts")
    made.add_argument("--events-token", default="sandbox-events-token")
    made.add_argument(
        "--life",
        nargs="?",
        choices=("now", "later"),
        const="now",
        help="people of its own work in it (the rop_funnel portal); later: once POST /_sandbox/life is called",
    )
    made.add_argument("--pace", type=_positive, default=1.0, help="how many times faster these people live")
    return made


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("a number above 0")
    return value


def add_life(made: web.Application, lives: life.Life, *, begun: bool) -> None:
    """People who have worked for days already; they go on at once, or when the lever is pulled."""
    lives.past()
    go = asyncio.Event()
    if begun:
        go.set()

    async def begin(_request: web.Request) -> web.Response:
        go.set()
        return web.json_response({})

    async def live(_running: web.Application) -> AsyncIterator[None]:
        living = asyncio.create_task(_after(go, lives), name="life")
        yield
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)

    made.router.add_post("/_sandbox/life", begin)
    made.cleanup_ctx.append(live)


async def _after(go: asyncio.Event, lives: life.Life) -> None:
    await go.wait()
    await lives.run()


def main(argv: Sequence[str] | None = None) -> None:
    given = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    portal = seed.SEEDS[given.seed](clock.Clock(speed=given.speed))
    if given.deals:
        seed.many_deals(portal, given.deals)
    if given.events_to:
        seed.subscribe(portal, given.events_to, given.events_token)
    portal.host = f"{given.host}:{given.port}"
    for secret, hook in portal.webhooks.items():
        logging.info(
            "incoming webhook: http://%s:%s/rest/%s/%s/", given.host, given.port, hook.user_id, secret
        )
    made = app.create_app(portal, profile=given.profile)
    if given.life:
        add_life(made, life.Life(portal, pace=given.pace), begun=given.life == "now")
    web.run_app(
        made,
        host=given.host,
        port=given.port,
        print=None,
        access_log=None,
    )


if __name__ == "__main__":
    main()
