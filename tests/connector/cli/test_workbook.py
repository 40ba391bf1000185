"""Reports as books of Excel: read back as a program that opens them does, from the parts of the archive."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from connector.cli import exits, sheets, workbook
from tests.connector.cli import beside
from tests.connector.cli.test_report import a_season
from tests.robots import builders

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


class Book:
    """The values of an XLSX file, and how they are shown."""

    def __init__(self, path: Path | io.BytesIO) -> None:
        with zipfile.ZipFile(path) as parts:
            self._parts = {name: parts.read(name) for name in parts.namelist() if name.endswith(".xml")}
        strings = self._tree("xl/sharedStrings.xml").findall("x:si", NS)
        self._strings = ["".join(one.itertext()) for one in strings]
        styles = self._tree("xl/styles.xml")
        codes = {one.get("numFmtId"): one.get("formatCode") for one in styles.findall(".//x:numFmt", NS)}
        used = [one.get("numFmtId") for one in styles.findall("x:cellXfs/x:xf", NS)]
        # Codes of the standard itself (1 is «0») aren't written out.
        self._forms = [codes.get(one, one) for one in used]
        self.names = [one.get("name") for one in self._tree("xl/workbook.xml").findall(".//x:sheet", NS)]

    def _tree(self, part: str) -> ElementTree.Element:
        return ElementTree.fromstring(self._parts[part])

    def page(self, number: int) -> ElementTree.Element:
        return self._tree(f"xl/worksheets/sheet{number}.xml")

    def lines(self, number: int) -> list[list[Any]]:
        """Texts as they are; a number as (value, format)."""
        return [
            [self._value(cell) for cell in row.findall("x:c", NS)]
            for row in self.page(number).findall(".//x:row", NS)
        ]

    def _value(self, cell: ElementTree.Element) -> Any:
        held = cell.findtext("x:v", "", NS)
        if cell.get("t") == "s":
            return self._strings[int(held)]
        return float(held), self._forms[int(cell.get("s", "0"))]


def book(path: Path, *made: sheets.Sheet) -> Book:
    workbook.write(path, sheets.Report("people", "март", made, {}))
    return Book(path)


def test_numbers_are_numbers(tmp_path: Path) -> None:
    """Counts, shares, sums and times can be reckoned on; what isn't known stays a dash."""
    directory = builders.directory()
    line = (
        "Иванов",
        sheets.count(12),
        sheets.share(0.125),
        sheets.share(None),
        sheets.money(Decimal("1500.50"), directory),
        sheets.length(36 * 3600),
    )
    shown = book(tmp_path / "a.xlsx", sheets.Sheet("Люди", tuple("абвгде"), [line], ("Так считаем.",)))
    assert shown.lines(1) == [
        ["Люди, март"],
        list("абвгде"),
        ["Иванов", (12.0, "1"), (0.125, "0.0%"), "—", (1500.5, '#,##0.00 "₽"'), (1.5, "[h]:mm")],
        ["Так считаем."],
    ]
    assert [str(cell) for cell in line[1:]] == ["12", "12 %", "—", "1 500,50 ₽", "1 день 12 ч"]


def test_the_head_stays_in_sight(tmp_path: Path) -> None:
    """The two first rows and the first column are frozen; columns are as wide as what they hold, within reason."""
    long = "очень " * 30
    page = book(tmp_path / "a.xlsx", sheets.Sheet("Люди", ("имя", "что"), [("Константинов", long)])).page(1)
    pane = page.find(".//x:pane", NS)
    assert pane is not None
    assert {name: pane.get(name) for name in ("xSplit", "ySplit", "state")} == {
        "xSplit": "1",
        "ySplit": "2",
        "state": "frozen",
    }
    columns = [round(float(one.get("width", "0"))) for one in page.findall(".//x:col", NS)]
    assert columns == [len("Константинов") + 3, workbook.WIDEST + 1]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+7", "@x", "http://evil.example/", "1e5", "{=A1}"])
def test_a_strangers_name_is_only_text(tmp_path: Path, name: str) -> None:
    """No formula, no link, no number comes of what a client typed into a form."""
    shown = book(tmp_path / "a.xlsx", sheets.Sheet("Люди", ("имя",), [(name,)], (name,)))
    assert shown.lines(1)[2:] == [[name], [name]]
    assert shown.page(1).findall(".//x:f", NS) + shown.page(1).findall(".//x:hyperlink", NS) == []


def test_tabs_have_names_that_a_spreadsheet_takes() -> None:
    """At most 31 characters, nothing forbidden, none twice though the case differs."""
    long = "Воронка «Пластиковые окна и двери для дома», все"
    assert workbook.tab_names([long, long.upper(), "А/Б: [1]?", "''", "\x00"]) == [
        "Воронка «Пластиковые окна и две",
        "ВОРОНКА «ПЛАСТИКОВЫЕ ОКНА И (2)",
        "А Б   1",
        "Отчёт",
        "Отчёт (2)",
    ]


def test_the_command_writes_a_book(tmp_path: Path) -> None:
    """`report --xlsx` and `audit --xlsx`; what can't be written is one sentence and code 3."""
    url = beside.filled(tmp_path, a_season)
    paper = tmp_path / "people.xlsx"
    ran = beside.voronka(url, "report", "people", "--period", "30d", "--xlsx", str(paper))
    assert (ran.returncode, ran.stdout, ran.stderr) == (exits.Code.FINE, "", f"Записано: {paper}\n")
    shown = Book(paper)
    assert shown.names == ["Сотрудники"]
    assert shown.lines(1)[2][5:] == [(1500.0, '#,##0.00 "₽"'), (0.0, "1"), (1.0, "0.0%")]
    found = beside.voronka(url, "audit", "--xlsx", str(tmp_path / "audit.xlsx"))
    assert found.returncode == exits.Code.FINDINGS
    assert Book(tmp_path / "audit.xlsx").lines(1)[2][0] == "стадия-свалка"
    ran = beside.voronka(url, "report", "stale", "--xlsx", "/нет/такой/папки.xlsx")
    said = "не могу записать /нет/такой/папки.xlsx: No such file or directory\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (exits.Code.USAGE, "", said)
