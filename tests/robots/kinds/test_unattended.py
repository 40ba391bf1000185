"""unattended: nobody works the card, so another one gets it, and both are told (S1.2, users.md F28)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from robots import choosing, decision, intents, model, people, schedule
from robots import robot as r
from robots.kinds import unattended
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Продажи/unattended"
HALF = schedule.Duration(30, schedule.Unit.WORK_MINUTES)
TWENTY = schedule.Duration(20, schedule.Unit.WORK_MINUTES)
ON_DUTY = choosing.Queue("дежурный", members=(builders.IVANOV, builders.SIDOROVA, builders.PETROVA))
LINK = "https://romashka.bitrix24.ru/crm/deal/details/4711/"


def watching(**rest: Any) -> decision.Rules:
    options = unattended.Options(
        **{
            "after": HALF,
            "to": ON_DUTY,
            "first_after": TWENTY,
            "first_to": (rules.MANAGER,),
            "then_to": (people.Employee(builders.SMIRNOV),),
            **rest,
        }
    )
    return decision.Rules((rules.robot(ID, "unattended", options, r.Always()),))


def deeds(world: World) -> list[str]:
    """Without what is only remembered."""
    return [act for act in world.acts() if not act.startswith("remember")]


def told(world: World, user: model.UserId) -> list[str]:
    acts = (row.wish.act for row in world.ledger.values())
    return [act.text for act in acts if isinstance(act, intents.Notify) and act.to == user]


def test_a_reminder_then_another_manager_and_both_are_told() -> None:
    """In working time; the former one learns why and what to do if it was a mistake."""
    world = World(watching()).look()
    assert (deeds(world), world.wake_at) == ([], builders.at("2026-03-02 10:20"))
    assert world.after(minutes=5).look().wake_at == builders.at("2026-03-02 10:20")
    world.after(minutes=15).work()
    assert deeds(world) == ["tell Иванов Пётр: «Окна для Марии»: по карточке нет действий"]
    assert world.wake_at == builders.at("2026-03-02 10:30")
    world.after(minutes=10).work()

    assert deeds(world)[1:] == [
        "set assignedById=12",
        "tell Сидорова Ольга: «Окна для Марии» теперь ваша карточка",
        "tell Иванов Пётр: «Окна для Марии»: теперь ведёт Сидорова Ольга",
    ]
    assert told(world, builders.IVANOV) == [
        "«Окна для Марии»: по карточке нет действий\n"
        f"Ещё немного, и её передадут другому: ждём 30 рабочих минут. {LINK}",
        "«Окна для Марии»: теперь ведёт Сидорова Ольга\n"
        "30 рабочих минут по ней не было действий. Если вы уже говорили с клиентом, "
        f"отметьте это в карточке и попросите вернуть. {LINK}",
    ]


def test_each_next_one_has_his_own_time_and_at_most_so_many() -> None:
    """Then the head is told; the card isn't passed round for ever."""
    world = World(watching(first_after=None, first_to=(), at_most=2)).work()
    for _ in range(4):
        world.after(minutes=30).work()

    assert [act for act in deeds(world) if act.startswith("set")] == [
        "set assignedById=12",
        "set assignedById=10",
    ]
    assert told(world, builders.SMIRNOV) == [
        f"«Окна для Марии»: 30 рабочих минут без действий\nВедёт Петрова Анна; передавали уже 2 раза. {LINK}"
    ]


def lively(world: World, **fields: Any) -> World:
    """The responsible does something: the portal's own marks of it."""
    codes = {model.FieldCode(code): value for code, value in fields.items()}
    world.card = dataclasses.replace(world.card, updated=world.now, fields={**world.card.fields, **codes})
    return world


@pytest.mark.parametrize("sign", ["field", "activity", "stage", "task"])
def test_any_sign_of_life_ends_the_wait(sign: str) -> None:
    """And stays known when a robot is the last editor later."""
    world = World(watching()).work().after(minutes=5)
    match sign:
        case "field":
            lively(world, updatedBy=builders.IVANOV)
        case "activity":
            lively(world, lastActivityBy=builders.IVANOV, lastActivityTime=world.now)
        case "stage":
            world.move("Обрабатываем запрос", by=builders.IVANOV)
        case _:
            task = model.Task(
                model.TaskId(1), "Позвонить", builders.IVANOV, None, model.TaskStatus.IN_PROGRESS
            )
            world.tasks[task.id] = task
    world.look()
    lively(world.after(minutes=1), updatedBy=builders.ADMIN, lastActivityBy=builders.ADMIN)
    world.after(hours=2).work()

    assert deeds(world) == []
    assert world.told(ID)[0][1].startswith("карточкой занимаются")


def test_others_doings_are_no_sign_of_his() -> None:
    """A robot's comment, a colleague's edit."""
    world = World(watching(first_after=None)).work().after(minutes=5)
    lively(world, updatedBy=builders.ADMIN, lastActivityBy=builders.ADMIN, lastActivityTime=world.now).work()
    world.after(minutes=25).work()

    assert deeds(world)[0] == "set assignedById=12"


def test_the_webhook_s_owner_lives_by_what_is_his_and_not_by_ours() -> None:
    """F11: an act of ours in his name is no sign; an edit at another time is."""
    ours = World(watching(), responsible=builders.ADMIN).work().after(minutes=20).work().after(seconds=30)
    lively(ours, updatedBy=builders.ADMIN).work().after(minutes=10).work()
    his = World(watching(first_after=None), responsible=builders.ADMIN).work().after(minutes=5)
    lively(his, updatedBy=builders.ADMIN).work().after(minutes=25).work()

    quick = World(watching()).work().after(minutes=20).work().after(seconds=30)
    lively(quick, updatedBy=builders.IVANOV).work().after(minutes=10).work()

    assert (deeds(ours)[1], deeds(his), deeds(quick)[1:]) == ("set assignedById=11", [], [])


def test_our_own_gap_is_nobody_s_fault() -> None:
    """F3: the computer was off from ten to three; the wait begins anew, once."""
    world = World(watching(first_after=None)).look().after(hours=5).look()
    assert (deeds(world), world.wake_at) == ([], builders.at("2026-03-02 15:30"))
    world.after(minutes=30).work()
    assert deeds(world)[0] == "set assignedById=12"


def test_a_person_s_hand_over_begins_a_new_wait() -> None:
    """Given to Петрова by a colleague after twenty minutes: she has her own half hour."""
    world = World(watching(first_after=None)).work().after(minutes=20)
    world.set(Ответственный=builders.PETROVA).work()

    assert world.wake_at == builders.at("2026-03-02 10:50")


def test_a_client_is_never_taken_from_his_owner() -> None:
    """not_from: [владелец клиента]; the head is told instead."""
    world = World(watching(first_after=None, not_from=(people.Employee(builders.IVANOV),))).work()
    world.after(minutes=30).work()

    assert deeds(world) == ["tell Смирнов Олег: «Окна для Марии»: 30 рабочих минут без действий"]


def test_no_time_at_all_is_a_look_away() -> None:
    """`after: 0 minutes`: the next look is asked for."""
    world = World(watching(after=schedule.Duration(0, schedule.Unit.MINUTES), first_after=None)).look()

    assert world.wake_at == builders.at("2026-03-02 10:00:01")
    assert deeds(world.after(seconds=1).work())[0] == "set assignedById=12"


def test_closed_cards_wait_for_nobody() -> None:
    """And what waited ends with the card."""
    world = World(watching()).work().move("Дорого").after(hours=1).work()

    assert (deeds(world), world.told(ID)[0][0]) == ([], "not_triggered")
