"""The configuration as files: one YAML, or a folder read as one; texts and presets beside them. No rule is read here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from robots.config import source

YAMLS = (".yaml", ".yml")
MOST_BYTES = 4 * source.LARGEST
"""A file over this is read no further: the loader refuses it by its size before it decodes what was cut."""


Stamp = tuple[tuple[str, int, int], ...]
"""Of each file its name, when it was changed and its size."""


class NoFile(Exception):
    """The configuration isn't there; its text is the path."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was on the disk at one moment. `texts`: YAML by shown name; `files`: texts named by `file:` in the YAML."""

    texts: Mapping[str, bytes]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Short; changes with any byte of any file."""
        made = hashlib.sha256()
        for name, data in [
            *sorted(self.texts.items()),
            *sorted((n, t.encode()) for n, t in self.files.items()),
        ]:
            made.update(f"{name}\0{len(data)}\0".encode())
            made.update(data)
        return made.hexdigest()[:12]


def read(path: Path) -> Bundle:
    """Raises NoFile; files that vanish while being read are left out."""
    if path.is_dir():
        found = sorted(one for one in path.iterdir() if one.suffix in YAMLS)
        beside = path
    elif path.is_file():
        found, beside = [path], path.parent
    else:
        raise NoFile(str(path))
    if not found:
        raise NoFile(str(path))
    return Bundle({_shown(one): _bytes(one) for one in found}, _texts(beside / "texts"))


def stamp(path: Path) -> Stamp:
    """Cheap: changes when a file is saved, comes or goes."""
    folder = path if path.is_dir() else path.parent
    own = [one for one in path.iterdir() if one.suffix in YAMLS] if path.is_dir() else [path]
    texts = list((folder / "texts").glob("*.txt"))
    return tuple(sorted(_stat(one) for one in [*own, *texts]))


def presets() -> Mapping[str, str]:
    """The presets that came with the program: `rop-funnel.yaml` -> its text."""
    folder = resources.files("config").joinpath("presets")
    return {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".yaml")}


def _shown(path: Path) -> str:
    return path.as_posix()


def _bytes(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def _texts(folder: Path) -> Mapping[str, str]:
    if not folder.is_dir():
        return {}
    return {one.name: _bytes(one).decode("utf-8", "replace") for one in sorted(folder.glob("*.txt"))}


def _stat(path: Path) -> tuple[str, int, int]:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return path.name, 0, 0
    return path.name, seen.st_mtime_ns, seen.st_size
