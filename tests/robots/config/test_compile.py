"""What the YAML compiles to: paths, triggers, options, gates, settings, pins, digests."""

from __future__ import annotations

import dataclasses
from datetime import date, time

import pytest

from robots import (
    attempts,
    conditions,
    intents,
    limits,
    look,
    model,
    paths,
    people,
    robot,
    schedule,
    templates,
)
from robots.config import load, settings
from robots.kinds import fill_field, stage_task, task_spec
from tests.robots import builders
from tests.robots.config import reading

EXAMPLE = reading.made(reading.EXAMPLE)
BY_ID = {str(one.id): one for one in EXAMPLE.robots}


def spec(robot_id: str) -> task_spec.TaskSpec:
    options = BY_ID[robot_id].options
    assert isinstance(options, stage_task.Options)
    return options.task


def test_the_funnel_with_rop_compiles_to_these_robots() -> None:
    """The whole example: paths made of names, in the file's order, all of them watching."""
    assert [(str(one.id), one.kind, type(one.trigger).__name__) for one in EXAMPLE.robots] == [
        ("Продажи/on_create/fill РОП", "fill", "Always"),
        ("Продажи/on_reopen/clear", "set", "Reopened"),
        ("Продажи/on_reopen/notify", "notify", "Reopened"),
        ("Продажи/Новый лид/task", "task", "Entered"),
        ("Продажи/Обрабатываем запрос/task", "task", "Entered"),
        ("Продажи/Сделали предложение/task", "task", "Entered"),
        ("Продажи/Получили ответ/task", "task", "Entered"),
        ("Продажи/Отправили счёт/task", "task", "Entered"),
        ("Продажи/Получили оплату/task", "task", "Entered"),
        ("Продажи/Отправили заказ/task", "task", "Entered"),
    ]
    assert {one.mode for one in (*EXAMPLE.robots, *EXAMPLE.gates)} == {robot.Mode.WATCH}
    assert EXAMPLE.broken == ()
    assert EXAMPLE.usable


def test_its_gates_ask_for_these() -> None:
    """S2.8, S2.9, S2.10, S2.11."""
    asked = {
        str(one.id): [needed.shown for needed in (*one.to_leave, *one.to_enter)] for one in EXAMPLE.gates
    }
    assert asked == {
        "Продажи/Новый лид/to_leave": ["Клиент", "Требования"],
        "Продажи/Обрабатываем запрос/to_leave": [
            "Сумма",
            "Предмет сделки",
            "Способ доставки",
            "Контакт / Имя",
            "Контакт / Телефон",
        ],
        "Продажи/Отправили заказ/to_enter": ["Способ доставки: Доставка"],
        "Продажи/Не подошёл по портрету/to_enter": ["Комментарий при провале"],
        "Продажи/Дорого/to_enter": ["Комментарий при провале"],
        "Продажи/Другое/to_enter": ["Комментарий при провале"],
        "Продажи/Перестал выходить на связь/to_enter": ["попытки связаться", "согласие"],
    }


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("3", attempts.Rule(3, 2)),
        ("1", attempts.Rule(1, 1)),
        ("{at_least: 2, on_days: 3}", attempts.Rule(2, 3)),
        (
            '{at_least: 2, count: [звонок, "комментарий: НД"]}',
            attempts.Rule(2, 2, frozenset([look.Reached.CALL, look.Reached.COMMENT]), ("нд",)),
        ),
    ],
)
def test_attempts_as_they_are_written(written: str, rule: attempts.Rule) -> None:
    """F16; two days where none are said, but one attempt can't be made on two."""
    config = reading.gates(
        f"pipelines: {{Продажи: {{stages: {{Дорого: {{to_enter: {{attempts: {written}}}}}}}}}}}\n"
    )
    assert config["Продажи/Дорого/to_enter"].to_enter[0].attempts == rule


def test_the_rule_about_what_is_missing() -> None:
    """`if_missing` of the example, word by word."""
    rop = people.InField(paths.Path(paths.Owner.CARD, builders.ROP, "РОП"), people.HeadOf(
        reading.MANAGER, people.IfSelf.UP, people.Employee(builders.PETROVA)))  # fmt: skip
    assert EXAMPLE.gates[0].policy == robot.GatePolicy(
        do=robot.GateDoes.TELL,
        then_from=date(2026, 3, 16),
        then_do=robot.GateDoes.MOVE_BACK,
        wait_seconds=120,
        all_earlier=True,
        except_lost=True,
        except_won=False,
        except_moved_by=(rop,),
        at_most_per_day=3,
    )


