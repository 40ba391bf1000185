"""A run of days in several sittings: what each seed came to is kept in a file, and the next sitting tries what is left.

The file's first line is the digest of the code that was tried. With other code the file is refused: a table must not add up
trials of two programs.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence

from tests.simulation import runner

ROOT = pathlib.Path(__file__).parents[1]
TRIED = ("connector", "robots", "sandbox", "tests/simulation", "bench", "requirements.txt")


class OtherCode(Exception):
    """What the file keeps was another program's."""


class Sittings:
    """Raises OtherCode. A line that a kill cut in half is tried again."""

    def __init__(self, path: pathlib.Path, code: str | None = None) -> None:
        self._path, code = path, code or digest(ROOT)
        self._kept: dict[int, runner.Outcome] = {}
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        if lines and lines[0].strip() != code:
            raise OtherCode(f"{path}: kept by other code ({lines[0].strip()}, this is {code})")
        for line in lines[1:]:
            if line.endswith("\n"):
                one = _read(line)
                self._kept[one.seed] = one
        if not lines or not lines[-1].endswith("\n"):
            path.write_text(
                "".join([f"{code}\n", *(line for line in lines[1:] if line.endswith("\n"))]), "utf-8"
            )

    def left(self, seeds: Iterable[int]) -> Sequence[int]:
        return [seed for seed in seeds if seed not in self._kept]

    def over(self, seeds: Sequence[int], jobs: int) -> Iterator[runner.Outcome]:
        """Those of earlier sittings, then the rest, each kept before it is told."""
        yield from (self._kept[seed] for seed in seeds if seed in self._kept)
        with self._path.open("a", encoding="utf-8") as file:
            for one in runner.many(self.left(seeds), jobs):
                file.write(json.dumps(dataclasses.asdict(one)) + "\n")
                file.flush()
                yield one


def _read(line: str) -> runner.Outcome:
    kept = json.loads(line)
    return runner.Outcome(**{**kept, "breaches": tuple(kept["breaches"])})


def digest(root: pathlib.Path) -> str:
    """Of every Python file that a world goes through, and the lock."""
    found = hashlib.sha256()
    for name in TRIED:
        at = root / name
        for file in sorted(at.rglob("*.py")) if at.is_dir() else [at]:
            found.update(f"{file.relative_to(root)}\n".encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:16]
