"""Every preset has its rehearsal, which `voronka test` runs green, and which a preset without any one of its robots fails."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest

from connector.bootstrap import configuration, files, snapshot
from connector.cli import rehearse
from robots import decision, model
from robots.playing import play, script

ROOT = pathlib.Path(__file__).parents[1]
REHEARSALS = ROOT / "config" / "rehearsals"
PRESETS = sorted(path.stem for path in (ROOT / "config" / "presets").glob("*.yaml"))


def loaded(name: str) -> tuple[script.Head, decision.Rules, model.Directory]:
    path = REHEARSALS / f"{name}.yaml"
    head = script.head(path.read_text("utf-8"), path.name)
    directory = snapshot.read((REHEARSALS / head.portal).read_bytes())
    compiled = configuration.compiled(files.read(REHEARSALS / head.config), directory)
    assert compiled.errors == ()
    return head, compiled.rules(), configuration.worked(compiled, directory)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_does_what_its_rehearsal_says(name: str) -> None:
    """Told as `voronka test` tells it."""
    results, wrong = rehearse.one(REHEARSALS / f"{name}.yaml")
    assert wrong == ""
    assert results != ()
    differing = [line for result in results if not result.passed for line in rehearse.story(result)]
    assert differing == []


@pytest.mark.parametrize("name", [one for one in PRESETS if one != "starter"])
def test_a_preset_without_one_of_its_robots_fails_its_rehearsal(name: str) -> None:
    """Nothing of a preset may be lost unnoticed: neither a robot nor what a stage wants filled. The starter's are those of
    rop-funnel."""
    head, rules, directory = loaded(name)
    unnoticed = []
    for one in (*rules.robots, *rules.gates):
        less = replace(
            rules,
            robots=tuple(each for each in rules.robots if each is not one),
            gates=tuple(each for each in rules.gates if each is not one),
        )
        played = play.play(head, less, directory)
        if not played.problems and all(result.passed for result in played.results):
            unnoticed.append(str(one.id))
    assert unnoticed == []
