"""Which stays a card has had: whole histories, late rows, lost rows, no history at all."""

from __future__ import annotations

from datetime import timedelta

from robots import model, visits
from tests.robots import builders

NEW, WORK, OFFER = "Новый лид", "Обрабатываем запрос", "Сделали предложение"


def stay(row: int, stage: str) -> model.Visit:
    return builders.visit(row=row, stage=stage, entered=builders.NOW + timedelta(minutes=row - 100))


def follow(
    stage: str, *rows: model.Visit, last: model.Visit | None = None, torn: int = 0, unseen: int = 0
) -> visits.Followed:
    card = builders.card(stage=stage, updated=builders.NOW + timedelta(hours=1))
    return visits.follow(card, rows, last=last, unseen=unseen, torn_before=torn)


def test_a_whole_history_gives_every_stay_in_order() -> None:
    """Rows may come in any order; known ones do no harm."""
    found = follow(OFFER, stay(103, OFFER), stay(101, WORK), stay(100, NEW), last=stay(100, NEW))

    assert [visit.id for visit in found.arrived] == ["h101", "h103"]
    assert (found.visit.id, found.torn) == ("h103", False)


def test_standing_still_brings_nothing() -> None:
    """The same row again."""
    found = follow(NEW, stay(100, NEW), last=stay(100, NEW))

    assert (found.arrived, found.visit.id, found.torn) == ((), "h100", False)


def test_a_row_that_is_not_seen_yet_tears_the_look() -> None:
    """The card moved, its row isn't committed: nothing is decided about stages, come back."""
    found = follow(WORK, last=stay(100, NEW))

    assert (found.torn, found.arrived, found.visit.id) == (True, (), "h100")


def test_a_history_torn_too_long_gives_way_to_the_card() -> None:
    """An old box lost the row: the stage seen is a stay without one, numbered by itself."""
    found = follow(WORK, last=stay(100, NEW), torn=visits.TORN_LOOKS - 1, unseen=2)

    assert (found.torn, found.gave_up, found.unseen) == (False, True, 3)
    assert [(visit.id, visit.row, visit.stage) for visit in found.arrived] == [
        ("s3", None, builders.stage(WORK).id)
    ]
    assert found.visit.entered == builders.NOW + timedelta(hours=1)


def test_rows_that_end_elsewhere_are_kept_when_the_card_wins() -> None:
    """The rows that are there are stays; the card's own stage comes after them."""
    found = follow(OFFER, stay(101, WORK), last=stay(100, NEW), torn=visits.TORN_LOOKS - 1)

    assert [visit.id for visit in found.arrived] == ["h101", "s1"]


def test_a_portal_without_any_history_is_believed_at_the_second_look() -> None:
    """First the history may be late; then there is none."""
    assert follow(NEW).torn
    second = follow(NEW, torn=1)
    assert (second.torn, second.visit.id, second.gave_up) == (False, "s1", False)
