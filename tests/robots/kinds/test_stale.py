"""stale: a card without movement climbs a ladder, each step once for one silence (S3.7, S5.2, users.md F27)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from robots import decision, intents, life, model, people, schedule
from robots import look as looks
from robots import robot as r
from robots.kinds import base, move, notify, stage_task, stale
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Продажи/stale"
HEAD = people.Employee(builders.PETROVA)
BACK = model.FieldCode("UF_CRM_BACK")
YOUNG = looks.Activation(builders.NOW - timedelta(days=30), card=1000, row=50)


def days(number: int) -> schedule.Duration:
    return schedule.Duration(number, schedule.Unit.DAYS)


def tell(person: people.Person, text: str) -> base.ActSpec:
    return base.ActSpec("notify", notify.Options((person,), builders.template(text)))


def ladder(**rest: Any) -> decision.Rules:
    check = base.ActSpec("task", stage_task.Options(rules.task("Проверить сделку")))
    steps = (
        stale.Rung(days(5), (tell(rules.MANAGER, "Нет движения"),)),
        stale.Rung(days(10), (tell(HEAD, "Нет движения у менеджера"), check)),
    )
    options = stale.Options(steps, **rest)
    return decision.Rules((rules.robot(ID, "stale", options, r.Always()),))


def world(**rest: Any) -> World:
    return World(ladder(**rest), activation=YOUNG).work()


def deeds(at: World) -> list[str]:
    """Without what is only remembered."""
    return [act for act in at.acts() if not act.startswith("remember")]


def active(at: World, by: model.UserId) -> World:
    """Somebody does something in the card's feed."""
    fields = {**at.card.fields, life.ACTIVE: at.now, life.ACTIVE_BY: by}
    at.card = builders.dataclasses.replace(at.card, fields=fields)
    return at


def test_the_ladder_is_climbed_in_time_and_each_step_once() -> None:
    """First the manager, then his head and a task; between them nothing, however often one looks."""
    at = world()
    assert (deeds(at), at.wake_at) == ([], builders.NOW + timedelta(days=5))
    at.after(days=5).work()
    assert deeds(at) == ["tell Иванов Пётр: Нет движения"]
    assert at.wake_at == builders.NOW + timedelta(days=10)
    assert deeds(at.after(days=4).work()) == ["tell Иванов Пётр: Нет движения"]
    at.after(days=1).work()
    assert deeds(at)[1:] == ["tell Петрова Анна: Нет движения у менеджера", "task: Проверить сделку"]
    assert at.after(days=90).work().wake_at is None
    assert len(deeds(at)) == 3


def test_movement_begins_the_count_anew() -> None:
    """A client's letter, a manager's call; the stage's own task of ours closes with the stage."""
    at = world().after(days=4)
    active(at, builders.IVANOV).work()
    assert at.wake_at == builders.NOW + timedelta(days=9)
    at.after(days=3).work()
    assert deeds(at) == []
    at.after(days=2).work()
    assert deeds(at) == ["tell Иванов Пётр: Нет движения"]
    at.after(days=2).move("Обрабатываем запрос").work()
    assert at.wake_at == at.now + timedelta(days=5)


def test_our_own_acts_are_no_movement() -> None:
    """What a robot writes hides what a person did before it: that was remembered."""
    at = world().after(days=3)
    active(at, builders.IVANOV).work()
    at.after(days=6).work()
    assert deeds(at) == ["tell Иванов Пётр: Нет движения"]
    active(at, builders.ADMIN).work()
    assert at.wake_at == builders.NOW + timedelta(days=13)

    at.after(hours=3)
    active(at, builders.ADMIN).work()
    assert at.wake_at == at.now + timedelta(days=5), "hours later it was the owner himself"


def test_after_a_gap_only_the_last_step_that_is_due() -> None:
    """F3: the daemon stood still for two weeks."""
    at = world().after(days=14).work()
    assert deeds(at) == ["tell Петрова Анна: Нет движения у менеджера", "task: Проверить сделку"]


def test_silence_before_the_robot_doesnt_count() -> None:
    """F4: nobody is punished for what was before day one."""
    late = looks.Activation(builders.NOW + timedelta(days=20), card=1000, row=50)
    at = World(ladder(), activation=late).after(days=21).work()
    assert (deeds(at), at.wake_at) == ([], late.at + timedelta(days=5))


