"""The wire of the Bitrix24 sandbox: URLs, encodings, envelopes, the order of checks (reference §1)."""

from __future__ import annotations

import json

import aiohttp
import pytest

from sandbox.bitrix24 import portal as portals
from sandbox.bitrix24 import seed, wire
from tests.sandbox import rest


@pytest.fixture
def portal() -> portals.Portal:
    return seed.plain()


@pytest.mark.parametrize(
    ("text", "nested"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("f[PHONE][0][VALUE]=%2B7&f[TITLE]=x%26y", {"f": {"PHONE": [{"VALUE": "+7"}], "TITLE": "x&y"}}),
        ("fm[101][value]=x", {"fm": {"101": {"value": "x"}}}),
        ("filter[%3Eid]=5&filter[@stageId][]=A", {"filter": {">id": "5", "@stageId": ["A"]}}),
        ("filter[0][logic]=OR&filter[0][0][id]=1", {"filter": [{"logic": "OR", "0": {"id": "1"}}]}),
        ("a.b=1&c=", {"a_b": "1", "c": ""}),
    ],
)
def test_php_brackets_are_nested_as_php_nests_them(text: str, nested: dict[str, object]) -> None:
    """Forms come with bracket names; maps whose keys count up from 0 become lists."""
    assert wire.decode_query(text) == nested


