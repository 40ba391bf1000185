"""A task ticked off while its card stays, and a deadline put off again and again (users.md F21, S5.4)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from robots import decision, intents, life, model, schedule
from tests.robots import builders, rules
from tests.robots.world import World

HOUR = schedule.Duration(1, schedule.Unit.WORK_HOURS)
TITLE = "Взять в работу"


def world(**task: Any) -> World:
    return World(decision.Rules((rules.stage_robot("Новый лид", TITLE, **task),))).work()


def ticking() -> World:
    return world(by_hand_to=(rules.MANAGER,), by_hand_after=HOUR)


def active(at: World, by: model.UserId) -> World:
    fields = {**at.card.fields, life.ACTIVE: at.now, life.ACTIVE_BY: by}
    at.card = dataclasses.replace(at.card, fields=fields)
    return at


def test_a_task_ticked_off_is_asked_about_after_its_term() -> None:
    """Once for one closing; opened again and ticked off again is another."""
    at = ticking().close_task(TITLE).work()
    assert (at.acts()[1:], at.wake_at) == ([], at.now + timedelta(hours=1))

    said = "tell Иванов Пётр: «Окна для Марии»: задача закрыта, а сделка на месте"
    assert at.after(hours=1).work().acts()[1:] == [said]
    assert at.after(hours=5).work().acts()[1:] == [said]
    assert at.close_task(TITLE).after(hours=20).work().acts()[1:] == [said, said]


def test_who_moved_the_card_on_or_did_something_in_it_is_left_alone() -> None:
    """The stage is left, the deal is lost, a call was planned: the question is answered."""
    moved = ticking().close_task(TITLE).work().after(minutes=30).move("Обрабатываем запрос")
    assert moved.after(hours=3).work().acts()[1:] == []
    lost = ticking().close_task(TITLE).work().after(minutes=30).move("Дорого")
    assert lost.after(hours=3).work().acts()[1:] == []

    called = ticking().close_task(TITLE).work().after(minutes=30)
    assert active(called, builders.IVANOV).after(hours=3).work().acts()[1:] == []
    written = ticking().close_task(TITLE).work().after(minutes=30)
    told = active(written, builders.PETROVA).after(hours=3).work().acts()[1:]
    assert told == ["tell Иванов Пётр: «Окна для Марии»: задача закрыта, а сделка на месте"], (
        "what others write there doesn't answer it"
    )


def test_nothing_is_asked_that_isnt_written() -> None:
    """Without closed_by_hand: a closed task is a closed task."""
    assert world().close_task(TITLE).after(days=3).work().acts()[1:] == []


def putting_off(**task: Any) -> World:
    due = schedule.Duration(1, schedule.Unit.DAYS)
    return world(deadline=due, postponed_to=(rules.ROP,), postponed_times=2, **task)


def test_a_deadline_put_off_again_is_told_to_the_head() -> None:
    """Each second time here; the same deadline seen again, or an earlier one, is no putting off."""
    at = putting_off()
    start = at.now
    at.put_off(TITLE, start + timedelta(days=2)).work().put_off(TITLE, start + timedelta(days=1)).work()
    at.put_off(TITLE, start + timedelta(days=2)).work()
    assert [act for act in at.acts() if act.startswith("tell")] == []

    at.put_off(TITLE, start + timedelta(days=5)).work().work()
    said = "tell Петрова Анна: «Окна для Марии»: срок переносили 2 раза — Взять в работу"
    assert [act for act in at.acts() if act.startswith("tell")] == [said]
    at.put_off(TITLE, start + timedelta(days=6)).work()
    assert [act for act in at.acts() if act.startswith("tell")] == [said]
    at.put_off(TITLE, start + timedelta(days=7)).work()
    assert [act for act in at.acts() if act.startswith("tell")] == [said, said.replace("2", "4")]


def test_the_word_about_an_overdue_task_counts_how_often_it_was_put_off() -> None:
    """F14: the head reads it in one line."""
    at = putting_off(overdue_to=(rules.ROP,))
    at.put_off(TITLE, at.now + timedelta(days=2)).work().after(days=3).work()
    (told,) = [row.wish.act for row in at.ledger.values() if "overdue" in row.wish.key]
    assert "переносили 1 раз. " in told.text  # type: ignore[union-attr]


def test_what_undo_closed_and_a_closed_deal_s_task_are_no_question() -> None:
    """Our own closing that isn't confirmed yet; and on a lost stage there is nowhere to go."""
    at = ticking()
    (row,) = at.ledger.values()
    close = intents.Wish(
        intents.WishKey("undo/1"),
        row.wish.robot,
        "",
        at.card.ref,
        "undo",
        intents.CloseTask(row.wish.key, None),
        "",
    )
    at.ledger[close.key] = intents.Past(close, intents.WishState.SENT, at.now)
    assert at.close_task(TITLE).after(hours=3).work().acts()[1:] == []

    lost = World(decision.Rules((rules.stage_robot("Дорого", TITLE, by_hand_to=(rules.MANAGER,)),))).work()
    lost.move("Дорого").work().close_task(TITLE)
    assert lost.after(hours=3).work().acts()[1:] == []
