"""The sandbox's batch: references, the `[]` quirk, halting, lengths (reference §3)."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest

from sandbox.bitrix24 import portal as portals
from sandbox.bitrix24 import seed
from tests.sandbox import rest


@pytest.fixture
def portal() -> portals.Portal:
    return seed.plain()


def shape(answer: dict[str, Any]) -> dict[str, Any]:
    """The five inner maps, times reduced to their keys."""
    time = answer["result_time"]
    return answer | {
        "result_time": sorted(time) if isinstance(time, dict) else [type(each).__name__ for each in time]
    }


async def test_empty_maps_are_lists(portal: portals.Portal) -> None:
    """Each inner map is an object when it holds anything and `[]` when not."""
    async with rest.serving(portal) as b24:
        good = await b24.result("batch", {"cmd": {"mode": "crm.settings.mode.get"}})
        assert shape(good) == {
            "result": {"mode": 1}, "result_error": [], "result_total": [], "result_next": [], "result_time": ["mode"]
        }  # fmt: skip
        bad = await b24.result("batch", {"cmd": {"x": "no.such"}})
        assert shape(bad) == {
            "result": [],
            "result_error": {
                "x": {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
            },
            "result_total": [],
            "result_next": [],
            "result_time": [],
        }
        listed = await b24.result(
            "batch", {"cmd": ["crm.settings.mode.get", "crm.category.list?entityTypeId=2"]}
        )
        assert shape(listed)["result_total"] == {"1": 1}
        assert (listed["result"][0], shape(listed)["result_time"]) == (1, ["dict", "dict"])


@pytest.mark.parametrize("quoted", [True, False])
async def test_references_reach_into_earlier_answers(portal: portals.Portal, quoted: bool) -> None:
    """`$result[key][path]`, URL-encoded or not, whole or inside a text."""
    reference = "$result[made][item][id]"
    title = "после " + reference
    query = f"entityTypeId=2&id={reference}&fields[title]={title}"
    if quoted:
        query = urllib.parse.urlencode({"entityTypeId": 2, "id": reference, "fields[title]": title})
    async with rest.serving(portal) as b24:
        answer = await b24.result(
            "batch",
            {
                "cmd": {
                    "made": "crm.item.add?entityTypeId=2&fields[title]=x",
                    "changed": "crm.item.update?" + query,
                    "read": "crm.deal.list?filter[ID]=$result[changed][item][id]&select[]=TITLE",
                }
            },
        )
        assert answer["result"]["read"] == [{"ID": "1", "TITLE": "после 1"}]
        assert answer["result_total"] == {"read": 1}


async def test_an_unresolved_reference_is_empty_or_an_error_by_switch(portal: portals.Portal) -> None:
    """The documents do not say; both happen."""
    command = {"cmd": {"x": "crm.deal.get?id=$result[no][id]"}}
    async with rest.serving(portal) as b24:
        codes = []
        for position in ("empty", "error"):
            portal.switch.set("batch_reference", position)
            codes.append((await b24.result("batch", command))["result_error"]["x"]["error_description"])
        assert codes == ["ID is not defined or invalid.", "Unresolved reference $result[no][id]"]


async def test_halt_stops_at_the_first_error(portal: portals.Portal) -> None:
    """Later commands have no entry anywhere; without halt all run, a nested batch fails alone."""
    commands = {"a": "scope", "b": "batch?cmd[x]=scope", "c": "scope"}
    async with rest.serving(portal) as b24:
        halted = await b24.result("batch", {"halt": 1, "cmd": commands})
        assert (sorted(halted["result"]), halted["result_error"]["b"]["error"]) == (
            ["a"],
            "ERROR_BATCH_METHOD_NOT_ALLOWED",
        )
        assert sorted((await b24.result("batch", {"halt": 0, "cmd": commands}))["result"]) == ["a", "c"]


async def test_more_than_fifty_commands(portal: portals.Portal) -> None:
    """Refused as a whole, or beyond the fiftieth, by switch."""
    commands = {f"c{at}": "server.time" for at in range(52)}
    async with rest.serving(portal) as b24:
        status, body = await b24.send("batch", {"cmd": commands})
        assert (status, body["error"]) == (400, "ERROR_BATCH_LENGTH_EXCEEDED")
        portal.switch.set("batch_overflow", "per_command")
        answer = await b24.result("batch", {"cmd": commands})
        assert (len(answer["result"]), sorted(answer["result_error"])) == (50, ["c50", "c51"])


async def test_a_form_encoded_batch(portal: portals.Portal) -> None:
    """The commands of a form are doubly encoded."""
    form = urllib.parse.urlencode(
        {"cmd[add]": "crm.deal.add?" + urllib.parse.urlencode({"fields[TITLE]": "a&b"}), "halt": 0}
    )
    async with rest.serving(portal) as b24:
        async with b24.client.post(
            f"{b24.base}/batch", data=form, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ) as answer:
            assert (await answer.json())["result"]["result"] == {"add": 1}
        assert portal.crm.value(2, 1, "title") == "a&b"
