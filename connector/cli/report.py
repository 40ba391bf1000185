"""`voronka report NAME`: numbers of the funnel as a table, CSV, XLSX or JSON. Reckoned by `robots.insight` over the store's copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from connector.cli import exits, output, period, reading
from robots import model

if TYPE_CHECKING:
    from connector.cli import sheets
    from robots.insight import conversion, forecast

NAMES: Mapping[str, str] = {
    "conversion": "сколько дошло до каждой стадии и сколько лидов стало сделками (--by person, --by source)",
    "stages": "сколько времени проводят на каждой стадии",
    "plan": "план оплат и прогноз с его ошибкой",
    "people": "итоги сотрудников",
    "skips": "стадии, прощёлканные за секунды",
    "stale": "открытые карточки без движения",
}
DEFAULT = "month"


@dataclass(frozen=True, slots=True)
class Asked:
    beside: reading.Beside
    directory: model.Directory
    days: period.Days
    now: int
    by: str

    @property
    def seconds(self) -> Any:
        return self.days.seconds(self.beside.zone)


Make = Callable[[Asked], Awaitable["sheets.Report"]]


def register(app: typer.Typer) -> None:
    app.command("report")(report)
    app.command("отчёт", hidden=True)(report)


def report(
    name: Annotated[str, typer.Argument(help="Какой отчёт; без имени — список.")] = "",
    period_: Annotated[str, typer.Option("--period", help=f"За какое время: {period.EXAMPLES}.")] = DEFAULT,
    by: Annotated[str, typer.Option("--by", help="conversion: pipeline, person или source.")] = "pipeline",
    csv: Annotated[str, typer.Option("--csv", help="Записать таблицей CSV: имя файла или «-».")] = "",
    xlsx: Annotated[str, typer.Option("--xlsx", help="Записать книгой Excel: имя файла.")] = "",
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Числа воронки: конверсия, время на стадиях, план оплат, сотрудники."""
    if not name:
        return output.table(
            ("отчёт", "что в нём"), [(f"voronka report {one}", text) for one, text in NAMES.items()]
        )
    if name not in NAMES:
        raise exits.Stop(exits.Code.USAGE, f"нет отчёта «{name}»; есть: {', '.join(NAMES)}")
    if by not in ("pipeline", "person", "source"):
        raise exits.Stop(exits.Code.USAGE, f"не понимаю --by {by}: pipeline, person или source")

    async def question(beside: reading.Beside) -> sheets.Report:
        return await MAKES[name](asked(beside, period_, by))

    return write(reading.ask(question, portal), csv, xlsx, as_json)


def asked(beside: reading.Beside, text: str, by: str) -> Asked:
    from connector import clock

    now = clock.SystemClock().now()
    days = period.read(text, now.astimezone(ZoneInfo(beside.zone)).date())
    if days is None:
        raise exits.Stop(exits.Code.USAGE, f"не понимаю период «{text}»: {period.EXAMPLES}")
    return Asked(beside, beside.directory, days, int(now.timestamp()), by)


def write(made: sheets.Report, csv: str, xlsx: str, as_json: bool) -> None:
    from connector.cli import sheets

    if xlsx:
        _book(made, xlsx)
    if as_json:
        return output.as_json({"report": made.name, "period": made.period, **made.data})
    if not csv:
        return None if xlsx else sheets.show(made)
    text = sheets.csv_text(made.sheets)
    if csv == "-":
        return output.data(text.rstrip("\r\n"))
    try:
        Path(csv).write_bytes(text.encode())
    except OSError as error:
        raise exits.Stop(exits.Code.USAGE, f"не могу записать {csv}: {error.strerror}") from error
    return output.say(f"Записано: {csv}")


def _book(made: sheets.Report, xlsx: str) -> None:
    from connector.cli import workbook

    try:
        workbook.write(Path(xlsx), made)
    except OSError as error:
        raise exits.Stop(exits.Code.USAGE, f"не могу записать {xlsx}: {error.strerror}") from error
    output.say(f"Записано: {xlsx}")


# ---------------------------------------------------------------- the reports


async def _conversion(ask: Asked) -> sheets.Report:
    from connector.cli import report_sheets, sheets
    from connector.store import readout
    from robots.insight import conversion

    cut = conversion.Cut(ask.by)
    wanted = readout.Wanted(since=ask.seconds.since, open_too=False, worth=False)
    deals, leads = await ask.beside.store.readout.lives(
        ask.beside.portal, wanted, lambda lives: conversion.both(lives, ask.directory, ask.seconds, cut)
    )
    tables = [report_sheets.lead_sheet(leads, cut, ask.directory)] if leads else []
    tables += [report_sheets.funnel_sheet(one, cut, ask.directory, _first(one, leads)) for one in deals]
    data = {"leads": [{**_plain(one), "share": one.share} for one in leads], "funnels": deals}
    return sheets.Report("conversion", str(ask.days), tuple(tables), data)


