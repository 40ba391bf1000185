"""What every store promises of letting go of old words: stories go, keys stay (users.md: `keep_story`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector.store import codec, retention
from robots import intents, model
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER, S, at, deal, end, looked, wish

DAY = 86_400.0
TELLING = "Мария, 8 (916) 123-45-67"
BEFORE = at(100 * DAY)


@pytest.fixture(params=stores.KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world.store


def told(key: str, act: intents.Act | None = None, number: int = 1) -> intents.Wish:
    return wish(key, number, act=act or intents.LogEntry(TELLING, TELLING), because=TELLING)


def task() -> intents.SetTask:
    return intents.SetTask(TELLING, TELLING, None, model.UserId(1), None, checklist=(TELLING,))


async def ended(store: Any, one: intents.Wish, days: float, state: intents.WishState = S.DONE) -> None:
    """Wished at the beginning, ended after so many days."""
    await store.mirror.record(ACME, [looked(one.card.id, one)])
    await store.ledger.sending(ACME, [one.key], at(1))
    await store.ledger.end(ACME, [end(one.key, state, days * DAY, made=5501, note=TELLING)])


async def clear(store: Any, portal: model.PortalId = ACME, limit: int = 2) -> tuple[int, int]:
    """As the loop does it, in the smallest steps: (looks, wishes)."""
    found = []
    for each in (store.retention.drop_looks, store.retention.empty_wishes):
        rows, upto, over = 0, 0, False
        while not over:
            done = await each(portal, BEFORE, upto, limit)
            rows, upto, over = rows + done.rows, done.upto, done.over
        found.append(rows)
    return found[0], found[1]


async def words_of(store: Any) -> dict[str, bool]:
    """Key -> whether somebody's words are still in the row."""
    rows = await store.ledger.rows(ACME)
    return {row.wish.key: TELLING in f"{row.wish} {row.note}" for row in rows}


async def test_old_looks_go_whole(store: Any) -> None:
    """Looks older than the term are dropped, the others stand, whatever the order of steps."""
    for day in (0, 50, 99, 101, 150):
        await store.mirror.record(ACME, [looked(1, look_id=f"day{day}", at=at(day * DAY))])
    await store.mirror.record(OTHER, [looked(1, look_id="theirs")])

    assert (await clear(store))[0] == 3
    left = [one.look_id for one in await store.journal.story(ACME, deal(1))]
    theirs = [one.look_id for one in await store.journal.story(OTHER, deal(1))]

    assert (left, theirs) == (["day101", "day150"], ["theirs"])


async def test_keys_outlive_the_words(store: Any) -> None:
    """«Once per card» means for ever: after the words are gone the same wish is still not wished a second time."""
    await ended(store, told("old"), 1)

    assert (await clear(store))[1] == 1
    await store.mirror.record(ACME, [looked(1, told("old"))])
    rows = await store.ledger.rows(ACME)

    assert [(row.wish.key, row.state, row.made) for row in rows] == [("old", S.DONE, 5501)]
    assert await words_of(store) == {"old": False}


async def test_what_may_still_be_needed_keeps_its_words(store: Any) -> None:
    """Unsent and unknown wishes, young ends, and tasks that nobody has closed: an obligation reads them."""
    await store.mirror.record(ACME, [looked(1, told("unsent"))])
    await ended(store, told("unknown", number=2), 1, S.UNKNOWN)
    await ended(store, told("young", number=3), 101)
    await ended(store, told("open_task", task(), 4), 1)
    await ended(store, told("refused_task", task(), 5), 1, S.REFUSED)
    await ended(store, told("closed_task", task(), 6), 1)
    close = intents.CloseTask(intents.WishKey("closed_task"), model.TaskId(5501))
    await ended(store, told("close", close, 6), 2)

    await clear(store)

    assert await words_of(store) == {
        "unsent": True,
        "unknown": True,
        "young": True,
        "open_task": True,
        "refused_task": False,
        "closed_task": False,
        "close": False,
    }


async def test_a_second_clearing_finds_nothing(store: Any) -> None:
    """What is cleared costs nothing the next day, and another portal's rows are its own."""
    await ended(store, told("old"), 1)

    assert await clear(store, OTHER) == (0, 0)
    assert await clear(store) == (1, 1)
    assert await clear(store) == (0, 0)


def test_every_act_can_be_forgotten_and_read_back() -> None:
    """No act's bare form is one that the store can't read."""
    name, number = model.FieldCode("name"), model.FieldCode("UF_CRM_1")
    said: model.Value = TELLING
    acts: list[intents.Act] = [
        intents.SetFields({name: said, number: 3}, {name: said}),
        task(),
        intents.Notify(model.UserId(1), TELLING, "t"),
        intents.Comment(TELLING),
        intents.Say("chat58", TELLING),
        intents.SendFile(model.UserId(1), TELLING, "t", (intents.Table("t", ("a",), ((TELLING,),)),)),
        intents.SendSms("+79160000001", TELLING, "https://sms", {"text": TELLING}),
        intents.CallUrl("https://erp", {"about": TELLING}),
        intents.MakeDocument(1, "Счёт", {"Memo": TELLING}),
        intents.ConvertLead(model.StageId("CONVERTED"), contact={name: said}, phones=(TELLING,)),
        intents.Remember(TELLING),
    ]
    for act in acts:
        bare = retention.forgotten(wish("k", act=act, because=TELLING))
        assert codec.load(intents.Wish, codec.dump(bare)) == bare
        assert TELLING not in str(bare), type(act).__name__
    assert NOW < BEFORE
