"""A report as an XLSX file: a sheet of the book per table, numbers as numbers, the head frozen.

Nothing is ever written as a formula or a link: names come from strangers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
import xlsxwriter.exceptions

from connector.bitrix24 import books
from connector.cli import output, sheets

WIDEST, NARROWEST = books.WIDEST, books.NARROWEST


def write(path: Path, made: sheets.Report) -> None:
    """Raises OSError."""
    book = xlsxwriter.Workbook(str(path), books.OPTIONS)
    try:
        look = Looks(book)
        names = tab_names(one.title for one in made.sheets)
        for name, sheet in zip(names, made.sheets, strict=True):
            _page(book.add_worksheet(name), sheet, made.period, look)
    finally:
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:
            raise _cause(error) from error


def _cause(error: Exception) -> OSError:
    first = error.args[0] if error.args else None
    return first if isinstance(first, OSError) else OSError(0, str(error))


def tab_names(titles: Iterable[str]) -> list[str]:
    return books.tab_names(map(output.clean, titles))


class Looks:
    """The book's formats, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._numbers: dict[str, Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})

    def number(self, form: str) -> Any:
        if form not in self._numbers:
            self._numbers[form] = self._book.add_format({"num_format": form, "align": "right"})
        return self._numbers[form]


def _page(page: Any, sheet: sheets.Sheet, period: str, look: Looks) -> None:
    page.write_string(0, 0, ", ".join(filter(None, (sheet.title, period))), look.title)
    for at, name in enumerate(sheet.head):
        page.write_string(1, at, name, look.head)
    page.freeze_panes(2, 1)
    for row, line in enumerate(sheet.lines, start=2):
        for at, cell in enumerate(line):
            if isinstance(cell, sheets.Number):
                page.write_number(row, at, cell.value, look.number(cell.form))
            else:
                page.write_string(row, at, output.clean(cell))
    for at, width in enumerate(widths(sheet)):
        page.set_column(at, at, width)
    for row, note in enumerate(sheet.notes, start=len(sheet.lines) + 3):
        page.write_string(row, 0, output.clean(note))


def widths(sheet: sheets.Sheet) -> Sequence[int]:
    """As wide as the longest cell, within reason; notes and the title run over."""
    return [
        min(WIDEST, max(NARROWEST, *(len(line[at]) + 2 for line in (sheet.head, *sheet.lines))))
        for at in range(len(sheet.head))
    ]
