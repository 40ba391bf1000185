"""What counts against a robot's limit (F4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from robots import intents, limits, tally
from tests.robots import builders
from tests.robots.config import reading

WON = intents.MoveStage(builders.SALES, builders.stage("Дорого").id, builders.stage("Новый лид").id)


def wish(act: intents.Act, **more: object) -> intents.Wish:
    plain = intents.Wish(
        intents.WishKey("k"), intents.RobotId("r"), "d", builders.card().ref, "c", act, "так надо"
    )
    return replace(plain, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("act", "wanted"),
    [
        (intents.Notify(builders.IVANOV, "a", "a"), tally.Sort.NOTIFICATIONS),
        (WON, tally.Sort.CLOSES),
        (intents.LogEntry("a", "a"), None),
    ],
)
def test_the_sort_of_an_act_has_its_limit(act: intents.Act, wanted: tally.Sort | None) -> None:
    """A move into a lost stage closes the card; entries in the feed have no limit."""
    assert limits.counted(wish(act), builders.directory(), limits.DEFAULT) is wanted


def test_what_a_person_set_going_and_what_must_be_finished_has_none() -> None:
    """`enroll` was counted before; a task that was set is closed; a watching robot sends nothing."""
    act = intents.Notify(builders.IVANOV, "a", "a")
    for more in ({"calm": True}, {"digest": ""}, {"dry_run": True}):
        assert limits.counted(wish(act, **more), builders.directory(), limits.DEFAULT) is None


def test_a_limit_in_words() -> None:
    """As `held` and `why` say it."""
    assert limits.said(tally.Sort.TASKS, limits.Rate(30, 3600)) == "предел робота: 30 задач за час"
    assert (
        limits.said(tally.Sort.CLOSES, limits.Rate(1, 86_400))
        == "предел робота: 1 закрытие карточки за сутки"
    )
    assert limits.said(tally.Sort.MOVES, limits.Rate(2, 600)).endswith("за 600 с")
    now = datetime(2026, 3, 3, tzinfo=UTC)
    assert limits.begins(now, limits.Rate(1, 3600)) == now - timedelta(hours=1)


def test_limits_of_the_file() -> None:
    """What is written, the defaults beside it; a portal-wide section reaches the rules."""
    made = reading.loaded("limits: {tasks: 5 per hour, moves: 7 в час}\n").rules.limits
    assert (made["tasks"], made["moves"]) == (limits.Rate(5, 3600), limits.Rate(7, 3600))
    assert made["closes"] == limits.DEFAULT["closes"]


OWN = """\
pipelines:
  Продажи:
    limits: {moves: 3 per day, tasks: 9 per hour}
    stages:
      Новый лид:
        to_leave: [Требования]
        task: {title: Взять, deadline: 1 work day, for: Иванов Пётр, limits: {tasks: 2 per hour}}
      Обрабатываем запрос:
        task: {title: Узнать, deadline: 1 work day, for: Иванов Пётр}
robots:
  - name: Поток
    when: created
    limits: {notifications: 4 в день}
    do:
      - notify: {to: Иванов Пётр, text: Пришла}
"""


def test_of_one_robot_the_innermost_word_counts() -> None:
    """F4: robot over funnel over portal; a gate has its funnel's. Without the portal's section only what is named is limited."""
    alone = reading.loaded(OWN).rules
    ids = [*(one.id for one in alone.robots), *(gate.id for gate in alone.gates)]
    found = {str(one): alone.limits_of(one) for one in ids}
    hour, day = 3600, 86_400
    funnel = {"moves": limits.Rate(3, day), "tasks": limits.Rate(9, hour)}
    assert found == {
        "Продажи/Новый лид/task": {**funnel, "tasks": limits.Rate(2, hour)},
        "Продажи/Обрабатываем запрос/task": funnel,
        "Поток/notify": {"notifications": limits.Rate(4, day)},
        "Продажи/Новый лид/to_leave": funnel,
    }
    assert (alone.limits, alone.limited) == ({}, True)
    beside = reading.loaded(f"limits: {{tasks: 5 per hour}}\n{OWN}").rules
    first = beside.limits_of(intents.RobotId("Продажи/Новый лид/task"))
    assert first == {**limits.DEFAULT, **funnel, "tasks": limits.Rate(2, hour)}
    assert beside.limits_of(intents.RobotId("кто-то")) == {**limits.DEFAULT, "tasks": limits.Rate(5, hour)}


def test_another_limit_isnt_another_robot() -> None:
    """What it has wished and not sent yet stays wanted."""
    more = reading.loaded(OWN.replace("2 per hour", "200 per hour")).robots
    assert [one.digest for one in more] == [one.digest for one in reading.loaded(OWN).robots]


def test_a_misspelt_limit_breaks_the_robots_that_it_would_hold() -> None:
    """Nobody works without the limit that was meant."""
    broken = reading.loaded(OWN.replace("3 per day", "немного")).broken
    assert {one.id for one in broken} >= {"Продажи/Новый лид/task", "Продажи/Новый лид/to_leave"}
