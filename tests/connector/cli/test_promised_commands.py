"""What the texts tell people to type exists: every `voronka …` in the guides, the READMEs and the ready-made YAML."""

from __future__ import annotations

import pathlib
import re

import pytest
import typer.main

from connector.cli import app

ROOT = pathlib.Path(__file__).parents[3]
TEXTS = sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/guide/*.md"), *ROOT.glob("config/**/*.yaml")])
SPOKEN = re.compile(r"(?:`|«|: |bin/)voronka ([a-z][a-z-]*)")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_in_texts_exist(path: pathlib.Path) -> None:
    """A guide that names a command which isn't there costs an evening."""
    known = set(typer.main.get_group(app.app).commands)
    named = set(SPOKEN.findall(path.read_text("utf-8")))
    assert sorted(named - known) == []


def test_the_texts_do_name_commands() -> None:
    """The search above finds what it should."""
    start = (ROOT / "docs" / "guide" / "start.ru.md").read_text("utf-8")
    named = set(SPOKEN.findall(start))
    assert named >= {"connect", "check", "run", "apply", "why", "status", "problems", "retry"}
