"""The faults a portal can be told to make, seen from a client (shared vocabulary of faults)."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.bitrix24 import faults, seed, typedrift
from tests.sandbox import rest

ADD = {"entityTypeId": 2, "fields": {"title": "Шкаф"}}


@pytest.fixture
async def web() -> AsyncIterator[rest.Rest]:
    portal = seed.plain()
    async with rest.serving(portal) as served:
        served.portal = portal  # type: ignore[attr-defined]
        yield served


def told(web: rest.Rest, kind: str, **rule: Any) -> Any:
    """Adds one rule and gives the portal."""
    portal = web.portal  # type: ignore[attr-defined]
    portal.faults.add(faults.Fault(kind, **rule))
    return portal


def deals(portal: Any) -> int:
    return len(portal.crm.table(2).rows)


@pytest.mark.parametrize(
    ("kind", "committed"),
    [("refuse", 0), ("reset_before_commit", 0), ("commit_then_reset", 1)],
)
async def test_a_reset_before_or_after_the_commit(web: rest.Rest, kind: str, committed: int) -> None:
    """The client sees the connection die; whether the deal exists is another matter. The next request is well."""
    portal = told(web, kind)
    with pytest.raises(aiohttp.ClientError):
        await web.send("crm.item.add", ADD)
    assert deals(portal) == committed
    assert (await web.send("crm.item.add", ADD))[0] == 200


async def test_half_an_answer(web: rest.Rest) -> None:
    """Committed, and the body ends in the middle."""
    portal = told(web, "commit_then_truncated")
    with pytest.raises(aiohttp.ClientPayloadError):
        await web.send("crm.item.add", ADD)
    assert deals(portal) == 1


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        ("commit_then_502", 502, "text/html"),
        ("commit_then_504", 504, "text/html"),
        ("commit_then_html_200", 200, "text/html"),
        ("commit_then_nonjson", 200, "application/json"),
    ],
)
async def test_committed_behind_a_wrong_answer(web: rest.Rest, kind: str, status: int, content: str) -> None:
    """A gateway's page or nonsense for a body, while the deal exists."""
    portal = told(web, kind)
    async with web.client.post(f"{web.base}/crm.item.add", json=ADD) as answer:
        body = await answer.read()
    assert (answer.status, answer.content_type, deals(portal)) == (status, content, 1)
    with pytest.raises(ValueError):
        json.loads(body)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("query_limit_503", 503, "QUERY_LIMIT_EXCEEDED"),
        ("overload_503", 503, "OVERLOAD_LIMIT"),
        ("expired_token_401", 401, "expired_token"),
        ("operation_limit_429", 429, "OPERATION_TIME_LIMIT"),
        ("internal_500", 500, "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_documented_refusals(web: rest.Rest, kind: str, status: int, code: str) -> None:
    """Nothing is committed, and the code is the documented one."""
    portal = told(web, kind)
    answered, body = await web.send("crm.item.add", ADD)
    assert (answered, body["error"], deals(portal)) == (status, code, 0)


async def test_a_moved_portal(web: rest.Rest) -> None:
    """302 to another host, with the path kept."""
    told(web, "redirect_302", params={"host": "new.example"})
    async with web.client.post(f"{web.base}/crm.item.add", json=ADD, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (
            302,
            f"https://new.example{web.base}/crm.item.add",
        )


async def test_a_hang_without_commit(web: rest.Rest) -> None:
    """The client gives up; nothing ever happened."""
    portal = told(web, "hang_never_commit", params={"seconds": 0.2})
    with pytest.raises(TimeoutError):
        await web.send("crm.item.add", ADD, timeout=aiohttp.ClientTimeout(total=0.05))
    await asyncio.sleep(0.3)
    assert deals(portal) == 0


async def test_a_commit_after_the_client_gave_up(web: rest.Rest) -> None:
    """The client gives up, and the portal carries it out all the same."""
    portal = told(web, "hang_commit_later", params={"seconds": 0.2})
    with pytest.raises(TimeoutError):
        await web.send("crm.item.add", ADD, timeout=aiohttp.ClientTimeout(total=0.05))
    assert deals(portal) == 0
    await asyncio.sleep(0.4)
    assert deals(portal) == 1


async def test_some_commands_of_a_batch_fail(web: rest.Rest) -> None:
    """The second matching command fails, the batch itself is a success."""
    portal = told(web, "some_commands_failed", methods=("crm.item.add",), nth=2)
    commands = {f"c{number}": f"crm.item.add?entityTypeId=2&fields[title]={number}" for number in range(3)}
    body = await web.result("batch", {"cmd": commands})
    assert (sorted(body["result"]), body["result_error"]["c1"]["error"], deals(portal)) == (
        ["c0", "c2"],
        "INTERNAL_SERVER_ERROR",
        2,
    )


async def test_deleted_between_event_and_read(web: rest.Rest) -> None:
    """The card is there until somebody reads it."""
    portal = told(web, "delete_between", methods=("crm.item.get",))
    number = (await web.result("crm.item.add", ADD))["item"]["id"]
    status, body = await web.send("crm.item.get", {"entityTypeId": 2, "id": number})
    assert (status, body["error"], deals(portal)) == (400, "NOT_FOUND", 0)


async def test_committed_but_not_in_lists(web: rest.Rest) -> None:
    """The object is found by id and missing in lists until its time has come."""
    portal = told(web, "invisible_in_lists", params={"seconds": 30}, times=2)
    deal = (await web.result("crm.item.add", ADD))["item"]["id"]
    await web.send(
        "tasks.task.add", {"fields": {"TITLE": "x", "RESPONSIBLE_ID": 1, "UF_CRM_TASK": [f"D_{deal}"]}}
    )

    async def listed() -> tuple[int, int]:
        items = (await web.result("crm.item.list", {"entityTypeId": 2}))["items"]
        return len(items), len((await web.result("tasks.task.list"))["tasks"])

    before = await listed()
    portal.clock.advance(31)
    assert (before, await listed()) == ((0, 0), (1, 1))


async def test_drifting_types(web: rest.Rest) -> None:
    """With a share of 1 no leaf comes as it should; the structure still stands."""
    number = (await web.result("crm.item.add", ADD))["item"]["id"]
    told(web, "type_drift", params={"share": 1.0})
    drifted = (await web.result("crm.item.get", {"entityTypeId": 2, "id": number}))["item"]
    assert drifted.get("id") in (str(number), "", None, False)
    assert (await web.result("crm.item.get", {"entityTypeId": 2, "id": number}))["item"]["id"] == number


def test_drift_is_seeded() -> None:
    """The same dice drift the same way, and some leaves stay."""
    value = {"id": 5, "flag": "Y", "list": [1, 2, {"a": "7"}], "text": "x" * 3}
    one, two = (typedrift.drifted(value, random.Random(3), 0.5) for _ in range(2))
    assert one == two
    assert typedrift.drifted(value, random.Random(3), 0.0) == value


def test_rules_strike_when_told() -> None:
    """nth, times, globs and probability decide; the same seed decides the same."""

    def struck(**rule: Any) -> str:
        engine = faults.Faults(seed=7)
        engine.add(faults.Fault("refuse", **rule))
        names = ["crm.item.add", "tasks.task.add"] * 6
        return "".join("x" if engine.match([name]) else "." for name in names)

    assert struck() == "x..........."
    assert struck(methods=("tasks.*",), nth=2) == "...x........"
    assert struck(methods=("crm.*",), times=None) == "x.x.x.x.x.x."
    assert struck(probability=0.5, times=3) == struck(probability=0.5, times=3)
    assert struck(probability=0.5, times=3).count("x") == 3


def test_an_unknown_kind_is_refused() -> None:
    """A misspelt fault must not pass as a quiet portal."""
    with pytest.raises(faults.UnknownFault):
        faults.Fault("comit_then_reset")


async def test_rules_by_http(web: rest.Rest) -> None:
    """A harness adds rules, sees what struck, and clears them."""
    await web.control("POST", "faults", [{"kind": "overload_503", "methods": "crm.*", "times": 1}])
    await web.send("crm.item.list", {"entityTypeId": 2})
    seen = await web.control("GET", "faults")
    assert seen["struck"] == [["overload_503", "crm.item.list"]]
    assert (await web.control("POST", "faults", [{"kind": "nonsense"}]))["error"].startswith(
        "no fault 'nonsense'"
    )
    assert (await web.control("DELETE", "faults"))["rules"] == []
