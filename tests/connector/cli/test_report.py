"""`voronka report` and `voronka audit` beside a store, by the installed program; periods and sheets as plain functions."""

from __future__ import annotations

import csv
import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from connector.bootstrap import notes
from connector.cli import exits, period, sheets
from connector.store import api
from robots import model
from tests.connector.cli import beside
from tests.robots import builders

ROMASHKA = model.PortalId("romashka")
NOW = datetime.now(UTC).replace(microsecond=0)
STAGES = {name: (model.StageId(code), semantic) for code, name, semantic in builders.SALES_STAGES}


def looked(number: int, who: model.UserId, *stays: tuple[str, timedelta], **fields: Any) -> ports.Looked:
    """A deal that came to each stage so long ago."""
    visits = [
        model.Visit(
            model.VisitId(f"h{number * 100 + at}"),
            builders.SALES,
            STAGES[stage][0],
            STAGES[stage][1],
            NOW - ago,
            number * 100 + at,
        )
        for at, (stage, ago) in enumerate(stays)
    ]
    last = visits[-1]
    card = model.Card(
        model.CardRef(model.CardKind.DEAL, number),
        builders.SALES,
        last.stage,
        last.semantic,
        "Окна",
        who,
        visits[0].entered,
        last.entered,
        fields={model.FieldCode(code): value for code, value in fields.items()},
    )
    return ports.Looked(
        dirty=ports.Dirty(ports.Thing(ports.Kind.DEAL, number), 1, ports.Lane.LIVE),
        ref=card.ref,
        look_id="look",
        at=NOW,
        memory=ports.Memory(card=card, visit=last, accepted=last),
        arrived=tuple(visits),
        wishes=(),
        trace=(),
        config="c",
    )


def days(number: float) -> timedelta:
    return timedelta(days=number)


async def a_season(url: str) -> None:
    """Иванов won one deal and clicked one through; twelve of his lie on «Получили ответ»; Петрова lost one."""
    money = model.Money(Decimal("1500"), "RUB")
    deals = [
        looked(
            1, builders.IVANOV, ("Новый лид", days(5)), ("Клиент получил заказ", days(2)), opportunity=money
        ),
        looked(2, builders.PETROVA, ("Новый лид", days(5)), ("Дорого", days(4)), sourceId="CALL"),
        looked(
            3,
            builders.IVANOV,
            ("Новый лид", days(4)),
            ("Обрабатываем запрос", days(3)),
            ("Сделали предложение", days(3) - timedelta(seconds=9)),
            ("Получили ответ", days(3) - timedelta(seconds=20)),
            closedate=NOW.date(),
            opportunity=money,
        ),
        *(looked(10 + n, builders.IVANOV, ("Получили ответ", days(60))) for n in range(12)),
    ]
    async with api.open_store(url, daemon=True) as store:
        await store.notebook.write(
            notes.HERE, notes.PORTALS, {"romashka": {"address": "romashka.bitrix24.ru"}}
        )
        await store.notebook.write(ROMASHKA, notes.NAMES, notes.names(builders.directory()))
        await store.mirror.record(ROMASHKA, deals)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return beside.filled(tmp_path_factory.mktemp("store"), a_season)


def test_conversion_per_person(url: str) -> None:
    """Who brings deals how far, as JSON; the names are in the table."""
    told = json.loads(
        beside.voronka(url, "report", "conversion", "--period", "30d", "--by", "person", "--json").stdout
    )
    assert [(one["key"], one["cards"], one["won"], one["lost"]) for one in told["funnels"]] == [
        (builders.IVANOV, 2, 1, 0),
        (builders.PETROVA, 1, 0, 1),
    ]
    shown = beside.voronka(url, "report", "conversion", "--period", "30d", "--by", "person").stdout
    assert "Воронка «Продажи», сотрудник: Иванов Пётр" in shown
    assert "Пришло 2 карточки: выиграно 1, потеряно 0, в работе 1, ушло дальше 0." in shown


def test_times_people_and_what_lies(url: str) -> None:
    """Three tables of the same store."""
    stages = json.loads(beside.voronka(url, "report", "stages", "--period", "30d", "--json").stdout)["stages"]
    by_name = {one["name"]: one for one in stages}
    assert (by_name["Новый лид"]["stays"], by_name["Новый лид"]["p90"]) == (3, 3 * 86_400)
    assert (by_name["Получили ответ"]["stays"], by_name["Получили ответ"]["standing"]) == (0, 13)
    people = beside.voronka(url, "report", "people", "--period", "30d").stdout.splitlines()
    assert people[2].split("  ")[0] == "Иванов Пётр"
    assert "1 500 ₽" in people[2]
    assert people[4].startswith("Итого")
    stale = json.loads(beside.voronka(url, "report", "stale", "--json").stdout)["people"]
    assert [(one["open"], one["older"]) for one in stale] == [(13, [12, 12, 12, 0])]


