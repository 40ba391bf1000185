"""A daemon's web face with fakes that have a state: an inbox that remembers or refuses, a portal «romashka»."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib import parse

from aiohttp import web

from connector import errors, ports
from connector.web import app, hooks, metrics, seams
from robots import model

TOKEN = b"t0ken-of-the-events-0123456789ab"
ROMASHKA = model.PortalId("romashka")


class FakeInbox:
    """Keeps marks; `broken` is what the database says to every write, `slow` seconds pass before a commit."""

    def __init__(self) -> None:
        self.marks: list[tuple[model.PortalId, ports.Thing, ports.Lane]] = []
        self.broken = ""
        self.bug: Exception | None = None
        self.slow = 0.0

    async def mark(
        self, portal: model.PortalId, things: Collection[ports.Thing], lane: ports.Lane = ports.Lane.LIVE
    ) -> None:
        if self.bug is not None:
            raise self.bug
        await asyncio.sleep(self.slow)
        if self.broken:
            raise errors.StoreError(self.broken)
        self.marks += [(portal, thing, lane) for thing in things]


@dataclass(frozen=True)
class Bell:
    event: str
    thing: ports.Thing | None
    token: bytes
    domain: str


def read_form(body: bytes) -> Bell:
    """A small reader of the portal's forms, so that these tests stand on the web room alone."""
    try:
        form = dict(parse.parse_qsl(body.decode(), max_num_fields=50))
    except (UnicodeDecodeError, ValueError) as broken:
        raise seams.HookMalformed("не форма") from broken
    number = form.get("data[FIELDS][ID]", "")
    known = form.get("event", "").upper().startswith("ONCRMDEAL") and number.isdigit()
    thing = ports.Thing(ports.Kind.DEAL, int(number)) if known else None
    token = form.get("auth[application_token]", "").encode()
    return Bell(form.get("event", ""), thing, token, form.get("auth[domain]", ""))


@dataclass
class Doorstep:
    inbox: FakeInbox = field(default_factory=FakeInbox)
    metrics: metrics.Metrics = field(default_factory=metrics.Metrics)
    readiness: seams.Readiness = field(default_factory=lambda: seams.Readiness(True))
    live: bool = True
    acts: tuple[seams.Act, ...] = ()
    ill: bool = False
    opened: bool = True
    body_timeout: float = 5.0
    most_waiting: int = hooks.MOST_WAITING
    most_slow: int = hooks.MOST_SLOW
    parse: seams.Parse = read_form

    async def status(self) -> seams.Status:
        if self.ill:
            raise errors.StoreError("disk full")
        return seams.Status(
            portal=str(ROMASHKA),
            address="romashka.bitrix24.ru",
            config="3f9a",
            readiness=self.readiness,
            modes={"on": 3, "watch": 2},
            inbox=7,
            states={"wished": 1},
            acts=self.acts,
            now=datetime(2026, 3, 2, 7, 0, tzinfo=UTC),
            zone="Europe/Moscow",
        )

    def app(self) -> web.Application:
        portal = seams.HookPortal(ROMASHKA, TOKEN, "romashka.bitrix24.ru", parse=self.parse)
        views = {ROMASHKA: seams.Views(lambda: self.readiness, lambda: self.live, self.status)}
        return app.create_app(
            {"romashka": portal},
            self.inbox,
            views,
            body_timeout=self.body_timeout,
            counted=self.metrics,
            is_open=lambda _portal: self.opened,
            most=hooks.Most(self.most_waiting, self.most_slow),
        )


def form(deal: int | str = 759, **changes: str) -> dict[str, str]:
    """A hook as the portal posts it."""
    fields = {
        "event": "ONCRMDEALUPDATE",
        "event_handler_id": "201",
        "data[FIELDS][ID]": str(deal),
        "ts": "1736405807",
        "auth[domain]": "romashka.bitrix24.ru",
        "auth[client_endpoint]": "https://romashka.bitrix24.ru/rest/",
        "auth[member_id]": "0123456789abcdef0123456789abcdef",
        "auth[application_token]": TOKEN.decode(),
    }
    return {**fields, **changes}
