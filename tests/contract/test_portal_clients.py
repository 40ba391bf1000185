"""Writing into a card's contact or company, against the sandbox over real HTTP."""

from __future__ import annotations

import pytest

from connector import errors, ports
from robots import intents, model
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

SEGMENT = model.FieldCode(seed.SEGMENT)


def writing(number: int, value: model.Value = "А", code: model.FieldCode = SEGMENT) -> intents.SetClient:
    return intents.SetClient(model.ClientRef(model.ClientKind.CONTACT, number), {code: value})


async def test_a_client_s_field_is_written_found_and_not_written_twice() -> None:
    """Compared first, so a second try of the same wish writes nothing."""
    async with worlds.world() as world:
        await world.here.directory()
        contact, deal = world.add(3, name="Мария"), world.add(title="Окна")
        row = worlds.row(writing(contact), worlds.ref(deal))
        assert await world.here.find(row) is None
        assert await world.here.perform(row) == ports.Done()
        assert world.item(contact, 3)[seed.SEGMENT] == "А"
        assert await world.here.find(row) == ports.Done()
        assert await world.here.perform(row) == ports.Done(changed=False, note="nothing_to_do")
        assert world.sent == [row.wish.key]


async def test_a_list_s_value_an_emptied_field_and_an_ignored_one() -> None:
    """Options go by their ids; nothing is an empty text; what the portal ignores is `no_effect`."""
    async with worlds.world() as world:
        directory = await world.here.directory()
        pays = model.FieldCode(seed.HOW_PAYS)
        number, name = next(iter(directory.fields["contact"][pays].options.items()))
        contact, deal = world.add(3, name="Мария", **{seed.SEGMENT: "Б"}), worlds.ref(world.add(title="Окна"))
        assert await world.here.perform(worlds.row(writing(contact, number, pays), deal)) == ports.Done()
        assert (
            await world.here.perform(worlds.row(writing(contact, None), deal, key="b/deal:1/h1/a"))
            == ports.Done()
        )
        item = world.item(contact, 3)
        assert (item[seed.HOW_PAYS], item[seed.SEGMENT] or "", name) == (number, "", "наличка")
        odd = writing(contact, "x", model.FieldCode("UF_CRM_NOPE"))
        done = await world.here.perform(worlds.row(odd, deal, key="c/deal:1/h1/a"))
        assert (done.changed, done.note) == (False, "no_effect")


async def test_a_client_who_is_gone_is_not_found() -> None:
    """A clear refusal, nothing sent."""
    async with worlds.world() as world:
        await world.here.directory()
        deal = worlds.ref(world.add(title="Окна"))
        with pytest.raises(errors.NotFound):
            await world.here.perform(worlds.row(writing(999), deal))
        assert await world.here.find(worlds.row(writing(999), deal)) is None
        assert world.sent == []


def entries(world: worlds.World, number: int, kind: int = 3) -> list[tuple[str, str, str]]:
    return [(one["typeId"], one["valueType"], one["value"]) for one in world.item(number, kind)["fm"]]


@pytest.mark.parametrize(("kind", "number"), [(3, None), (1, 1)])
async def test_a_phone_is_put_right_in_its_place(kind: int, number: int | None) -> None:
    """The entry keeps its type, the others stay; found again; a person's own correction isn't touched. A lead's own too."""
    fm = [
        {"typeId": "PHONE", "valueType": "MOBILE", "value": "8 916 000-00-01"},
        {"typeId": "PHONE", "valueType": "WORK", "value": "+74950000002"},
    ]
    async with worlds.world() as world:
        await world.here.directory()
        made = world.add(kind, title="Заявка", name="Мария", fm=fm)
        lead = worlds.ref(made if number else world.add(1, title="Заявка"), model.CardKind.LEAD)
        client = None if number else model.ClientRef(model.ClientKind.CONTACT, made)
        row = worlds.row(intents.RepairComm(client, "PHONE", "8 916 000-00-01", "+79160000001"), lead)
        assert await world.here.find(row) is None
        assert await world.here.perform(row) == ports.Done()
        assert entries(world, made, kind) == [
            ("PHONE", "MOBILE", "+79160000001"),
            ("PHONE", "WORK", "+74950000002"),
        ]
        assert await world.here.find(row) == ports.Done()
        assert await world.here.perform(row) == ports.Done(changed=False, note="nothing_to_do")
        assert world.sent == [row.wish.key]
