"""What every store promises of its mirror, journal and notebook."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from robots import intents, model
from tests.contract import stores
from tests.contract.stores import (
    ACME,
    NOW,
    OTHER,
    S,
    at,
    card,
    contact,
    deal,
    dirty,
    looked,
    thing,
    visit,
    wish,
)


@pytest.fixture(params=stores.KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world.store


async def memory(store: Any, number: int = 1) -> ports.Memory:
    found = await store.mirror.memories(ACME, [deal(number)])
    return found[deal(number)]


async def test_a_card_never_seen_has_an_empty_memory(store: Any) -> None:
    """Every ref is answered."""
    assert await store.mirror.memories(ACME, [deal(1), deal(2)]) == {
        deal(1): ports.Memory(),
        deal(2): ports.Memory(),
    }


async def test_what_a_look_recorded_is_remembered_whole(store: Any) -> None:
    """Card, stays, counters: all comes back as it was, and the next look replaces it."""
    first = ports.Memory(
        card=card(
            1, fields={"opportunity": model.Money(Decimal("10.50"), "RUB"), "UF_LIST": (1, 2)}, contacts=(7,)
        ),
        visit=visit(12, "C1:OFFER"),
        accepted=visit(11),
        refused=model.VisitId("h12"),
        changes={"title": 2, "@comms": 1},
        comms="ab12",
        unseen_rows=3,
        torn=1,
    )
    await store.mirror.record(ACME, [looked(1, memory=first)])
    assert await memory(store) == first
    second = dataclasses.replace(first, torn=0, refused=None, card=card(1, title="Другой"))
    await store.mirror.record(ACME, [looked(1, memory=second)])
    assert await memory(store) == second
    assert (await store.mirror.memories(OTHER, [deal(1)]))[deal(1)] == ports.Memory()


async def test_memory_names_what_was_wished_before(store: Any) -> None:
    """`past` is the card's ledger rows, oldest first, with their ends; what a Memory says of it is ignored."""
    await store.mirror.record(ACME, [looked(1, wish("a"), wish("b"))])
    await store.ledger.sending(ACME, ["a"], at(1))
    await store.ledger.end(ACME, [stores.end("a", S.DONE, 2, made=77, note="ок")])
    known = await memory(store)
    assert known.past == (
        intents.Past(wish("a"), S.DONE, NOW, at(2), 77, "ок"),
        intents.Past(wish("b"), S.WISHED, NOW),
    )
    await store.mirror.record(ACME, [looked(1, memory=known)])
    assert (await memory(store)).past == known.past


async def test_the_same_cause_is_wished_once(store: Any) -> None:
    """Keys that are there already aren't new, in the same look, the next one, or another card's."""
    assert await store.mirror.record(ACME, [looked(1, wish("a"), wish("b"), wish("a"))]) == ["a", "b"]
    assert await store.mirror.record(ACME, [looked(1, wish("b"), wish("c")), looked(2, wish("d", 2))]) == [
        "c",
        "d",
    ]
    assert stores.keys(await store.ledger.rows(ACME)) == ["a", "b", "c", "d"]
    assert await store.mirror.record(OTHER, [looked(1, wish("a"))]) == ["a"]


async def test_a_dry_run_is_recorded_and_over(store: Any) -> None:
    """The robot only watches: its wish is in the story and never ready."""
    await store.mirror.record(ACME, [looked(1, wish("a", dry_run=True))])
    (row,) = await store.ledger.rows(ACME)
    assert (row.state, row.done_at, list(await store.ledger.ready(ACME, NOW, 9, ()))) == (S.DRY_RUN, NOW, [])


async def test_recording_clears_the_dirt_it_looked_at(store: Any) -> None:
    """But not what was marked while it looked."""
    await store.inbox.mark(ACME, [thing(1), thing(2)])
    taken = await store.inbox.take(ACME, NOW, 9, ())
    await store.inbox.mark(ACME, [thing(2)])
    await store.mirror.record(ACME, [looked(row.thing.id, dirty=row) for row in taken])
    assert [row.thing.id for row in await store.inbox.take(ACME, NOW, 9, ())] == [2]


