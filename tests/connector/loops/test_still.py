from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connector import ports
from connector.loops import pauses, still
from robots import intents, model
from tests.robots import builders

S = intents.WishState
NOW = builders.NOW
ROBOT = intents.RobotId("Продажи/Новый лид/task")
WISH = intents.Wish(
    key=intents.WishKey("k2"),
    robot=ROBOT,
    digest="d1",
    card=model.CardRef(model.CardKind.DEAL, 1),
    cause="h101",
    act=intents.LogEntry("", ""),
    because="",
)
ROW = ports.Row(
    seq=1, wish=WISH, state=S.WISHED, wished_at=NOW, looked_at=NOW, accepted=model.VisitId("h101")
)
BACK = intents.MoveStage(builders.SALES, model.StageId("C1:NEW"), model.StageId("C1:WON"), back=True)
CLOSE = intents.CloseTask(intents.WishKey("k1"), model.TaskId(7))


@pytest.mark.parametrize(
    ("wish", "row", "verdict"),
    [
        ({}, {}, None),
        ({"dry_run": True}, {}, S.DRY_RUN),
        ({"act": intents.Remember("повторов нет")}, {}, S.DONE),
        ({"digest": "d0"}, {}, S.SUPERSEDED),
        ({"digest": ""}, {}, None),
        ({"robot": intents.RobotId("Другой")}, {}, S.SUPERSEDED),
        ({"not_after": NOW - timedelta(seconds=1)}, {}, S.TOO_LATE),
        ({"while_visit": model.VisitId("h101")}, {}, None),
        ({"while_visit": model.VisitId("h100")}, {}, S.SUPERSEDED),
        ({"act": BACK}, {"visit": model.VisitId("h101")}, None),
        ({"act": BACK}, {"visit": model.VisitId("h103")}, S.SUPERSEDED),
        ({}, {"deleted": True}, S.SUPERSEDED),
        ({"act": CLOSE, "digest": ""}, {"deleted": True, "looked_at": None}, None),
        ({"stands_on": intents.WishKey("k1")}, {"before": S.DONE}, None),
        ({"stands_on": intents.WishKey("k1")}, {"before": S.NOTHING_TO_DO}, None),
        ({"stands_on": intents.WishKey("k1")}, {"before": S.REFUSED}, S.BLOCKED),
        ({"stands_on": intents.WishKey("k1")}, {"before": S.NO_EFFECT}, S.BLOCKED),
        ({"stands_on": intents.WishKey("k1")}, {"before": S.UNKNOWN}, still.Wait.LATER),
        ({"stands_on": intents.WishKey("k1")}, {}, S.BLOCKED),
        ({}, {"looked_at": NOW - timedelta(seconds=61)}, still.Wait.LOOK),
        ({}, {"looked_at": None}, still.Wait.LOOK),
    ],
)
def test_only_what_is_still_wanted_is_sent(
    wish: dict[str, Any], row: dict[str, Any], verdict: object
) -> None:
    """None: it goes out; a state: it ends so without a call; a Wait: it stays as it is."""
    asked = still.Asked({ROBOT: "d1"}, pauses.Pauses(None), NOW, timedelta(seconds=60))
    found = still.still(replace(ROW, wish=replace(WISH, **wish), **row), asked)
    assert (found.to if isinstance(found, ports.End) else found) == verdict


@pytest.mark.parametrize(
    ("written", "covered"),
    [
        (None, False),
        ({"*": {"until": None}}, True),
        ({"Продажи/*": None}, True),
        ({"Доставка/*": {}}, False),
        ({"*": {"until": (NOW - timedelta(hours=1)).isoformat()}}, False),
        ({"*": {"until": (NOW + timedelta(hours=1)).isoformat()}}, True),
    ],
)
def test_a_pause_covers_by_pattern_and_until_its_end(written: dict[str, Any] | None, covered: bool) -> None:
    assert pauses.Pauses(written).cover(ROBOT, NOW) is covered


def test_an_end_for_a_stay_left_names_the_stay() -> None:
    """The wish may be bound to another one before the end is written: then it is no news."""
    asked = still.Asked({ROBOT: "d1"}, pauses.Pauses(None), NOW, timedelta(seconds=60))
    for stay in (None, model.VisitId("h100")):
        ended = still.still(replace(ROW, wish=replace(WISH, while_visit=stay)), asked)
        assert (ended.bound_to if isinstance(ended, ports.End) else None) == stay
