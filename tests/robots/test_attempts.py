"""«Перестал выходить на связь» after real attempts only, and as РОП agrees (S2.10; users.md F16)."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robots import attempts, conditions, decision, intents, look, people
from robots import robot as r
from robots.kinds import move
from tests.robots import builders, rules
from tests.robots.world import World

R = look.Reached
SILENT = "Перестал выходить на связь"
NEVER = conditions.AnyOf(())
ENOUGH = attempts.Rule(3, 2)
ZONE = "Europe/Moscow"


def guarded(*needed: r.Requirement, **policy: object) -> decision.Rules:
    """The funnel with one more gate: what the stage of silence wants."""
    silent = dataclasses.replace(rules.gate(SILENT, **policy), to_enter=needed)  # type: ignore[arg-type]
    funnel = rules.funnel()
    return dataclasses.replace(funnel, gates=(*funnel.gates, silent))


TRIED = r.Requirement(NEVER, "попытки связаться", attempts=ENOUGH)
AGREED = r.Requirement(NEVER, "согласие", agreed_by=rules.ROP)


def made(*hows: R, day: int = 0) -> list[look.Attempt]:
    return [look.Attempt(how, builders.NOW - timedelta(days=day)) for how in hows]


# ---------------------------------------------------------------- attempts


def test_too_few_attempts_send_the_deal_back_and_say_what_counts() -> None:
    """The first line of the notice names the reason, the rest what to do."""
    world = World(guarded(TRIED)).work()
    world.after(minutes=5).tried("call").move(SILENT).work()
    text = next(
        row.wish.act.text for row in world.ledger.values() if isinstance(row.wish.act, intents.Notify)
    )

    assert world.stage() == "Новый лид"
    assert text.splitlines()[:2] == [
        "Сделка «Окна для Марии» вернулась. Попыток 1 из 3 (звонок 02.03)",
        "Попыток 1 из 3 (звонок 02.03). Не дозвонились? Напишите в сделке комментарий «недозвон». Открыть "
        "сделку: " + text.split("Открыть сделку: ")[1],
    ]


def test_three_attempts_within_an_hour_are_no_three_attempts() -> None:
    """They must lie on two days at least."""
    world = World(guarded(TRIED)).work()
    world.after(minutes=5).tried("call", "call", "call").move(SILENT).work()

    assert world.stage() == "Новый лид"


def test_three_attempts_on_two_days_are_enough() -> None:
    """A call, a comment with the mark and a letter of the next day."""
    world = World(guarded(TRIED)).work()
    world.after(minutes=5).tried("call", "Недозвон, абонент недоступен").after(days=1).tried("letter")
    world.move(SILENT).work()

    assert world.stage() == SILENT


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "Попыток 0 из 3. Не дозвонились? Напишите в сделке комментарий «недозвон»."),
        (
            made(R.CALL, R.LETTER, R.TODO),
            "Попыток 3 (звонок 02.03, письмо 02.03, дело 02.03), а нужно хотя бы в 2 разных дня. "
            "Не дозвонились? Напишите в сделке комментарий «недозвон».",
        ),
    ],
)
def test_what_is_lacking_is_said_in_numbers(found: list[look.Attempt], said: str) -> None:
    """How many there were, which, and on how many days they must lie."""
    assert attempts.lacking(ENOUGH, found, ZONE, card="сделке") == said


def test_what_does_not_count() -> None:
    """Calls of another silence, what is yet to come, comments about something else, kinds that the rule leaves out."""
    rule = attempts.Rule(1, 1, frozenset([R.CALL, R.COMMENT]), ("нд",))
    now = builders.NOW
    found = [
        look.Attempt(R.CALL, now - timedelta(days=31)),
        look.Attempt(R.CALL, now + timedelta(hours=1)),
        look.Attempt(R.LETTER, now),
        look.Attempt(R.COMMENT, now, "клиент думает"),
        look.Attempt(R.COMMENT, now, "снова НД"),
    ]

    assert attempts.counted(rule, found, now) == (found[-1],)


@given(
    st.lists(st.tuples(st.sampled_from(R), st.integers(0, 40 * 24)), max_size=12),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_one_attempt_more_never_makes_it_less(
    listed: list[tuple[R, int]], at_least: int, on_days: int
) -> None:
    """What was enough stays enough, and what is lacking names a number that is true."""
    rule = attempts.Rule(at_least, on_days, marks=("",))
    found = [look.Attempt(how, builders.NOW - timedelta(hours=hours)) for how, hours in listed]
    enough = [
        attempts.enough(rule, attempts.counted(rule, found[:size], builders.NOW), ZONE)
        for size in range(len(found) + 1)
    ]

    assert enough == sorted(enough)
    counted = attempts.counted(rule, found, builders.NOW)
    assert f"Попыток {len(counted)}" in attempts.lacking(rule, counted, ZONE, card="сделке")


# ---------------------------------------------------------------- agreement


def test_the_deal_waits_until_the_head_agrees() -> None:
    """It goes back, РОП gets a task, and once it is done the deal goes where the manager wanted it."""
    world = World(guarded(AGREED)).work()
    known = world.acts()
    world.after(minutes=5).move(SILENT, by=builders.IVANOV).work()
    title = f"Согласуйте: «{SILENT}» — Окна для Марии"

    assert (world.stage(), title in world.open_tasks()) == ("Новый лид", True)

    world.after(hours=1).close_task(title).work()
    assert world.stage() == SILENT
    assert [line for line in world.acts() if line not in known] == [
        f"task: {title}",
        "return to Новый лид",
        "tell Иванов Пётр: Сделка «Окна для Марии» вернулась: нужно согласие",
        f"move to {SILENT}",
        "close task",
    ]


def test_asked_once_however_often_the_manager_tries() -> None:
    """One question for the stay; each try is told of."""
    world = World(guarded(AGREED)).work()
    for _ in range(2):
        world.after(minutes=5).move(SILENT, by=builders.IVANOV).work()

    asked = [one for one in world.tasks.values() if one.title.startswith("Согласуйте")]
    assert (world.stage(), len(asked)) == ("Новый лид", 1)
    assert sum("нужно согласие" in line for line in world.acts()) == 2


def test_a_question_that_nobody_needs_any_more_is_taken_back() -> None:
    """The client came back and the deal went on; done by us, the task is no agreement."""
    world = World(guarded(AGREED)).work()
    world.after(minutes=5).move(SILENT, by=builders.IVANOV).work()
    world.set(Требования="окна").after(hours=1).move("Обрабатываем запрос").work()
    assert not [title for title in world.open_tasks() if title.startswith("Согласуйте")]

    world.after(hours=1).move(SILENT, by=builders.IVANOV).work()
    assert world.stage() == "Обрабатываем запрос", "a new stay is a new question"


def test_who_may_agree_agrees_by_moving() -> None:
    """РОП moves the deal himself: nobody is asked."""
    world = World(guarded(AGREED)).work()
    world.after(minutes=5).move(SILENT, by=builders.PETROVA).work()

    assert world.stage() == SILENT


def test_somebody_elses_consent_is_not_the_one_the_stage_wants() -> None:
    """A robot that moves with another person's agreement meets the gate like everybody."""
    to = move.Options(builders.SALES, builders.stage(SILENT).id, SILENT, people.Employee(builders.SMIRNOV))
    proposing = rules.robot("Продажи/Новый лид/move", "move", to, r.Entered(builders.stage("Новый лид").id))
    made = guarded(AGREED)
    world = World(dataclasses.replace(made, robots=(*made.robots, proposing))).work()
    world.after(hours=1).close_task(f"Согласуйте: «{SILENT}» — Окна для Марии").work()

    asked = [task.responsible for task in world.tasks.values() if task.title.startswith("Согласуйте")]
    assert (world.stage(), asked) == ("Новый лид", [builders.SMIRNOV, builders.PETROVA])


def test_agreement_is_asked_once_all_else_is_there() -> None:
    """Too few attempts: sent back without troubling РОП."""
    world = World(guarded(TRIED, AGREED)).work()
    world.after(minutes=5).move(SILENT, by=builders.IVANOV).work()

    assert (world.stage(), [t for t in world.open_tasks() if t.startswith("Согласуйте")]) == ("Новый лид", [])
