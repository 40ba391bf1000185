"""The typo sweep (users.md F1): a good file damaged in one place, hundreds of times; each time a person is told where.

Each damage must give at least one problem in Russian at the damaged line; no word of the parser, no exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from robots.config import loader, nodes, problems
from tests.robots.config import reading

_PRESET = reading.PRESETS["rop-funnel.yaml"]
PLAIN_PRESET = (
    _PRESET[_PRESET.index("# Кто есть кто") :]
    .replace("$pipeline", "Продажи")
    .replace("$mode", "watch")
    .replace("$returns", "tell")
    .replace("$director", "Петрова Анна")
)
SOURCES = {"example": reading.EXAMPLE, "preset": PLAIN_PRESET}
FILES = {"новый-лид.txt": "Позвоните клиенту"}

_FREE = {"title", "text", "description", "name", "checklist", "empty", "to", "address", "attempts", "agreed_by",
         "closed_by_hand", "reports", "needs", "Доставка", "Самовывоз"}  # fmt: skip
"""Under these anything may be written, or nothing looks at it yet."""
_DEFINED = {"people"}
"""Here a damaged name is a new name: it is missed where it was used, on another line."""
_PARSER = re.compile(
    r"expected|found|mapping|scalar|token|block (end|sequence)|\bflow\b|while|ruamel|Error|Traceback|None|scanner"
)


@dataclass(frozen=True)
class Damage:
    source: str
    what: str
    line: int
    """Where it must be told; 0: anywhere."""
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line} {self.what}"


def _scalars(
    node: nodes.Node, path: tuple[str, ...] = ()
) -> Iterator[tuple[nodes.Scalar, tuple[str, ...], bool]]:
    """(scalar, keys above it, is it a key)."""
    if isinstance(node, nodes.Mapping):
        for key, value in node.pairs:
            yield key, path, True
            yield from _scalars(value, (*path, key.text))
    elif isinstance(node, nodes.Sequence):
        for item in node.items:
            yield from _scalars(item, path)
    elif isinstance(node, nodes.Scalar):
        yield node, path, False


def _is_free(node: nodes.Scalar, path: tuple[str, ...], *, key: bool) -> bool:
    if path == ("people",) and node.text == "менеджер":
        return True  # known without a definition
    if "needs" in path and key:
        return path[-1] not in {"needs", "Продажи"}
    return bool(_FREE & set(path)) or len(node.text) < 2


def _with(text: str, node: nodes.Scalar, new: str) -> str:
    lines = text.split("\n")
    line = lines[node.mark.line - 1]
    start = node.mark.column - 1 + (1 if node.quoted else 0)
    assert line[start : start + len(node.text)] == node.text, (line, node.text)
    lines[node.mark.line - 1] = line[:start] + new + line[start + len(node.text) :]
    return "\n".join(lines)


def name_damages() -> Iterator[Damage]:
    """Every key, name and word with a letter lost, and with a letter too many."""
    for source, text in SOURCES.items():
        root = loader.load(text, "f").root
        assert root is not None
        for node, path, key in _scalars(root):
            if _is_free(node, path, key=key):
                continue
            middle = len(node.text) // 2
            line = 0 if path and path[-1] in _DEFINED and key else node.mark.line
            for what, new in (
                ("lost", node.text[:middle] + node.text[middle + 1 :]),
                ("extra", node.text[:middle] + "ъ" + node.text[middle:]),
            ):
                yield Damage(source, f"{what} {new!r}", line, _with(text, node, new))


_KEY_LINE = re.compile(r"^(\s*)(- )?([\w «».]+):( .*)?$")


def line_damages() -> Iterator[Damage]:
    """Every line typed as people type it: a tab, a space of a messenger, no space, brackets and quotes left open."""
    for source, text in SOURCES.items():
        lines = text.split("\n")
        bodies = [False] * len(lines)
        depth: int | None = None
        for at, line in enumerate(lines):
            indent = len(line) - len(line.lstrip())
            if depth is not None and (not line.strip() or indent > depth):
                bodies[at] = True
                continue
            depth = indent if line.rstrip().endswith("|") else None
        for at, line in enumerate(lines):
            if not line.strip() or line.lstrip().startswith("#") or bodies[at]:
                continue
            for what, new in _slips(line):
                damaged = "\n".join([*lines[:at], new, *lines[at + 1 :]])
                yield Damage(source, what, at + 1, damaged)


def _slips(line: str) -> Iterator[tuple[str, str]]:
    bare = line.lstrip()
    indent = line[: len(line) - len(bare)]
    if indent:
        yield "tab", "\t" + bare
        yield "nbsp", "\u00a0" * len(indent) + bare
    yield "zero width", f"{indent}\u200b{bare}"
    if bare.startswith("- ") and bare[2].isalpha() and ":" not in bare:
        yield "glued dash", f"{indent}-{bare[2:]}"
    if re.search(r": \"{{", line):
        yield "bare braces", line.replace('"', "")
    if re.search(r"[^\s\"]: ?\{.*\}\s*(#.*)?$", line):
        yield "open brace", re.sub(r"\}(\s*(?:#.*)?)$", r"\1", line)
    if re.search(r"\[.*\]\s*(#.*)?$", line) and "}" not in line:
        yield "open bracket", re.sub(r"\](\s*(?:#.*)?)$", r"\1", line)
    plain = re.match(r"^(\s*(?:- )?\w+: )([^\W\d_][^#{}\[\]\"]*?)(\s+#.*)?$", line)
    if plain:
        yield "sign", f"{plain[1]}!{plain[2]}"
        yield "curly quotes", f"{plain[1]}“{plain[2]}”"
        yield "colon", f"{plain[1]}{plain[2]}: да"
        yield "mention", f"{plain[1]}@{plain[2]}"


def damages() -> list[Damage]:
    return [*name_damages(), *line_damages()]


def _complaint(damage: Damage) -> str:
    """What is wrong with what was told, or nothing."""
    made = reading.loaded(damage.text, files=FILES)
    worth = [one for one in made.problems if one.severity is not problems.Severity.INFO]
    rendered = problems.render_all(worth, {})
    if not worth:
        return "nothing was told"
    if damage.line and damage.line not in {one.mark.line for one in worth}:
        return f"told elsewhere: {[str(one.mark) for one in worth][:4]} {worth[0].text}"
    for one in worth:
        own_words = re.sub(r"«[^»]*»|\([^)]*\)", "", " ".join((one.text, *one.notes)))
        if _PARSER.search(own_words) or not re.search("[а-я]", one.text):
            return f"not plain words: {one.text}"
    return "" if rendered else "nothing to read"


STRIDE = 5
"""All of them take a minute; every fifth, prime to the two damages of a name, still covers each kind and place."""
ALL = damages()[::STRIDE]


def test_there_are_enough_of_them() -> None:
    """F1 asks for 300."""
    assert len(ALL) >= 300


@pytest.mark.parametrize("start", range(0, len(ALL), 100))
def test_every_damage_is_told_at_its_line(start: int) -> None:
    """One good file, one damage: named in plain words where it was done."""
    wrong = [f"{damage}: {said}" for damage in ALL[start : start + 100] if (said := _complaint(damage))]
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_the_undamaged_file_is_fine(source: str) -> None:
    """Or the sweep would prove nothing."""
    assert reading.told(SOURCES[source], files=FILES) == ""
