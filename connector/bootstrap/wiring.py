"""Which class stands behind which port for a Bitrix24 portal, and how its errors are said to a person."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from connector import clock, errors, ports, settings
from connector.bitrix24 import hooks, oauth, outside, portal, secret
from connector.loops import config as loop_config
from connector.web import seams
from robots import model

BadUrl = secret.BadUrl
why = errors.words
PATIENT_COMMAND = 6.0
"""A command waits 15 s for its answer: two polls must fit in."""
STOP_WITHIN, CLOSE_WITHIN = 6.0, 1.5
"""Of the ten seconds that a stop may take: for the loops, for the sockets."""
_log = structlog.get_logger()


class PortalSection(Protocol):
    """What the YAML's `portal:` says, as far as the shell needs it."""

    @property
    def address(self) -> str: ...

    @property
    def insecure_http(self) -> bool: ...

    @property
    def events(self) -> str: ...

    @property
    def sweep_seconds(self) -> int: ...


async def directory(
    made: settings.Settings, section: PortalSection, kept: settings.Secrets
) -> model.Directory:
    """The portal's dictionaries, once. Raises BadUrl, errors.PortalError."""
    return (await reading(made, section, kept))[0]


async def reading(
    made: settings.Settings, section: PortalSection, kept: settings.Secrets
) -> tuple[model.Directory, tuple[str, ...]]:
    """The same, with what it had to do without."""
    async with opened(made, section, kept, clock.SystemClock(), None) as found:
        return await found.directory(), found.notes


@asynccontextmanager
async def opened(
    made: settings.Settings,
    section: PortalSection,
    kept: settings.Secrets,
    ticking: ports.Clock,
    on_sending: ports.OnSending | None,
    by: oauth.Authority | None = None,
) -> AsyncIterator[portal.Bitrix24Portal]:
    """A portal to talk to while the context is open, by an application's word or by the webhook's. Raises BadUrl if the
    webhook isn't this portal's."""
    url = by or webhook(section, kept)
    found = portal.Bitrix24Portal(
        url,
        portal=model.PortalId(settings.portal_id(section.address)),
        clock=ticking,
        address=url.host,
        on_sending=on_sending,
        settings=portal.Settings(timeout=made.request_timeout),
        beside=outside.Caller(kept.outside, insecure=section.insecure_http),
    )
    try:
        yield found
    finally:
        await _closed(found)


async def _closed(found: portal.Bitrix24Portal) -> None:
    """What hangs in flight gets no more than its share of the ten seconds; the ledger knows it as sent."""
    try:
        await asyncio.wait_for(found.close(), CLOSE_WITHIN)
    except TimeoutError:
        # The wait cancelled the flights; now nothing is left to wait for.
        await asyncio.wait_for(found.close(), CLOSE_WITHIN)


def webhook(section: PortalSection, kept: settings.Secrets) -> secret.WebhookUrl:
    """The host comes from the configuration only: a webhook of another portal is refused."""
    url = secret.WebhookUrl(kept.b24_url, insecure_http=section.insecure_http)
    if settings.host_of(url.host) != settings.host_of(section.address):
        raise BadUrl(f"вебхук не от портала {section.address}: в нём адрес {url.host}")
    return url


def loop_settings(
    made: settings.Settings, section: PortalSection, calm: float = 1.0
) -> loop_config.LoopSettings:
    """The loops' own scale with the process's settings: what is scaled down by a harness is scaled as a whole. `calm`: so
    many times seldomer than a lone portal's the store is asked for what should have been heard of by a signal."""
    usual = loop_config.LoopSettings()
    period = made.sweep_period or float(section.sweep_seconds)
    scale = min(1.0, made.settle_window / usual.settle_window)
    return loop_config.LoopSettings(
        settle_window=made.settle_window,
        foreign_window=made.settle_window + made.request_timeout,
        look_twice_gap=usual.look_twice_gap * scale,
        sweep_period=period,
        closed_first=min(usual.closed_first, max(1.0, period)),
        poll=min(usual.poll, period) * calm,
        errand_poll=usual.errand_poll * min(calm, PATIENT_COMMAND),
        retry_first=usual.retry_first * scale,
        stop_within=STOP_WITHIN,
    )


def hook_portals(section: PortalSection, kept: settings.Secrets) -> dict[str, seams.HookPortal]:
    """Every name of the portal -> how its doorbells are believed. A sandbox on loopback has a name of its own."""
    host = settings.host_of(section.address)
    found = seams.HookPortal(
        model.PortalId(settings.portal_id(section.address)),
        kept.events_token.encode(),
        "" if settings.is_loopback(host) else host,
        parse=parse,
    )
    return dict.fromkeys(settings.hook_names(section.address), found)


def parse(body: bytes) -> seams.Doorbell:
    try:
        return hooks.parse(body)
    except hooks.Malformed as broken:
        raise seams.HookMalformed(str(broken)) from broken


def crash(point: str) -> Callable[[str], None]:
    """`before_send` dies there at the first time, `before_send:3` at the third, as by kill -9; empty never."""
    name, _, times = point.partition(":")
    left = int(times) if times.isdigit() else 1

    def at(here: str) -> None:
        nonlocal left
        if here != name:
            return
        left -= 1
        if left <= 0:
            _log.warning("daemon.crash_point", point=here)
            os.kill(os.getpid(), signal.SIGKILL)

    return at