def test_a_stage_task_takes_the_defaults_of_its_pipeline() -> None:
    """every_task: creator, who, overdue; the task's own words over them."""
    task = spec("Продажи/Новый лид/task")
    assert (task.responsible, task.deadline) == (
        reading.MANAGER,
        schedule.Duration(2, schedule.Unit.WORK_HOURS),
    )
    assert isinstance(task.creator, people.InField)
    assert (task.closes, task.may_postpone, task.follows_responsible) == (
        intents.TaskCloses.ON_LEAVE,
        False,
        True,
    )
    assert task.overdue_to == (task.creator,)
    assert (task.by_hand_to, schedule.words(task.by_hand_after)) == ((reading.MANAGER,), "1 рабочий час")
    assert task.description is not None
    assert [path.shown for path in templates.paths_of(task.description)] == ["Контакт: Имя"]


def test_a_checklist_branches_by_the_lists_ids() -> None:
    """F30: by «Способ доставки»; the empty field has its own items."""
    checklist = spec("Продажи/Получили оплату/task").checklist
    assert checklist.by is not None
    assert checklist.by.code == builders.DELIVERY_WAY
    assert {key: len(items) for key, items in checklist.branches.items()} == {
        builders.BY_COURIER: 7,
        builders.PICKUP: 6,
    }
    assert len(checklist.empty) == 1


def test_fill_with_a_task_if_there_is_nobody() -> None:
    """S2.1, S2.2: the task's creator is the robot, it closes once the field is filled."""
    options = BY_ID["Продажи/on_create/fill РОП"].options
    assert isinstance(options, fill_field.Options)
    assert (options.field, options.also_if_dismissed) == (builders.ROP, True)
    assert options.person == people.HeadOf(
        reading.MANAGER, people.IfSelf.UP, people.Employee(builders.PETROVA)
    )
    assert options.if_nobody is not None
    assert options.if_nobody.creator == people.Robot()
    assert (options.if_nobody.closes, options.if_nobody.closes_filled) == (
        intents.TaskCloses.FILLED,
        builders.ROP,
    )


def test_pins_say_what_a_robot_is_whatever_its_name() -> None:
    """F13: ids of pipeline and stage and the kind, for voronka.lock."""
    pin = EXAMPLE.pins[intents.RobotId("Продажи/Отправили счёт/task")]
    assert (pin.kind, pin.pipeline, pin.stage) == ("task", builders.SALES, model.StageId("C1:INVOICE"))


def test_the_once_said_sections_become_settings() -> None:
    """portal, calendar, notifications, absences, alerts, limits, needs."""
    said = EXAMPLE.settings
    assert (said.portal.address, said.portal.events, said.card_log) == (
        "romashka.bitrix24.ru",
        "none",
        "important",
    )
    assert (said.notifications.quiet, said.notifications.at_most_per_day) == ("outside work hours", 15)
    assert [clock for _, clock in said.notifications.digest] == [time(9, 30), time(9)]
    assert said.absences == (
        settings.Absence(
            people.Employee(builders.PETROVA),
            date(2026, 7, 1),
            date(2026, 7, 14),
            people.Employee(builders.SMIRNOV),
        ),
    )
    assert said.alerts.to == ("mailto:admin@romashka.ru",)
    assert said.limits["closes"] == limits.Rate(10, 86_400)
    assert len(said.needs.fields) == 8
    assert isinstance(EXAMPLE.hands_off, conditions.Test)
    assert EXAMPLE.hands_off.wanted is True


# --- modes, digests, safety


def test_the_innermost_mode_holds_but_off_is_off() -> None:
    """F5: `mode` of a pipeline, of a stage, of a robot."""
    text = """
        pipelines:
          Продажи:
            mode: %s
            on_create: [{log: {text: А, name: а, mode: on}}, {log: {text: Б, name: б}}]
            stages: {Новый лид: {mode: watch, task: А}}
        """
    modes = {key: each.mode.value for key, each in reading.robots(text % "watch").items()}
    assert modes == {
        "Продажи/on_create/log а": "on",
        "Продажи/on_create/log б": "watch",
        "Продажи/Новый лид/task": "watch",
    }
    assert {each.mode.value for each in reading.robots(text % "off").values()} == {"off"}


