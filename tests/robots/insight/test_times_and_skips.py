"""S5.3: time in stage, and stages clicked through in seconds; S3.7: cards left lying; the table of people."""

from __future__ import annotations

import random
from array import array
from decimal import Decimal

import hypothesis
from hypothesis import strategies as st

from robots import model
from robots.insight import people, rows, skipping, stale, timing
from tests.robots import builders
from tests.robots.insight import lives

SECOND = 1 / lives.DAY


def table(seen: list[rows.Life], now: float) -> dict[str, timing.Timing]:
    ended, stand = timing.passed(seen, lives.YEAR), timing.standing(seen, lives.day(now))
    return {one.name: one for one in timing.table(ended, stand, lives.DIRECTORY)}


def test_time_in_stage() -> None:
    """Ten deals waited 1 … 10 days for the offer: half within 5, nine of ten within 9; one stands there for 4 days."""
    seen = [
        lives.deal(n, ("Обрабатываем запрос", 0), ("Сделали предложение", n), ("Дорого", n))
        for n in range(1, 11)
    ]
    seen.append(lives.deal(11, ("Обрабатываем запрос", 20)))
    made = table(seen, 24)["Обрабатываем запрос"]
    assert (made.stays, made.median, made.p90) == (10, 5 * lives.DAY, 9 * lives.DAY)
    assert (made.standing, made.standing_median) == (1, 4 * lives.DAY)


def test_a_card_without_history_stands_since_it_moved() -> None:
    """A card only copied says itself when it came to its stage; an edit since doesn't make it younger."""
    copied = lives.deal(1, ("Отправили счёт", 0), touched=9)._replace(stays=(), moved=lives.day(2))
    assert table([copied], 10)["Отправили счёт"].standing_median == 8 * lives.DAY


def test_a_batch_is_told_apart_from_a_jump() -> None:
    """On the 30th Иванов clicks three stages in 25 seconds; Петрова's client paid at once, which is fine."""
    clicked = lives.deal(
        1,
        ("Новый лид", 0),
        ("Обрабатываем запрос", 30),
        ("Сделали предложение", 30 + 10 * SECOND),
        ("Получили ответ", 30 + 25 * SECOND),
    )
    jumped = lives.deal(2, ("Новый лид", 0), ("Получили оплату", 1), who=builders.PETROVA)
    made = skipping.skips([jumped, clicked], lives.DIRECTORY, lives.YEAR)
    (batch,) = made.batches
    assert (batch.ref.id, batch.responsible, batch.first, batch.last) == (
        1,
        builders.IVANOV,
        "Обрабатываем запрос",
        "Получили ответ",
    )
    assert (batch.stages, batch.seconds, batch.closing) == (2, 25, False)
    assert (made.jumps, made.moves) == (1, 4)


def test_a_return_is_no_batch() -> None:
    """A gate's return and the way on again within a minute: no statistics were faked."""
    seen = lives.deal(
        1,
        ("Новый лид", 0),
        ("Обрабатываем запрос", 1),
        ("Новый лид", 1 + 5 * SECOND),
        ("Обрабатываем запрос", 1 + 20 * SECOND),
    )
    assert skipping.skips([seen], lives.DIRECTORY, lives.YEAR).batches == ()


def test_one_quick_stage_is_an_error_of_the_hand() -> None:
    """One stage passed in seconds isn't a batch; closing three in seconds is, and says so."""
    hand = lives.deal(1, ("Новый лид", 0), ("Обрабатываем запрос", SECOND), ("Сделали предложение", 3))
    end = lives.deal(
        2, ("Получили оплату", 5), ("Отправили заказ", 5 + SECOND), ("Клиент получил заказ", 5 + 2 * SECOND)
    )
    made = skipping.skips([hand, end], lives.DIRECTORY, lives.YEAR)
    assert [(one.ref.id, one.stages, one.closing) for one in made.batches] == [(2, 2, True)]


