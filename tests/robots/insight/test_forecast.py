"""S3.6: planned deals, the forecast and its error; S3.8: the list of calls."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import hypothesis
import pytest
from hypothesis import strategies as st

from robots import model
from robots.insight import calls, forecast, rows
from tests.robots import builders
from tests.robots.insight import lives

NOW = 300
MONTH = forecast.Ask(lives.day(NOW), lives.day(NOW + 30), date(2026, 11, 1), date(2026, 11, 30))
WON = "Клиент получил заказ"


def made(seen: list[rows.Life]) -> forecast.Forecast:
    return forecast.forecast(seen, lives.DIRECTORY, MONTH)


def steady() -> list[rows.Life]:
    """Each 30 days two deals stand on the invoice; one of them is won within the window, the other is lost in it."""
    seen = []
    for window in range(1, 10):
        start = NOW - 30 * window
        seen.append(lives.deal(2 * window, ("Отправили счёт", start - 5), (WON, start + 10), amount=100))
        seen.append(lives.deal(2 * window + 1, ("Отправили счёт", start - 5), ("Дорого", start + 9)))
    return seen


def test_the_chance_of_a_stage_is_what_came_of_it_before() -> None:
    """Half of what stood on the invoice was won within the month: 1,000 there are likely to bring 500."""
    told = made([*steady(), lives.deal(100, ("Отправили счёт", NOW - 5), amount=1000)])
    (line,) = told.stages
    assert (line.name, line.cards, line.worth, line.chance, line.likely) == (
        "Отправили счёт",
        1,
        Decimal(1000),
        0.5,
        Decimal(500),
    )
    assert (told.standing, told.arriving, told.total) == (500, 0, 500)


def test_a_steady_life_is_foretold_without_error() -> None:
    """Three windows foretold from those before them: 100 each, as it was."""
    told = made(steady())
    assert [(one.foretold, one.fact) for one in told.tests] == [(100, 100)] * 3
    assert told.error == 0.0


def test_a_month_that_went_otherwise_shows_as_error() -> None:
    """The last month brought a deal of 300 where 100 used to come: 200 missed of 500 in all."""
    told = made([life._replace(amount=Decimal(300)) if life.ref.id == 2 else life for life in steady()])
    # The sum of a card is its present one, so its own window is foretold with it: half of (300 + 100).
    assert [(one.foretold, one.fact) for one in told.tests] == [(200, 300), (100, 100), (100, 100)]
    assert told.error == 0.2


def test_a_test_knows_nothing_of_its_own_window() -> None:
    """Everything was lost in the last window: it is foretold as if nobody knew."""
    seen = steady()
    seen[0] = lives.deal(2, ("Отправили счёт", NOW - 35), ("Дорого", NOW - 20))
    assert [(one.foretold, one.fact) for one in made(seen).tests] == [(100, 0), (100, 100), (100, 100)]


def test_the_last_moment_of_a_window_is_its_own() -> None:
    """Won exactly where the next window begins: the chance is one, and nothing arrives from nowhere."""
    seen = [
        lives.deal(n, ("Отправили счёт", NOW - 30 * n - 5), (WON, NOW - 30 * n + 30)) for n in range(1, 10)
    ]
    told = made([*seen, lives.deal(100, ("Отправили счёт", NOW - 5))])
    assert (told.stages[0].chance, told.arriving) == (1.0, 0)
    assert told.error == 0.0


def test_what_comes_and_is_won_within_a_window_counts_as_arriving() -> None:
    """A deal born and won within each window: it never stood at a beginning."""
    seen = [lives.deal(n, ("Новый лид", NOW - 30 * n + 3), (WON, NOW - 30 * n + 9)) for n in range(1, 10)]
    told = made(seen)
    assert (told.standing, told.arriving) == (0, 100)
    assert told.error == 0.0


def test_without_history_nothing_is_promised() -> None:
    """An unknown chance is said as unknown and adds nothing; there is no error to show."""
    told = made([lives.deal(1, ("Новый лид", NOW - 1), amount=500)])
    assert (told.stages[0].chance, told.total, told.error, told.tests) == (None, 0, None, ())


def test_the_plan_of_the_month() -> None:
    """By the card's own planned day; what should have closed before stands apart; another currency is said."""
    seen = [
        lives.deal(1, ("Отправили счёт", 1), planned=date(2026, 11, 30), amount=7),
        lives.deal(2, ("Отправили счёт", 1), planned=date(2026, 11, 1), amount=9),
        lives.deal(3, ("Отправили счёт", 1), planned=date(2026, 12, 1)),
        lives.deal(4, ("Отправили счёт", 1), planned=date(2026, 10, 31), currency="XXX"),
        lives.deal(5, ("Отправили счёт", 1), (WON, 2), planned=date(2026, 11, 5)),
        lives.deal(6, ("Отправили счёт", 1)),
    ]
    told = made(seen)
    assert [one.life.ref.id for one in told.planned] == [2, 1]
    assert [(one.life.ref.id, one.worth) for one in told.overdue] == [(4, None)]
    assert told.unconverted == 1


