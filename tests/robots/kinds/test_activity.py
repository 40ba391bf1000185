"""todo, call, meeting: what is planned for whom and when (S1.5)."""

from __future__ import annotations

from robots import decision, intents, model, people
from robots import robot as r
from robots.kinds import activity
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Правило/call"
MARIA = model.ClientRef(model.ClientKind.CONTACT, 21)


def planning(what: intents.Activity, **rest: object) -> decision.Rules:
    options = activity.Options(
        what, builders.template("Позвонить: {{Сделка: Название}}"), rules.MANAGER, **rest
    )
    return decision.Rules((rules.robot(ID, "activity", options, r.Created()),))


def planned(world: World) -> list[tuple[object, ...]]:
    acts = [row.wish.act for row in world.work().ledger.values()]
    return [
        (act.what.value, act.title, act.client, act.phone, act.responsible)
        for act in acts
        if isinstance(act, intents.PlanActivity)
    ]


def test_a_call_goes_to_the_client_s_first_phone_once() -> None:
    """However often the card is looked at; the first client with a phone is the one to call."""
    mute = builders.contact(id=20, phones=())
    world = World(planning(intents.Activity.CALL), clients=(mute, builders.contact()))

    assert planned(world) == [("call", "Позвонить: Окна для Марии", MARIA, "+79160000001", builders.IVANOV)]
    assert planned(world.after(days=2)) == [
        ("call", "Позвонить: Окна для Марии", MARIA, "+79160000001", builders.IVANOV)
    ]


def test_with_nobody_to_call_it_is_a_todo_and_says_why() -> None:
    """A robot isn't silent because a contact is missing."""
    world = World(planning(intents.Activity.CALL))

    assert [line[0] for line in planned(world)] == ["todo"]
    (row,) = world.ledger.values()
    assert "звонок некому: у карточки нет телефона клиента" in row.wish.because


def test_a_meeting_needs_a_client_and_no_phone() -> None:
    """With a client but no phone it stays a meeting; without any client it becomes a todo."""
    met = World(planning(intents.Activity.MEETING), clients=(builders.contact(phones=()),))
    alone = World(planning(intents.Activity.MEETING))

    assert [line[:4] for line in planned(met)] == [("meeting", "Позвонить: Окна для Марии", MARIA, "")]
    assert [line[0] for line in planned(alone)] == ["todo"]


def test_the_term_counts_in_work_time_from_the_arrival() -> None:
    """One work day where nothing is written."""
    world = World(planning(intents.Activity.TODO))
    planned(world)
    (row,) = world.ledger.values()

    assert isinstance(row.wish.act, intents.PlanActivity)
    assert row.wish.act.at > builders.NOW
    assert row.wish.because.startswith("дело «Позвонить: Окна для Марии» для Иванов Пётр, ")


def test_whom_nobody_can_find_is_told() -> None:
    """Nothing is planned for somebody who was dismissed."""
    options = activity.Options(
        intents.Activity.TODO, builders.template("Дело"), people.Employee(builders.FIRED)
    )
    world = World(decision.Rules((rules.robot(ID, "activity", options, r.Created()),))).look()

    assert world.told(ID) == [("failed", "некому запланировать: Уволенный Олег: сотрудник уволен")]