def test_what_was_clicked_through(url: str) -> None:
    """Two stages in twenty seconds, by name."""
    (batch,) = json.loads(beside.voronka(url, "report", "skips", "--period", "30d", "--json").stdout)[
        "batches"
    ]
    assert (batch["ref"]["id"], batch["responsible"], batch["stages"], batch["seconds"]) == (
        3,
        builders.IVANOV,
        2,
        20,
    )


def test_the_plan_for_a_spreadsheet(url: str, tmp_path: Path) -> None:
    """Excel opens it by a double click: a mark of the encoding, semicolons; how it is reckoned stands below."""
    paper = tmp_path / "plan.csv"
    ran = beside.voronka(url, "report", "plan", "--period", "7d", "--csv", str(paper))
    assert (ran.returncode, ran.stdout, ran.stderr) == (exits.Code.FINE, "", f"Записано: {paper}\n")
    assert paper.read_bytes().startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(paper.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert lines[0] == ["План оплат"]
    assert lines[2][:3] == ["сделка 3", "Получили ответ", "Иванов Пётр"]
    assert any("Как считаем" in cell for line in lines for cell in line)


def test_audit_finds_the_dump(url: str) -> None:
    """Findings are code 1, each with its evidence and what to do."""
    ran = beside.voronka(url, "audit", "--json")
    assert ran.returncode == exits.Code.FINDINGS
    (one,) = json.loads(ran.stdout)["findings"]
    assert (one["mistake"], one["subject"], one["numbers"]) == (
        "dump",
        "Получили ответ",
        {"standing": 13, "open": 13, "old": 12},
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("конверсия",), "нет отчёта «конверсия»; есть: conversion, stages, plan, people, skips, stale"),
        (("people", "--period", "вчерась"), f"не понимаю период «вчерась»: {period.EXAMPLES}"),
        (("plan", "--period", "2020-02"), "план смотрит вперёд, а период 01.02.2020–29.02.2020 уже прошёл"),
        (("conversion", "--by", "цвет"), "не понимаю --by цвет: pipeline, person или source"),
        (
            ("stale", "--csv", "/нет/такой/папки.csv"),
            "не могу записать /нет/такой/папки.csv: No such file or directory",
        ),
    ],
)
def test_what_cannot_be_told(url: str, arguments: tuple[str, ...], said: str) -> None:
    """One sentence and code 3."""
    ran = beside.voronka(url, "report", *arguments)
    assert (ran.returncode, ran.stdout, ran.stderr) == (exits.Code.USAGE, "", said + "\n")


# ---------------------------------------------------------------- periods, sheets, names

TODAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("день", "2026-03-04", "2026-03-04"),
        ("неделя", "2026-03-02", "2026-03-08"),
        ("Month", "2026-03-01", "2026-03-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2024-2", "2024-02-01", "2024-02-29"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("30d", "2026-02-03", "2026-03-04"),
        ("7 дней", "2026-02-26", "2026-03-04"),
        ("2026-02-23..2026-03-01", "2026-02-23", "2026-03-01"),
        ("2026-02-23", "2026-02-23", "2026-02-23"),
    ],
)
def test_periods(text: str, first: str, last: str) -> None:
    """Both days are in it."""
    assert period.read(text, TODAY) == period.Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("text", ["", "2026-13", "2026-02-30", "2026-03-02..2026-03-01", "0000", "скоро"])
def test_what_is_no_period(text: str) -> None:
    """A wrong month or an end before the beginning isn't guessed at."""
    assert period.read(text, TODAY) is None


def test_a_period_is_of_the_portals_clock() -> None:
    """The day begins at midnight in Moscow, and ends where the next begins."""
    day = period.Days(TODAY, TODAY).seconds("Europe/Moscow")
    assert datetime.fromtimestamp(day.since, UTC) == datetime(2026, 3, 3, 21, tzinfo=UTC)
    assert day.until - day.since == 86_400


def test_a_strangers_name_is_no_formula() -> None:
    """A spreadsheet must not run what a client typed into a form."""
    sheet = sheets.Sheet("Люди", ("имя",), [("=HYPERLINK(1)",), ("Иванов",)])
    assert sheets.csv_text([sheet]) == "\ufeffЛюди\r\nимя\r\n'=HYPERLINK(1)\r\nИванов\r\n"


def test_reports_know_money_and_fields_from_the_notebook() -> None:
    """Rates, the channels' names and fields of kind «employee» survive the notebook; other fields aren't kept there."""
    source = model.Field(
        model.FieldCode("sourceId"), "Источник", model.FieldType.STATUS, options={"CALL": "Звонок"}
    )
    full = builders.directory()
    deal = {**full.fields["deal"], source.code: source}
    full = dataclasses.replace(full, fields={"deal": deal}, rates={"USD": Decimal("90.5")})
    again = notes.directory(ROMASHKA, json.loads(json.dumps(notes.names(full))))
    assert (again.base_currency, again.rates) == ("RUB", {"USD": Decimal("90.5")})
    assert again.fields["deal"][source.code] == source
    assert builders.ROP in again.fields["deal"]
    assert builders.DEMANDS not in again.fields["deal"]
    old = {**notes.names(full)}
    del old["money"], old["fields"]
    assert notes.directory(ROMASHKA, old).base_currency == "RUB"
