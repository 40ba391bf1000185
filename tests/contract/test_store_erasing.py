"""What every store promises of forgetting a person (R15)."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from robots import forgetting, intents, model
from tests.contract import stores
from tests.contract.stores import ACME, NOW, OTHER, S, card, contact, deal, dirty, end, looked, thing, wish

KEY = b"k" * 32
PHONE, EMAIL = "+79161234567", "maria@mail.ru"
LEAD = model.CardRef(model.CardKind.LEAD, 5)
TELLING = "Мария Канарейкина, 8 (916) 123-45-67, maria@mail.ru"


@pytest.fixture(params=stores.KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world.store


def comm(text: str) -> str:
    return forgetting.comm_hash(text, KEY)


def maria(number: int = 7, *comms: str) -> ports.CopiedClient:
    client = model.Client(contact(number), "Мария", "Канарейкина", phones=(PHONE,), emails=(EMAIL,))
    return ports.CopiedClient(client, tuple(map(comm, comms or (PHONE, EMAIL))))


def pavel(number: int = 8, *comms: str) -> ports.CopiedClient:
    return ports.CopiedClient(model.Client(contact(number), "Павел", "Мариин"), tuple(map(comm, comms)))


def marks() -> set[str]:
    names = forgetting.name_marks(["Мария", "Канарейкина"], {"канарейкина"}, KEY)
    return {"contact:7", f"c:{comm(PHONE)}", f"c:{comm(EMAIL)}", *names}


def telling(number: int, **changes: Any) -> ports.Looked:
    """A look that says who she is, wherever a look can say anything."""
    known = card(number, title=TELLING, contacts=(7,), fields={"UF_TEXT": TELLING, "UF_LIST": (TELLING, 3)})
    task = intents.SetTask(TELLING, TELLING, None, model.UserId(1), None, checklist=(TELLING,))
    wished = wish(f"task{number}", number, act=task, because=TELLING)
    trace = (ports.TraceLine(wished.robot, "wished", TELLING, wish=wished.key),)
    memory = ports.Memory(card=known, comms="digest")
    return looked(number, wished, memory=memory, trace=trace, **changes)


async def everything(store: Any, number: int) -> str:
    """Whatever can be read back of a deal."""
    memory = (await store.mirror.memories(ACME, [deal(number)]))[deal(number)]
    story = await store.journal.story(ACME, deal(number))
    rows = await store.ledger.rows(ACME)
    parked = await store.inbox.parked(ACME)
    note = await store.notebook.read(ACME, "config")
    clients = await store.mirror.clients(ACME, [contact(7), contact(8)])
    return repr((memory, story, rows, parked, note, clients))


async def fill(store: Any) -> None:
    await store.mirror.copy_clients(ACME, [maria(), pavel()])
    await store.mirror.record(ACME, [telling(1)])
    await store.ledger.sending(ACME, [wish("task1").key], NOW)
    await store.ledger.end(ACME, [end("task1", S.DONE, note=TELLING)])
    await store.inbox.mark(ACME, [thing(9)])
    await store.inbox.park(ACME, dirty(9), NOW, TELLING)
    await store.notebook.write(ACME, "config", {"texts": {"a.yaml": TELLING}})


async def erase(store: Any) -> dict[str, int]:
    await store.erasure.forget(ACME, marks(), KEY, NOW)
    return dict(await store.erasure.erase(ACME, await store.erasure.marks(ACME, KEY)))


TRACES = {"clients": 1, "comms": 2, "cards": 1, "ledger": 1, "looks": 1, "parked": 1, "notes": 1}


async def test_nobody_is_erased_at_first(store: Any) -> None:
    """An empty list scrubs nothing."""
    await fill(store)
    assert not await store.erasure.marks(ACME, KEY)
    assert TELLING in await everything(store, 1)


async def test_the_traces_of_a_person_are_counted_before_they_are_erased(store: Any) -> None:
    """Counting changes nothing, and erasing changes as much as was counted."""
    await fill(store)
    sought = forgetting.marks(marks(), KEY)
    assert dict(await store.erasure.traces(ACME, sought)) == TRACES
    assert TELLING in await everything(store, 1)
    assert await erase(store) == TRACES
    assert dict(await store.erasure.traces(ACME, sought)) == {}


async def test_nothing_of_an_erased_person_can_be_read_back(store: Any) -> None:
    """Card, story, wishes, parked things, notes, clients; another client stays."""
    await fill(store)
    await erase(store)
    left = await everything(store, 1)
    assert [part for part in ("Мария", "Канарейкина", "123-45-67", EMAIL) if part in left] == []
    assert "Павел" in left
    assert await store.mirror.clients_by_comms(ACME, [comm(PHONE), comm(EMAIL)]) == {}


async def test_the_card_of_an_erased_person_goes_on_by_ids(store: Any) -> None:
    """Texts say «клиент», what was a number stays, the link to the client too, and the wish keeps its life."""
    await fill(store)
    await erase(store)
    memory = (await store.mirror.memories(ACME, [deal(1)]))[deal(1)]
    said = "клиент, клиент, клиент"
    assert memory.card == card(1, title=said, contacts=(7,), fields={"UF_TEXT": said, "UF_LIST": (said, 3)})
    assert memory.comms == ""
    (row,) = await store.ledger.rows(ACME)
    assert (row.wish.act.title, row.wish.act.checklist, row.state, row.note) == (said, (said,), S.DONE, said)
    assert await store.mirror.cards_of(ACME, contact(7)) == [deal(1)]


async def test_a_look_that_was_in_the_air_brings_nothing_back(store: Any) -> None:
    """The list is asked by every write: looks, copied cards, copied clients."""
    await erase(store)
    await store.mirror.record(ACME, [telling(1)])
    await store.mirror.copy_cards(ACME, [ports.CopiedCard(card(2, title=TELLING))])
    await store.mirror.copy_clients(ACME, [maria(), maria(70), pavel()])
    left = await everything(store, 1) + await everything(store, 2)
    assert [part for part in ("Мария", "Канарейкина", "123-45-67", EMAIL) if part in left] == []
    assert await store.mirror.clients(ACME, [contact(7), contact(70)]) == {}
    assert dict(await store.erasure.traces(ACME, await store.erasure.marks(ACME, KEY))) == {}


async def test_words_of_the_portal_that_come_late_bring_nothing_back(store: Any) -> None:
    """A refusal or a reason quotes what was written: in a wish's end, in a parked card."""
    await fill(store)
    await store.mirror.record(ACME, [looked(3, wish("late", 3))])
    await erase(store)
    await store.ledger.sending(ACME, [wish("late", 3).key], NOW)
    await store.ledger.end(ACME, [end("late", S.REFUSED, note=f"неверно: {TELLING}")])
    await store.inbox.park(ACME, dirty(9), NOW, f"не читается: {TELLING}")
    assert {row.note for row in await store.ledger.rows(ACME, states=[S.REFUSED])} == {
        "неверно: клиент, клиент, клиент"
    }
    assert [one.why for one in await store.inbox.parked(ACME)] == ["не читается: клиент, клиент, клиент"]
    assert dict(await store.erasure.traces(ACME, await store.erasure.marks(ACME, KEY))) == {}


