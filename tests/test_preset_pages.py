"""Every preset has a page in both languages, which tells what it asks and shows its funnel as it is now."""

from __future__ import annotations

import pathlib

import pytest

from connector.bootstrap import starting
from scripts import preset_pictures

ROOT = pathlib.Path(__file__).parents[1]
PAGES = {"ru": ROOT / "docs" / "presets", "en": ROOT / "docs" / "presets" / "en"}


@pytest.mark.parametrize("language", sorted(PAGES))
@pytest.mark.parametrize("name", preset_pictures.names())
def test_a_preset_has_its_page(name: str, language: str) -> None:
    """Named in the list, with every question that it asks and a picture that is there."""
    folder = PAGES[language]
    page = (folder / f"{name}.md").read_text("utf-8")
    asked = starting.inputs((preset_pictures.PRESETS / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")
    assert [one for one in asked if f"`{one}`" not in page] == []
    assert f"({name}.md)" in (folder / "README.md").read_text("utf-8")
    picture = page.rpartition("](")[2].partition(")")[0]
    assert (folder / picture).resolve() in preset_pictures.files()


def test_the_pictures_are_those_of_the_presets() -> None:
    """`python scripts/preset_pictures.py` draws them anew."""
    drawn = preset_pictures.files()
    stale = [
        path.name for path, text in drawn.items() if not path.is_file() or path.read_text("utf-8") != text
    ]
    assert stale == []
    assert sorted(preset_pictures.PICTURES.iterdir()) == sorted(drawn)
