"""`when:` of time: from the YAML to triggers, and its slips in plain words."""

from __future__ import annotations

from datetime import time

from robots import conditions, model, robot, schedule, slots
from tests.robots import builders
from tests.robots.config import reading

DATE = """
    robots:
      - name: Скоро
        when: {{date: {date}}}
        pipeline: Продажи
        do: [{{log: Скоро}}]
"""
CLOSING = model.FieldCode("closedate")
SHOWN = "Предполагаемая дата закрытия"


def test_a_date_short_and_with_all_its_words() -> None:
    """`before` and `after` in days, work days, hours and minutes; the hour of that day."""
    short = reading.robots(DATE.format(date=SHOWN))["Скоро/log"]
    whole = f'{{field: {SHOWN}, before: 2 рабочих дня, at: "9:30", closed: too}}'
    two = schedule.Duration(2, schedule.Unit.WORK_DAYS)

    assert short.trigger == robot.Reached(CLOSING, SHOWN, earlier=False)
    assert reading.robots(DATE.format(date=whole))["Скоро/log"].trigger == robot.Reached(
        CLOSING, SHOWN, two, earlier=True, at=time(9, 30), closed=True
    )


def test_what_is_wrong_with_a_date_is_said() -> None:
    """No date, not the card's own, a unit that can't be counted back, both directions at once."""
    slips = {
        "Требования": "V017  в поле «Требования» не дата",
        "Контакт / Имя": "V017  «Контакт / Имя» — не дата карточки: нужно поле-дата сделки или лида",
        f"{{field: {SHOWN}, before: 2 work hours}}": "V019  от даты считают днями, рабочими днями, часами и минутами",
        f"{{field: {SHOWN}, before: 2 days, after: 1 day}}": "V017  date: или before, или after",
    }
    for written, said in slips.items():
        heads = [line.partition("  ")[2] for line in reading.told(DATE.format(date=written)).splitlines()]
        assert heads[0] == said


TABLE = """
    robots:
      - name: Утром
        when: {{schedule: {table}}}
        pipeline: Продажи
        do: [{{log: Утро}}]
"""


def test_a_timetable_in_words_and_as_a_cron_line() -> None:
    """Days of the week, work days, days of the month, several hours; the same robot by a cron line."""
    written = {
        '{on: рабочие дни, at: "10:00"}': slots.Slots((time(10),), work_days=True),
        '{on: [пн, Четверг], at: ["16:30", "9:00"]}': slots.Slots((time(9), time(16, 30)), frozenset({0, 3})),
        '{on: [1, 15, последний день], at: "9:00"}': slots.Slots(
            (time(9),), days=frozenset({1, 15, slots.LAST})
        ),
        '{on: every day, at: "9:00"}': slots.Slots((time(9),)),
        '{at: "9:00"}': slots.Slots((time(9),)),
        '"30 9 * * 1,4"': slots.Slots((time(9, 30),), frozenset({0, 3})),
    }
    for table, made in written.items():
        one = reading.robots(TABLE.format(table=table))["Утром/log"]
        assert one.trigger == robot.Scheduled(made), table
    closed = reading.robots(TABLE.format(table='{at: "9:00", closed: too}'))["Утром/log"].trigger
    assert closed == robot.Scheduled(slots.Slots((time(9),)), closed=True)


def test_what_is_wrong_with_a_timetable_is_said() -> None:
    """An hour that isn't, an unknown day, a cron line of four fields, no hour at all."""
    slips = {
        '{on: пн, at: "25:00"}': "V017  нужно время, например «09:30», а стоит «25:00»",
        '{on: понедельник2, at: "9:00"}': "V017  не знаю слова «понедельник2»",
        '"0 9 * *"': "V017  в строке cron пять полей: минута, час, число, месяц, день недели",
        "{on: пн}": "V018  schedule: не хватает ключа «at»: во сколько",
    }
    for table, said in slips.items():
        heads = [line.partition("  ")[2] for line in reading.told(TABLE.format(table=table)).splitlines()]
        assert heads[0] == said


