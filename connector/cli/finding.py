"""Which configuration is meant when none is named: the only YAML here that has a `portal:`."""

from __future__ import annotations

from pathlib import Path

from connector.cli import exits, texts


def config(given: Path | None, command: str, here: Path | None = None) -> Path:
    if given is not None:
        if not given.exists():
            raise exits.Stop(exits.Code.USAGE, texts.text("no_file", path=given))
        return given
    folder = here or Path()
    found = [
        path
        for place in (folder, folder / "config")
        if place.is_dir()
        for path in sorted(place.iterdir())
        if path.suffix in (".yaml", ".yml") and _is_ours(path)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise exits.Stop(exits.Code.USAGE, texts.text("no_yaml", command=command))
    raise exits.Stop(exits.Code.USAGE, texts.text("which_yaml", files=", ".join(map(str, found))))


def _is_ours(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as opened:
        return any(line.startswith("portal:") for line in opened)
