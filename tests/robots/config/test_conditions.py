"""Occasions and conditions: `when`, stages, `if` to triggers and data."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from robots import conditions, model, robot, schedule
from tests.robots import builders
from tests.robots.config import reading


@pytest.mark.parametrize(
    ("when", "trigger"),
    [
        ("created", robot.Created()),
        ("won", robot.Entered(None, model.Semantic.WON)),
        ("lost", robot.Entered(None, model.Semantic.LOST)),
        ("reopened", robot.Reopened()),
        ("{entered: Отправили счёт}", robot.Entered(model.StageId("C1:INVOICE"))),
        ("{left: Отправили счёт}", robot.Left(model.StageId("C1:INVOICE"))),
        ("{changed: Сумма}", robot.Changed("opportunity")),
        ("{changed: Клиент}", robot.Changed("@contacts")),
        ("{changed: Телефон}", robot.Changed("@comms")),
        ("{changed: Ответственный}", robot.Changed("@responsible")),
        ("{changed: РОП}", robot.Changed("UF_CRM_ROP")),
    ],
)
def test_when(when: str, trigger: robot.Trigger) -> None:
    """Every occasion of `robots:`."""
    one = reading.robots(f"robots: [{{name: Крупная  сделка, when: {when}, do: {{log: да}}}}]\n")
    assert one["Крупная сделка/log"].trigger == trigger


def test_several_stages_are_several_robots() -> None:
    """`entered: [А, Б]`: the stage is a part of the path."""
    one = reading.robots(
        "robots: [{name: Х, when: {entered: [Спам, Дорого]}, pipeline: Продажи, do: [{log: да}]}]\n"
    )
    assert sorted(one) == ["Х/Дорого/log", "Х/Спам/log"]


def test_stages_events_and_several_tasks() -> None:
    """on_enter, on_leave, tasks with names."""
    one = reading.robots("""
        leads:
          stages:
            В работе:
              task: [{name: звонок, title: А}, {name: письмо, title: Б}]
              on_enter: [{log: пришёл}]
              on_leave: [{log: ушёл}]
        """)
    assert {key: type(each.trigger).__name__ for key, each in one.items()} == {
        "Лиды/В работе/on_leave/log": "Left",
        "Лиды/В работе/task звонок": "Entered",
        "Лиды/В работе/task письмо": "Entered",
        "Лиды/В работе/on_enter/log": "Entered",
    }
    assert {(each.card, each.pipeline) for each in one.values()} == {(model.CardKind.LEAD, model.LEADS)}


def test_a_path_takes_the_portals_spelling() -> None:
    """Case, ё and ids in the file don't make another robot."""
    text = "pipelines: {%s: {stages: {%s: {task: А}}}}\n"
    written = [("Продажи", "Отправили счёт"), ("продажи", "отправили  счет"), ("1", "C1:INVOICE")]
    assert {tuple(reading.robots(text % names)) for names in written} == {("Продажи/Отправили счёт/task",)}


# --- conditions


def condition(text: str) -> Any:
    one = reading.robots(
        f"robots: [{{name: Х, when: created, pipeline: Продажи, if: {text}, do: {{log: да}}}}]\n"
    )
    return one["Х/log"].condition


def plain(found: Any) -> Any:
    """A condition as nested tuples: field, operator, wish."""
    match found:
        case conditions.Test(path, op, wanted):
            return (str(path.code), op.value, wanted)
        case conditions.Not(part):
            return ("not", plain(part))
        case conditions.All(parts):
            return ("all", *map(plain, parts))
        case conditions.AnyOf(parts):
            return ("any", *map(plain, parts))
    raise AssertionError(found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{Способ доставки: Самовывоз}", ("UF_CRM_WAY", "equals", builders.PICKUP)),
        ("{Источник: [Звонок, WEB]}", ("sourceId", "equals", ("CALL", "WEB"))),
        ("{Сумма: {at_least: 1000000}}", ("@sum", "at_least", Decimal(1_000_000))),
        ("{Сумма: {at_most: 1 000 USD}}", ("@sum", "at_most", model.Money(Decimal(1000), "USD"))),
        ("{Стадия: {not: [Спам]}}", ("not", ("@stage", "equals", ("C1:LOSE",)))),
        ("{Ответственный: Иванов Пётр}", ("@responsible", "equals", 11)),
        ("{Воронка: Доставка}", ("@pipeline", "equals", 2)),
        ("{Требования: {filled: true}}", ("UF_CRM_DEMANDS", "filled", None)),
        ("{Требования: {filled: нет}}", ("UF_CRM_DEMANDS", "empty", None)),
        ("{Требования: {contains: окна}}", ("UF_CRM_DEMANDS", "contains", "окна")),
        ("{Роботы не трогают: да}", ("UF_CRM_HANDS_OFF", "equals", True)),
        ("{Количество: 3}", ("UF_CRM_COUNT", "equals", Decimal(3))),
        (
            "{Предполагаемая дата закрытия: {at_least: 31.12.2026}}",
            ("closedate", "at_least", date(2026, 12, 31)),
        ),
        (
            "{Дата создания: {older_than: 3 days}}",
            ("createdTime", "older_than", schedule.Duration(3, schedule.Unit.DAYS)),
        ),
        ("{Телефон: {valid: true}}", ("@phone", "valid", "RU")),
        ("{Контакт / Телефон: {valid: kz}}", ("@phone", "valid", "KZ")),
        ("{Сайт: {valid: нет}}", ("not", ("@site", "valid", "RU"))),
        ("{field: Требования, is: нет}", ("UF_CRM_DEMANDS", "equals", "нет")),
        (
            "{Количество: 1, any: [{Количество: 2}, {not: {Количество: 3}}]}",
            (
                "all",
                ("UF_CRM_COUNT", "equals", Decimal(1)),
                (
                    "any",
                    ("UF_CRM_COUNT", "equals", Decimal(2)),
                    ("not", ("UF_CRM_COUNT", "equals", Decimal(3))),
                ),
            ),
        ),
        (
            "{Сумма: {at_least: 1, at_most: 5}}",
            ("all", ("@sum", "at_least", Decimal(1)), ("@sum", "at_most", Decimal(5))),
        ),
    ],
)
def test_conditions_are_data_with_the_portals_ids(text: str, wanted: Any) -> None:
    """admin-experience «Conditions are data»."""
    assert plain(condition(text)) == wanted


def test_a_pipelines_hands_off_guards_its_robots_and_gates() -> None:
    """F35: a scope of its own."""
    text = """
        pipelines:
          Продажи:
            hands_off: {Роботы не трогают: да}
            stages: {Новый лид: {task: А, to_leave: [Требования]}}
        """
    assert plain(reading.robots(text)["Продажи/Новый лид/task"].condition)[0] == "not"
    (needed,) = reading.gates(text)["Продажи/Новый лид/to_leave"].to_leave
    assert plain(needed.condition)[0] == "any"