async def test_an_unfinished_look_is_due_again(store: Any) -> None:
    """Torn facts: the card stays dirty, until a moment; its memory is kept, nothing counts as a failure."""
    await store.inbox.mark(ACME, [thing(1)])
    await store.mirror.record(
        ACME, [looked(1, due_again=at(2), memory=ports.Memory(torn=1)), looked(2, due_again=at(2))]
    )
    assert list(await store.inbox.take(ACME, at(1.9), 9, ())) == []
    assert {row.thing.id: row.tries for row in await store.inbox.take(ACME, at(2), 9, ())} == {1: 0, 2: 0}
    assert ((await memory(store)).torn, list(await store.inbox.parked(ACME))) == (1, [])


async def test_moments_come_due(store: Any) -> None:
    """A wait is a stored moment: when it has come the card is dirty, once, in its own lane."""
    await store.mirror.record(ACME, [looked(1, wake_at=at(60)), looked(2, wake_at=at(30)), looked(3)])
    assert await store.mirror.next_wake(ACME) == at(30)
    assert await store.mirror.due(ACME, at(29), 50) == 0
    assert await store.mirror.due(ACME, at(90), 1) == 1
    assert await store.mirror.next_wake(ACME) == at(60)
    assert (await store.mirror.due(ACME, at(90), 50), await store.mirror.due(ACME, at(90), 50)) == (1, 0)
    assert await store.mirror.next_wake(ACME) is None
    await store.inbox.wait(ACME, 60)
    found = [(row.thing, row.lane) for row in await store.inbox.take(ACME, at(90), 9, ())]
    assert found == [(thing(2), ports.Lane.MOMENT), (thing(1), ports.Lane.MOMENT)]


async def test_the_sweep_skips_what_was_looked_at_just_so(store: Any) -> None:
    """Stage and moment must both agree; a card only copied was never looked at, so it isn't known; neither is one
    looked at within the very second of its change, which may have brought a second change."""
    await store.mirror.record(ACME, [dataclasses.replace(looked(n), at=at(1)) for n in (1, 2, 3)])
    await store.mirror.record(ACME, [looked(6)])
    await store.mirror.copy_cards(ACME, [ports.CopiedCard(card(4))])
    new = model.StageId("C1:NEW")
    seen = {
        deal(1): (new, NOW),
        deal(2): (new, at(1)),
        deal(3): (model.StageId("C1:OFFER"), NOW),
        deal(4): (new, NOW),
        deal(5): (new, NOW),
        deal(6): (new, NOW),
    }
    assert await store.mirror.known(ACME, seen) == {deal(1)}


async def test_history_rows_are_known_once_recorded(store: Any) -> None:
    """Stays are only ever added, by kind of card; a stay without a row is nobody's row."""
    unseen = dataclasses.replace(visit(1), id=model.VisitId("s1"), row=None)
    first = looked(1, arrived=(visit(5), unseen), memory=ports.Memory(card=card(1), visit=visit(6)))
    await store.mirror.record(ACME, [first])
    await store.mirror.record(ACME, [looked(1, memory=ports.Memory(card=card(1), visit=visit(7)))])
    assert await store.mirror.rows_known(ACME, model.CardKind.DEAL, [5, 6, 7, 8]) == {5, 6, 7}
    assert await store.mirror.rows_known(ACME, model.CardKind.LEAD, [5]) == set()


