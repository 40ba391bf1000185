"""Occasions of time: a date of the card comes, is near, is past; put off, it is waited for anew. And of the card's tasks."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from robots import dates, decision, intents, look, model, schedule
from robots import robot as r
from robots.kinds import log, stage_task
from tests.robots import builders, rules
from tests.robots.world import World

ID = "Поставка/log"
DAY = model.FieldCode("closedate")
SHOWN = "Предполагаемая дата закрытия"
TWO_WORK_DAYS = schedule.Duration(2, schedule.Unit.WORK_DAYS)


def waiting(**trigger: Any) -> decision.Rules:
    options = log.Options(builders.template("Поставка {{Предполагаемая дата закрытия}}"), "Робот")
    return decision.Rules((rules.robot(ID, "log", options, r.Reached(DAY, SHOWN, **trigger)),))


def due(value: date | datetime, amount: int = 0, unit: str = "", **how: Any) -> str:
    """On Moscow's clock."""
    shift = schedule.Duration(amount, schedule.Unit(unit)) if unit else None
    at, earlier = how.get("at"), how.get("earlier", True)
    moment = dates.due(value, shift, at, builders.calendar(), earlier=earlier)
    assert moment.utcoffset() == timedelta(0)
    return moment.astimezone(builders.MOSCOW).isoformat(" ", "minutes")[:16]


def test_a_day_is_a_day_of_the_portal() -> None:
    """Nine in the morning where no hour is said; work days pass over weekends and holidays, both ways."""
    friday, tuesday = date(2026, 3, 6), date(2026, 3, 10)
    assert [
        due(tuesday),
        due(tuesday, at=time(18, 30)),
        due(tuesday, 1, "work days"),
        due(friday, 1, "work days", earlier=False, at=time(10)),
        due(tuesday, 1, "days"),
        due(tuesday, 90, "minutes"),
        due(date(2026, 3, 8), 0, "work days"),
    ] == [
        "2026-03-10 09:00",
        "2026-03-10 18:30",
        "2026-03-06 09:00",
        "2026-03-10 10:00",
        "2026-03-09 09:00",
        "2026-03-10 07:30",
        "2026-03-08 09:00",
    ]


def test_a_moment_keeps_its_hour_unless_another_is_said() -> None:
    """The portal's moment in another zone is the same moment."""
    late = datetime(2026, 3, 5, 22, 15, tzinfo=UTC)  # already the sixth in Moscow
    assert [due(late), due(late, 2, "hours"), due(late, at=time(12)), due(late, 1, "work days")] == [
        "2026-03-06 01:15",
        "2026-03-05 23:15",
        "2026-03-06 12:00",
        "2026-03-05 01:15",
    ]


def test_a_calendar_without_work_days_is_no_endless_search() -> None:
    """The robot says so instead of hanging."""
    idle = dataclasses.replace(builders.calendar(), week=(model.WorkDay(),) * 7)
    with pytest.raises(ValueError, match="нет рабочих часов"):
        dates.due(date(2026, 3, 6), TWO_WORK_DAYS, None, idle, earlier=True)


def at(world: World, moment: datetime) -> World:
    world.now = moment
    return world


def test_the_card_is_woken_at_the_moment_and_acts_once() -> None:
    """Two work days before the date, at ten; looked at however often."""
    world = World(waiting(shift=TWO_WORK_DAYS, at=time(10))).work()
    assert world.told(ID) == [("not_triggered", f"дата не указана: «{SHOWN}»")]
    assert world.wake_at is None

    world.set(closedate=date(2026, 3, 12)).look()  # Thursday: Tuesday at ten
    moment = datetime(2026, 3, 10, 10, tzinfo=builders.MOSCOW)
    assert world.wake_at == moment
    assert world.told(ID) == [("waiting", f"жду, «{SHOWN}»: 10.03.2026 10:00")]
    assert at(world, moment - timedelta(seconds=1)).work().acts() == []
    assert at(world, moment).work().acts() == ["write: Поставка 12.03.2026"]
    assert world.after(hours=5).work().acts() == ["write: Поставка 12.03.2026"]
    assert world.wake_at is None


def test_a_date_put_off_is_waited_for_anew_and_the_old_one_is_forgotten() -> None:
    """The wake-up goes with the date; each value acts once, though it comes back."""
    world = World(waiting()).set(closedate=date(2026, 3, 12)).work()
    world.set(closedate=date(2026, 3, 20)).look()
    assert world.wake_at == datetime(2026, 3, 20, 9, tzinfo=builders.MOSCOW)
    assert at(world, datetime(2026, 3, 12, 12, tzinfo=builders.MOSCOW)).work().acts() == []

    at(world, datetime(2026, 3, 20, 9, 5, tzinfo=builders.MOSCOW)).work()
    world.set(closedate=date(2026, 3, 21)).work()
    world.after(days=1).work().set(closedate=date(2026, 3, 20)).work()
    assert world.acts() == ["write: Поставка 20.03.2026", "write: Поставка 21.03.2026"]


