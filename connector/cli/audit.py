"""`voronka audit`: the five typical mistakes of a funnel with their evidence (S5.5). Findings are code 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli import exits, reading, report
from robots import model

if TYPE_CHECKING:
    from connector.cli import sheets
    from robots.insight import audit as auditing

RECENT = 180 * 86_400
"""Cards closed and untouched for longer say how people used to work."""


def register(app: typer.Typer) -> None:
    app.command("audit")(audit)
    app.command("аудит", hidden=True)(audit)


def audit(
    csv: Annotated[str, typer.Option("--csv", help="Записать таблицей CSV: имя файла или «-».")] = "",
    xlsx: Annotated[str, typer.Option("--xlsx", help="Записать книгой Excel: имя файла.")] = "",
    portal: Annotated[str, typer.Option("--portal", help="Какой портал, если их несколько.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Пять типичных ошибок воронки: чем видно и что делать."""

    async def told(beside: reading.Beside) -> sheets.Report:
        from connector.cli import report_sheets, sheets

        found = await find(beside)
        sheet = report_sheets.audit_sheet(found, beside.directory)
        return sheets.Report("audit", "", (sheet,), {"findings": found})

    made = reading.ask(told, portal)
    report.write(made, csv, xlsx, as_json)
    if made.data["findings"]:
        raise exits.Stop(exits.Code.FINDINGS)


async def find(beside: reading.Beside) -> tuple[auditing.Finding, ...]:
    from connector import clock
    from connector.store import readout
    from robots.insight import audit as auditing

    directory, now = beside.directory, int(clock.SystemClock().now().timestamp())
    fields = directory.fields.get(model.CardKind.DEAL.value, {})
    employees = [str(code) for code, one in fields.items() if one.type is model.FieldType.USER]
    wanted = readout.Wanted(
        kinds=(model.CardKind.DEAL,), since=now - RECENT, people=employees, handovers=True
    )
    return await beside.store.readout.lives(
        beside.portal, wanted, lambda lives: auditing.audit(lives, directory, now)
    )
