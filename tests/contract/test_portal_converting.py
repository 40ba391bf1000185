"""The conversion of a lead, against the sandbox over real HTTP: whole, once, finished where it broke off."""

from __future__ import annotations

from typing import Any

import pytest

from connector import errors, ports
from robots import intents, model
from sandbox.bitrix24 import faults, seed
from tests.contract import bitrix24_world as worlds

CODE = model.FieldCode
LEAD = model.CardKind.LEAD


def act_of(world: worlds.World, **changes: Any) -> intents.ConvertLead:
    whole = {
        "stage": model.StageId("CONVERTED"),
        "contact": {CODE("name"): "Мария", CODE("assignedById"): seed.IVANOV},
        "company": {CODE("title"): "Лютик", CODE("assignedById"): seed.IVANOV},
        "deal": {CODE("title"): "Окна", CODE("assignedById"): seed.IVANOV, CODE(seed.NEEDS): "два окна"},
        "pipeline": world.pipeline("Продажи"),
        "deal_stage": world.stage("Продажи", "Новый лид"),
        "phones": ("+7 916 000-00-01",),
        "emails": ("maria@mail.ru",),
    }
    return intents.ConvertLead(**{**whole, **changes})


def counts(world: worlds.World) -> dict[str, int]:
    kinds = {"company": 4, "contact": 3, "deal": 2}
    return {
        name: len(world.call("crm.item.list", entityTypeId=kind, select=["id"])["items"])
        for name, kind in kinds.items()
    }


ONE_OF_EACH = {"company": 1, "contact": 1, "deal": 1}


async def test_a_lead_becomes_company_contact_and_deal() -> None:
    """All linked with each other and with the lead; its products go along; the lead is converted."""
    async with worlds.world() as world:
        await world.here.directory()
        lead = world.add(1, title="Заявка")
        rows = [{"productName": "Окно", "price": 4500, "quantity": 2}]
        world.call("crm.item.productrow.set", ownerType="L", ownerId=lead, productRows=rows)
        row = worlds.row(act_of(world), worlds.ref(lead, LEAD))
        done = await world.here.perform(row)
        assert done.made is not None
        deal = world.item(done.made)
        contact = world.item(deal["contactIds"][0], 3)
        assert (deal["title"], deal["leadId"], deal["assignedById"], deal[seed.NEEDS]) == (
            "Окна",
            lead,
            seed.IVANOV,
            "два окна",
        )
        assert deal["stageId"] == world.stage("Продажи", "Новый лид")
        assert (contact["name"], contact["leadId"], contact["companyId"]) == (
            "Мария",
            lead,
            deal["companyId"],
        )
        assert sorted(multi["value"] for multi in contact["fm"]) == ["+7 916 000-00-01", "maria@mail.ru"]
        assert world.item(lead, 1)["stageId"] == "CONVERTED"
        listed = world.call("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": done.made})
        assert [one["productName"] for one in listed["productRows"]] == ["Окно"]
        assert (counts(world), world.sent) == (ONE_OF_EACH, [row.wish.key])


async def test_a_second_try_makes_nothing_anew() -> None:
    """Looked for by the marker before anything is written; `find` says Done."""
    async with worlds.world() as world:
        await world.here.directory()
        row = worlds.row(act_of(world), worlds.ref(world.add(1, title="Заявка"), LEAD))
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        assert await world.here.find(row) == done
        assert await world.here.perform(row) == done
        assert counts(world) == ONE_OF_EACH


WRITES = (("crm.item.add", 1), ("crm.item.add", 2), ("crm.item.add", 3), ("crm.item.update", 1))
KINDS = ("commit_then_reset", "reset_before_commit", "commit_then_502", "refuse")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("method", "nth"), WRITES)
async def test_a_half_made_conversion_is_finished(kind: str, method: str, nth: int) -> None:
    """Whichever of its four writes breaks off, before the portal did it or after: one of each in the end."""
    async with worlds.world() as world:
        await world.here.directory()
        lead = world.add(1, title="Заявка")
        row = worlds.row(act_of(world), worlds.ref(lead, LEAD))
        world.there.faults.add(faults.Fault(kind, (method,), nth=nth))
        with pytest.raises(errors.PortalError):
            await world.here.perform(row)
        began = any(counts(world).values())
        found = await world.here.find(row)
        assert (found is not None) is began, "what began is finished by the look itself"
        done = found if found is not None else await world.here.perform(row)
        assert done.made is not None
        assert (counts(world), world.item(lead, 1)["stageId"]) == (ONE_OF_EACH, "CONVERTED")


async def test_what_began_is_of_unknown_outcome_whatever_stopped_it() -> None:
    """A portal too busy for the third write: it must be looked for, never simply sent again."""
    async with worlds.world() as world:
        await world.here.directory()
        row = worlds.row(act_of(world), worlds.ref(world.add(1, title="Заявка"), LEAD))
        world.there.faults.add(faults.Fault("overload_503", ("crm.item.update",), times=None))
        with pytest.raises(errors.Unknown):
            await world.here.perform(row)


async def test_a_known_contact_is_linked_and_a_closed_lead_is_left_alone() -> None:
    """`contact_id`; and what a person closed meanwhile isn't converted."""
    async with worlds.world() as world:
        await world.here.directory()
        known = world.add(3, name="Мария")
        lead = world.add(1, title="Заявка")
        act = act_of(world, contact=None, contact_id=known, company=None)
        done = await world.here.perform(worlds.row(act, worlds.ref(lead, LEAD)))
        assert done.made is not None
        assert world.item(done.made)["contactIds"] == [known]
        junk = world.add(1, title="Спам", stageId="JUNK")
        late = await world.here.perform(
            worlds.row(act_of(world), worlds.ref(junk, LEAD), key="b/lead:2/once/convert")
        )
        assert late == ports.Done(changed=False, note="nothing_to_do")
        assert counts(world) == {"company": 0, "contact": 1, "deal": 1}
