"""An employee is dismissed, and what hung on him is given over (users.md F10): with a real store and a portal in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from connector.loops import desk as desks
from connector.loops import errands, leaving
from robots import intents, model
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, World
from tests.robots import builders

LEAVER = builders.SIDOROVA


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with worlds.opened(tmp_path) as made:
        await made.worker.begin()
        yield made


def loop(world: World) -> leaving.Leaving:
    """As a new life of the daemon has it: it remembers nothing."""
    return leaving.Leaving(world.worker.desk, world.store.hands)


def dismissed(world: World, who: model.UserId, *, active: bool = False) -> None:
    shelf = world.worker.desk.shelf
    book = shelf.book
    users = dict(book.directory.users)
    users[who] = replace(users[who], active=active)
    shelf.book = desks.Book(book.rules, replace(book.directory, users=users), book.activations)


async def told(world: World) -> list[str]:
    """First lines, in the order of wishing."""
    rows = await world.store.ledger.rows(PORTAL)
    return [row.wish.act.text.splitlines()[0] for row in rows if isinstance(row.wish.act, intents.Notify)]


async def test_a_dismissal_is_told_once_and_the_earlier_ones_never(world: World) -> None:
    """Whoever was gone on day one is nobody's news; a restart tells nothing again."""
    world.deal(1, responsible=LEAVER)
    world.deal(2, responsible=builders.IVANOV)
    await world.ring(*world.portal.cards)
    await world.look()
    dismissed(world, builders.IVANOV)
    await loop(world).step()
    assert await told(world) == []

    dismissed(world, LEAVER)
    for _ in range(2):
        await loop(world).step()
    assert await told(world) == ["Сидорова Ольга: сотрудник уволен, роботы его теперь пропускают."]


async def test_what_was_counted_is_what_is_given(world: World) -> None:
    """A card came to her while the admin was reading: nothing is done, the count is asked for anew."""
    for number in (1, 2, 3):
        world.deal(number, responsible=LEAVER)
    world.deal(4, responsible=builders.PETROVA)
    await world.ring(*world.portal.cards)
    await world.look()
    asked = {"who": "ольга сидорова", "to": ["Иванов Пётр", "Петрова Анна"], "by": "Админ"}
    found = await loop(world).plan(asked)
    assert (found["cards"], found["to"]) == (3, "Иванов Пётр 2, Петрова Анна 1")
    with pytest.raises(errands.Refused, match="стало 3 вместо 2"):
        await loop(world).start({**asked, "expected": 2})
    assert await world.ledger() == []

    await loop(world).start({**asked, "expected": 3})
    rows = await world.store.ledger.rows(PORTAL)
    given = [
        (str(row.wish.card), row.wish.act.values, row.wish.because)
        for row in rows
        if isinstance(row.wish.act, intents.SetFields)
    ]
    ivanov, petrova = {"assignedById": builders.IVANOV}, {"assignedById": builders.PETROVA}
    assert sorted(given, key=lambda one: one[0]) == [
        ("deal:1", ivanov, "вместо Сидорова Ольга теперь Иванов Пётр, решил Админ"),
        ("deal:2", petrova, "вместо Сидорова Ольга теперь Петрова Анна, решил Админ"),
        ("deal:3", ivanov, "вместо Сидорова Ольга теперь Иванов Пётр, решил Админ"),
    ]


@pytest.mark.parametrize(
    ("who", "to", "said"),
    [
        ("Никто", [], "Подходит: никого"),
        ("Сидорова Ольга", ["Сидорова Ольга"], "это тот же человек"),
        ("Сидорова Ольга", ["Иванов Пётр"], "сотрудник уволен"),
    ],
)
async def test_nobody_gets_what_he_cant_have(world: World, who: str, to: list[str], said: str) -> None:
    """An unknown name, the leaver himself, another one who has left."""
    dismissed(world, builders.IVANOV)
    with pytest.raises(errands.Refused, match=said):
        await loop(world).plan({"who": who, "to": to})