def test_a_date_taken_away_is_waited_for_no_more() -> None:
    """Nothing is left to wake the card."""
    world = World(waiting()).set(closedate=date(2026, 3, 12)).work()
    world.set(closedate=None).look()
    assert world.wake_at is None
    assert at(world, datetime(2026, 3, 12, 12, tzinfo=builders.MOSCOW)).work().acts() == []


def test_what_was_due_before_the_robot_or_long_ago_is_past() -> None:
    """An older card's coming date is news though the card isn't; a missed weekend is made up for, a week isn't."""
    moment = datetime(2026, 3, 12, 9, tzinfo=builders.MOSCOW)
    begun = look.Activation(moment - timedelta(hours=1), card=9999, row=9999)
    old = World(waiting(), activation=begun).set(closedate=date(2026, 3, 12))
    assert at(old, moment).work().acts() == ["write: Поставка 12.03.2026"]

    later = look.Activation(moment + timedelta(hours=1), card=9999, row=9999)
    before = at(
        World(waiting(), activation=later).set(closedate=date(2026, 3, 12)), moment + timedelta(hours=2)
    )
    assert (before.work().acts(), before.told(ID)) == (
        [],
        [("not_triggered", f"«{SHOWN}»: 12.03.2026 09:00 — до того, как робот начал работать")],
    )

    weekend = at(World(waiting()).set(closedate=date(2026, 3, 12)), moment + timedelta(days=2))
    assert weekend.work().acts() == ["write: Поставка 12.03.2026"]
    assert weekend.after(days=5).look().told(ID) == [("already_done", f"«{SHOWN}»: 12.03.2026 09:00")]
    week = at(World(waiting()).set(closedate=date(2026, 3, 12)), moment + timedelta(days=7))
    assert (week.work().acts(), week.told(ID)) == (
        [],
        [("too_late", f"«{SHOWN}»: 12.03.2026 09:00, прошло больше трёх дней")],
    )


def test_a_closed_card_is_left_alone_unless_that_is_said() -> None:
    """«closed: too» is for what comes after the sale."""
    moment = datetime(2026, 3, 12, 9, 5, tzinfo=builders.MOSCOW)
    for closed, acts in ((False, []), (True, ["write: Поставка 12.03.2026"])):
        world = World(waiting(closed=closed)).set(closedate=date(2026, 3, 12)).work()
        assert at(world.move("Спам"), moment).work().acts() == acts


def of_tasks(**trigger: Any) -> decision.Rules:
    say = log.Options(builders.template("Задача"), "Робот")
    spec = rules.task("Уточнить размеры", deadline=schedule.Duration(2, schedule.Unit.HOURS))
    setting = rules.robot("Продажи/task", "task", stage_task.Options(spec), r.Created())
    return decision.Rules((setting, rules.robot("Дальше/log", "log", say, r.TaskIs(**trigger))))


def said(world: World) -> int:
    return world.acts().count("write: Задача")


def test_a_task_that_a_person_did_is_an_occasion_once() -> None:
    """Each time that he does it; with words of its title where some are named. What we close ourselves is none."""
    for title, times in (("размеры", 1), ("", 1), ("предоплата", 0)):
        world = World(of_tasks(overdue=False, title=title)).work().after(hours=1)
        assert (said(world), world.open_tasks()) == (0, ["Уточнить размеры"])
        assert said(world.close_task("Уточнить размеры").work()) == times
        assert said(world.after(hours=3).work()) == times

    ours = World(of_tasks(overdue=False)).work().after(hours=1)
    ours.close_task("Уточнить размеры")
    row = next(one for one in ours.ledger.values() if isinstance(one.wish.act, intents.SetTask))
    close = dataclasses.replace(
        row.wish, key=intents.WishKey(f"{row.wish.key}/close"), act=intents.CloseTask(row.wish.key, None)
    )
    ours.ledger[close.key] = intents.Past(close, intents.WishState.DONE, ours.now, ours.now)
    assert said(ours.work()) == 0


def test_an_overdue_task_is_an_occasion_at_its_deadline_and_again_at_a_later_one() -> None:
    """The card wakes for it; put off in time, it waits for the new one; a task that was done is never overdue."""
    world = World(of_tasks(overdue=True)).work()
    due = builders.NOW + timedelta(hours=2)
    assert world.wake_at == due
    world.put_off("Уточнить размеры", due + timedelta(hours=1)).look()
    assert (said(at(world, due).work()), world.wake_at) == (0, due + timedelta(hours=1))
    assert said(at(world, due + timedelta(hours=1)).work()) == 1
    assert said(world.after(hours=1).work()) == 1
    assert (
        said(world.put_off("Уточнить размеры", world.now + timedelta(hours=1)).work().after(hours=1).work())
        == 2
    )

    done = World(of_tasks(overdue=True)).work().close_task("Уточнить размеры")
    assert said(at(done, due + timedelta(hours=1)).work()) == 0
