"""Health, figures and the status page: true, in Russian, and shown to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from connector.web import seams
from tests.connector.web import doorstep


@pytest.fixture
def door() -> doorstep.Doorstep:
    return doorstep.Doorstep()


def at(door: doorstep.Doorstep) -> TestClient[web.Request, web.Application]:
    return TestClient(TestServer(door.app()))


async def test_readiness_says_why(door: doorstep.Doorstep) -> None:
    """F18: the tariff lapsed: 503, a code for machines and a sentence for people."""
    door.readiness = seams.Readiness(False, (seams.Trouble("tariff", "Портал закрыл REST: нужен тариф"),))
    async with at(door) as client:
        ready, live = await client.get("/health/ready"), await client.get("/health/live")
        body = await ready.json()
    assert (ready.status, body, live.status) == (
        503,
        {
            "ready": False,
            "reasons": [{"code": "tariff", "text": "Портал закрыл REST: нужен тариф"}],
            "notes": [],
        },
        200,
    )


async def test_figures_survive_an_ill_store(door: doorstep.Doorstep) -> None:
    """R10: with a full disk the process still tells its own figures."""
    async with at(door) as client:
        well = await (await client.get("/metrics")).text()
        door.ill = True
        ill = await client.get("/metrics")
        page = await client.get("/")
    assert 'voronka_inbox_depth{portal="romashka"} 7.0' in well
    assert (ill.status, page.status) == (200, 503)


async def test_a_deals_title_is_no_markup(door: doorstep.Doorstep) -> None:
    """CRM text is written by strangers: it is escaped, and the page allows no script and nothing from outside."""
    door.acts = (
        seams.Act(
            datetime(2026, 3, 2, tzinfo=UTC), "Сделка 1", "Р/task", "<script>alert(1)</script>", "сделано"
        ),
    )
    async with at(door) as client:
        answer = await client.get("/")
        page = await answer.text()
    assert answer.status == 200
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http" not in page.replace('http-equiv="refresh"', "")


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"X-Forwarded-For": "203.0.113.5"}, {"Host": "evil.example:8080"}]
)
async def test_the_page_is_for_this_computer_only(door: doorstep.Doorstep, headers: dict[str, str]) -> None:
    """A borrowed name (DNS rebinding) or a proxy from outside sees no card."""
    async with at(door) as client:
        answer = await client.get("/", headers=headers)
        text = await answer.text()
    assert (answer.status, text) == (
        403,
        "Эта страница открывается только на том компьютере, где работает Voronka.",
    )
