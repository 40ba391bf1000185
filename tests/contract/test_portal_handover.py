"""A deal handed over on a Bitrix24 portal: whole, once, and finished where it was half-made."""

from __future__ import annotations

import pytest

from connector import errors, ports
from robots import intents, model
from sandbox.bitrix24 import faults, seed
from tests.contract import bitrix24_world as worlds


async def test_a_deal_is_handed_over_with_everything_that_isnt_this_departments() -> None:
    """Fields, clients and product rows go; the stage, the reason of a failure and the РОП stay."""
    async with worlds.world() as world:
        await world.here.directory()
        contact = world.add(3, name="Пётр")
        number = world.add(
            title="Кран",
            contactIds=[contact],
            opportunity=500,
            isManualOpportunity="Y",
            originatorId="site",
            originId="7",
            **{seed.SUBJECT: "кран", seed.ROP: seed.HEAD, seed.LOSS_COMMENT: "нет"},
        )
        world.call(
            "crm.item.productrow.set",
            ownerType="D",
            ownerId=number,
            productRows=[{"productName": "Кран", "price": 500, "quantity": 1}],
        )
        act = intents.CopyDeal(
            world.pipeline("Доставка"),
            world.stage("Доставка", "Новый заказ"),
            frozenset({model.FieldCode(seed.ROP), model.FieldCode(seed.LOSS_COMMENT)}),
            responsible=model.UserId(seed.SIDOROVA),
        )
        row = worlds.row(act, worlds.ref(number))
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        copy = world.item(done.made or 0)
        assert (copy["title"], copy["contactIds"], copy["opportunity"]) == ("Кран", [contact], 500)
        assert (copy[seed.SUBJECT], copy[seed.ROP], copy[seed.LOSS_COMMENT]) == ("кран", None, None)
        assert (copy["originatorId"], copy["assignedById"]) == ("voronka", seed.SIDOROVA)
        rows = world.call("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": done.made})
        assert [one["productName"] for one in rows["productRows"]] == ["Кран"]
        assert (await world.here.find(row)) == (await world.here.perform(row)) == ports.Done(made=done.made)


async def test_a_half_made_copy_is_finished() -> None:
    """The deal came through, its rows didn't: unknown; the look finishes it and makes no second one."""
    async with worlds.world() as world:
        await world.here.directory()
        number = world.add(title="Кран")
        world.call(
            "crm.item.productrow.set",
            ownerType="D",
            ownerId=number,
            productRows=[{"productName": "К", "price": 5}],
        )
        world.there.faults.add(faults.Fault("refuse", ("crm.item.productrow.set",)))
        act = intents.CopyDeal(
            world.pipeline("Доставка"), world.stage("Доставка", "Новый заказ"), frozenset()
        )
        row = worlds.row(act, worlds.ref(number))
        with pytest.raises((errors.Unknown, errors.Retryable)):
            await world.here.perform(row)
        found = await world.here.find(row)
        assert found is not None
        rows = world.call("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": found.made})
        assert len(rows["productRows"]) == 1
        assert len(world.call("crm.item.list", entityTypeId=2)["items"]) == 2


async def test_files_of_a_handed_over_deal_go_singly() -> None:
    """Fetched, then written outside of batches; a second finish doesn't repeat what stands."""
    async with worlds.world() as world:
        world.call(
            "crm.deal.userfield.add",
            fields={"USER_TYPE_ID": "file", "FIELD_NAME": "SCAN", "EDIT_FORM_LABEL": "Скан"},
        )
        await world.here.directory()
        number = world.add(title="Кран", UF_CRM_SCAN=["scan.pdf", "YQ=="])
        fetched: list[str] = []

        async def download(path: str) -> bytes:
            fetched.append(path)
            return b"a"

        world.here._desk.download = download  # the sandbox serves no files
        act = intents.CopyDeal(
            world.pipeline("Доставка"), world.stage("Доставка", "Новый заказ"), frozenset()
        )
        row = worlds.row(act, worlds.ref(number))
        done = await world.here.perform(row)
        assert world.item(done.made or 0)["UF_CRM_SCAN"]
        assert await world.here.find(row) == done
        assert len(fetched) == 1
