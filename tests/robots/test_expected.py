"""Effects of `enroll` and `undo` are remembered as changes and stays, and are no cause for robots (X8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from robots import expected, intents, look, model
from tests.robots import builders

S = intents.WishState
WAY, TITLE = model.FieldCode("UF_CRM_WAY"), model.FieldCode("title")
CARD = builders.card(fields={"Способ доставки": "Самовывоз"})
BEFORE = builders.card(updated=builders.NOW)
SET = intents.SetFields({WAY: builders.PICKUP})
OFFER = builders.stage("Сделали предложение").id
MOVE = intents.MoveStage(builders.SALES, OFFER, builders.stage("Новый лид").id)


def past(act: intents.Act, *, calm: bool = True, state: S = S.DONE, **row: Any) -> intents.Past:
    wish = intents.Wish(intents.WishKey("k"), intents.RobotId("r"), "", CARD.ref, "c", act, "", calm=calm)
    return intents.Past(wish, state, builders.NOW, **{"done_at": builders.NOW, **row})


def seen(row: intents.Past, **more: Any) -> look.Look:
    return builders.look(card=CARD, before=BEFORE, changed=frozenset({WAY, TITLE}), past=(row,), **more)


@pytest.mark.parametrize(
    ("row", "left"),
    [
        pytest.param(past(SET), {TITLE}, id="a calm wish did it"),
        pytest.param(past(SET, state=S.UNKNOWN, done_at=None), {TITLE}, id="seen before its answer was read"),
        pytest.param(past(SET, calm=False), {WAY, TITLE}, id="a robot did it: others may follow"),
        pytest.param(past(SET, state=S.SUPERSEDED), {WAY, TITLE}, id="it never went"),
        pytest.param(
            past(intents.SetFields({WAY: builders.BY_COURIER})), {WAY, TITLE}, id="somebody set another value"
        ),
        pytest.param(past(SET, done_at=builders.NOW - timedelta(days=30)), {WAY, TITLE}, id="a month ago"),
    ],
)
def test_a_change_is_expected_if_it_is_just_what_a_calm_wish_set(row: intents.Past, left: set[str]) -> None:
    """People's own changes beside it stay causes."""
    assert expected.without(seen(row)).changed == left


def stay(after: float, stage: model.StageId = OFFER) -> model.Visit:
    at = builders.NOW + timedelta(seconds=after)
    return model.Visit(model.VisitId("h101"), builders.SALES, stage, model.Semantic.WORK, at, 101)


@pytest.mark.parametrize(
    ("row", "last", "wanted"),
    [
        pytest.param(past(MOVE), stay(3), True, id="put there by undo"),
        pytest.param(past(MOVE), stay(-3), True, id="the portal's clock is a little behind"),
        pytest.param(past(MOVE), stay(-60), False, id="a person moved it there before"),
        pytest.param(past(MOVE), stay(3, builders.stage("Новый лид").id), False, id="moved on since"),
        pytest.param(past(MOVE, calm=False), stay(3), False, id="a robot moved it"),
    ],
)
def test_a_move_is_expected_if_the_card_stands_where_a_calm_wish_put_it(
    row: intents.Past, last: model.Visit, wanted: bool
) -> None:
    """Nothing begins there: no task of the stage, no message."""
    assert expected.moved(seen(row, arrived=(last,))) is wanted
    assert not expected.moved(seen(row, arrived=()))
