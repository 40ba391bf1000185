"""A report as sheets: the same cells for the terminal, for a spreadsheet (CSV, XLSX: `workbook`) and for programs (JSON).

A cell is its text; one that is a number brings it along (`Number`), so that a spreadsheet can reckon on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connector.cli import output
from robots import model, words
from robots.insight import rows

FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Number(str):
    """`value` under the text; `form`: a spreadsheet's code of the format."""

    value: float
    form: str

    def __new__(cls, text: str, value: float, form: str = "0") -> Number:
        made = super().__new__(cls, text)
        made.value, made.form = value, form
        return made


@dataclass(frozen=True, slots=True)
class Sheet:
    title: str
    head: tuple[str, ...]
    lines: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()
    """Sentences below the table: what the numbers leave out, what they point at."""


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    period: str
    sheets: tuple[Sheet, ...]
    data: Any
    """The same as plain values, for `--json`."""


def show(report: Report) -> None:
    for sheet in report.sheets:
        output.data(f"{sheet.title}{', ' + report.period if report.period else ''}")
        if sheet.lines:
            output.table(sheet.head, sheet.lines)
        else:
            output.data("  пусто")
        for note in sheet.notes:
            output.data(note)
        output.data("")


def csv_text(sheets: Iterable[Sheet]) -> str:
    """With `;` and a mark of the encoding, as a Russian Excel opens it by a double click."""
    paper = io.StringIO()
    writer = csv.writer(paper, delimiter=";", lineterminator="\r\n")
    for at, sheet in enumerate(sheets):
        writer.writerows([[]] if at else [])
        writer.writerow([sheet.title])
        writer.writerow(sheet.head)
        writer.writerows([_safe(cell) for cell in line] for line in sheet.lines)
        writer.writerows([_safe(note)] for note in sheet.notes)
    return "\ufeff" + paper.getvalue()


def _safe(cell: str) -> str:
    """A name that begins like a formula is kept from being one: names come from strangers."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def count(number: int) -> str:
    return Number(str(number), number)


def length(seconds: int | None) -> str:
    """A spreadsheet counts times in days."""
    if seconds is None:
        return "—"
    return Number(words.duration(timedelta(seconds=seconds)), seconds / rows.DAY, "[h]:mm")


def money(amount: Decimal | None, directory: model.Directory) -> str:
    if amount is None:
        return "нет курса"
    currency = directory.base_currency
    sign = words.SIGNS.get(currency, currency).replace('"', "")
    return Number(words.money(model.Money(amount, currency)), float(amount), f'#,##0.00 "{sign}"')


def share(part: float | None) -> str:
    text = rows.percent(part)
    return text if part is None else Number(text, part, "0.0%")
