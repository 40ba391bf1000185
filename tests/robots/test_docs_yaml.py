"""Every yaml block that people are shown loads with the real loader: docs, presets, README (users.md F1)."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from robots.config import load, problems, schema
from tests.robots import furnished

ROOT = pathlib.Path(__file__).parents[2]
PRESETS = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "config/presets").glob("*.yaml"))}
_BLOCK = re.compile(
    r"(?:<!-- yaml: (?P<how>[^>]*?) -->\n)?(?P<indent> *)```ya?ml\n(?P<body>.*?)^ *```", re.S | re.M
)
_PEOPLE = "people:\n  РОП: {field: РОП, else: Петрова Анна}\n"
"""Fragments may speak of «РОП» without defining him."""


@dataclass(frozen=True)
class Block:
    file: str
    line: int
    body: str
    how: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def blocks() -> Iterator[Block]:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = path.read_text("utf-8")
        for found in _BLOCK.finditer(text):
            line = text[: found.start("body")].count("\n") + 1
            name = path.relative_to(ROOT).as_posix()
            yield Block(name, line, found["body"], (found["how"] or "").strip())


def whole(block: Block) -> dict[str, str]:
    """The block as files: a fragment is put inside the keys that its remark names (`inside pipelines / Продажи`)."""
    if not block.how.startswith("inside "):
        return {"block.yaml": block.body}
    text, depth = "", 0
    for key in block.how.removeprefix("inside ").split(" / "):
        text += f"{'  ' * depth}{key}:\n"
        depth += 1
    text += "".join(f"{'  ' * depth}{line}\n" for line in block.body.splitlines())
    return {"block.yaml": text, "people.yaml": _PEOPLE}


@pytest.mark.parametrize("block", [one for one in blocks() if one.how not in {"rehearsal", "other"}], ids=str)
def test_a_block_of_the_docs_loads(block: Block) -> None:
    """What an admin copies from the docs works as it stands, for a portal with those stages, fields and people."""
    files = whole(block)
    loaded = load.load(files, furnished.directory(files, PRESETS), presets=PRESETS)
    assert problems.render_all(loaded.errors, {**files, **PRESETS}) == ""
    assert loaded.broken == ()


ANSWERS = {
    "two-departments.yaml": ("delivery_head: Смирнов Олег",),
    "departments.yaml": (
        "delivery_head: Смирнов Олег",
        "delivery_head: Смирнов Олег, departments: three",
        "delivery_head: Смирнов Олег, departments: three, service_head: Сидорова Ольга",
    ),
    "quality-control.yaml": ('quality: Опт, own_mail: "@romashka.ru", director: Петрова Анна',),
    "sales-department.yaml": ("", "inbound: deals, letters: email, sender: Ромашка <info@romashka.ru>"),
}
"""What a preset asks and has no answer to of its own, and its other variants."""


@pytest.mark.parametrize(
    ("name", "answers"),
    [(name, f"{{{one}}}") for name in sorted(PRESETS) for one in ANSWERS.get(name, ("",))],
)
def test_a_preset_loads(name: str, answers: str) -> None:
    """A preset is used with its defaults, or stands as a file of its own, in a portal where everything was created
    that it needs; nothing of it is worth a warning."""
    stem = name.removesuffix(".yaml")
    text = f"use:\n  preset: {stem}@1\n  with: {answers}\n" if "\npreset:" in PRESETS[name] else PRESETS[name]
    there = furnished.directory({"own.yaml": text}, PRESETS)
    loaded = load.load({"own.yaml": text}, there, presets=PRESETS)
    worth = [one for one in loaded.problems if one.severity is not problems.Severity.INFO]
    assert problems.render_all(worth, {"own.yaml": text, **PRESETS}) == ""
    assert loaded.robots
    assert loaded.broken == ()
    assert loaded.usable


def test_the_schema_for_editors_is_the_grammar() -> None:
    """The file in config/schema is what `schema.text()` gives: write that there after a change of the shapes."""
    assert (ROOT / "config/schema/voronka.schema.json").read_text("utf-8") == schema.text()
