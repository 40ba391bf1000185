"""Lives of cards for the tests of reports: stages as people see them, moments as days since a Monday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from robots import model
from robots.insight import rows
from tests.robots import builders

DIRECTORY = builders.directory()
START = int(builders.at("2026-01-05 00:00").timestamp())
DAY = rows.DAY
YEAR = rows.Period(START, START + 365 * DAY)


def day(number: float) -> int:
    return START + int(number * DAY)


def place(stage: str, pipeline: model.PipelineId = builders.SALES) -> rows.Place:
    board = DIRECTORY.pipeline(pipeline)
    assert board is not None
    (found,) = [one for one in board.stages if one.name == stage]
    return rows.Place(pipeline, found.id, found.semantic)


def deal(
    number: int,
    *stays: tuple[str, float],
    who: model.UserId | None = builders.IVANOV,
    amount: int = 100,
    currency: str = "RUB",
    planned: date | None = None,
    lead: int | None = None,
    source: str = "",
    handovers: int = 0,
    held: Sequence[tuple[str, tuple[int, ...]]] = (),
    touched: float | None = None,
) -> rows.Life:
    """`deal(1, ("Новый лид", 0), ("Дорого", 2.5))`: stages and the day each was entered."""
    made = tuple(rows.Stay(place(stage), day(at)) for stage, at in stays)
    return rows.Life(
        model.CardRef(model.CardKind.DEAL, number),
        made[-1].place,
        made[0].entered,
        made[-1].entered if touched is None else day(touched),
        who,
        source,
        Decimal(amount),
        currency,
        planned,
        lead,
        handovers,
        tuple(held),
        made,
    )


def lead(number: int, stage: str, at: float = 0, *, source: str = "WEB") -> rows.Life:
    where = place(stage, model.LEADS)
    ref = model.CardRef(model.CardKind.LEAD, number)
    stays = (rows.Stay(place("Не обработан", model.LEADS), day(at)), rows.Stay(where, day(at + 1)))
    return rows.Life(ref, where, day(at), day(at + 1), builders.IVANOV, source, stays=stays)


STAGES = [name for _, name, _ in builders.SALES_STAGES]
PEOPLE = (builders.IVANOV, builders.PETROVA, None)


@st.composite
def random_deal(draw: st.DrawFn, number: int) -> rows.Life:
    gaps = st.sampled_from((0.0001, 0.0005, 1, 9, 40))
    stages = draw(st.lists(st.sampled_from(STAGES), min_size=1, max_size=7))
    at, stays = float(draw(st.integers(0, 200))), []
    for stage in stages:
        stays.append((stage, at))
        at += draw(gaps)
    return deal(
        number,
        *stays,
        who=draw(st.sampled_from(PEOPLE)),
        amount=draw(st.sampled_from((0, 100, 700))),
        currency=draw(st.sampled_from(("RUB", "RUB", "XXX"))),
        source=draw(st.sampled_from(("", "CALL", "WEB"))),
    )


@st.composite
def many(draw: st.DrawFn) -> list[rows.Life]:
    return [draw(random_deal(number)) for number in range(1, draw(st.integers(1, 12)) + 1)]