def test_a_digest_changes_with_what_the_robot_does_and_only_then() -> None:
    """Unsent wishes of a changed robot are superseded; a moved or commented one is the same."""
    text = "pipelines: {Продажи: {stages: {Новый лид: {task: {title: %s, for: Иванов Пётр}}}}}\n"
    (one,) = reading.made(text % "А").robots
    (same,) = reading.made("# примечание\nversion: 1\n" + text % "А").robots
    (other,) = reading.made(text % "Б").robots
    assert one.digest == same.digest
    assert one.digest != other.digest
    assert dataclasses.replace(one, mark=same.mark) == same


@pytest.mark.parametrize(
    "text",
    [
        "pipelines: {Продажи: {mod: watch, on_create: [{log: да}]}}",
        "pipelines: {Продажи: {mode: wathc, on_create: [{log: да}]}}",
        "leads: {stages: {В работе: {mde: watch, task: А}}}",
        "robots: [{name: А, when: created, fi: {Сумма: 5}, do: {log: да}}]",
        "pipelines: {Продажи: {hands_off: {Нет такого: да}, on_create: [{log: да}]}}",
        "people: {РОП: {field: Ропп}}\nleads: {on_create: [{notify: РОП}]}",
        "leads: {every_task: {creator: Никто Никак}, stages: {В работе: {task: А}}}",
    ],
)
def test_a_typo_beside_a_robot_never_lets_it_act_otherwise(text: str) -> None:
    """`mod: watch` must not mean `mode: on`: what stands around a robot breaks it, too."""
    loaded = reading.loaded(text)
    assert loaded.errors
    assert (loaded.robots, len(loaded.broken)) == ((), 1)
    assert loaded.broken[0].why


@pytest.mark.parametrize("text", ["hand_off: {Роботы не трогают: да}", "hands_off: {Роботы трогают: да}",
                                  "portal: {adress: x}", "use: нет@1", "a: [", "limits: {tasks: много}"])  # fmt: skip
def test_a_mistake_about_everything_keeps_the_old_configuration(text: str) -> None:
    """Not usable: `run` goes on with the last good one and says so."""
    assert not reading.loaded(text + "\nleads: {on_create: [{log: да}]}\n").usable


def test_one_bad_robot_does_not_stop_the_others() -> None:
    """It is broken, with its line and the reason."""
    loaded = reading.loaded("leads: {on_create: [{log: '{{Ой}}'}, {comment: да}]}\n")
    assert [one.id for one in loaded.robots] == ["Лиды/on_create/comment"]
    (bad,) = loaded.broken
    assert (bad.id, str(bad.mark), bad.why) == (
        "Лиды/on_create/log",
        "romashka.yaml:1:21",
        "нет такого поля лида: «Ой»",
    )
    assert loaded.usable


def test_was_carries_the_old_name() -> None:
    """The history under the old path is this robot's."""
    one = reading.robots("leads: {on_create: [{log: {text: да, was: Лиды/прежний/log}}]}\n")
    assert one["Лиды/on_create/log"].was == "Лиды/прежний/log"


def test_a_folder_is_one_file() -> None:
    """F35: two heads edit two files; keys may not repeat."""
    files = {
        "а.yaml": "pipelines: {Продажи: {on_create: [{log: да}]}}\nportal: {kind: bitrix24}\n",
        "б.yaml": "pipelines: {Доставка: {on_create: [{log: да}]}}\nportal: {kind: bitrix24}\n",
    }
    loaded = load.load(files, reading.PORTAL)
    assert [one.id for one in loaded.robots] == ["Продажи/on_create/log", "Доставка/on_create/log"]
    assert [str(one.mark) for one in loaded.errors] == ["б.yaml:2:1"]


def test_the_same_files_have_the_same_hash() -> None:
    """The short hash in logs."""
    assert (
        reading.made(reading.EXAMPLE).config == EXAMPLE.config != reading.made("leads: {mode: on}\n").config
    )
