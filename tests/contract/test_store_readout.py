"""Reports read the copy alike from every database: cards with their stays, in pages, without what was deleted."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from connector.store import readout
from robots import changes, model
from robots.insight import rows
from tests.contract import stores

NOW = int(stores.NOW.timestamp())
DEALS = (model.CardKind.DEAL,)


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with stores.opened(request.param, tmp_path) as world:
        yield world.store


def looked(card: model.Card, *visits: model.Visit, handovers: int = 0) -> ports.Looked:
    memory = ports.Memory(
        card=card, visit=visits[-1] if visits else None, changes={changes.RESPONSIBLE: 1 + handovers}
    )
    return ports.Looked(
        dirty=ports.Dirty(ports.Thing(ports.Kind(card.ref.kind.value), card.ref.id), 1, ports.Lane.LIVE),
        ref=card.ref,
        look_id="look",
        at=stores.at(1),
        memory=memory,
        arrived=visits,
        wishes=(),
        trace=(),
        config="c",
    )


async def lives(store: Any, wanted: readout.Wanted) -> list[rows.Life]:
    found: list[rows.Life] = await store.readout.lives(stores.ACME, wanted, list)
    return found


async def test_a_life_whole(store: Any) -> None:
    """All that reports use comes through: the sum, the plan, the channel, the lead, people in fields, stays in order."""
    card = stores.card(
        1,
        stage=model.StageId("C1:WON"),
        semantic=model.Semantic.WON,
        lead=7,
        fields={
            "sourceId": "CALL",
            "opportunity": model.Money(Decimal("10.50"), "EUR"),
            "closedate": date(2026, 5, 30),
            "movedTime": stores.at(9),
            "UF_CRM_1": 12,
            "UF_CRM_2": (13, 14),
        },
    )
    # The stays come in another order than they happened: rows are numbered as they were born.
    later = dataclasses.replace(stores.visit(8, "C1:OFFER"), entered=stores.at(60))
    await store.mirror.record(stores.ACME, [looked(card, later, stores.visit(9), handovers=2)])
    (life,) = await lives(store, readout.Wanted(people=("UF_CRM_1", "UF_CRM_2", "UF_CRM_3"), handovers=True))

    def place(stage: str, semantic: model.Semantic = model.Semantic.WORK) -> rows.Place:
        return rows.Place(model.PipelineId(1), model.StageId(stage), semantic)

    assert life == rows.Life(
        stores.deal(1),
        place("C1:WON", model.Semantic.WON),
        created=NOW,
        updated=NOW,
        responsible=model.UserId(10),
        source="CALL",
        amount=Decimal("10.50"),
        currency="EUR",
        planned=date(2026, 5, 30),
        lead=7,
        handovers=2,
        held=(("UF_CRM_1", (12,)), ("UF_CRM_2", (13, 14))),
        stays=(rows.Stay(place("C1:NEW"), NOW), rows.Stay(place("C1:OFFER"), NOW + 60)),
        moved=NOW + 9,
    )


async def test_which_lives(store: Any) -> None:
    """By kind, openness and last touch; another portal's, deleted ones and bare tombstones never."""
    closed = {"semantic": model.Semantic.LOST, "updated": stores.at(-100)}
    cards = [
        stores.card(1, updated=stores.at(-100)),
        stores.card(2, **closed),
        stores.card(3, **{**closed, "updated": stores.at(100)}),
        stores.card(4, ref=model.CardRef(model.CardKind.LEAD, 4)),
        stores.card(5),
    ]
    await store.mirror.record(stores.ACME, [looked(card) for card in cards])
    await store.mirror.record(stores.OTHER, [looked(stores.card(9))])
    for number in (5, 6):
        dirty = ports.Dirty(stores.thing(number), 1, ports.Lane.LIVE)
        await store.mirror.tombstone(stores.ACME, dirty, stores.deal(number), stores.NOW)

    async def ids(**wanted: Any) -> list[int]:
        return sorted(life.ref.id for life in await lives(store, readout.Wanted(**wanted)))

    assert await ids() == [1, 2, 3, 4]
    assert await ids(kinds=DEALS) == [1, 2, 3]
    assert await ids(kinds=DEALS, only_open=True, stays=False) == [1]
    assert await ids(kinds=DEALS, since=NOW) == [1, 3]
    assert await ids(kinds=DEALS, since=NOW, open_too=False) == [3]


async def test_more_than_a_page(store: Any) -> None:
    """Pages neither lose nor double a card at their borders, and each card keeps its own stays."""
    number = readout.PAGE + 3
    copied = [ports.CopiedCard(stores.card(n), ()) for n in range(1, number + 1)]
    await store.mirror.copy_cards(stores.ACME, copied)
    last = stores.card(number)
    await store.mirror.record(stores.ACME, [looked(last, stores.visit(8))])
    found = await lives(store, readout.Wanted())
    assert sorted(life.ref.id for life in found) == list(range(1, number + 1))
    assert [life.ref.id for life in found if life.stays] == [number]


async def test_stays_of_one_moment_go_by_their_rows(store: Any) -> None:
    """Two rows of one second: the greater number came later, 10 after 9."""
    visits = [
        dataclasses.replace(stores.visit(row, stage), entered=stores.at(0))
        for row, stage in ((10, "C1:OFFER"), (9, "C1:NEW"))
    ]
    await store.mirror.record(stores.ACME, [looked(stores.card(1), *visits)])
    (life,) = await lives(store, readout.Wanted())
    assert [stay.place.stage for stay in life.stays] == ["C1:NEW", "C1:OFFER"]


async def test_a_report_that_breaks_leaves_the_store_as_it_was(store: Any) -> None:
    """It stops at its first card; the next one reads all of them."""
    copied = [ports.CopiedCard(stores.card(n), ()) for n in range(1, readout.PAGE + 9)]
    await store.mirror.copy_cards(stores.ACME, copied)

    def breaks(found: Iterator[rows.Life]) -> None:
        raise ZeroDivisionError(next(found).ref)

    with pytest.raises(ZeroDivisionError):
        await store.readout.lives(stores.ACME, readout.Wanted(), breaks)
    assert len(await lives(store, readout.Wanted())) == len(copied)


async def test_texts_of_people_break_no_line(store: Any) -> None:
    """A channel's code with tabs, quotes and ends of lines in it comes through as it is."""
    code = 'a\tb\n"c"\\ d'
    await store.mirror.copy_cards(
        stores.ACME, [ports.CopiedCard(stores.card(1, fields={"sourceId": code}), ())]
    )
    (life,) = await lives(store, readout.Wanted())
    assert life.source == code
