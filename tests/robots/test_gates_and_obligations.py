"""The rarer ways of gates and of what is owed: returns that fail, other pipelines, tasks that people took over."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from robots import conditions, decision, intents, model, obligations, occasions, paths
from robots import robot as r
from robots.kinds import stage_task
from tests.robots import builders, rules
from tests.robots.world import World

S = intents.WishState


def refused_return(state: intents.WishState, **row: object) -> World:
    """A deal whose return was wished and ended so."""
    world = World(rules.funnel()).work()
    world.after(minutes=5).move("Обрабатываем запрос").look()
    key = next(k for k, past in world.ledger.items() if isinstance(past.wish.act, intents.MoveStage))
    world.ledger[key] = dataclasses.replace(world.ledger[key], state=state, **row)  # type: ignore[arg-type]
    return world


def test_a_return_that_the_portal_refused_lets_the_deal_stay() -> None:
    """Nobody is trapped in a stage without robots."""
    world = refused_return(S.REFUSED).after(minutes=1).work()

    assert world.stage() == "Обрабатываем запрос"
    assert world.open_tasks() == ["Уточнить необходимую информацию и сделать КП"]


def test_a_return_on_its_way_is_waited_for_and_one_never_seen_is_given_up() -> None:
    """Done, and the card doesn't show it for ten minutes."""
    world = refused_return(S.DONE, done_at=builders.NOW + timedelta(minutes=5)).look()
    assert world.told("Voronka") == [("blocked", "возвращена на прежнюю стадию, ждём")]

    world.after(minutes=20).look()
    assert world.refused is None


def test_a_watching_gate_says_what_it_would_do_and_the_deal_goes_on() -> None:
    """users.md F5."""
    funnel = rules.funnel()
    watching = tuple(dataclasses.replace(gate, mode=r.Mode.WATCH) for gate in funnel.gates)
    world = World(dataclasses.replace(funnel, gates=watching)).work()
    world.after(minutes=5).move("Обрабатываем запрос").work()

    assert world.stage() == "Обрабатываем запрос"
    assert "return to Новый лид" in world.acts()
    assert world.open_tasks() == ["Уточнить необходимую информацию и сделать КП"]


def test_a_deal_from_another_pipeline_is_told_about_and_stays() -> None:
    """Nowhere to go back."""
    delivered = (*rules.funnel().gates, rules.gate("Новый лид", leave=("Требования",)))
    there = dataclasses.replace(
        delivered[0],
        id=intents.RobotId("Доставка/Новый заказ/to_enter"),
        pipeline=builders.DELIVERY,
        stage=builders.stage("Новый заказ", pipeline=builders.DELIVERY).id,
        to_leave=(),
        to_enter=(rules.filled("Требования"),),
    )
    world = World(dataclasses.replace(rules.funnel(), gates=(there,))).work()
    world.after(minutes=5).move("Новый заказ", pipeline=builders.DELIVERY).work()

    assert world.stage() == "Новый заказ"
    assert world.acts()[2].startswith("tell Иванов Пётр: Сделка «Окна для Марии» ушла в «Новый заказ»")


def test_a_requirement_that_cannot_be_checked_lets_through_and_is_told() -> None:
    """Not a no: the field is gone from the portal."""
    gone = dataclasses.replace(builders.path("Название"), code=model.FieldCode("UF_GONE"))
    broken = r.Requirement(conditions.Test(gone, conditions.Op.AT_LEAST, 5), "Пропавшее поле")
    gate = dataclasses.replace(rules.gate("Новый лид"), to_leave=(broken,))
    world = World(decision.Rules((), (gate,))).look()
    world.after(minutes=5).move("Обрабатываем запрос").look()

    assert [outcome for outcome, _ in world.told(gate.id)] == ["failed"]


def test_a_manager_who_is_gone_cannot_be_told() -> None:
    """The line says so; the return is made all the same."""
    world = World(rules.funnel(do=r.GateDoes.TELL), responsible=builders.FIRED).work()
    world.after(minutes=5).move("Обрабатываем запрос").look()

    assert world.told("Продажи/Новый лид/required")[0] == (
        "failed",
        "не заполнено «Требования»; сообщить некому",
    )


def test_a_task_given_to_somebody_else_by_a_person_stays_with_him() -> None:
    """F10: the open task follows the responsible unless people decided otherwise."""
    world = World(rules.funnel()).work()
    task = next(iter(world.tasks))
    world.tasks[task] = dataclasses.replace(world.tasks[task], responsible=builders.SIDOROVA)
    world.after(hours=1).set(Ответственный=builders.PETROVA).work()

    assert world.tasks[task].responsible == builders.SIDOROVA


def test_a_task_handed_on_once_follows_again() -> None:
    """What we gave last is what we compare with."""
    world = World(rules.funnel()).work()
    for user in (builders.PETROVA, builders.SIDOROVA):
        world.after(hours=1).set(Ответственный=user).work()

    assert next(iter(world.tasks.values())).responsible == builders.SIDOROVA


