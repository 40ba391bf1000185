"""A document by a template: made once, found by the mark among its values, its file put to a letter when it is ready."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from connector import errors, ports
from robots import intents, model
from sandbox.bitrix24 import seed
from tests.contract import bitrix24_world as worlds

BILL = intents.MakeDocument(1, "Счёт (Россия)", {"Memo": "окна"})
MARIA = model.ClientRef(model.ClientKind.CONTACT, 1)


def letter(form: str) -> intents.SendLetter:
    return intents.SendLetter(
        "maria@mail.ru", MARIA, "Счёт", "Здравствуйте", "", model.UserId(seed.IVANOV), form
    )


def documents(world: worlds.World) -> list[Any]:
    return list(world.there.documents.rows.values())


@pytest.mark.parametrize("others", [0, 49, 50, 51, 120])
async def test_a_document_is_found_by_its_mark(others: int) -> None:
    """However many were made of the card since; another wish of the same words is another document."""
    async with worlds.world() as world:
        ref = worlds.ref(world.add(title="a"))
        row = worlds.row(BILL, ref)
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        there = world.there.documents
        for number in range(others):
            there.add(seed.IVANOV, there.templates[1], (2, ref.id), {"stampsEnabled": False, "n": number})
        assert await world.here.find(row) == done == ports.Done(made=1)
        assert await world.here.perform(worlds.row(BILL, ref, tries=1)) == done
        assert await world.here.find(worlds.row(BILL, ref, key="another")) is None
        await world.here.perform(worlds.row(BILL, ref, key="another", tries=1))
        assert len(documents(world)) == others + 2
        assert (documents(world)[0].owner, documents(world)[0].values["Memo"]) == ((2, ref.id), "окна")


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("limit", "исчерпано число документов по тарифу"),
        ("template", "Шаблон не найден"),
        ("right", "нельзя создавать"),
    ],
)
async def test_a_refusal_says_what_to_do(trouble: str, said: str) -> None:
    """Tariff, a template that was deleted, a right that is lacking."""
    async with worlds.world() as world:
        ref = worlds.ref(world.add(title="a"))
        if trouble == "limit":
            world.there.documents.limit = 0
        elif trouble == "template":
            world.there.documents.templates.clear()
        else:
            world.there.users[seed.ROBOT].admin = False
            world.there.crm.update(2, ref.id, {"opened": "N", "assignedById": seed.IVANOV}, seed.DIRECTOR)
        with pytest.raises(errors.Rejected, match=said):
            await world.here.perform(worlds.row(BILL, ref))


@pytest.mark.parametrize("form", ["pdf", "docx"])
async def test_its_file_goes_with_the_letter(form: str) -> None:
    """The document that the wish before made; its own bytes under its own name."""
    async with worlds.world() as world:
        ref = worlds.ref(world.add(title="a"))
        made = await world.here.perform(worlds.row(BILL, ref))
        await world.here.perform(worlds.row(letter(form), ref, key="letter", before=made.made))
        (mail,) = world.there.timeline.activities.mails
        ((name, body),) = mail["files"]
        assert name == f"Счёт (Россия) 1.{form}"
        assert base64.b64decode(body) == documents(world)[0].file(form)


async def test_a_pdf_that_isn_t_ready_is_waited_for() -> None:
    """Nothing is sent without it; a DOCX is there at once."""
    async with worlds.world(document_pdf_later=600.0) as world:
        ref = worlds.ref(world.add(title="a"))
        made = await world.here.perform(worlds.row(BILL, ref))
        row = worlds.row(letter("pdf"), ref, key="letter", before=made.made)
        with pytest.raises(errors.Retryable, match="готовится"):
            await world.here.perform(row)
        assert world.there.timeline.activities.mails == []
        world.there.clock.advance(601)
        await world.here.perform(row)
        ((name, _),) = world.there.timeline.activities.mails[0]["files"]
        assert name.endswith(".pdf")


async def test_what_can_t_be_converted_goes_as_it_was_written() -> None:
    """A client waits for the bill, not for the converter."""
    async with worlds.world() as world:
        world.there.documents.convertible = False
        ref = worlds.ref(world.add(title="a"))
        made = await world.here.perform(worlds.row(BILL, ref))
        await world.here.perform(worlds.row(letter("pdf"), ref, key="letter", before=made.made))
        ((name, _),) = world.there.timeline.activities.mails[0]["files"]
        assert name == "Счёт (Россия) 1.docx"


async def test_the_directory_knows_templates_and_what_they_are_for() -> None:
    """Page after page; a portal that doesn't show them isn't a portal without them."""
    async with worlds.world() as world:
        names = {one.id: (one.name, one.bindings) for one in (await world.here.directory()).templates or ()}
        assert names[1] == ("Счёт (Россия)", ("2", "31"))
        for number in range(60):
            world.there.documents.template(f"Акт {number}", "2")
        assert len((await world.here.directory()).templates or ()) == len(names) + 60
        world.there.documents.shown = False
        assert (await world.here.directory()).templates is None
