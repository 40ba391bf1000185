"""Outbound events as a handler receives them (reference §4)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import test_utils, web

from sandbox.bitrix24 import delivery, faults, portal
from tests.sandbox import rooms


class Handler:
    """A web address that writes down what is posted to it."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.status, self.delay = 200, 0.0
        app = web.Application()
        app.router.add_post("/hook", self._hook)
        self.server = test_utils.TestServer(app)

    async def _hook(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status)

    def ids(self) -> list[str]:
        return [form.get("data[FIELDS][ID]", "") for form in self.forms]


class Post:
    """An office whose events are delivered to a handler."""

    def __init__(self, office: rooms.Office, handler: Handler, sender: delivery.Delivery) -> None:
        self.office, self.handler, self.sender = office, handler, sender

    def told(self, kind: str, **rule: Any) -> None:
        self.office.portal.faults.add(faults.Fault(kind, **({"times": None} | rule)))


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    office, handler = rooms.Office(), Handler()
    await handler.server.start_server()
    office.portal.subscriptions.append(
        portal.Subscription(str(handler.server.make_url("/hook")), "token-1", frozenset())
    )
    sender = delivery.Delivery(
        office.portal, delivery.Pace(concurrency=4, timeout=2, slow_after=0.05, longest_pause=0.2)
    )
    await sender.start()
    yield Post(office, handler, sender)
    await sender.stop()
    await handler.server.close()


async def test_the_form_is_as_documented(post: Post) -> None:
    """Bracket keys, ids only, the token and the portal in auth; ts is the time of sending."""
    deal = post.office.deal()
    await post.sender.drain()
    assert post.handler.forms == [
        {
            "event": "ONCRMDEALADD",
            "event_handler_id": "201",
            "data[FIELDS][ID]": str(deal),
            "ts": str(int(rooms.NOON)),
            "auth[domain]": "sandbox.local",
            "auth[client_endpoint]": "https://sandbox.local/rest/",
            "auth[server_endpoint]": "https://oauth.bitrix24.tech/rest/",
            "auth[member_id]": "0123456789abcdef0123456789abcdef",
            "auth[application_token]": "token-1",
        }
    ]


async def test_task_events_say_undefined(post: Post) -> None:
    """The absent side of a task event is a word."""
    post.office.task()
    await post.sender.drain()
    form = post.handler.forms[0]
    assert (
        form["data[FIELDS_BEFORE]"],
        form["data[FIELDS_AFTER][ID]"],
        form["data[IS_ACCESSIBLE_BEFORE]"],
    ) == ("undefined", "1", "undefined")


async def test_only_chosen_events_come(post: Post) -> None:
    """A subscription with names gets those."""
    post.office.portal.subscriptions[0].events = frozenset({"ONTASKADD"})
    post.office.deal()
    post.office.task()
    await post.sender.drain()
    assert [form["event"] for form in post.handler.forms] == ["ONTASKADD"]


@pytest.mark.parametrize(
    ("offered", "come"), [("no", ["ONCRMDEALADD"]), ("yes", ["ONCRMDEALADD", "ONCRMDEALMOVETOCATEGORY"])]
)
async def test_a_pipeline_move_is_silent(post: Post, offered: str, come: list[str]) -> None:
    """Outgoing webhooks are not offered the move to another pipeline, and it raises no update."""
    post.office.portal.switch.set("move_event_to_webhooks", offered)
    category = post.office.portal.crm.dictionaries.add_category(2, "Вторая")
    deal = post.office.deal()
    post.office.call("crm.item.update", entityTypeId=2, id=deal, fields={"categoryId": category.id})
    await post.sender.drain()
    assert [form["event"] for form in post.handler.forms] == come


async def test_a_failure_is_never_sent_again(post: Post) -> None:
    """An error answer is counted, and the event is lost."""
    post.handler.status = 500
    post.office.deal()
    await post.sender.drain()
    post.handler.status = 200
    await post.sender.drain()
    assert (len(post.handler.forms), post.sender.counts.failed, post.sender.counts.sent) == (1, 1, 0)


async def test_a_dead_handler_is_counted(post: Post) -> None:
    """Nobody listens: failed, with the reason."""
    await post.handler.server.close()
    post.office.deal()
    await post.sender.drain()
    assert (post.sender.counts.failed, list(post.sender.counts.errors)) == (
        1,
        ["ONCRMDEALADD: ClientConnectorError"],
    )


async def test_a_slow_handler_is_called_less(post: Post) -> None:
    """Pauses grow while answers are slow, up to a bound, and go when the handler has recovered."""
    lane = delivery.Lane("http://handler.example", post.sender)
    pauses = []
    for took in [0.06] * 5 + [0.0] * 12:
        lane.learn(took)
        pauses.append(round(lane.pause, 3))
    for worker in lane.workers:
        worker.cancel()
    assert pauses == [
        0.06,
        0.12,
        0.2,
        0.2,
        0.2,
        0.1,
        0.05,
        0.025,
        0.013,
        0.006,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
    ]


@pytest.mark.parametrize(
    ("kind", "params", "ids"),
    [
        ("event_drop", {}, []),
        ("event_double", {"copies": 3}, ["1", "1", "1", "2", "2", "2"]),
        ("event_delay", {"seconds": 0.01}, ["1", "2"]),
        ("event_burst", {"hold": 2}, ["1", "2"]),
        ("event_reorder", {"hold": 2}, ["1", "2"]),
        ("event_deleted_entity", {}, ["900000000", "900000000"]),
    ],
)
async def test_faults_of_events(post: Post, kind: str, params: dict[str, Any], ids: list[str]) -> None:
    """Dropped, doubled, late, at once, out of order, about nobody."""
    post.told(kind, params=params)
    for _ in range(2):
        post.office.deal()
    await post.sender.drain()
    assert sorted(post.handler.ids()) == ids


async def test_out_of_order_is_never_in_order(post: Post) -> None:
    """Two held events leave swapped."""
    lane = delivery.Lane.__new__(delivery.Lane)
    letters = [delivery.Letter(str(number), {}, "", "", "") for number in range(2)]
    for number in range(20):
        dice = random.Random(number)
        assert [one.name for _, one in delivery._out_of_order([(lane, one) for one in letters], dice)] == [
            "1",
            "0",
        ]


@pytest.mark.parametrize(
    ("kind", "key"),
    [("event_wrong_token", "auth[application_token]"), ("event_foreign_portal", "auth[member_id]")],
)
async def test_forged_events(post: Post, kind: str, key: str) -> None:
    """A wrong token, or another portal's id, on an event that otherwise looks right."""
    post.office.deal()
    post.told(kind)
    post.office.deal()
    await post.sender.drain()
    right, wrong = post.handler.forms
    assert (right["event"], right[key] == wrong[key]) == (wrong["event"], False)


async def test_hundreds_at_once(post: Post) -> None:
    """A burst of three hundred changes is three hundred calls, none lost."""
    for _ in range(300):
        post.office.deal()
    await post.sender.drain()
    assert (len(set(post.handler.ids())), post.sender.counts.sent) == (300, 300)