def _first(funnel: conversion.Funnel, leads: tuple[conversion.LeadConversion, ...]) -> float | None:
    """S1.9's first step is lead -> deal: it judges the board of leads."""
    same = next((one for one in leads if one.key == funnel.key), None)
    return same.share if same and funnel.pipeline == model.LEADS else None


async def _stages(ask: Asked) -> sheets.Report:
    from connector.cli import report_sheets, sheets
    from connector.store import readout
    from robots.insight import timing

    store, portal = ask.beside.store.readout, ask.beside.portal
    touched = readout.Wanted(since=ask.seconds.since, open_too=False, worth=False)
    ended = await store.lives(portal, touched, lambda lives: timing.passed(lives, ask.seconds))
    present = readout.Wanted(only_open=True, stays=False)
    standing = await store.lives(portal, present, lambda lives: timing.standing(lives, ask.now))
    made = timing.table(ended, standing, ask.directory)
    return sheets.Report("stages", str(ask.days), (report_sheets.stage_sheet(made),), {"stages": made})


async def _plan(ask: Asked) -> sheets.Report:
    from connector.cli import report_sheets, sheets
    from connector.store import readout
    from robots.insight import forecast, rows

    if ask.seconds.until <= ask.now:
        raise exits.Stop(exits.Code.USAGE, f"план смотрит вперёд, а период {ask.days} уже прошёл")
    # At least a day: chances of the last hour of a day would be chance indeed.
    until = max(ask.seconds.until, ask.now + rows.DAY)
    wish = forecast.Ask(ask.now, until, ask.days.first, ask.days.last)
    wanted = readout.Wanted(kinds=(model.CardKind.DEAL,), since=wish.oldest)
    made = await ask.beside.store.readout.lives(
        ask.beside.portal, wanted, lambda lives: forecast.forecast(lives, ask.directory, wish)
    )
    tables = report_sheets.plan_sheets(made, ask.directory)
    return sheets.Report("plan", str(ask.days), tables, _plan_data(made))


def _plan_data(made: forecast.Forecast) -> dict[str, Any]:
    def flat(one: forecast.Planned) -> dict[str, Any]:
        life = one.life
        return {
            "card": str(life.ref),
            "responsible": life.responsible,
            "planned": life.planned,
            "stage": one.stage,
            "worth": one.worth,
            "chance": one.chance,
        }

    return {
        **{name: getattr(made, name) for name in ("since", "until", "stages", "standing", "arriving")},
        **{name: getattr(made, name) for name in ("total", "tests", "error", "unconverted")},
        "planned": [flat(one) for one in made.planned],
        "overdue": [flat(one) for one in made.overdue],
    }


async def _people(ask: Asked) -> sheets.Report:
    from connector.cli import report_sheets, sheets
    from connector.store import readout
    from robots.insight import people

    wanted = readout.Wanted(kinds=(model.CardKind.DEAL,), since=ask.seconds.since, stays=False)
    found = await ask.beside.store.readout.lives(
        ask.beside.portal,
        wanted,
        lambda lives: people.people(lives, ask.directory, ask.seconds, ask.now),
    )
    sheet = report_sheets.people_sheet(found, ask.directory)
    return sheets.Report("people", str(ask.days), (sheet,), {"people": found, "total": people.total(found)})


async def _skips(ask: Asked) -> sheets.Report:
    from connector.cli import report_sheets, sheets
    from connector.store import readout
    from robots.insight import skipping

    wanted = readout.Wanted(
        kinds=(model.CardKind.DEAL,), since=ask.seconds.since, open_too=False, worth=False
    )
    made = await ask.beside.store.readout.lives(
        ask.beside.portal, wanted, lambda lives: skipping.skips(lives, ask.directory, ask.seconds)
    )
    sheet = report_sheets.skip_sheet(made, ask.directory, ask.beside.zone)
    return sheets.Report("skips", str(ask.days), (sheet,), _plain(made))


async def _stale(ask: Asked) -> sheets.Report:
    from connector.cli import report_sheets, sheets
    from connector.store import readout
    from robots.insight import stale

    found = await ask.beside.store.readout.lives(
        ask.beside.portal,
        readout.Wanted(only_open=True, stays=False),
        lambda lives: stale.stale(lives, ask.now),
    )
    sheet = report_sheets.stale_sheet(found, ask.directory, ask.beside.zone)
    return sheets.Report("stale", "", (sheet,), {"people": found})


MAKES: Mapping[str, Make] = {
    "conversion": _conversion,
    "stages": _stages,
    "plan": _plan,
    "people": _people,
    "skips": _skips,
    "stale": _stale,
}


def _plain(value: Any) -> dict[str, Any]:
    made = output.plain(value)
    return made if isinstance(made, dict) else {}
