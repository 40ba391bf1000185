"""Stories of a changed file before anybody takes it (`plan`)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from robots import decision, intents, planning
from robots import look as looks
from robots import robot as r
from robots.config import robot_maker
from robots.kinds import set_fields
from tests.robots import builders, rules

OLD = looks.Activation(builders.NOW - timedelta(days=30), card=1, row=1)
TASK = "Продажи/Новый лид/task"


def setting(name: str, text: str, **rest: Any) -> r.Robot:
    """A robot of a state: it keeps a field at its text."""
    assignment = set_fields.Assignment(builders.SUBJECT, "Предмет сделки", text)
    made = rules.robot(name, "set", set_fields.Options((assignment,)), r.Created())
    return dataclasses.replace(made, **rest)


def known(*robots: r.Robot) -> decision.Rules:
    return decision.Rules(
        robots=tuple(dataclasses.replace(one, digest=robot_maker.digest(one)) for one in robots)
    )


def lines(old: decision.Rules, new: decision.Rules) -> list[str]:
    return [f"{planning.SHOWN[one.sign]} {one.robot}: {one.said}" for one in planning.differences(old, new)]


def test_nothing_changed_though_every_line_moved() -> None:
    """Robots are compared by what they do, not by where they stand in the file."""
    one = rules.stage_robot("Новый лид", "Взять")
    moved = dataclasses.replace(one, mark=r.Mark("other.yaml", 9, 9), order=5)
    assert lines(known(one), known(moved)) == []


def test_added_changed_renamed_and_removed_are_told_apart() -> None:
    """A robot that does the same under another name is renamed, not removed and added."""
    task = rules.stage_robot("Новый лид", "Взять")
    renamed = dataclasses.replace(task, id=intents.RobotId("Продажи/Свежий лид/task"))
    old = known(task, setting("Предмет", "окна"), setting("Старый", "двери"))
    new = known(renamed, setting("Предмет", "окна и двери"), rules.fill_rop())
    assert lines(old, new) == [
        f"~ {renamed.id}: переименован, был «{TASK}»",
        "~ Предмет: изменено: что и как делает",
        "+ Продажи/on_create/fill РОП: включён",
        "- Старый: убран",
    ]


def test_a_watching_robot_that_begins_to_act() -> None:
    """What matters most when switching on is said first."""
    watching = setting("Предмет", "окна", mode=r.Mode.WATCH)
    assert lines(known(watching), known(setting("Предмет", "окна"))) == [
        "~ Предмет: был только смотрит, теперь включён"
    ]


def test_what_holds_for_all_robots_is_told_too() -> None:
    """Limits and people's peace aren't a robot's own."""
    old = known(setting("Предмет", "окна"))
    new = dataclasses.replace(old, hands_off=rules.filled("Требования").condition)
    assert lines(old, new) == ["~ hands_off:: изменено для всех роботов"]


def standing(old: decision.Rules, new: decision.Rules, **card: Any) -> looks.Look:
    """A card long in its stage, as the copy knows it."""
    seen = builders.look(card=builders.card(created=builders.NOW - timedelta(days=3), **card))
    activations = {one.id: OLD for one in old.robots}
    starts = planning.beginning(new, activations, builders.NOW)
    return dataclasses.replace(seen, before=seen.card, accepted=seen.visit, activations=starts)


def test_a_state_that_the_new_text_minds_is_an_effect_of_today() -> None:
    """РОП of a standing card: a robot known for long whose text now also names him."""
    only_watched = known(rules.fill_rop(mode=r.Mode.WATCH))
    acting = known(rules.fill_rop())
    seen = standing(only_watched, acting)
    found = planning.effect(only_watched, acting, seen, builders.NOW)
    assert [type(wish.act).__name__ for wish in found.more] == ["SetFields"]
    assert planning.effect(acting, only_watched, seen, builders.NOW).fewer == found.more


def test_a_new_robot_leaves_standing_cards_alone() -> None:
    """It begins above everything that is there: no plan promises what the robot won't do."""
    nothing, acting = known(), known(rules.fill_rop(), rules.stage_robot("Новый лид", "Взять"))
    seen = standing(nothing, acting)
    assert planning.effect(nothing, acting, seen, builders.NOW) == planning.Effect()
    assert planning.effect(nothing, acting, seen, builders.NOW + timedelta(hours=24)) == planning.Effect()


def test_what_only_the_portal_can_tell_is_said_to_be_unknown() -> None:
    """A plan made of the copy doesn't guess who else has the client's phone."""
    asking = known(rules.duplicate_check())
    seen = standing(asking, known(), contacts=(7,))
    assert planning.effect(known(), asking, dataclasses.replace(seen, clients=None), builders.NOW).unknown
