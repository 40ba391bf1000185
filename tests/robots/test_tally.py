"""Acts counted in words that people use."""

from __future__ import annotations

from collections import Counter

import pytest

from robots import intents, model, tally
from tests.robots import builders

KEY = intents.WishKey("k")
WON, NEW = builders.stage("Клиент получил заказ").id, builders.stage("Новый лид").id
RESPONSIBLE = tally.RESPONSIBLE
CLIENT = builders.contact().ref


@pytest.mark.parametrize(
    ("act", "sort"),
    [
        (intents.SetTask("t", "", None, builders.IVANOV, None), tally.Sort.TASKS),
        (intents.CloseTask(KEY, model.TaskId(1)), tally.Sort.TASKS_CLOSED),
        (intents.ReassignTask(KEY, model.TaskId(1), builders.IVANOV), tally.Sort.REASSIGN),
        (intents.MoveStage(builders.SALES, NEW, only_from=WON), tally.Sort.MOVES),
        (intents.MoveStage(builders.SALES, WON, only_from=NEW), tally.Sort.CLOSES),
        (intents.MoveStage(builders.SALES, WON, only_from=NEW, back=True), tally.Sort.MOVES),
        (intents.SetFields({builders.SUBJECT: "окна"}), tally.Sort.FIELDS),
        (intents.SetFields({RESPONSIBLE: builders.IVANOV}), tally.Sort.REASSIGN),
        (intents.SetClient(CLIENT, {}), tally.Sort.FIELDS),
        (intents.TakeBack(KEY, intents.Made.TASK, 1), tally.Sort.TASKS_CLOSED),
        (intents.TakeBack(KEY, intents.Made.NOTICE, 1), tally.Sort.RECORDS),
        (intents.Notify(builders.IVANOV, "t", "t"), tally.Sort.NOTIFICATIONS),
        (intents.Say("chat58", "t"), tally.Sort.NOTIFICATIONS),
        (intents.SendFile(builders.IVANOV, "t", "t"), tally.Sort.NOTIFICATIONS),
        (intents.MakeDocument(3, "t"), tally.Sort.DOCUMENTS),
        (intents.Comment("t"), tally.Sort.RECORDS),
        (intents.Remember("t"), tally.Sort.NOTES),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tally.Sort) else value.value,
)
def test_each_act_has_its_sort(act: intents.Act, sort: tally.Sort) -> None:
    """A move into a final stage is a closing, but not where a gate returns the card."""
    assert tally.sort(act, builders.directory()) is sort


def test_without_the_portals_stages_a_move_is_a_move() -> None:
    """The ledger is counted also where no directory is at hand."""
    assert tally.sort(intents.MoveStage(builders.SALES, WON, only_from=NEW)) is tally.Sort.MOVES


def test_counted_and_said() -> None:
    """In one order whatever came first; checks that left nothing over there aren't counted."""
    acts = [
        intents.Notify(builders.IVANOV, "t", "t"),
        *[intents.SetTask("t", "", None, builders.IVANOV, None)] * 31,
        intents.Remember("t"),
    ]
    counts = tally.count(acts)
    assert tally.said(counts) == "31 задача, 1 уведомление"
    assert tally.said(Counter()) == ""


@pytest.mark.parametrize(
    ("act", "who"),
    [
        (intents.SetTask("t", "", None, builders.SIDOROVA, None), builders.SIDOROVA),
        (intents.Notify(builders.PETROVA, "t", "t"), builders.PETROVA),
        (intents.SetFields({RESPONSIBLE: builders.SIDOROVA}), builders.SIDOROVA),
        (intents.SetFields({builders.SUBJECT: "окна"}), builders.IVANOV),
    ],
    ids=["task", "notice", "responsible", "field"],
)
def test_whom_an_act_concerns(act: intents.Act, who: model.UserId) -> None:
    """Who gets it; else who is responsible for the card."""
    assert tally.person(act, builders.IVANOV) == who


def test_people_the_busiest_first() -> None:
    """The rest in one word, so that the line can be read."""
    counts = {builders.IVANOV: 61, builders.SIDOROVA: 58, builders.PETROVA: 2, None: 1}
    known = builders.directory()
    assert tally.people(counts, known, most=2) == "Иванов Пётр 61, Сидорова Ольга 58, ещё 2 человека 3"
    assert tally.people({builders.IVANOV: 1}, known) == "Иванов Пётр 1"
