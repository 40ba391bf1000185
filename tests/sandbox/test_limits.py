"""The sandbox's limits: bucket, operating time, latency, the 60 seconds of a request (reference §2)."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools

import pytest

from sandbox.bitrix24 import clock, kernel, limits, profiles, seed
from tests.sandbox import rest

SLOW = profiles.Profile("slow", {"crm.item.add": 25.0}, 1.0, 60.0)


def _poured(bucket: limits.Limits) -> int:
    """How many requests pass before the first refusal."""
    for count in itertools.count():
        try:
            bucket.take("1.1.1.1")
        except kernel.Refusal:
            return count
    raise AssertionError


def test_the_bucket_leaks_and_overflows() -> None:
    """Fifty at once, then two a second; a refused request is not counted; each source has its own."""
    time = clock.Clock(start=0, speed=0)
    bucket = limits.Limits(time)
    passed = []
    for seconds in (0, 0.4, 0.1, 10):
        time.advance(seconds)
        passed.append(_poured(bucket))
    assert passed == [50, 0, 1, 20]
    with pytest.raises(kernel.Refusal) as caught:
        bucket.take("1.1.1.1")
    assert (caught.value.status, caught.value.code) == (503, "QUERY_LIMIT_EXCEEDED")
    bucket.take("2.2.2.2")
    bucket.forget()
    bucket.tariff("enterprise")
    assert (bucket.drain, bucket.threshold, bucket.level("1.1.1.1")) == (5, 250, 0)


def test_operating_time_is_kept_by_minutes() -> None:
    """The call that crosses the limit completes, the next is refused until the oldest minute falls out."""
    time = clock.Clock(start=600_000, speed=0)
    used = limits.Limits(time, operating_limit=100.0)
    for seconds in (60.0, 60.0):
        used.check("s", "m")
        used.account("s", "m", seconds)
        time.advance(120)
    with pytest.raises(kernel.Refusal) as caught:
        used.check("s", "m")
    assert (caught.value.status, caught.value.code) == (429, "OPERATION_TIME_LIMIT")
    assert used.operating("s", "m") == (120.0, 600_600)
    used.check("s", "other")
    used.check("t", "m")
    time.advance(360)
    used.check("s", "m")
    assert used.operating("s", "m") == (60.0, 600_720)


async def test_every_command_of_a_batch_is_charged_to_its_own_method() -> None:
    """One add crosses the limit of 60 s and completes; the next of it is blocked, other methods go on."""
    portal = seed.plain(clock.Clock(start=600_000, speed=0))
    async with rest.serving(portal, dataclasses.replace(SLOW, cap=1e9)) as b24:
        commands = {f"a{at}": "crm.item.add?entityTypeId=2&fields[title]=x" for at in range(4)} | {
            "m": "crm.settings.mode.get"
        }
        answer = await b24.result("batch", {"cmd": commands})
        assert sorted(answer["result"]) == ["a0", "a1", "a2", "m"]
        assert answer["result_error"]["a3"]["error"] == "OPERATION_TIME_LIMIT"
        status, body = await b24.send("crm.item.add", {"entityTypeId": 2, "fields": {}})
        assert (status, body["error"]) == (429, "OPERATION_TIME_LIMIT")
        _, body = await b24.send("crm.settings.mode.get")
        assert body["time"]["operating"] == 2.0
        await b24.control("POST", "clock", {"advance": 601})
        assert (await b24.send("crm.item.add", {"entityTypeId": 2, "fields": {}}))[0] == 200


async def test_a_request_of_more_than_sixty_seconds_ends_at_the_gateway() -> None:
    """504 with an HTML page, and some of the commands executed."""
    portal = seed.plain(clock.Clock(start=600_000, speed=0))
    async with rest.serving(portal, SLOW) as b24:
        commands = {f"a{at}": "crm.item.add?entityTypeId=2&fields[title]=x" for at in range(5)}
        async with b24.client.post(f"{b24.base}/batch", json={"cmd": commands}) as answer:
            assert (answer.status, answer.content_type) == (504, "text/html")
            assert "504 Gateway Time-out" in await answer.text()
        assert len(portal.crm.table(2).rows) in (2, 3)


async def test_over_http_the_fifty_first_request_is_refused() -> None:
    """503 in the envelope; another source still passes; a batch counts as one."""
    portal = seed.plain(clock.Clock(speed=0))
    async with rest.serving(portal) as b24:
        batch = {"cmd": {"a": "server.time", "b": "server.time"}}
        answers = await asyncio.gather(*(b24.send("batch", batch) for _ in range(51)))
        refused = [body for status, body in answers if status == 503]
        assert refused == [{"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}]
        neighbour = await b24.send("server.time", headers={"X-Sandbox-Source": "10.0.0.2"})
        assert neighbour[0] == 200


def test_the_profiles_are_those_of_the_contract() -> None:
    """cloud: 0.4 to update, 0.5 to add, 0.9 for a task, 0.05 for lists, 480 s; instant costs nothing."""
    names = ("crm.item.update", "crm.item.add", "tasks.task.add", "crm.item.list")
    cloud, instant = profiles.PROFILES["cloud"], profiles.PROFILES["instant"]
    assert [cloud.cost(name) for name in names] == [0.4, 0.5, 0.9, 0.05]
    assert (cloud.operating_limit, cloud.cap, [instant.cost(name) for name in names]) == (
        480.0,
        60.0,
        [0.0] * 4,
    )