async def test_a_clients_open_cards_are_found_by_links(store: Any) -> None:
    """Links follow each look; closed and deleted cards aren't anybody's any more."""
    linked = card(1, contacts=(7, 8), company=3)
    await store.mirror.record(ACME, [looked(1, memory=ports.Memory(card=linked))])
    await store.mirror.record(
        ACME, [looked(2, memory=ports.Memory(card=card(2, contacts=(7,)), deleted=True))]
    )
    lost = card(3, contacts=(7,), semantic=model.Semantic.LOST)
    await store.mirror.copy_cards(ACME, [ports.CopiedCard(lost), ports.CopiedCard(card(4), (contact(7),))])
    assert await store.mirror.cards_of(ACME, contact(7)) == [deal(1), deal(4)]
    assert await store.mirror.cards_of(ACME, stores.company(3)) == [deal(1)]
    moved = looked(1, memory=ports.Memory(card=card(1, contacts=(8,))), clients=(contact(9),))
    await store.mirror.record(ACME, [moved])
    assert await store.mirror.cards_of(ACME, contact(7)) == [deal(4)]
    assert [await store.mirror.cards_of(ACME, contact(n)) for n in (8, 9)] == [[deal(1)], [deal(1)]]


async def test_a_copy_never_overwrites_a_look(store: Any) -> None:
    """The backfill comes late; an older copy gives way to a newer one."""
    await store.mirror.record(ACME, [looked(1, memory=ports.Memory(card=card(1, title="живая"), torn=1))])
    late = [ports.CopiedCard(card(1, title="копия"), (contact(1),)), ports.CopiedCard(card(2, title="копия"))]
    await store.mirror.copy_cards(ACME, late)
    await store.mirror.copy_cards(ACME, [ports.CopiedCard(card(2, title="новая копия"))])
    assert await memory(store, 1) == ports.Memory(card=card(1, title="живая"), torn=1)
    assert await memory(store, 2) == ports.Memory(card=card(2, title="новая копия"))
    assert await store.mirror.cards_of(ACME, contact(1)) == []


async def test_clients_are_found_by_their_comms(store: Any) -> None:
    """The index holds hashes, whose they are and how many share them; a client copied again has only its new ones."""
    anna = model.Client(contact(1), "Анна", phones=("+79161234567",), emails=("a@b.ru",))
    firm = model.Client(stores.company(1), "ООО")
    await store.mirror.copy_clients(
        ACME, [ports.CopiedClient(anna, ("h1", "h2", "h1")), ports.CopiedClient(firm, ("h2",))]
    )
    assert await store.mirror.clients_by_comms(ACME, ["h1", "h2", "h3"]) == {
        "h1": [contact(1)],
        "h2": [stores.company(1), contact(1)],
    }
    assert await store.mirror.comm_counts(ACME, ["h1", "h2", "h3"]) == {"h1": 1, "h2": 2}
    await store.mirror.copy_clients(ACME, [ports.CopiedClient(anna, ("h3",))])
    assert await store.mirror.clients_by_comms(ACME, ["h1", "h3"]) == {"h3": [contact(1)]}
    assert await store.mirror.clients(ACME, [contact(1), contact(2)]) == {
        contact(1): model.Client(contact(1), "Анна")
    }
    assert await store.mirror.clients_by_comms(OTHER, ["h3"]) == {}


async def test_a_deleted_card_is_a_tombstone(store: Any) -> None:
    """What wasn't sent never will be but for obligations; what was sent is settled; keys stay taken if it is restored."""
    await store.inbox.mark(ACME, [thing(1)])
    asked = looked(1, wish("sent"), wish("held"), wish("wished"), wish("owed", digest=""), wake_at=at(60))
    await store.mirror.record(ACME, [asked])
    await store.ledger.sending(ACME, ["sent"], at(1))
    await store.ledger.end(ACME, [stores.end("held", S.HELD)])
    (taken,) = await store.inbox.take(ACME, NOW, 9, ())
    await store.mirror.tombstone(ACME, taken, deal(1), at(20))
    states = {row.wish.key: (row.state, row.deleted, row.done_at) for row in await store.ledger.rows(ACME)}
    assert states == {
        "sent": (S.SENT, True, None),
        "held": (S.SUPERSEDED, True, at(20)),
        "wished": (S.SUPERSEDED, True, at(20)),
        "owed": (S.WISHED, True, None),
    }
    assert ((await memory(store)).deleted, (await memory(store)).card) == (True, card(1))
    assert (await store.mirror.next_wake(ACME), await store.inbox.depth(ACME)) == (None, 0)
    assert await store.mirror.record(ACME, [looked(1, wish("wished"))]) == []
    assert not (await memory(store)).deleted


