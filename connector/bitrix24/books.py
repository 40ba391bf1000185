"""XLSX books: names of sheets as a spreadsheet wants them, and the book of a report that goes as a file.

Nothing is ever written as a formula or a link: names come from strangers.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from robots import intents

WIDEST, NARROWEST = 60, 8
"""Of a column, in characters."""
NAME = 31
"""Characters in a sheet's name: the format's own limit."""
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


def tab_names(titles: Iterable[str]) -> list[str]:
    """Allowed, short and told apart without regard to case, as a spreadsheet wants them."""
    taken: set[str] = set()
    made: list[str] = []
    for title in titles:
        base = _FORBIDDEN.sub(" ", title).strip(" '") or "Отчёт"
        for number in itertools.count(1):
            tail = "" if number == 1 else f" ({number})"
            name = base[: NAME - len(tail)].rstrip(" '") + tail
            if name.lower() not in taken:
                break
        taken.add(name.lower())
        made.append(name)
    return made


def made(text: str, tables: Sequence[intents.Table]) -> bytes:
    """The message's own lines on the first sheet, then a sheet to a table."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {**OPTIONS, "in_memory": True})
    first = intents.Table("Отчёт", (), tuple((line,) for line in text.splitlines()))
    whole = [first, *tables]
    for name, table in zip(tab_names(one.title for one in whole), whole, strict=True):
        _page(book.add_worksheet(name), table, book.add_format({"bold": True, "bottom": 1}))
    book.close()
    return file.getvalue()


def _page(page: Any, table: intents.Table, head: Any) -> None:
    for at, name in enumerate(table.head):
        page.write_string(0, at, name, head)
        longest = max((len(line[at]) for line in table.lines), default=0)
        page.set_column(at, at, min(WIDEST, max(NARROWEST, len(name) + 2, longest + 2)))
    if table.head:
        page.freeze_panes(1, 0)
    for row, line in enumerate(table.lines, start=bool(table.head)):
        for at, cell in enumerate(line):
            if at in table.numbers and cell:
                page.write_number(row, at, float(cell))
            else:
                page.write_string(row, at, _CONTROL.sub("", cell))