async def test_a_lead_of_the_person_keeps_nothing_personal(store: Any) -> None:
    """Leads hold phones and names of their own; known by either, they keep their stage and their numbers."""
    fields = {"name": "Мария", "phone": ("8 916 123 45 67",), "addressCity": "Тула", "opportunity": 5}
    lead = dataclasses.replace(card(5, title="Заявка", fields=fields), ref=LEAD)
    await store.mirror.copy_cards(ACME, [ports.CopiedCard(lead)])
    (found,) = await store.erasure.known(ACME, KEY, [], [comm(PHONE)])
    assert found == ports.Known("lead:5", ("Мария",), frozenset({comm(PHONE)}), 0, ("lead:5",))
    await store.erasure.forget(ACME, {found.ref, f"c:{comm(PHONE)}"}, KEY, NOW)
    await store.erasure.erase(ACME, await store.erasure.marks(ACME, KEY))
    kept = (await store.mirror.memories(ACME, [LEAD]))[LEAD].card
    hidden = {"name": "клиент", "phone": ("клиент",), "addressCity": "клиент", "opportunity": 5}
    assert kept == dataclasses.replace(lead, title="клиент", fields=hidden)


async def test_a_person_is_known_by_phone_and_by_id(store: Any) -> None:
    """With the cards that are bound to them; a phone that others share isn't theirs alone."""
    await store.mirror.copy_clients(ACME, [maria(), pavel(8, PHONE)])
    await store.mirror.record(ACME, [telling(1)])
    she = ports.Known("contact:7", ("Мария", "Канарейкина"), frozenset({comm(EMAIL)}), 1, ("deal:1",))
    he = ports.Known("contact:8", ("Павел", "Мариин"), frozenset(), 1, ())
    assert await store.erasure.known(ACME, KEY, ["contact:7"], []) == (she,)
    assert await store.erasure.known(ACME, KEY, [], [comm(PHONE)]) == (she, he)
    assert await store.erasure.known(ACME, KEY, ["contact:99"], ["nobody"]) == ()
    assert await store.erasure.known(OTHER, KEY, ["contact:7"], [comm(PHONE)]) == ()


async def test_a_word_that_names_others_is_told(store: Any) -> None:
    """«Мария» alone would take half of the clients along."""
    lead = dataclasses.replace(card(5, fields={"lastName": "Фёдорова"}), ref=LEAD)
    other = ports.CopiedClient(model.Client(contact(9), "Мария", "Иванова"), ())
    await store.mirror.copy_clients(ACME, [maria(), other])
    await store.mirror.copy_cards(ACME, [ports.CopiedCard(lead)])
    asked = ["мария", "канарейкина", "федорова"]
    assert await store.erasure.alone(ACME, asked, ["contact:7"]) == {"канарейкина"}
    assert await store.erasure.alone(ACME, asked, ["contact:7", "contact:9", "lead:5"]) == set(asked)


async def test_another_portal_is_another_matter(store: Any) -> None:
    """The list is a portal's own."""
    await store.mirror.copy_clients(OTHER, [maria()])
    await erase(store)
    assert not await store.erasure.marks(OTHER, KEY)
    assert list(await store.mirror.clients(OTHER, [contact(7)])) == [contact(7)]


async def test_many_rows_are_gone_over_page_by_page(store: Any) -> None:
    """More than a page of each room: none is passed over."""
    await store.mirror.record(ACME, [telling(number) for number in range(1, 1203)])
    erased = await erase(store)
    assert (erased["cards"], erased["ledger"], erased["looks"]) == (1202, 1202, 1202)
