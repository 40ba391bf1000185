"""News of a card from outside it: judged once, by the first look that finds it."""

from __future__ import annotations

from typing import Any

from robots import conditions, decision, look
from robots import robot as r
from robots.kinds import log
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Оплата/log"


def paid(**rest: Any) -> decision.Rules:
    options = log.Options(builders.template("Оплачено"), "Робот")
    return decision.Rules((rules.robot(ID, "log", options, r.Happened("/trigger/paid"), **rest),))


def acts(world: World) -> list[str]:
    return [line for line in world.acts() if not line.startswith("remember")]


def test_each_call_is_answered_once_and_others_names_not_at_all() -> None:
    """Said again under its number it is the same call."""
    world = World(paid()).work()
    assert acts(world.called("paid", "7").work()) == ["write: Оплачено"]
    assert acts(world.called("paid", "7").called("refund", "8").work()) == ["write: Оплачено"]
    assert acts(world.called("paid", "9").work()) == ["write: Оплачено"] * 2
    causes = [row.wish.cause for row in world.ledger.values() if row.wish.robot == ID]
    assert causes == ["call 7", "call 9"]


def test_two_calls_before_one_look_are_two() -> None:
    """In their order."""
    world = World(paid()).work().called("paid", "1").called("paid", "2")
    assert acts(world.work()) == ["write: Оплачено"] * 2


def test_a_condition_that_comes_true_later_is_no_answer_to_the_call() -> None:
    """The look that found it judged it; the next call is judged anew."""
    wants = conditions.Test(builders.path("Требования"), conditions.Op.FILLED)
    world = World(paid(condition=wants)).work().called("paid", "1").look()
    assert world.told(ID)[0][0] == "filtered"
    assert acts(world.set(Требования="окно").work()) == []
    assert acts(world.called("paid", "2").work()) == ["write: Оплачено"]


def test_a_call_older_than_the_robot_or_than_three_days_is_past() -> None:
    """Whatever kept the card from being looked at."""
    old = World(paid()).called("paid", "1").after(days=3)
    assert acts(old.work()) == []
    late = World(paid()).called("paid", "1").after(days=2)
    assert acts(late.work()) == ["write: Оплачено"]
    begun = look.Activation(builders.NOW, card=0, row=0)
    assert acts(World(paid(), activation=begun).called("paid", "1").after(hours=1).work()) == []
