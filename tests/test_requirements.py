"""docs/requirements.md is true: every id of the contract stands there once, and every test that it names exists.

The contract lies beside the checkout or not at all. Where it doesn't, the page is held to the ranges of ids below, which
the first test holds to the contract wherever it can be read: nothing is skipped in either place.
"""

from __future__ import annotations

import ast
import collections
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
PAGE = ROOT / "docs" / "requirements.md"
CONTRACT = ROOT.parent / "shared" / "requirements.md"
LAST = {"U": 7, "S1.": 9, "S2.": 12, "S3.": 8, "S4.": 6, "S5.": 5, "X": 9}
WORDS = ("ещё нет", "amoCRM", "console", "admin's desk")
ROW = re.compile(r"^\| ([USX]\d[\d.]*) \|", re.MULTILINE)
NAMED = re.compile(r"`(tests/[^`:]+)::([^`]+)`")


def known_ids() -> set[str]:
    return {f"{prefix}{number}" for prefix, last in LAST.items() for number in range(1, last + 1)}


def rows() -> list[list[str]]:
    """[id, shown by, not there] of each row."""
    lines = PAGE.read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if ROW.match(line)]


def names_in(path: pathlib.Path) -> set[str]:
    """Names by which pytest finds the tests of a file, without importing it."""
    names = set[str]()
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test_"):
                names.add(name)
            case ast.ClassDef(name=owner, body=body):
                names |= {
                    f"{owner}::{one.name}"
                    for one in body
                    if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
                    and one.name.startswith("test_")
                }
    return names


def test_every_id_of_the_contract_stands_there_once() -> None:
    """Neither an id is forgotten nor one made up."""
    text = CONTRACT.read_text("utf-8") if CONTRACT.is_file() else None
    asked = known_ids() if text is None else set(ROW.findall(text))
    assert asked == known_ids()
    counted = collections.Counter(row[0] for row in rows())
    assert counted == collections.Counter(asked)


def test_every_named_test_exists() -> None:
    """A test that was renamed or dropped takes its row along."""
    named = sorted(set(NAMED.findall(PAGE.read_text("utf-8"))))
    found = {file: names_in(ROOT / file) if (ROOT / file).is_file() else set[str]() for file, _ in named}
    assert [f"{file}::{name}" for file, name in named if name not in found[file]] == []


def test_no_row_is_silent() -> None:
    """Shown by tests, or lacking in one of the fixed words; whatever stands in the second column is a test."""
    silent = [
        row
        for row in rows()
        if len(row) != 3 or not (NAMED.search(row[1]) or row[2]) or NAMED.sub("", row[1]).strip()
    ]
    assert silent == []
    assert [row for row in rows() if row[2] and not row[2].startswith(WORDS)] == []