def test_a_task_closed_by_hand_is_owed_nothing() -> None:
    """The manager ticked it: no second closing."""
    world = World(rules.funnel(), fields={"Требования": "окно"}).work()
    world.close_task("Взять в работу новый лид").after(minutes=5).move("Обрабатываем запрос").work()

    assert "close task" not in world.acts()


def test_the_tasks_of_a_deleted_card_are_closed() -> None:
    """design.md: deleted — own open tasks closed, once."""
    world = World(rules.funnel(), fields={"Требования": "окно"}).work()
    world.after(minutes=5).move("Обрабатываем запрос").work()
    wishes = list(obligations.orphans(world.card.ref, tuple(world.ledger.values())))

    assert [(wish.act.__class__.__name__, wish.digest) for wish in wishes] == [("CloseTask", "")]
    assert wishes[0].because.startswith("карточка удалена: задача «Уточнить")


def test_a_robot_without_an_activation_never_acts() -> None:
    """Neither on moves nor on states."""
    assert not occasions.after(None, builders.visit())
    stay = builders.visit(row=None)
    assert occasions.after(World(rules.funnel()).activation, stay)


def test_a_dismissed_head_is_replaced_where_the_rule_says_so() -> None:
    """S2.1, F10: `also_if: dismissed`; without it the line says why nothing happens."""
    replaced = World(decision.Rules((rules.fill_rop(),)), fields={"РОП": builders.FIRED}).work()
    assert replaced.card.value(builders.ROP) == builders.PETROVA

    robot = rules.fill_rop()
    kept = dataclasses.replace(robot, options=dataclasses.replace(robot.options, also_if_dismissed=False))
    world = World(decision.Rules((kept,)), fields={"РОП": builders.FIRED}).look()
    assert world.told(robot.id) == [("nothing_to_do", "«РОП» заполнено уволенным сотрудником")]


def test_nobody_and_no_task_is_a_line() -> None:
    """«некого поставить», and a head who stands there already."""
    robot = rules.fill_rop(person=rules.people.Employee(builders.FIRED))
    bare = dataclasses.replace(robot, options=dataclasses.replace(robot.options, if_nobody=None))
    assert World(decision.Rules((bare,))).look().told(robot.id)[0][0] == "failed"


def test_a_task_with_nobody_to_do_it_is_a_line() -> None:
    """A dismissed manager."""
    world = World(rules.funnel(), responsible=builders.FIRED).look()

    assert world.told("Продажи/Новый лид/task")[0][0] == "failed"


def test_a_checklist_by_a_field() -> None:
    """F30: the branch of the value, the common items, `empty` where nothing is chosen."""
    template = builders.template
    checklist = rules.task_spec.Checklist(
        items=(template("Поблагодарите клиента"),),
        by=builders.path("Способ доставки"),
        branches={builders.PICKUP: (template("Передайте заказ"),)},
        empty=(template("Узнайте способ доставки"),),
    )
    robot = rules.stage_robot("Новый лид", "Собрать", checklist=checklist, observers=(rules.ROP, rules.ROP))
    for value, last in (
        ("Самовывоз", ["Передайте заказ"]),
        ("Доставка", []),
        (None, ["Узнайте способ доставки"]),
    ):
        world = World(decision.Rules((robot,)), fields={"Способ доставки": value}).look()
        act = next(iter(world.ledger.values())).wish.act
        assert isinstance(act, intents.SetTask)
        assert list(act.checklist) == ["Поблагодарите клиента", *last]
        assert act.observers == (builders.PETROVA,)


def test_what_is_set_back_at_once_three_times_is_not_set_a_fourth() -> None:
    """R6: a robot of the portal clears what we fill; the next day it is tried again."""
    world = World(decision.Rules((rules.fill_rop(),))).work()
    for _ in range(5):
        world.after(seconds=20).set(РОП=None).work()
    assert len([act for act in world.acts() if act.startswith("set")]) == 3
    assert world.told("Продажи/on_create/fill РОП")[0][0] == "held"

    world.after(days=1).work()
    assert world.card.value(builders.ROP) == builders.PETROVA


def test_a_person_who_changes_his_mind_now_and_then_is_no_fight() -> None:
    """Hours apart: filled anew each time."""
    world = World(decision.Rules((rules.fill_rop(),))).work()
    for _ in range(5):
        world.after(hours=1).set(РОП=None).work()

    assert world.card.value(builders.ROP) == builders.PETROVA


def test_a_task_that_waits_for_the_client_ends_with_him_or_with_the_card() -> None:
    """S3.4: the owner's own attaching closes the matter; so does a card that is closed without him."""
    ask = stage_task.Options(
        rules.task("Привяжите клиента", closes=intents.TaskCloses.FILLED, closes_filled=paths.CLIENT)
    )
    known = decision.Rules((rules.robot("Клиент/task", "task", ask, r.Created()),))
    attached, closed = World(known).work(), World(known).work()
    assert (attached.open_tasks(), closed.open_tasks()) == (["Привяжите клиента"], ["Привяжите клиента"])
    assert attached.after(hours=1).work().open_tasks() == ["Привяжите клиента"]
    assert attached.bind(builders.contact()).work().open_tasks() == []
    assert closed.move("Спам").work().open_tasks() == []