async def test_the_same_card_is_added_by_json_form_multipart_and_query(portal: portals.Portal) -> None:
    """All four encodings reach the method; the answer is typed JSON whichever was used."""
    async with rest.serving(portal) as b24:
        url = f"{b24.base}/crm.item.add"
        await b24.send("crm.item.add", {"entityTypeId": 2, "fields": {"title": "json", "opportunity": 10.5}})
        await b24.client.post(url + ".json", data="entityTypeId=2&fields[title]=form&fields[opportunity]=10.5",
                              headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
        form = aiohttp.FormData(
            [("entityTypeId", "2"), ("fields[title]", "multi"), ("fields[opportunity]", "10.5")]
        )
        await b24.client.post(
            url + "/", data=form(), headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        with aiohttp.MultipartWriter("form-data") as parts:
            for name, value in (
                ("entityTypeId", "2"),
                ("fields[title]", "parts"),
                ("fields[opportunity]", "10.5"),
            ):
                parts.append(value).set_content_disposition("form-data", name=name)
        await b24.client.post(url, data=parts)
        await b24.get("CRM.Item.Add", "entityTypeId=2&fields[title]=query&fields[opportunity]=10.5")
        items = (await b24.result("crm.item.list", {"entityTypeId": 2, "select": ["title", "opportunity"]}))[
            "items"
        ]
        assert [(item["title"], item["opportunity"]) for item in items] == [
            ("json", 10.5), ("form", 10.5), ("multi", 10.5), ("parts", 10.5), ("query", 10.5)
        ]  # fmt: skip


async def test_query_and_body_merge_and_a_get_with_json_body_sees_none_of_it(portal: portals.Portal) -> None:
    """The body wins over the query; JSON on a GET is not read, so its parameters are missing."""
    async with rest.serving(portal) as b24:
        async with b24.client.post(
            f"{b24.base}/crm.category.list?entityTypeId=1", json={"entityTypeId": 2}
        ) as answer:
            assert answer.status == 200
        status, body = await b24.get("crm.duplicate.findbycomm", json={"type": "PHONE", "values": ["1"]})
        assert (status, body) == (
            400,
            {"error": "", "error_description": "Communication type is not defined."},
        )


async def test_the_envelope_of_a_list(portal: portals.Portal) -> None:
    """`total` and `next` stand beside `result`, with the `time` block."""
    seed.many_deals(portal, 60)
    async with rest.serving(portal) as b24:
        _, body = await b24.send("crm.item.list", {"entityTypeId": 2, "select": ["id"]})
        time = body.pop("time")
        assert (len(body.pop("result")["items"]), body) == (50, {"total": 60, "next": 50})
        assert sorted(time) == sorted(
            [
                "start",
                "finish",
                "duration",
                "processing",
                "date_start",
                "date_finish",
                "operating_reset_at",
                "operating",
            ]
        )
        _, body = await b24.send("crm.item.list", {"entityTypeId": 2, "start": 50})
        assert (len(body["result"]["items"]), body["total"], "next" in body) == (10, 60, False)
        _, body = await b24.send("crm.item.list", {"entityTypeId": 2, "start": -1})
        assert (len(body["result"]["items"]), "total" in body, "next" in body) == (50, False, False)
        portal.switch.set("start_minus_one_total", "zero")
        _, body = await b24.send("crm.item.list", {"entityTypeId": 2, "start": -1})
        assert body["total"] == 0


async def test_json_is_escaped_as_php_escapes_it_and_xml_is_wrapped(portal: portals.Portal) -> None:
    """Slashes, angle brackets and Cyrillic are escaped in JSON; `.xml` answers <response><result>."""
    portal.crm.add(2, {"title": "</б>"}, 1)
    async with rest.serving(portal) as b24:
        answer = await b24.client.get(f"{b24.base}/crm.item.get.json?entityTypeId=2&id=1")
        text = await answer.text()
        assert "\\u003C\\/\\u0431\\u003E" in text
        assert json.loads(text)["result"]["item"]["title"] == "</б>"
        answer = await b24.client.get(f"{b24.base}/server.time.xml")
        assert answer.headers["Content-Type"].startswith("text/xml")
        assert "<response><result>" in await answer.text()


async def test_refusals_in_the_portal_s_order(portal: portals.Portal) -> None:
    """Wrong secret before unknown method, unknown method before scope; each with its status and code."""
    portal.webhooks["narrow"] = portals.Webhook(1, "narrow", frozenset({"task"}))
    async with rest.serving(portal) as b24:
        seen = {}
        for url in (
            "1/wrong/no.such", "2/plainsecret000001/scope", "crm.item.list", "1/narrow/no.such",
            "1/narrow/crm.item.list", "1/narrow/event.bind", "1/narrow/app.info", "1/narrow/server.time", "api/1/narrow/tasks.task.get",
        ):  # fmt: skip
            async with b24.client.post(f"/rest/{url}") as answer:
                error = (await answer.json()).get("error")
                seen[url] = (answer.status, error if isinstance(error, str) else error and error["code"])
        assert seen == {
            "1/wrong/no.such": (401, "NO_AUTH_FOUND"),
            "2/plainsecret000001/scope": (401, "NO_AUTH_FOUND"),
            "crm.item.list": (401, "NO_AUTH_FOUND"),
            "1/narrow/no.such": (404, "ERROR_METHOD_NOT_FOUND"),
            "1/narrow/crm.item.list": (403, "insufficient_scope"),
            "1/narrow/event.bind": (403, "ERROR_WRONG_CONTEXT"),
            "1/narrow/app.info": (400, "ACCESS_DENIED"),
            "1/narrow/server.time": (200, None),
            "api/1/narrow/tasks.task.get": (404, "BITRIX_REST_V3_EXCEPTION_METHODNOTFOUNDEXCEPTION"),
        }


async def test_the_levers_close_the_portal_revoke_the_webhook_and_dismiss_its_owner(
    portal: portals.Portal,
) -> None:
    """Tariff, revocation and dismissal are answered as the reference's table of system errors says."""
    async with rest.serving(portal) as b24:
        seen = []
        for lever, shut, open_ in (
            ("portal", {"closed": "tariff"}, {"closed": None}),
            ("portal", {"closed": "deleted"}, {"closed": None}),
            ("webhooks", {"secret": seed.SECRET, "revoked": True}, {"secret": seed.SECRET, "revoked": False}),
            ("users/1", {"active": False}, {"active": True}),
        ):
            await b24.control("POST", lever, shut)
            status, body = await b24.send("scope")
            await b24.control("POST", lever, open_)
            seen.append((status, body["error"], (await b24.send("scope"))[0]))
        assert seen == [
            (403, "ACCESS_DENIED", 200),
            (500, "PORTAL_DELETED", 200),
            (401, "NO_AUTH_FOUND", 200),
            (401, "NO_AUTH_FOUND", 200),
        ]
        await b24.control("POST", "switches", {"wrong_secret": "invalid_credentials"})
        async with b24.client.post("/rest/1/wrong/scope") as answer:
            assert (answer.status, (await answer.json())["error"]) == (401, "INVALID_CREDENTIALS")


async def test_the_journal_counts_requests_and_commands(portal: portals.Portal) -> None:
    """A batch is one request of several commands; a harness reads the counts per method."""
    async with rest.serving(portal) as b24:
        await b24.send("batch", {"cmd": {"a": "server.time", "b": "scope", "c": "scope"}})
        await b24.send("scope")
        await b24.send("no.such")
        seen = await b24.control("GET", "requests")
        assert {name: seen[name] for name in ("requests", "commands", "methods", "statuses")} == {
            "requests": 3,
            "commands": 4,
            "methods": {"server.time": 1, "scope": 3},
            "statuses": {"200": 2, "404": 1},
        }


async def test_a_harness_works_the_portal_by_hand(portal: portals.Portal) -> None:
    """Cards are added, moved, deleted and restored through the levers as a person would in the browser."""
    async with rest.serving(portal) as b24:
        made = await b24.control("POST", "items/2", {"fields": {"title": "x"}})
        await b24.control("PATCH", f"items/2/{made['id']}", {"fields": {"stageId": "WON"}})
        seen = await b24.control("GET", "items/2/1")
        assert (seen["closed"], [row["type"] for row in seen["history"]]) == ("Y", [1, 3])
        await b24.control("DELETE", "items/2/1")
        assert (await b24.send("crm.item.get", {"entityTypeId": 2, "id": 1}))[0] == 400
        await b24.control("POST", "items/2/1/restore")
        assert (await b24.result("crm.item.get", {"entityTypeId": 2, "id": 1}))["item"]["title"] == "x"
        for name in ("crm", "taskbook", "timeline", "notices"):
            assert isinstance(await b24.control("GET", f"state/{name}"), dict)
        assert (await b24.control("GET", "state/none"))["error"] == "NO_ROOM"
        bad = await b24.control("POST", "switches", {"history": "no"})
        assert bad["error"] == "BAD_CONTROL"
        assert (await b24.control("GET", "switches"))[0]["name"] == "history"


async def test_nonsense_is_refused_and_never_breaks_the_portal(portal: portals.Portal) -> None:
    """Deep brackets, huge numbers, malformed JSON, wrong kinds everywhere: an answer each time, no crash."""
    portal.crm.add(2, {"title": "x"}, 1)
    bodies: list[tuple[str, bytes, str]] = [
        ("crm.item.list", b"{", "application/json"),
        ("crm.item.list", b"[" * 100_000, "application/json"),
        (
            "crm.item.list",
            b'{"entityTypeId":2,"filter":[[1],{"id":{}}],"order":"x","select":{"a":[1]}}',
            "application/json",
        ),
        (
            "crm.item.update",
            b'{"entityTypeId":2,"id":1,"fields":{"title":["x"],"fm":5,"contacts":[1]}}',
            "application/json",
        ),
        ("crm.item.get", b"entityTypeId=2&id=" + b"9" * 6000, "application/x-www-form-urlencoded"),
        (
            "crm.item.list",
            b"entityTypeId=2&filter" + b"[a]" * 5000 + b"=1",
            "application/x-www-form-urlencoded",
        ),
        (
            "crm.item.list",
            b"entityTypeId=2&a[" + b"9" * 6000 + b"]=1&a[]=2",
            "application/x-www-form-urlencoded",
        ),
        ("batch", b'{"cmd":"x"}', "application/json"),
        ("batch", b'{"cmd":{"a":5,"b":null,"c":"?"}}', "application/json"),
    ]
    async with rest.serving(portal) as b24:
        statuses = []
        for method, body, kind in bodies:
            async with b24.client.post(
                f"{b24.base}/{method}", data=body, headers={"Content-Type": kind}
            ) as answer:
                await answer.json()
                statuses.append(answer.status)
        assert statuses == [400, 400, 400, 400, 400, 200, 200, 200, 200]
