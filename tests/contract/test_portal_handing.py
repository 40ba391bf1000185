"""A report as a file in its reader's chat: once, found by the end of its text, and as a text where no file is taken."""

from __future__ import annotations

import base64
import io

import pytest

from connector import errors, ports
from robots import intents, model
from sandbox.bitrix24 import notices, seed
from tests.connector.cli.test_workbook import Book
from tests.contract import bitrix24_world as worlds

PLAN = intents.Table("План", ("карточка", "сумма"), (("=1+1", "1240000.50"), ("две", "")), (1,))
FILE = intents.SendFile(model.UserId(seed.IVANOV), "План дня\nСегодня 1", "План дня: 02/03", (PLAN, PLAN))
NOBODY = worlds.ref(0)


def messages(world: worlds.World) -> list[notices.Message]:
    return [one for chat in world.there.notices.chats.values() for one in chat.messages]


async def test_the_book_comes_with_its_text_and_is_found_again() -> None:
    """The same whoever asks; the same words of another day's wish are another message."""
    async with worlds.world() as world:
        row = worlds.row(FILE, NOBODY)
        assert await world.here.find(row) is None
        done = await world.here.perform(row)
        assert await world.here.find(row) == done
        assert await world.here.perform(worlds.row(FILE, NOBODY, tries=1)) == done
        (one,) = messages(world)
        assert (one.id, one.author_id) == (done.made, seed.ROBOT)
        assert one.text.startswith(f"{FILE.text} · Воронка ")
        assert await world.here.find(worlds.row(FILE, NOBODY, key="another")) is None
        await world.here.perform(worlds.row(FILE, NOBODY, key="another", tries=1))
        assert len(messages(world)) == 2


async def test_what_the_book_holds() -> None:
    """The message's lines, then a sheet to a table; numbers are numbers, nothing is a formula."""
    async with worlds.world() as world:
        await world.here.perform(worlds.row(FILE, NOBODY))
        (one,) = messages(world)
        assert one.file is not None
        name, content = one.file
        book = Book(io.BytesIO(base64.b64decode(content)))
        assert name == "План дня 02 03.xlsx"
        assert book.names == ["Отчёт", "План", "План (2)"]
        assert book.lines(1) == [["План дня"], ["Сегодня 1"]]
        head, first, second = book.lines(2)
        assert (head, first[0], first[1][0], second) == (
            ["карточка", "сумма"],
            "=1+1",
            1240000.5,
            ["две", ""],
        )


async def test_a_portal_that_takes_no_file_is_given_the_text() -> None:
    """An older box; once for its tag, however often it is said again."""
    async with worlds.world() as world:
        world.there.notices.takes_files = False
        for tries in (0, 1):
            done = await world.here.perform(worlds.row(FILE, NOBODY, tries=tries))
            assert done.note.startswith("ушло текстом, без файла")
        assert [(one.user_id, one.text) for one in world.there.notices.notices.values()] == [
            (seed.IVANOV, FILE.text)
        ]
        assert messages(world) == []


async def test_without_the_scope_nothing_goes_and_it_is_named() -> None:
    """Neither a file nor a text: the wish waits until somebody ticks it."""
    async with worlds.world() as world:
        hook = world.there.webhooks[seed.ROBOT_SECRET]
        hook.scopes = hook.scopes - {"im"}
        with pytest.raises(errors.NoScope, match="im"):
            await world.here.perform(worlds.row(FILE, NOBODY))
        assert (messages(world), dict(world.there.notices.notices)) == ([], {})


async def test_done_says_which_message() -> None:
    """For the story, and for whoever looks it up."""
    async with worlds.world() as world:
        assert await world.here.perform(worlds.row(FILE, NOBODY)) == ports.Done(made=1)