CALL = "robots: [{{name: Оплата, when: {{webhook: {name}}}, pipeline: Продажи, do: [{{log: Оплачено}}]}}]\n"


def test_a_call_of_another_program_has_a_plain_name() -> None:
    """It stands in an address."""
    one = reading.robots(CALL.format(name="Oplata_1c"))["Оплата/log"]
    assert one.trigger == robot.Happened("/trigger/oplata_1c")
    said = reading.told(CALL.format(name="Оплата 1С")).splitlines()[0].partition("  ")[2]
    assert said == "V017  нужно имя латиницей, например «oplata_1c», а стоит «Оплата 1С»"


CAME = "robots: [{{name: Пришло, when: {when}, pipeline: Продажи, do: [{{notify: Петрова Анна}}]}}]\n"


def test_what_comes_of_clients_and_money() -> None:
    """One robot for each way that is named; a message without words says what came."""
    made = reading.robots(CAME.format(when="{incoming: [звонок, e-mail]}"))
    one = reading.robots(CAME.format(when="{incoming: form}"))
    paid = reading.robots(CAME.format(when="счёт оплачен"))["Пришло/notify"]
    assert {name: each.trigger for name, each in (made | one).items()} == {
        "Пришло/call/notify": robot.Happened("/activity/call"),
        "Пришло/letter/notify": robot.Happened("/activity/letter"),
        "Пришло/notify": robot.Happened("/activity/form"),
    }
    assert paid.trigger == robot.Happened("/invoice/paid")
    assert paid.options.text == builders.template("«{{Название}}»: оплачен счёт\n{{Ссылка}}")


CHANGED = "robots: [{{name: Сменилось, when: {{changed: {how}}}, pipeline: Продажи, do: [{{log: Да}}]}}]\n"


def test_a_change_of_a_field_from_and_to() -> None:
    """Values, lists and operators as in `if`; people by their names."""
    one = reading.robots(
        CHANGED.format(how="{field: Ответственный, from: Иванов Пётр, to: {not: [Сидорова Ольга]}}")
    )
    path = builders.path("Ответственный")
    was = conditions.Test(path, conditions.Op.EQUALS, builders.IVANOV)
    assert isinstance(one["Сменилось/log"].trigger, robot.Changed)
    assert (one["Сменилось/log"].trigger.path_code, one["Сменилось/log"].trigger.was) == ("@responsible", was)
    assert isinstance(one["Сменилось/log"].trigger.becomes, conditions.Not)

    more = reading.robots(CHANGED.format(how="{field: Сумма, to: {at_least: 1000000}}"))[
        "Сменилось/log"
    ].trigger
    assert isinstance(more, robot.Changed)
    assert (more.path_code, more.was, more.becomes is None) == ("opportunity", None, False)


def test_slips_of_from_and_to_are_said() -> None:
    """An unknown value of a list; comms, which aren't remembered."""
    slips = {
        "{field: Способ доставки, to: Почтой}": "V012  ",
        "{field: Телефон, from: {filled: true}}": "V017  from: прежних телефонов, e-mail и клиентов Voronka не помнит",
    }
    for how, said in slips.items():
        heads = [line.partition("  ")[2] for line in reading.told(CHANGED.format(how=how)).splitlines()]
        assert heads[0].startswith(said), heads


TASK = "robots: [{{name: Задача, when: {{task: {how}}}, pipeline: Продажи, do: [{{log: Да}}]}}]\n"


def test_a_task_done_or_overdue() -> None:
    """Of any robot's, or with words of its title."""
    written = {
        "done": robot.TaskIs(overdue=False),
        "просрочена": robot.TaskIs(overdue=True),
        "{is: выполнена, title: Получить  оплату}": robot.TaskIs(overdue=False, title="получить оплату"),
    }
    for how, trigger in written.items():
        assert reading.robots(TASK.format(how=how))["Задача/log"].trigger == trigger
