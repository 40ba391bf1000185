"""Slips that the parser takes without a word (users.md F1), seen on the finished tree beside the text's lines.

Duplicate keys (V013), a comma that cut a text in { } (V003), «#» that cut one (V004), typographic quotes (V007),
«-» without a space that glued two items (V009).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from robots import robot
from robots.config import nodes, problems, slips

_CUT = re.compile(r" #(?:\S| ?\d| ?\{\{)")
_CURLY = "“”„‟‘’‚"


def check(root: nodes.Node, lines: list[str]) -> list[problems.Problem]:
    found: list[problems.Problem] = []
    for node in nodes.walk(root):
        if isinstance(node, nodes.Mapping):
            found += _duplicates(node)
            found += _commas(node, lines)
        elif isinstance(node, nodes.Scalar) and not node.quoted and node.text:
            found += _scalar(node, lines)
    return found


def _duplicates(node: nodes.Mapping) -> Iterator[problems.Problem]:
    seen: dict[str, nodes.Scalar] = {}
    for key, _ in node.pairs:
        first = seen.setdefault(key.text, key)
        if first is not key:
            key.faulty = True
            text = f"ключ «{key.text}» повторяется"
            hint = f"первый раз — строка {first.mark.line}"
            yield problems.Problem("V013", key.mark, text, hint, span=key.span)


def _commas(node: nodes.Mapping, lines: list[str]) -> Iterator[problems.Problem]:
    """`{title: Позвонить, уточнить, deadline: …}`: a key of a { } without a colon is the rest of a text."""
    for at, (key, value) in enumerate(node.pairs):
        cut = isinstance(value, nodes.Scalar) and value.empty and not value.text and not key.quoted
        line = lines[key.mark.line - 1]
        after = line[key.mark.column - 1 + key.span :].lstrip()
        if not cut or after.startswith(":") or at == 0 or not after.startswith((",", "}")):
            continue
        before = node.pairs[at - 1][1]
        key.faulty = True
        typed = ""
        if before.mark.line == key.mark.line and isinstance(before, nodes.Scalar) and not before.quoted:
            start, end = before.mark.column - 1, key.mark.column - 1 + key.span
            typed = line[:start] + slips.quoted(line[start:end]) + line[end:]
        text = "запятая внутри { } делит ключи: возьмите текст в кавычки"
        yield problems.Problem("V003", key.mark, text, suggestion=typed, span=key.span)


def _scalar(node: nodes.Scalar, lines: list[str]) -> Iterator[problems.Problem]:
    line = lines[node.mark.line - 1]
    start = node.mark.column - 1
    end = start + node.span
    if node.text[0] in _CURLY:
        node.faulty = True
        typed = line[:start] + slips.quoted(node.text.strip(_CURLY)) + line[end:]
        text = "типографские кавычки: нужны обычные"
        yield problems.Problem("V007", node.mark, text, suggestion=typed, span=node.span)
    glued = re.match(r"-(?=[^\W\d_])", node.text)
    if glued:
        node.faulty = True
        typed = line[:start] + "- " + line[start + 1 :]
        yield problems.Problem("V009", node.mark, "после «-» нужен пробел", suggestion=typed)
    yield from _continued(node, lines)
    if line[start:end] == node.text and _CUT.match(line[end:]):
        typed = line[:start] + slips.quoted(line[start:].rstrip())
        mark = replace(node.mark, column=end + 2)
        text = "« #» начинает примечание: текст обрезан"
        severity = problems.Severity.WARNING
        yield problems.Problem("V004", mark, text, suggestion=typed, severity=severity)


def _continued(node: nodes.Scalar, lines: list[str]) -> Iterator[problems.Problem]:
    """A text over several lines whose next line is an item with its space forgotten."""
    first = lines[node.mark.line - 1][node.mark.column - 1 :].strip()
    if first == node.text or not node.text.startswith(first):
        return
    for number in range(node.mark.line, min(node.mark.line + 20, len(lines))):
        line = lines[number]
        if not line.strip() or " ".join(line.split()) not in " ".join(node.text.split()):
            return
        glued = re.match(r"(\s*)-(?=[^\W\d_])", line)
        if glued:
            node.faulty = True
            mark = robot.Mark(node.mark.file, number + 1, glued.end())
            typed = f"{glued.group()} {line[glued.end() :]}"
            yield problems.Problem("V009", mark, "после «-» нужен пробел", suggestion=typed)
