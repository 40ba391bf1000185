"""`when:` of time: from the YAML to triggers, and its slips in plain words."""

from __future__ import annotations

from datetime import time

from robots import model, robot, schedule
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