def test_what_lies_untouched() -> None:
    """Per person: how many open cards are silent for a week … a quarter, and the oldest by name."""
    seen = [
        lives.deal(1, ("Новый лид", 0)),
        lives.deal(2, ("Новый лид", 90)),
        lives.deal(3, ("Новый лид", 0), ("Дорого", 1)),
    ]
    (one,) = stale.stale(seen, lives.day(100))
    assert (one.open, one.older) == (2, (2, 1, 1, 1))
    assert one.oldest == model.CardRef(model.CardKind.DEAL, 1)


def test_people() -> None:
    """What came, what was closed in the period, what lies; a sum in a currency without a rate is said, not guessed."""
    seen = [
        lives.deal(1, ("Новый лид", 0), ("Клиент получил заказ", 40), amount=500),
        lives.deal(2, ("Новый лид", 31), ("Клиент получил заказ", 45), amount=9, currency="XXX"),
        lives.deal(3, ("Новый лид", 31), ("Дорого", 50)),
        lives.deal(4, ("Новый лид", 1), who=builders.PETROVA),
    ]
    month = rows.Period(lives.day(30), lives.day(60))
    ivanov, petrova = people.people(seen, lives.DIRECTORY, month, lives.day(60))
    assert ivanov == people.Person(
        builders.IVANOV, arrived=2, won=2, won_sum=Decimal(500), lost=1, unconverted=1
    )
    assert petrova == people.Person(builders.PETROVA, open=1, silent=1)
    assert ivanov.success == 2 / 3


@hypothesis.given(lives.many(), st.randoms())
def test_people_add_up_whatever_the_order(seen: list[rows.Life], dice: random.Random) -> None:
    """The total is what one person who had every card would have."""
    now = lives.day(300)
    found = people.people(seen, lives.DIRECTORY, lives.YEAR, now)
    alone = [life._replace(responsible=None) for life in seen]
    assert [people.total(found)] == list(people.people(alone, lives.DIRECTORY, lives.YEAR, now))
    shuffled = list(seen)
    dice.shuffle(shuffled)
    assert people.people(shuffled, lives.DIRECTORY, lives.YEAR, now) == found
    assert stale.stale(shuffled, now) == stale.stale(seen, now)
    skips = skipping.skips(seen, lives.DIRECTORY, lives.YEAR)
    assert skipping.skips(shuffled, lives.DIRECTORY, lives.YEAR) == skips
    assert skips.jumps <= skips.moves


@hypothesis.given(lives.many())
def test_every_work_stay_is_counted_once(seen: list[rows.Life]) -> None:
    """Ended and standing stays together are all stays in work stages."""
    made = table(seen, 300)
    stays = sum(stay.place.semantic is model.Semantic.WORK for life in seen for stay in life.stays)
    assert sum(one.stays + one.standing for one in made.values()) == stays


@hypothesis.given(st.lists(st.integers(0, 99), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values(values: list[int], share: float) -> None:
    """At least `share` of the values lie at or under it, and fewer under it: nearest rank."""
    ordered = sorted(values)
    found = rows.percentile(ordered, share)
    assert found in values
    assert sum(one <= found for one in ordered) >= len(ordered) * share - 1e-9
    assert sum(one < found for one in ordered) < len(ordered) * share + 1e-9


def test_a_stay_counts_in_the_period_it_ended_in() -> None:
    """It came in January and left in February: February's number, whole."""
    seen = [lives.deal(1, ("Новый лид", 20), ("Обрабатываем запрос", 40))]
    january, february = (
        rows.Period(lives.day(first), lives.day(last)) for first, last in ((0, 31), (31, 59))
    )
    assert [dict(timing.passed(seen, one)) for one in (january, february)] == [
        {},
        {lives.place("Новый лид"): array("q", [20 * lives.DAY])},
    ]


def test_an_edit_after_closing_moves_no_result() -> None:
    """A comment in March doesn't make a deal of February a deal of March."""
    seen = [lives.deal(1, ("Новый лид", 0), ("Дорого", 40), touched=70)]
    months = [rows.Period(lives.day(first), lives.day(last)) for first, last in ((31, 59), (59, 90))]
    lost = [people.people(seen, lives.DIRECTORY, month, lives.day(90))[0].lost for month in months]
    assert lost == [1, 0]
