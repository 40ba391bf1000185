"""Who sees and changes what in the sandbox, and faults between the wire and the portal (reference §8, §1.5)."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from sandbox.bitrix24 import clock, faults, seed
from sandbox.bitrix24 import portal as portals
from tests.sandbox import calls, rest


@pytest.fixture
def portal() -> portals.Portal:
    made = seed.rop_funnel(clock.Clock(start=1_790_000_000, speed=0))
    for user_id, opened in ((seed.IVANOV, "N"), (seed.SIDOROVA, "N"), (seed.SIDOROVA, "Y")):
        made.crm.add(2, {"assignedById": user_id, "opened": opened}, seed.ROBOT)
    return made


def test_a_manager_sees_own_and_open_cards_only(portal: portals.Portal) -> None:
    """Others' closed cards are dropped from lists without a word and refused by id."""
    manager, robot = calls.Caller(portal, seed.IVANOV), calls.Caller(portal, seed.ROBOT)
    seen = [
        [item["id"] for item in each("crm.item.list", entityTypeId=2)["items"]] for each in (manager, robot)
    ]
    assert seen == [[1, 3], [1, 2, 3]]
    assert manager.refused("crm.item.get", entityTypeId=2, id=2)[:2] == (400, "ACCESS_DENIED")
    assert manager.refused("crm.item.update", entityTypeId=2, id=2, fields={"title": "x"})[:2] == (
        400,
        "ACCESS_DENIED",
    )
    assert manager.refused("crm.deal.get", id=2) == (400, "", "Access denied.")
    assert [row["OWNER_ID"] for row in manager("crm.stagehistory.list", entityTypeId=2)["items"]] == [1, 3]


def test_settings_are_for_administrators(portal: portals.Portal) -> None:
    """Dictionaries, pipelines, user fields, types and import refuse a manager; reading them does not."""
    manager = calls.Caller(portal, seed.IVANOV)
    asked: dict[str, dict[str, Any]] = {
        "crm.status.add": {"fields": {}},
        "crm.category.add": {"entityTypeId": 2, "fields": {"name": "x"}},
        "crm.deal.userfield.add": {"fields": {}},
        "crm.type.list": {},
        "crm.item.import": {"entityTypeId": 2, "fields": {}},
        "userfieldconfig.add": {"moduleId": "crm", "field": {"entityId": "CRM_DEAL"}},
    }
    refused = {name: manager.refused(name, **params)[0] for name, params in asked.items()}
    assert set(refused.values()) == {400}
    assert manager("crm.status.list", filter={"ENTITY_ID": "SOURCE"})
    assert manager("crm.deal.userfield.list")


async def test_a_committed_answer_that_never_comes(portal: portals.Portal) -> None:
    """commit_then_reset: the client sees a cut connection, the portal has the card."""
    portal.faults.add(faults.Fault("commit_then_reset", ("crm.item.add",)))
    async with rest.serving(portal) as b24:
        with pytest.raises(aiohttp.ClientError):
            await b24.send("crm.item.add", {"entityTypeId": 2, "fields": {"originId": "req-1"}})
        found = await b24.result(
            "crm.item.list", {"entityTypeId": 2, "filter": {"=originId": "req-1"}, "select": ["id"]}
        )
        assert found == {"items": [{"id": 4}]}
        assert (await b24.control("GET", "faults"))["struck"] == [["commit_then_reset", "crm.item.add"]]


async def test_one_command_of_a_batch_fails(portal: portals.Portal) -> None:
    """The rest of the batch goes on."""
    portal.faults.add(faults.Fault("some_commands_failed", ("crm.item.get",), nth=2))
    async with rest.serving(portal) as b24:
        commands = {f"g{at}": f"crm.item.get?entityTypeId=2&id={at}" for at in (1, 2, 3)}
        answer = await b24.result("batch", {"cmd": commands})
        assert (sorted(answer["result"]), answer["result_error"]["g2"]["error"]) == (
            ["g1", "g3"],
            "INTERNAL_SERVER_ERROR",
        )


async def test_limit_faults_come_before_the_portal(portal: portals.Portal) -> None:
    """503 and 401 without anything done."""
    for kind in ("query_limit_503", "expired_token_401", "redirect_302"):
        portal.faults.add(faults.Fault(kind))
    async with rest.serving(portal) as b24:
        seen = []
        for _ in range(4):
            async with b24.client.post(
                f"{b24.base}/crm.item.delete", json={"entityTypeId": 2, "id": 1}, allow_redirects=False
            ) as answer:
                seen.append(answer.status)
        assert seen == [503, 401, 302, 200]