def test_where_waiting_is_right_nothing_is_said() -> None:
    """Stages that are left out, closed cards, and a card that rests until its day."""
    new = builders.stage("Новый лид").id
    assert deeds(world(but=frozenset({new})).after(days=20).work()) == []
    assert deeds(world().after(days=1).move("Дорого").after(days=20).work()) == []

    resting = World(ladder(snooze=BACK), activation=YOUNG)
    back = (builders.NOW + timedelta(days=20)).date()
    resting.card = builders.dataclasses.replace(resting.card, fields={**resting.card.fields, BACK: back})
    resting.work().after(days=15).work()
    assert deeds(resting) == []
    assert resting.wake_at == builders.at(f"{back + timedelta(days=5)} 00:00")
    assert isinstance(back, date)


def test_why_says_the_silence() -> None:
    """The reason of an act names how long nothing had moved."""
    at = world().after(days=5).work()
    (wish,) = [row.wish for row in at.ledger.values() if isinstance(row.wish.act, intents.Notify)]
    assert wish.because.startswith("нет движения 5 дней: сообщение для Иванов Пётр")


OTHER = builders.stage("Другое")


def closing(agreed_by: people.Person | None) -> World:
    """Closed as lost after forty days, if somebody wrote so."""
    options = move.Options(builders.SALES, OTHER.id, "Продажи / Другое", agreed_by)
    steps = (stale.Rung(days(40), (base.ActSpec("move", options),)),)
    made = decision.Rules((rules.robot(ID, "stale", stale.Options(steps), r.Always()),))
    return World(made, activation=YOUNG).work()


def test_past_its_term_a_silent_deal_is_closed_where_that_is_written() -> None:
    """S5.2, F27: on the stage of failure that the file names."""
    at = closing(None).after(days=39).work()
    assert at.stage() == "Новый лид"
    at.after(days=1).work()
    assert (at.stage(), deeds(at)) == ("Другое", ["move to Другое"])


def test_or_once_the_head_agrees_and_he_is_asked_once() -> None:
    """The answer is the task; a new silence asks nothing while the old question stands."""
    at = closing(HEAD).after(days=40).work()
    title = "Согласуйте: «Другое» — Окна для Марии"
    assert (at.stage(), at.open_tasks()) == ("Новый лид", [title])
    active(at.after(days=1), builders.IVANOV).work()
    at.after(days=41).work()
    assert len(at.tasks) == 1
    at.close_task(title).work()
    assert at.stage() == "Другое"


def test_a_deal_that_went_on_is_not_asked_about() -> None:
    """The question is of the stay; done after that it moves nothing."""
    at = closing(HEAD).after(days=40).work()
    at.after(hours=1).move("Обрабатываем запрос").work()
    assert (at.open_tasks(), at.stage()) == ([], "Обрабатываем запрос")


def planned(at: World, *ends: float, task: bool = False) -> World:
    """Open activities, so many days from the robot's beginning."""
    at.plans = looks.Plans(
        tuple(looks.Plan("Созвон", builders.NOW + timedelta(days=one), task) for one in ends)
    )
    return at


def test_a_call_planned_for_later_is_life_until_its_hour() -> None:
    """F27: a call in three weeks is no silence; it is asked about again each day, for it may be taken away; once its hour is
    past the ladder begins from there."""
    at = planned(world(planned=timedelta(days=60)), 21)
    at.after(days=5).work()
    assert (deeds(at), at.wake_at) == ([], at.now + timedelta(days=1))
    at.after(days=15, hours=12).work()
    assert (deeds(at), at.wake_at) == ([], at.now + timedelta(days=1))
    at.after(days=5).work()
    assert (deeds(at), at.wake_at) == ([], builders.NOW + timedelta(days=26))
    at.after(days=1).work()
    assert deeds(at) == ["tell Иванов Пётр: Нет движения"]

    gone = planned(world(planned=timedelta(days=60)), 21).after(days=5).work()
    planned(gone).after(days=1).work()
    assert deeds(gone) == ["tell Иванов Пётр: Нет движения"]


def test_what_is_no_plan() -> None:
    """An activity in the far future, the robots' own task of the stage; and where the file doesn't ask, nothing is read."""
    told = ["tell Иванов Пётр: Нет движения"]
    assert deeds(planned(world(planned=timedelta(days=60)), 66).after(days=5).work()) == told
    assert deeds(planned(world(planned=timedelta(days=60)), 21, task=True).after(days=5).work()) == told
    assert deeds(planned(world(), 21).after(days=5).work()) == told


def test_nothing_is_asked_of_the_portal_before_a_step_is_due() -> None:
    """A look at a lively card costs nothing more."""
    at = world(planned=timedelta(days=60)).after(days=4)
    at.plans = None  # type: ignore[assignment]
    at.work()
    assert deeds(at) == []
