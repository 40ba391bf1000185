"""Which new cards look like an import, and what of their robots' wishes waits for a person (users.md F4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from robots import imports, intents, limits, look, model
from tests.robots import builders

RATE = limits.Rate(3, 60)
IVANOV = int(builders.IVANOV)


def births(*seconds: float) -> list[imports.Birth]:
    return sorted((builders.NOW + timedelta(seconds=at), number) for number, at in enumerate(seconds))


@pytest.mark.parametrize(
    ("seconds", "at", "wanted"),
    [
        ((0, 1, 2), 2, False),
        ((0, 1, 2, 3), 0, True),
        ((0, 1, 2, 3), 3, True),
        ((0, 20, 40, 60), 0, False),
        ((0, 20, 40, 59), 59, True),
        ((0, 0, 0, 0, 900), 900, False),
    ],
    ids=[
        "as usual",
        "the first of four",
        "the last of four",
        "a minute and more",
        "a minute",
        "one much later",
    ],
)
def test_more_than_usual_in_the_time(seconds: tuple[float, ...], at: float, wanted: bool) -> None:
    """Whether counted from the first card or from the last: all of the file are of it."""
    assert imports.crowded(births(*seconds), builders.NOW + timedelta(seconds=at), RATE) is wanted


def seen(**more: object) -> look.Look:
    card = builders.card()
    made = builders.look(card=replace(card, fields={**card.fields, imports.CREATED_BY: IVANOV}))
    activation = look.Activation(builders.NOW - timedelta(days=1), 1, 1)
    plain = replace(made, first=True, activations={intents.RobotId("r"): activation})
    return replace(plain, **more)  # type: ignore[arg-type]


def test_only_cards_that_came_after_the_robots_and_from_outside() -> None:
    """One looked at before, one of a hand-over of ours, one that was there when the robots came."""
    assert imports.born(seen()) == imports.Whose(model.CardKind.DEAL, IVANOV)
    assert imports.born(seen(card=builders.card())) == imports.Whose(model.CardKind.DEAL, 0)
    late = look.Activation(builders.NOW + timedelta(seconds=1), 1, 1)
    others = [
        seen(first=False),
        seen(origin_card=builders.card().ref),
        seen(activations={intents.RobotId("r"): late}),
        seen(activations={}),
    ]
    assert [imports.born(one) for one in others] == [None] * 4


def test_what_a_person_set_going_and_what_is_owed_isnt_held() -> None:
    """Nor what is only watched."""
    wish = intents.Wish(
        intents.WishKey("k"),
        intents.RobotId("r"),
        "d",
        builders.card().ref,
        "c",
        intents.Comment("a"),
        "так надо",
    )
    rows = [wish, replace(wish, calm=True), replace(wish, digest=""), replace(wish, dry_run=True)]
    why = "похоже на импорт: новых карточек от одного человека больше 3 за минуту"
    assert [one.held_as for one in imports.held(rows, RATE)] == [why, "", "", ""]


def test_the_message_says_what_to_do() -> None:
    """To the admin and to whoever makes the cards; nobody twice, nobody who has left."""
    known = builders.directory()
    whose = imports.Whose(model.CardKind.LEAD, IVANOV)
    assert imports.told(whose, limits.Rate(20, 60), "Иванов Пётр").splitlines() == [
        "Похоже на импорт: больше 20 лидов за минуту",
        "Их создаёт Иванов Пётр. Что роботы сделали бы с такими карточками, придержано: ни задач, ни сообщений по ним нет.",
        "Это импорт, роботы не нужны: voronka held --drop",
        "Пусть работают и по ним: voronka held --let-go",
    ]
    admin = replace(known, me=builders.PETROVA)
    assert imports.to_tell(whose, admin) == [builders.PETROVA, builders.IVANOV]
    assert imports.to_tell(whose, replace(known, me=builders.IVANOV)) == [builders.IVANOV]
    users = {**known.users, builders.IVANOV: replace(known.users[builders.IVANOV], active=False)}
    assert imports.to_tell(whose, replace(admin, users=users)) == [builders.PETROVA]