@hypothesis.given(lives.many(), st.randoms())
def test_the_forecast_keeps_its_sums(seen: list[rows.Life], dice: random.Random) -> None:
    """Stages add up to the whole, no chance is beyond 0…1, all tests' facts are sums really won; order is nothing."""
    told = made(seen)
    assert told.standing == sum(one.likely for one in told.stages)
    assert sum(one.cards for one in told.stages) == sum(not life.closed for life in seen)
    assert all(one.chance is None or 0 <= one.chance <= 1 for one in told.stages)
    shuffled = list(seen)
    dice.shuffle(shuffled)
    assert made(shuffled) == told
    for test in told.tests:
        won = [
            life.amount
            for life in seen
            if life.place.semantic is model.Semantic.WON
            and life.currency == "RUB"
            and test.since < (life.ended or 0) <= test.until
        ]
        assert test.fact == sum(won)


# ---------------------------------------------------------------- calls


def call(
    number: int, *, who: int = 11, seconds: int = 60, record: str = "https://rec", day: float = 0.5
) -> calls.Call:
    return calls.Call(f"c{number}", lives.day(day), model.UserId(who), seconds, record=record)


TODAY = rows.Period(lives.day(0), lives.day(1))


def test_a_few_calls_of_each_manager() -> None:
    """Three of each; unanswered ones and yesterday's aren't listened to; those without a recording are counted."""
    seen = [call(n) for n in range(10)] + [call(10 + n, who=12) for n in range(2)]
    seen += [call(20, seconds=5), call(21, record=""), call(22, day=-0.5)]
    listed = calls.listen(seen, TODAY, calls.Rule(per_person=3))
    assert [line.call.manager for line in listed.lines] == [11, 11, 11, 12, 12]
    assert (listed.fit, listed.unrecorded) == (12, 1)
    assert calls.listen(reversed(seen), TODAY, calls.Rule(per_person=3)) == listed


def test_marks_stay_with_their_calls() -> None:
    """What was listened to stays in the list with its remark, and counts as one of the three."""
    seen = [call(n) for n in range(10)]
    before = {line.call.id for line in calls.listen(seen, TODAY, calls.Rule(per_person=3)).lines}
    (heard,) = sorted({one.id for one in seen} - before)[:1]
    said = {heard: (calls.Mark.REMARK, "не назвал цену")}
    lines = calls.listen(seen, TODAY, calls.Rule(per_person=3), said).lines
    assert len(lines) == 3
    assert [(line.mark, line.remark) for line in lines if line.call.id == heard] == [
        (calls.Mark.REMARK, "не назвал цену")
    ]
    assert builders.IVANOV in {line.call.manager for line in lines}


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("слушал", (calls.Mark.HEARD, "")),
        ("Прослушала, всё хорошо", (calls.Mark.HEARD, "всё хорошо")),
        ("Замечание: не назвал\n цену", (calls.Mark.REMARK, "не назвал цену")),
        ("слушали постановили", (calls.Mark.NONE, "")),
        ("клиент просил замечание не писать", (calls.Mark.NONE, "")),
    ],
)
def test_a_mark_stands_at_the_beginning_of_a_comment(comment: str, said: tuple[calls.Mark, str]) -> None:
    """Whatever else is written in a card is no mark."""
    assert calls.marked(comment) == said


def test_a_comment_speaks_of_its_card_s_calls_before_it() -> None:
    """A remark outweighs «слушал», whichever came first; a later call is another one."""
    card, other = (model.CardRef(model.CardKind.DEAL, number) for number in (1, 2))
    made = [calls.Call(str(at), at, builders.IVANOV, 60, card, "r") for at in (10, 30)]
    made.append(calls.Call("40", 10, builders.IVANOV, 60, other, "r"))
    said = [calls.Said(card, 15, calls.Mark.REMARK, "грубо"), calls.Said(card, 20, calls.Mark.HEARD)]
    assert calls.marks(made, said) == {"10": (calls.Mark.REMARK, "грубо")}
