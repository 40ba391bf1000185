"""The configuration on the disk: one file or a folder, its hash, and a snapshot of the portal that survives a round trip."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.bootstrap import files, notes, snapshot
from robots import model
from tests.robots import builders


def test_a_file_and_a_folder_are_read_alike(tmp_path: Path) -> None:
    """F35: one portal is one file or a folder read as one; texts/ lies beside; other files are nobody's business."""
    (tmp_path / "a.yaml").write_text("version: 1\n", encoding="utf-8")
    (tmp_path / "b.yml").write_text("people: {}\n", encoding="utf-8")
    (tmp_path / "note.txt").write_text("no", encoding="utf-8")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "новый-лид.txt").write_text("Позвоните", encoding="utf-8")
    folder, one = files.read(tmp_path), files.read(tmp_path / "a.yaml")
    assert [Path(name).name for name in folder.texts] == ["a.yaml", "b.yml"]
    assert [Path(name).name for name in one.texts] == ["a.yaml"]
    assert folder.files == one.files == {"новый-лид.txt": "Позвоните"}


def test_any_change_is_another_hash(tmp_path: Path) -> None:
    """The YAML, a text beside it: both make another configuration, and another stamp; nothing else does."""
    path, text = tmp_path / "a.yaml", tmp_path / "texts" / "t.txt"
    text.parent.mkdir()
    path.write_text("a: 1\n", encoding="utf-8")
    first, stamp = files.read(path).hash, files.stamp(path)
    assert files.stamp(path) == stamp
    text.write_text("x", encoding="utf-8")
    second = files.read(path).hash
    assert files.stamp(path) != stamp
    text.unlink()
    assert (files.read(path).hash, second != first) == (first, True)


@pytest.mark.parametrize("name", ["gone.yaml", "empty"])
def test_what_is_not_there_is_said(tmp_path: Path, name: str) -> None:
    """A missing file and a folder without YAML are one sentence's matter."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(files.NoFile, match=name):
        files.read(tmp_path / name)


def test_a_snapshot_is_the_portal_again() -> None:
    """X3: `check --snapshot` compares names with just what the portal had: number ids of options stay numbers."""
    directory = builders.directory()
    assert snapshot.read(snapshot.written(directory)) == directory


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"directory": {}}', b'{"directory": {"fields": 5}}', b"\xff"]
)
def test_another_file_is_no_snapshot(data: bytes) -> None:
    """One sentence, no traceback."""
    with pytest.raises(snapshot.Unreadable, match="это не снимок портала"):
        snapshot.read(data)


def test_names_for_stories_survive_the_notebook() -> None:
    """`why` runs without the portal: stages, pipelines and people keep their names in the notebook."""
    directory = builders.directory()
    portal = model.PortalId("romashka")
    again = notes.directory(portal, notes.names(directory))
    stage = again.stage(builders.SALES, model.StageId("C1:OFFER"))
    assert stage is not None
    assert (stage.name, again.user_name(builders.PETROVA), again.address) == (
        "Сделали предложение",
        "Петрова Анна",
        directory.address,
    )
    assert notes.directory(portal, None).pipelines == ()
