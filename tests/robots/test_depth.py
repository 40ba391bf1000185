from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from robots import depth, intents, model
from tests.robots import builders

S = intents.WishState
WAY = model.FieldCode("UF_CRM_WAY")
BEFORE = builders.card(updated=builders.NOW)
CARD = builders.card(fields={"Способ доставки": "Самовывоз"})
SOON = builders.NOW + timedelta(seconds=30)


def past(act: intents.Act, state: S = S.DONE, *, deep: int = 2, **row: Any) -> intents.Past:
    wish = intents.Wish(
        key=intents.WishKey("k"),
        robot=intents.RobotId("r"),
        digest="d",
        card=CARD.ref,
        cause="h1",
        act=act,
        because="",
        depth=deep,
    )
    return intents.Past(wish, state, builders.NOW, **{"done_at": SOON, **row})


SET = intents.SetFields({WAY: builders.PICKUP})
MOVE = intents.MoveStage(builders.SALES, model.StageId("C1:NEW"), model.StageId("C1:OFFER"))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(past(SET), 3, id="what we set is one deeper than its cause"),
        pytest.param(past(SET, S.UNKNOWN, done_at=None), 3, id="seen before its answer was read"),
        pytest.param(past(MOVE), 3, id="a move of ours"),
        pytest.param(past(intents.SetFields({WAY: builders.BY_COURIER})), 0, id="somebody set another value"),
        pytest.param(past(SET, S.REFUSED), 0, id="ours was refused, so it was somebody else"),
        pytest.param(past(SET, done_at=builders.NOW - timedelta(days=30)), 0, id="ours was a month ago"),
    ],
)
def test_only_the_exact_effect_of_our_own_is_deeper(row: intents.Past, expected: int) -> None:
    arrived = [builders.visit()] if isinstance(row.wish.act, intents.MoveStage) else []
    assert depth.depth(BEFORE, CARD, arrived, {WAY}, [row]) == expected


def test_a_copy_is_one_deeper_than_what_made_it() -> None:
    """The first look at a card that a hand-over created."""
    assert depth.depth(None, CARD, [], {WAY}, [], made_by=past(SET).wish) == 3
