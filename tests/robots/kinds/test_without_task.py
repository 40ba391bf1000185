"""without_task: nobody knows what is to be done next about a card (S5.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from robots import decision, intents, model, people, schedule
from robots import look as looks
from robots import robot as r
from robots.kinds import base, notify, stale, without_task
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Продажи/without_task"
HEAD = people.Employee(builders.PETROVA)
YOUNG = looks.Activation(builders.NOW - timedelta(days=30), card=1000, row=50)
MANAGER_TOLD, HEAD_TOLD = "tell Иванов Пётр: Нет задачи", "tell Петрова Анна: Нет задачи у менеджера"


def tell(person: people.Person, text: str) -> tuple[base.ActSpec, ...]:
    return (base.ActSpec("notify", notify.Options((person,), builders.template(text))),)


def days(number: int) -> schedule.Duration:
    return schedule.Duration(number, schedule.Unit.DAYS)


def world(
    *more: r.Robot, but: tuple[str, ...] = (), snooze: model.FieldCode | None = None, **card: Any
) -> World:
    steps = (
        stale.Rung(days(1), tell(rules.MANAGER, "Нет задачи")),
        stale.Rung(days(3), tell(HEAD, "Нет задачи у менеджера")),
    )
    options = without_task.Options(steps, frozenset(builders.stage(name).id for name in but), snooze)
    ladder = rules.robot(ID, "without_task", options, r.Always())
    return World(decision.Rules((ladder, *more)), activation=YOUNG, **card).work()


def plan(at: World, *ends: float | None, done: float | None = None) -> World:
    """Open plans, so many days from now; the last one done so many days ago."""
    ahead = tuple(
        looks.Plan("Созвон", at.now + timedelta(days=one) if one is not None else None) for one in ends
    )
    at.plans = looks.Plans(ahead, at.now - timedelta(days=done) if done is not None else None)
    return at


def test_a_card_without_any_plan_is_told_of_once_for_one_gap() -> None:
    """First to its manager, then to his head; however often one looks."""
    at = world()
    assert (at.acts(), at.wake_at) == ([], builders.NOW + timedelta(days=1))
    assert at.after(days=1).work().acts() == [MANAGER_TOLD]
    assert at.after(days=1).work().acts() == [MANAGER_TOLD]
    assert at.after(days=1).work().acts() == [MANAGER_TOLD, HEAD_TOLD]
    assert at.after(days=30).work().acts() == [MANAGER_TOLD, HEAD_TOLD]


def test_an_open_task_or_activity_is_a_plan_and_its_end_begins_the_gap() -> None:
    """Whoever set it, with a term or without one."""
    for end in (None, 2, -1):
        at = plan(world().after(days=5), end).work()
        assert (at.acts(), at.wake_at) == ([], at.now + timedelta(days=1))
    plan(at.after(days=2), done=0.5).work()
    assert (at.acts(), at.wake_at) == ([], at.now + timedelta(days=0.5))
    plan(at.after(days=1), done=1.5).work()
    assert at.acts() == [MANAGER_TOLD]


def test_a_planned_card_is_looked_at_by_itself_once_an_hour_at_most() -> None:
    """However short the first term is: without its plan it would be told at once."""
    steps = (stale.Rung(schedule.Duration(0, schedule.Unit.MINUTES), tell(rules.MANAGER, "Нет задачи")),)
    ladder = rules.robot(ID, "without_task", without_task.Options(steps), r.Always())
    at = plan(World(decision.Rules((ladder,)), activation=YOUNG), 2).work()
    assert at.wake_at == at.now + timedelta(hours=1)
    assert plan(at).work().acts() == [MANAGER_TOLD]


def test_what_is_put_off_for_years_is_no_plan() -> None:
    """F21: «дело в 2030»; two months are the limit."""
    assert plan(world().after(days=1), 61).work().acts() == [MANAGER_TOLD]
    assert plan(world().after(days=1), 59).work().acts() == []


def test_where_nothing_need_be_planned_nothing_is_said() -> None:
    """A stage left out, a closed card, and before the first term: then nothing is even asked of the portal."""
    assert world(but=("Новый лид",)).after(days=9).work().acts() == []
    assert world().move("Дорого").after(days=9).work().acts() == []
    at = world().after(hours=20)
    at.plans = None  # type: ignore[assignment]
    assert at.work().acts() == []


def test_a_task_of_ours_on_its_way_is_a_plan() -> None:
    """Wished a moment ago, and the portal doesn't show it yet."""
    at = (
        world(rules.stage_robot("Обрабатываем запрос", "Позвонить")).after(days=1).move("Обрабатываем запрос")
    )
    at.look().after(days=1).look()
    (row,) = at.ledger.values()
    assert isinstance(row.wish.act, intents.SetTask)
    assert at.told(ID) == [("nothing_to_do", "запланировано: задача робота")]


def test_a_card_put_off_to_a_day_rests_until_that_day() -> None:
    """«Вернуться к клиенту»: nothing is asked before, and the gap begins with that day."""
    until = model.FieldCode("closedate")
    at = world(
        snooze=until, fields={"Предполагаемая дата закрытия": builders.NOW.date() + timedelta(days=10)}
    )
    assert at.after(days=9).work().acts() == []
    assert at.after(days=1.5).work().acts() == []
    assert at.after(days=1).work().acts() == [MANAGER_TOLD]
