"""The plan of payments and the forecast in a report: today, to Sunday, to the end of the month, and how sure it is (S3.6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from robots import model, paths, words
from robots.insight import forecast, rows

FIRST = 5
"""Lines of a list that are said."""


def said(told: forecast.Forecast, directory: model.Directory, today: date) -> Iterator[str]:
    """`told` runs to the end of its last planned day."""
    sunday = today + timedelta(days=6 - today.weekday())
    of_today = [one for one in told.planned if one.life.planned == today]
    of_week = [one for one in told.planned if one.life.planned and one.life.planned <= sunday]
    month = f"по {words.day(told.last)}"
    yield (
        f"План оплат: сегодня {_worth(of_today, directory)}; до воскресенья {_worth(of_week, directory)}; "
        f"{month} {_worth(told.planned, directory)}."
    )
    yield from _lines(of_today or of_week, directory)
    if told.overdue:
        yield f"День плана прошёл, а сделка открыта: {_worth(told.overdue, directory)}."
        yield from _lines(told.overdue, directory)
    yield from _forecast(told, month, directory)


def _forecast(told: forecast.Forecast, month: str, directory: model.Directory) -> Iterator[str]:
    money = words.money(model.Money(told.total, directory.base_currency))
    error = (
        "ошибку пока не измерить, истории мало"
        if told.error is None
        else f"прошлые прогнозы ошибались на {rows.percent(told.error)}"
    )
    yield (
        f"Прогноз {month}: вероятно {money} ({error}). Считаем так: сумма открытых сделок × доля выигранных с той же "
        "стадии за прошлые отрезки такой же длины + сколько обычно приносят новые."
    )
    if told.unconverted:
        yield f"Без курса валюты {told.unconverted} открытых: их сумм в прогнозе нет."


def _worth(planned: Collection[forecast.Planned], directory: model.Directory) -> str:
    if not planned:
        return "ничего"
    total = sum((one.worth or 0 for one in planned), start=0)
    deals = words.count(len(planned), "сделка", "сделки", "сделок")
    return f"{deals} на {words.money(model.Money(Decimal(total), directory.base_currency))}"


def _lines(planned: Sequence[forecast.Planned], directory: model.Directory) -> Iterator[str]:
    for one in planned[:FIRST]:
        worth = (
            "нет курса" if one.worth is None else words.money(model.Money(one.worth, directory.base_currency))
        )
        who, day = directory.user_name(one.life.responsible), one.life.planned
        link = paths.link(one.life.ref, directory)
        yield f"— {worth}, «{one.stage}», {who}, план {day:%d.%m}: {link}"
    if len(planned) > FIRST:
        yield f"— и ещё {len(planned) - FIRST}"
