"""`voronka test`: files are found, differences are shown as lines, codes say how it ended."""

from __future__ import annotations

import json
import pathlib
import shutil

import pytest

from connector.cli import app, exits

ROOT = pathlib.Path(__file__).parents[3]
REHEARSALS = ROOT / "config" / "rehearsals"


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """An admin's: his file, its snapshot and one rehearsal."""
    (tmp_path / "rehearsals").mkdir()
    shutil.copy(REHEARSALS / "portal.json", tmp_path / "rehearsals")
    shutil.copy(REHEARSALS / "romashka" / "two-departments.yaml", tmp_path / "romashka.yaml")
    text = (REHEARSALS / "two-departments.yaml").read_text("utf-8")
    told = text.replace("config: romashka/two-departments.yaml", "config: ../romashka.yaml")
    (tmp_path / "rehearsals" / "romashka.yaml").write_text(told, "utf-8")
    return tmp_path


def test_without_a_name_the_folder_of_rehearsals_is_played(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What each robot did, story by story; 0 where all is as expected."""
    monkeypatch.chdir(folder)
    assert app.run(["test"]) == exits.Code.FINE
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "rehearsals/romashka.yaml",
        "  сошлось  выигранная сделка продаж продолжается копией в доставке, один раз",
    ]
    assert "1h  Продажи/on_won/hand_over: передача в другую воронку" in [line.strip() for line in lines]
    assert lines[-1] == "2 истории: всё сошлось"


def test_what_differs_is_shown_and_is_code_1(
    folder: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A robot changed in the YAML: its line is wanted and got."""
    config = folder / "romashka.yaml"
    title = "        stages: {Новый заказ: {task: {title: Принять}}}\n"
    config.write_text(config.read_text("utf-8") + f"pipelines:\n    Доставка:\n{title}", "utf-8")
    file = folder / "rehearsals" / "romashka.yaml"
    assert app.run(["test", str(file)]) == exits.Code.FINDINGS
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "- «Мария. Принять заказ у продаж», для Сидорова Ольга, от Смирнов Олег" in lines
    assert "+ «Принять», для Сидорова Ольга, от Смирнов Олег" in lines
    assert lines[-1] == "2 истории: не так — 1"

    assert app.run(["test", str(file), "--json"]) == exits.Code.FINDINGS
    told = json.loads(capsys.readouterr().out)[file.as_posix()]
    assert [one["passed"] for one in told] == [True, False]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (
            "deal: {pipeline: Доставка, stage: Новый заказ",
            "deal: {pipeline: Доставка, stage: Новый",
            "нет такой стадии",
        ),
        ("move: Собираем", "mvoe: Собираем", "незнакомый ключ «mvoe»"),
        ("portal: portal.json", "portal: нет.json", "нет файла"),
        ("config: ../romashka.yaml", "config: ../нет.yaml", "нет.yaml"),
    ],
)
def test_what_cannot_be_played_is_code_4(
    folder: pathlib.Path, capsys: pytest.CaptureFixture[str], was: str, now: str, said: str
) -> None:
    """In words and at its place."""
    file = folder / "rehearsals" / "romashka.yaml"
    text = file.read_text("utf-8")
    assert was in text
    file.write_text(text.replace(was, now), "utf-8")
    assert app.run(["test", str(file)]) == exits.Code.CONFIG
    told = capsys.readouterr()
    assert said in told.err
    assert "сошлось" not in told.out.splitlines()[-1]


def test_a_broken_configuration_is_code_4(folder: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As `check` says it."""
    config = folder / "romashka.yaml"
    config.write_text(config.read_text("utf-8").replace("sales: Продажи", "sales: Продажа"), "utf-8")
    assert app.run(["test", str(folder / "rehearsals")]) == exits.Code.CONFIG
    assert "нет такой воронки" in capsys.readouterr().err


def test_no_rehearsals_is_wrong_usage(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what to type."""
    monkeypatch.chdir(tmp_path)
    assert app.run(["test"]) == exits.Code.USAGE
    assert "voronka test" in capsys.readouterr().err