async def test_a_card_deleted_before_it_was_seen_is_not_copied_back(store: Any) -> None:
    """A late page of the backfill doesn't raise the dead."""
    await store.mirror.tombstone(ACME, dirty(1), deal(1), NOW)
    await store.mirror.copy_cards(ACME, [ports.CopiedCard(card(1, contacts=(1,)))])
    assert ((await memory(store)).deleted, list(await store.mirror.cards_of(ACME, contact(1)))) == (True, [])


async def test_the_story_keeps_each_look(store: Any) -> None:
    """Oldest first, the newest of them, with every line as it was told."""
    line = ports.TraceLine(intents.RobotId("a/b"), "yes", "потому что", "robots.yaml:3", intents.WishKey("k"))
    for number in (1, 2, 3):
        again = looked(1, look_id=f"l{number}", at=at(number), trace=(line,) * number, config="c1")
        await store.mirror.record(ACME, [again])
    told = await store.journal.story(ACME, deal(1), 2)
    new, sales = model.StageId("C1:NEW"), model.PipelineId(1)
    assert list(told) == [
        ports.StoryLook("l2", at(2), new, sales, "c1", (line,) * 2),
        ports.StoryLook("l3", at(3), new, sales, "c1", (line,) * 3),
    ]
    assert list(await store.journal.story(ACME, deal(2))) == []


async def test_notes_are_json_and_replaced(store: Any) -> None:
    """Null where nothing was written; portals have their own."""
    assert await store.notebook.read(ACME, "cursors") is None
    value = {"deals": [1, "2026-05-12T09:30:15+00:00"], "floor": 0.5, "full": None, "да": True}
    await store.notebook.write(ACME, "cursors", {"old": 1})
    await store.notebook.write(ACME, "cursors", value)
    assert (await store.notebook.read(ACME, "cursors"), await store.notebook.read(OTHER, "cursors")) == (
        value,
        None,
    )


async def test_dirt_gets_the_same_verdict_everywhere(store: Any) -> None:
    """NUL, half a character, no number, a number without end: cleaned, never refused."""
    soiled = card(
        1, title="a\0b\ud800", fields={"UF_A": Decimal("NaN"), "UF_B": 10**30, "UF_C": ("\udfff", 1)}
    )
    await store.mirror.record(ACME, [looked(1, memory=ports.Memory(card=soiled))])
    clean = card(1, title="a�b�", fields={"UF_A": None, "UF_B": Decimal(10**30), "UF_C": ("�", 1)})
    assert (await memory(store)).card == clean
    await store.notebook.write(ACME, "n", {"x": float("nan"), "y": ["\0", float("inf")]})
    assert await store.notebook.read(ACME, "n") == {"x": None, "y": ["�", None]}


async def test_numbers_without_end_name_nothing(store: Any) -> None:
    """A history row, a task, a made object beyond 64 bits: one database would round it, another refuse the whole round."""
    huge = 10**30
    await store.mirror.record(
        ACME, [looked(1, wish("a"), arrived=(dataclasses.replace(visit(12), row=huge), visit(13)))]
    )
    assert await store.mirror.rows_known(ACME, model.CardKind.DEAL, [huge, 13, -huge]) == {13}
    await store.ledger.sending(ACME, ["a"], at(1))
    await store.ledger.end(ACME, [stores.end("a", S.DONE, 2, made=huge)])
    (row,) = await store.ledger.rows(ACME)
    assert (row.state, row.made, await store.ledger.cards_of_tasks(ACME, [huge])) == (S.DONE, None, {})
