"""The search for duplicates by the Bitrix24 adapter: several cards share a call, and each find is still told right."""

from __future__ import annotations

import pytest

from connector import ports
from robots import look, model
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

LIVE = ports.Lane.LIVE
METHOD = "crm.duplicate.findbycomm"


def phone(number: int) -> str:
    return f"+7916{number:07d}"


def comms(*numbers: str) -> list[dict[str, str]]:
    return [{"typeId": "PHONE", "valueType": "WORK", "value": number} for number in numbers]


def calls(world: worlds.World) -> int:
    return world.there.journal.by_method[METHOD]


async def found(world: worlds.World, *phones: str) -> list[list[str]]:
    """For each phone, asked by a card of its own: who has it."""
    asks = [ports.CommsAsk(worlds.ref(900 + at), (one,), ()) for at, one in enumerate(phones)]
    answers = await world.here.duplicates(asks, LIVE)
    told = []
    for ask in asks:
        answer = answers[ask.ref]
        assert isinstance(answer, look.Duplicates)
        told.append(sorted(str(match.ref) for match in answer.matches))
    return told


async def test_six_phones_share_a_call() -> None:
    """Twelve cards cost two calls; each is told of its own client alone."""
    async with worlds.world() as world:
        await world.here.directory()
        made = [world.add(3, name=f"Клиент {n}", fm=comms(phone(n))) for n in range(12)]
        told = await found(world, *(phone(n) for n in range(12)))
        assert (told, calls(world)) == ([[f"contact:{number}"] for number in made], 2)


async def test_whose_they_are_may_be_told_beforehand() -> None:
    """Own clients are described beside the search, once, and waited for: here a page of their deals is not the last."""
    async with worlds.world() as world:
        await world.here.directory()
        own = world.add(3, name="Анна", fm=comms(phone(1)), assignedById=seed.IVANOV)
        for number in range(60):
            world.add(title=f"Сделка {number}", contactIds=[own])
        unsaid = ports.CommsAsk(worlds.ref(900), (phone(1),), ())
        said = ports.CommsAsk(
            worlds.ref(900), (phone(1),), (), (model.ClientRef(model.ClientKind.CONTACT, own),)
        )
        reads, answers = [], []
        for ask in (unsaid, said):
            before = world.there.journal.by_method["crm.contact.list"]
            answers.append((await world.here.duplicates([ask], LIVE))[ask.ref])
            reads.append(world.there.journal.by_method["crm.contact.list"] - before)
        assert (answers[0] == answers[1], reads) == (True, [1, 1])
        assert isinstance(answers[1], look.Duplicates)
        assert len(answers[1].matches) == 61


async def test_twins_in_one_call_are_both_told() -> None:
    """Two clients of one phone, one client of two: whoever asks is told of all of them."""
    async with worlds.world() as world:
        await world.here.directory()
        first = world.add(3, name="Анна", fm=comms(phone(1)))
        second = world.add(3, name="Аня", fm=comms(phone(1), phone(2)))
        lead = world.add(1, title="Заявка", fm=comms(phone(2)))
        told = await found(world, phone(1), phone(2), phone(3))
        assert told == [
            sorted([f"contact:{first}", f"contact:{second}"]),
            sorted([f"contact:{second}", f"lead:{lead}"]),
            [],
        ]


async def test_a_popular_phone_does_not_hide_its_neighbours() -> None:
    """Twenty contacts fill their type and the portal stops there: everyone of that call is asked alone."""
    async with worlds.world() as world:
        await world.here.directory()
        popular = [world.add(3, name=f"Клон {n}", fm=comms(phone(1))) for n in range(20)]
        firm = world.add(4, title="ООО", fm=comms(phone(2)))
        told = await found(world, phone(1), phone(2))
        assert told == [sorted(f"contact:{number}" for number in popular), [f"company:{firm}"]]


async def test_a_find_that_nobody_claims_is_asked_for_alone() -> None:
    """The portal knows the phone by a spelling that can't be read back: the call falls apart, and nothing is lost."""
    async with worlds.world(findbycomm="digits") as world:
        await world.here.directory()
        odd = world.add(3, name="Анна", fm=comms("тел. +7 916 000-00-01, спросить Анну"))
        plain = world.add(3, name="Пётр", fm=comms(phone(2)))
        told = await found(world, phone(1), phone(2))
        assert (told, calls(world)) == ([[f"contact:{odd}"], [f"contact:{plain}"]], 3)


@pytest.mark.parametrize("compared", ["digits", "exact", "ru"])
async def test_however_the_portal_compares(compared: str) -> None:
    """Every spelling of a phone is asked within the shared call."""
    async with worlds.world(findbycomm=compared) as world:
        await world.here.directory()
        made = [
            world.add(3, name="Анна", fm=comms("89160000001"), assignedById=seed.IVANOV),
            world.add(3, name="Пётр", fm=comms("79160000002")),
        ]
        assert await found(world, phone(1), phone(2)) == [[f"contact:{number}"] for number in made]
