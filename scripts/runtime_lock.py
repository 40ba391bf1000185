"""What of requirements.txt the program itself needs: the lock without the developers' tools, for the image.

The lock says under each package who wants it («# via»). Kept is what pyproject.toml names as a dependency, and whatever a
kept package wants; hashes stay as they are. Prints the smaller lock.
"""

from __future__ import annotations

import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).parents[1]
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)
WANTED_BY = re.compile(r"^ {4}#(?: via)? +([a-z0-9._-]+)$", re.IGNORECASE | re.MULTILINE)


def plain(requirement: str) -> str:
    found = NAME.match(requirement)
    if found is None:
        raise ValueError(requirement)
    return found[0].lower().replace("_", "-").replace(".", "-")


def blocks(lock: str) -> dict[str, str]:
    """Each package's lines, by its name."""
    found = re.split(r"^(?=[a-z0-9])", lock, flags=re.IGNORECASE | re.MULTILINE)
    return {plain(block): block for block in found if NAME.match(block)}


def runtime(lock: str, project: str) -> str:
    known = blocks(lock)
    kept = {plain(one) for one in tomllib.loads(project)["project"]["dependencies"]}
    if missing := kept - known.keys():
        raise SystemExit(f"not in the lock: {', '.join(sorted(missing))}")
    while more := {
        name
        for name, block in known.items()
        if name not in kept and kept & {plain(one) for one in WANTED_BY.findall(block)}
    }:
        kept |= more
    return "".join(block for name, block in known.items() if name in kept)


if __name__ == "__main__":
    lock, project = ((ROOT / name).read_text("utf-8") for name in ("requirements.txt", "pyproject.toml"))
    print(runtime(lock, project), end="")
