"""The watch over a daemon: what it sees of it, and by which ways its words get out (users.md F18)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from connector import logs
from connector.alerts import channels, disk, watch
from connector.bootstrap import daemon, views
from connector.store import opening
from connector.web import seams
from robots import intents, words
from robots.config import settings as config_settings

FAILED = (intents.WishState.REFUSED, intents.WishState.GIVEN_UP)
MANY, LATELY = 20, timedelta(hours=1)
"""So many acts that didn't work out in that time are an illness, not a bad card."""
COUNT_EVERY = 60.0


class Failures:
    """How many acts went wrong lately; the ledger is asked once a minute."""

    def __init__(self, worked: daemon.Daemon) -> None:
        self._worked, self._asked, self._text = worked, -COUNT_EVERY, ""

    async def __call__(self) -> str:
        """Raises StoreError."""
        worked = self._worked
        ticks = worked.clock.monotonic()
        if ticks - self._asked >= COUNT_EVERY:
            rows = await worked.store.ledger.rows(worked.portal, states=FAILED, limit=MANY * 5)
            since = worked.clock.now() - LATELY
            bad = sum(row.done_at is not None and row.done_at >= since for row in rows)
            self._text = (
                f"За последний час не вышло {words.count(bad, 'действие', 'действия', 'действий')}."
                if bad >= MANY
                else ""
            )
            self._asked = ticks
        return self._text


def plan(worked: daemon.Daemon) -> config_settings.Alerts:
    """As the configuration in force says; before there is one, as the file does."""
    keeper = worked.keeper
    chosen = keeper.present if keeper is not None and keeper.present is not None else worked.rough
    return chosen.loaded.settings.alerts


def over(worked: daemon.Daemon, seen: views.Views, key: bytes, log: Any) -> watch.Watch:
    """`key` makes the hashes of what is masked."""
    place = opening.database(worked.settings.database_url)
    store = place if isinstance(place, Path) else None
    smtp = worked.kept.smtp_url
    if lack := channels.channels(plan(worked).to, smtp)[1]:
        log.warning("portal.degraded", reason=lack)
    sight = watch.Sight(
        troubles=lambda: _troubles(seen.ready()),
        failures=Failures(worked),
        disk=lambda: disk.low(store),
        plan=lambda: plan(worked),
        zone=lambda: _zone(worked),
        why_stopped=lambda: worked.failure.text if worked.failure else "",
        aside=lambda: worked.standby,
    )
    return watch.Watch(
        worked.portal,
        sight,
        worked.store.notebook,
        worked.clock,
        log,
        channels_for=lambda to: channels.channels(to, smtp)[0],
        clean=logs.Filter(worked.kept.values(), key).clean,
    )


def _troubles(ready: seams.Readiness) -> tuple[seams.Trouble, ...]:
    """What limits hold isn't red, but somebody may want to hear of it."""
    return (*ready.troubles, *(note for note in ready.notes if note.code == views.HELD))


def _zone(worked: daemon.Daemon) -> str:
    calendar = worked.keeper.directory.calendar if worked.keeper else None
    return calendar.timezone if calendar else "UTC"
