"""What limits hold, as a person decides on it (users.md F4): let it go, or drop it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from connector.loops import holding, still
from connector.store import api
from robots import intents, model


async def let_go(
    store: api.Store, portal: model.PortalId, robots: Collection[intents.RobotId], now: datetime, by: str
) -> int:
    """What was wished by now goes whatever the limit; how many acts. The word is written before the acts are freed: a
    crash between leaves them held, not loose and counted."""
    said = await store.notebook.read(portal, holding.LET_GO) or {}
    await store.notebook.write(
        portal, holding.LET_GO, {**said, **dict.fromkeys(map(str, robots), now.isoformat())}
    )
    return await store.hands.let_go(portal, robots, f"{still.LET_GO}: {by}")


async def drop(
    store: api.Store, portal: model.PortalId, robots: Collection[intents.RobotId], now: datetime, by: str
) -> int:
    return await store.hands.drop(portal, robots, now, f"снято: {by}")
