"""The sandbox as a web application: the portal's REST under /rest/, its levers under /_sandbox/, its board under /board/."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from sandbox.bitrix24 import board, control, delivery, dispatch, documents_http, oauth_http, profiles, server
from sandbox.bitrix24 import portal as portals

LARGEST_BODY = 64 * 1024 * 1024
PORTAL: web.AppKey[portals.Portal] = web.AppKey("portal", portals.Portal)
SERVER: web.AppKey[server.Server] = web.AppKey("server", server.Server)
DELIVERY: web.AppKey[delivery.Delivery] = web.AppKey("delivery", delivery.Delivery)


def create_app(
    portal: portals.Portal, *, profile: str | profiles.Profile = "instant", seed: int = 0
) -> web.Application:
    """An application for this portal; its events are delivered while it runs."""
    dispatch.load_methods()
    chosen = profiles.PROFILES[profile] if isinstance(profile, str) else profile
    rest = server.Server(portal, chosen, seed)
    made = web.Application(client_max_size=LARGEST_BODY)
    made[PORTAL], made[SERVER] = portal, rest
    made.add_routes(documents_http.routes(portal))
    made.router.add_route("*", "/rest/{tail:.*}", rest.rest)
    made.add_routes(control.Control(portal, rest).routes())
    made.add_routes(oauth_http.Desk(portal).routes())
    board.add_routes(made, portal)
    made.cleanup_ctx.append(_deliver)
    return made


async def _deliver(running: web.Application) -> AsyncIterator[None]:
    running[DELIVERY] = delivery.Delivery(running[PORTAL])
    await running[DELIVERY].start()
    yield
    await running[DELIVERY].stop()
