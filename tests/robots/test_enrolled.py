"""Stories of cards older than the robots, given into their care by a person's hand (users.md F4)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from robots import choosing, decision, intents, model
from robots import look as looks
from robots import robot as r
from robots.kinds import assign, move, notify, set_fields
from tests.robots import builders, rules
from tests.robots.world import World

LATE = looks.Activation(builders.NOW, card=10**6, row=100)
"""After the card and its first row of history; what it does later is news."""
TASK, ROP = "Продажи/Новый лид/task", "Продажи/on_create/fill РОП"
OFFER = builders.stage("Сделали предложение")


def _robot(name: str, kind: str, options: Any, trigger: r.Trigger) -> r.Robot:
    return rules.robot(name, kind, options, trigger)


SETTING = _robot(
    "Правило/set",
    "set",
    set_fields.Options((set_fields.Assignment(builders.SUBJECT, "Предмет сделки", "окна"),)),
    r.Created(),
)
MINDING = _robot(
    "Правило/minds",
    "set",
    set_fields.Options((set_fields.Assignment(builders.DEMANDS, "Требования", "узнать"),)),
    r.Changed(builders.SUBJECT),
)
MOVING = _robot(
    "Правило/move",
    "move",
    move.Options(builders.SALES, OFFER.id, "Продажи / Сделали предложение"),
    r.Created(),
)
TELLING = _robot(
    "Правило/tell", "notify", notify.Options((rules.MANAGER,), builders.template("Взята")), r.Created()
)


def old(*more: r.Robot, **card: Any) -> World:
    """A card that was there, and looked at, before any robot."""
    known = rules.funnel()
    return World(
        decision.Rules(robots=(*known.robots, *more), gates=known.gates), activation=LATE, **card
    ).work()


def test_an_older_card_is_nobodys_until_it_is_given() -> None:
    """The robot meets it as if it had just come to where it stands."""
    world = old()
    assert world.acts() == []
    assert world.enroll(TASK).work().acts() == ["task: Взять в работу новый лид"]


def test_given_twice_it_gets_nothing_twice() -> None:
    """The causes are the live ones, and the ledger knows them."""
    world = old().enroll(TASK, ROP).work().enroll().work().enroll(TASK, ROP).work()
    assert world.acts() == [f"set UF_CRM_ROP={builders.PETROVA}", "task: Взять в работу новый лид"]


def test_a_stages_robot_takes_only_cards_that_stand_there() -> None:
    """And one that waits for something to happen takes none: nothing did."""
    world = old(MINDING, stage="Обрабатываем запрос", fields={"Требования": "окно"})
    assert world.enroll(TASK, "Правило/minds").work().acts() == []


@pytest.mark.parametrize(
    "apart",
    [{"mode": r.Mode.OFF}, {"pipeline": builders.DELIVERY}, {"card": model.CardKind.LEAD}],
    ids=["off", "another pipeline's", "of leads"],
)
def test_only_robots_that_mind_such_cards(apart: dict[str, Any]) -> None:
    """What is enrolled by a pattern is more than fits each card."""
    strange = dataclasses.replace(SETTING, **apart)
    assert old(strange).enroll("Правило/set").work().acts() == []


def test_a_robot_of_a_state_keeps_the_card_that_was_given_to_it() -> None:
    """S2.1 for an older deal: its head changes with its manager ever after."""
    world = old().enroll(ROP).work().enroll()
    world.after(days=1).set(Ответственный=builders.PETROVA).work()
    assert world.acts() == [f"set UF_CRM_ROP={builders.PETROVA}", f"set UF_CRM_ROP={builders.SMIRNOV}"]


def test_what_is_filled_so_is_no_cause_for_others() -> None:
    """F4: five hundred cards at once must not set off whatever minds the field; unless it is wanted."""
    assert old(SETTING, MINDING).enroll("Правило/set").work().acts() == ["set UF_CRM_SUBJECT=окна"]

    wanted = old(SETTING, MINDING).enroll("Правило/set", fire=True).work()
    assert wanted.acts() == ["set UF_CRM_SUBJECT=окна", "set UF_CRM_DEMANDS=узнать"]


def test_a_card_moved_so_begins_nothing_where_it_came() -> None:
    """Its old task is closed all the same: that was owed."""
    robots = [one for one in rules.funnel().robots if one.id != ROP]
    made = World(decision.Rules(robots=(*robots, MOVING)), activation=LATE).work()
    world = made.enroll(TASK).work().enroll("Правило/move").work().enroll().work()
    assert world.acts() == ["task: Взять в работу новый лид", "move to Сделали предложение", "close task"]
    assert world.stage() == "Сделали предложение"

    world.after(days=2).move("Новый лид").work()
    assert world.open_tasks() == ["Взять в работу новый лид"], "what people do next counts again"


def test_quiet_tells_nobody_and_says_so() -> None:
    """`--quiet`: the trace has the message that wasn't sent."""
    world = old(TELLING).enroll("Правило/tell", quiet=True).work()
    assert world.acts() == []
    assert world.told("Правило/tell") == [
        ("filtered", "тихо, без сообщений: сообщение для Иванов Пётр: Взята")
    ]
    assert world.enroll("Правило/tell").work().acts() == ["tell Иванов Пётр: Взята"]


def test_what_lacks_facts_asks_for_them() -> None:
    """The look is gathered anew with what an enrolled robot needs, as for any other."""
    known = rules.stage_robot("Новый лид", "{{Контакт: Имя}}. Взять в работу")
    card = builders.card(contacts=(21,))
    seen = looks.Look(
        card=card,
        directory=builders.directory(),
        visit=builders.visit(),
        accepted=builders.visit(),
        before=card,
        activations={known.id: LATE},
        care=looks.Care(frozenset([known.id])),
    )
    made = decision.decide(decision.Rules(robots=(known,)), seen, builders.NOW)
    assert (made.wishes, made.needs) == ((), frozenset({looks.Need.CLIENTS}))


def test_calm_is_what_the_wish_says() -> None:
    """Neither limits nor other robots count a person's work over many cards."""
    loud, calm = old().enroll(TASK, fire=True).work(), old().enroll(TASK).work()
    assert [[row.wish.calm for row in world.ledger.values()] for world in (loud, calm)] == [[False], [True]]
    assert all(isinstance(row.wish.act, intents.SetTask) for row in calm.ledger.values())


def test_a_robot_that_asks_the_cards_age_itself_is_told_the_same() -> None:
    """A manager is dealt out to deals created since the robot began, and to those given to it."""
    queue = choosing.Queue("дежурный", members=(builders.SIDOROVA,))
    standing = assign.Options(queue, standing=assign.Standing.CARD)
    world = old(_robot("Правило/assign", "assign", standing, r.Always()))
    assert world.acts() == []
    assert world.enroll("Правило/assign").work().acts() == [f"set assignedById={builders.SIDOROVA}"]
