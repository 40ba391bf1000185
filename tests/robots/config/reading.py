"""Text in, problems out: what the tests of the configuration say to each other."""

from __future__ import annotations

import pathlib
import textwrap

from robots import model, paths, people, robot
from robots.config import load, problems
from tests.robots import builders

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
PRESETS = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "config/presets").glob("*.yaml"))}
EXAMPLE = (HERE / "data/rop-funnel.yaml").read_text("utf-8")
FILE = "romashka.yaml"
PORTAL = builders.directory()


def loaded(
    text: str, *, directory: model.Directory | None = PORTAL, files: dict[str, str] | None = None
) -> load.Loaded:
    return load.load({FILE: text}, directory, files=files, presets=PRESETS)


def told(
    text: str, *, directory: model.Directory | None = PORTAL, files: dict[str, str] | None = None
) -> str:
    """Everything that `check` would print, without the remarks for information."""
    text = dedented(text)
    found = loaded(text, directory=directory, files=files).problems
    worth = [one for one in found if one.severity is not problems.Severity.INFO]
    return problems.render_all(worth, {FILE: text, **PRESETS, **(files or {})}) + "\n" * bool(worth)


def remarks(text: str) -> list[str]:
    """Only the remarks for information: code and text."""
    found = loaded(dedented(text)).problems
    return [f"{one.code} {one.text}" for one in found if one.severity is problems.Severity.INFO]


def dedented(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


TEXTS = {"новый-лид.txt": "Позвоните {{Контакт: Имя}}"}
MANAGER = people.InField(paths.Path(paths.Owner.CARD, paths.Virtual.RESPONSIBLE, "Ответственный"))


def made(text: str) -> load.Loaded:
    """A text without errors, loaded."""
    good = loaded(dedented(text), files=TEXTS)
    assert problems.render_all(good.errors, {FILE: text}) == ""
    return good


def robots(text: str) -> dict[str, robot.Robot]:
    return {one.id: one for one in made(text).robots}


def gates(text: str) -> dict[str, robot.Gate]:
    return {one.id: one for one in made(text).gates}
