"""Activities and observers over there: planned once, found by their mark, taken back if nobody closed them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from connector import ports
from robots import intents, model
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

WHEN = datetime(2030, 1, 1, 12, tzinfo=UTC)


def plan(what: intents.Activity, client: model.ClientRef | None = None) -> intents.PlanActivity:
    phone = "+79160000001" if client is not None and what is intents.Activity.CALL else ""
    return intents.PlanActivity(what, "Позвонить", "О сроках", model.UserId(seed.IVANOV), WHEN, client, phone)


@pytest.mark.parametrize("what", list(intents.Activity))
async def test_an_activity_is_planned_and_found_by_its_mark(what: intents.Activity) -> None:
    """A todo by its text's tail, calls and meetings by their origin; another wish's is never taken for it."""
    async with worlds.world() as world:
        contact = int(world.call("crm.contact.add", fields={"NAME": "Мария"}))
        number = world.add(title="a")
        row = worlds.row(plan(what, model.ClientRef(model.ClientKind.CONTACT, contact)), worlds.ref(number))
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        (one,) = world.there.timeline.activities.of_card((2, number))
        assert (done.made, one.values["SUBJECT"], one.values["RESPONSIBLE_ID"]) == (
            one.id,
            "Позвонить",
            seed.IVANOV,
        )
        assert (one.values["DEADLINE"], one.values["COMPLETED"]) == (WHEN, "N")
        assert await world.here.find(row) == ports.Done(made=one.id)
        assert (
            await world.here.find(
                dataclasses.replace(
                    row, wish=worlds.row(row.wish.act, worlds.ref(number), key="another").wish
                )
            )
            is None
        )


@pytest.mark.parametrize("what", list(intents.Activity))
async def test_a_second_try_adopts_the_first_one(what: intents.Activity) -> None:
    """One activity, however often it is tried."""
    async with worlds.world() as world:
        contact = int(world.call("crm.contact.add", fields={"NAME": "Мария"}))
        number = world.add(title="a")
        act = plan(what, model.ClientRef(model.ClientKind.CONTACT, contact))
        first = await world.here.perform(worlds.row(act, worlds.ref(number)))
        assert await world.here.perform(worlds.row(act, worlds.ref(number), tries=1)) == ports.Done(
            made=first.made
        )
        assert len(world.there.timeline.activities.of_card((2, number))) == 1


async def test_an_activity_is_taken_back_unless_somebody_closed_it() -> None:
    """`undo` leaves a person's work alone."""
    async with worlds.world() as world:
        number = world.add(title="a")
        act = plan(intents.Activity.TODO)
        made = [
            (await world.here.perform(worlds.row(act, worlds.ref(number), key=key))).made or 0 for key in "ab"
        ]
        world.call("crm.activity.update", id=made[0], fields={"COMPLETED": "Y"})
        for each, changed in zip(made, (False, True), strict=True):
            back = intents.TakeBack(intents.WishKey("k"), intents.Made.ACTIVITY, each)
            row = worlds.row(back, worlds.ref(number), key="back")
            assert (await world.here.perform(row)).changed is changed
            assert await world.here.find(row) == ports.Done()
        assert [one.id for one in world.there.timeline.activities.of_card((2, number))] == made[:1]


async def test_named_observers_go_and_all_others_stay() -> None:
    """Also somebody who added himself after the robot had looked."""
    async with worlds.world() as world:
        number = world.add(title="a", observers=[seed.IVANOV, seed.HEAD, seed.SIDOROVA])
        field = model.FieldCode("observers")
        act = intents.SetFields({field: (seed.HEAD,)}, {field: (seed.IVANOV, seed.HEAD)}, takes_away=True)
        row = worlds.row(act, worlds.ref(number))
        assert await world.here.find(row) is None
        assert (await world.here.perform(row)).changed
        assert sorted(world.item(number)["observers"]) == sorted([seed.HEAD, seed.SIDOROVA])
        assert await world.here.find(row) == ports.Done()
