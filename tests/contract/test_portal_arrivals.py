"""What came for cards, as the portal lists it: clients' calls and letters, invoices paid; each again until it is settled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connector import ports
from connector.bitrix24 import arrivals
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

CALL, LETTER, PROVIDER = 2, 4, 6


def activity(world: worlds.World, deal: int, kind: int, **fields: Any) -> int:
    contact = int(world.call("crm.contact.add", fields={"NAME": "Мария"}))
    address = "m@mail.ru" if kind == LETTER else "+79160000001"
    line = {"VALUE": address, "ENTITY_ID": contact, "ENTITY_TYPE_ID": 3, "TYPE": "PHONE"}
    told = {
        "OWNER_TYPE_ID": 2,
        "OWNER_ID": deal,
        "TYPE_ID": kind,
        "SUBJECT": "о заказе",
        "RESPONSIBLE_ID": seed.IVANOV,
        "COMPLETED": "Y",
        "COMMUNICATIONS": [line],
        **fields,
    }
    return int(world.call("crm.activity.add", fields=told))


async def came(world: worlds.World, source: str, cursor: Any) -> tuple[list[tuple[str, int]], Any]:
    arrived = await world.here.arrivals(source, cursor)
    return [(one.what, one.number) for one in arrived.found], arrived.cursor


async def test_only_what_comes_from_the_client_is_an_arrival() -> None:
    """His calls, letters, messages and forms; ours to him, plans and tasks are none."""
    async with worlds.world() as world:
        deal = world.add(title="a")
        _, begun = await came(world, "activity", {})
        call = activity(world, deal, CALL, DIRECTION=1)
        activity(world, deal, CALL, DIRECTION=2)
        letter = activity(world, deal, LETTER, DIRECTION=1)
        said = activity(world, deal, PROVIDER, DIRECTION=1, PROVIDER_ID="IMOPENLINES_SESSION")
        form = activity(world, deal, PROVIDER, PROVIDER_ID=arrivals.FORM)
        activity(world, deal, PROVIDER, DIRECTION=1, PROVIDER_ID="CRM_TODO")

        found, cursor = await came(world, "activity", begun)
        assert found == [("call", call), ("letter", letter), ("message", said), ("form", form)]
        assert (await came(world, "activity", cursor))[
            0
        ] == found  # a minute hasn't passed: something may be late
        world.there.clock.advance(120)
        late = activity(world, deal, CALL, DIRECTION=1)
        _, later = await came(world, "activity", cursor)
        assert (await came(world, "activity", later))[0] == [("call", late)]


async def test_more_than_a_page_is_read_on() -> None:
    """From where it stopped, and nothing twice in one answer."""
    async with worlds.world() as world:
        deal = world.add(title="a")
        first = activity(world, deal, CALL, DIRECTION=1)
        calls = [activity(world, deal, CALL, DIRECTION=1) for _ in range(70)]
        found, _ = await came(world, "activity", {"id": first})
        assert [number for _, number in found] == calls


async def test_a_paid_invoice_names_its_deal() -> None:
    """Sent ones and those of nobody's deal don't; a deleted one doesn't stop the rest."""
    async with worlds.world() as world:
        deal = world.add(title="a")
        mine, free, gone, sent = (
            world.add(31, title="счёт", **({"parentId2": deal} if bound else {})) for bound in (1, 0, 1, 1)
        )
        _, begun = await came(world, "invoice", {})
        for number in (mine, free, gone):
            world.call("crm.item.update", entityTypeId=31, id=number, fields={"stageId": "DT31_1:P"})
        world.call("crm.item.update", entityTypeId=31, id=sent, fields={"stageId": "DT31_1:S"})
        world.call("crm.item.delete", entityTypeId=31, id=gone)
        arrived = await world.here.arrivals("invoice", begun)
        assert [(one.what, one.number, one.things) for one in arrived.found] == [
            ("paid", mine, (ports.Thing(ports.Kind.DEAL, deal),))
        ]
        assert (datetime.now(UTC) - arrived.found[0].at).total_seconds() < 60
