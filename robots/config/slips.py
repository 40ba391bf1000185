"""Lines that a person types and YAML reads otherwise (users.md F1): named in plain words, with the line as it should be.

Asked only where the parser failed: each slip gives its repaired line, so that the parser may go on and every other
problem of the file is shown in the same run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from robots.config import source


@dataclass(frozen=True, slots=True)
class Slip:
    code: str
    column: int
    span: int
    text: str
    line: str
    """The line repaired."""


_HEAD = re.compile(
    r"""^(?P<indent>\s*(?:-\s+)*)(?P<key>(?:"[^"]*"|'[^']*'|[^\s"'\[\]{}#:][^\[\]{}#:"']*?)\s*:\s+)?(?P<value>.*)$"""
)
_SIGNS = "!*&@%`"
_FLOW_CUT = re.compile(r"[,\[\]{}]")


def find(lines: list[str]) -> Iterator[tuple[int, Slip]]:
    """(line number from 0, slip): at most one for a line, the surest first."""
    for number, (line, inside) in enumerate(zip(lines, source.bodies(lines), strict=True)):
        if inside or not line.strip() or line.lstrip().startswith("#"):
            continue
        slip = _braces(line) or _sign(line) or _dash(line) or _typographic(line) or _colon(line)
        if slip is not None and slip.line != line:
            yield number, slip


def quoted(text: str) -> str:
    """In quotes such as YAML needs for this text."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def _split(line: str) -> tuple[str, str, str]:
    """(everything before the value, the value, a comment after it)."""
    match = _HEAD.match(line)
    if match is None:
        return line, "", ""
    head = match["indent"] + (match["key"] or "")
    value = match["value"]
    comment = re.search(r"\s+#\s.*$", value)
    if comment and not value.startswith(('"', "'")):
        return head, value[: comment.start()].rstrip(), value[comment.start() :]
    return head, value.rstrip(), ""


def _braces(line: str) -> Slip | None:
    """V001: {{ }} that isn't in quotes."""
    at = line.find("{{")
    while at >= 0 and _in_quotes(line, at):
        at = line.find("{{", at + 2)
    if at < 0:
        return None
    start, end = _value_around(line, at)
    value = line[start:end].strip()
    start += len(line[start:end]) - len(line[start:end].lstrip())
    if not value or "}}" not in value:
        return None
    repaired = line[:start] + quoted(value) + line[start + len(value) :]
    return Slip("V001", start + 1, 1, "строку с {{ }} нужно взять в кавычки", repaired)


def _value_around(line: str, at: int) -> tuple[int, int]:
    """The bounds of the text that has `{{` at `at`."""
    head, value, _ = _split(line)
    if value[:1] in {"[", "{"} and not value.startswith("{{"):
        return _flow_value_around(line, at)
    return len(head), len(head) + len(value)


def _flow_value_around(line: str, at: int) -> tuple[int, int]:
    start = at
    while start > 0 and not (line[start - 1] in ",[{" or line[start - 2 : start] == ": "):
        start -= 1
    end, depth = at, 0
    while end < len(line):
        if line.startswith("{{", end):
            depth += 1
            end += 2
            continue
        if line.startswith("}}", end) and depth:
            depth -= 1
            end += 2
            continue
        if depth == 0 and line[end] in ",]}":
            break
        end += 1
    return start, end


def _in_quotes(line: str, at: int) -> bool:
    quote = ""
    before = " "
    for char in line[:at]:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and before in " [{,:":
            quote = char
        before = char
    return bool(quote)


_NAMES = {
    "!": "восклицательный знак",
    "*": "звёздочка",
    "&": "амперсанд",
    "@": "знак @",
    "%": "процент",
    "`": "знак `",
}


def _sign(line: str) -> Slip | None:
    """V008: a text that begins with a sign which means something to YAML."""
    head, value, comment = _split(line)
    if value[:1] in _SIGNS and value:
        text = f"{_NAMES[value[0]]} в начале текста: возьмите текст в кавычки"
        return Slip("V008", len(head) + 1, 1, text, head + quoted(value) + comment)
    for match in re.finditer(rf"(?:[\[{{,]|:)\s*([{re.escape(_SIGNS)}][^,\]}}]*)", line):
        if not _in_quotes(line, match.start(1)):
            value = match[1].rstrip()
            text = f"{_NAMES[value[0]]} в начале текста: возьмите текст в кавычки"
            end = match.start(1) + len(value)
            return Slip(
                "V008", match.start(1) + 1, 1, text, line[: match.start(1)] + quoted(value) + line[end:]
            )
    return None


_GLUED = re.compile(r"^(\s*(?:-\s+)*)-(?=[^\W\d_]|[\"'«{\[])")


def _dash(line: str) -> Slip | None:
    """V009: «-Передать»."""
    match = _GLUED.match(line)
    if match is None:
        return None
    repaired = match.group() + " " + line[match.end() :]
    return Slip("V009", match.end(), 1, "после «-» нужен пробел", repaired)


_OPEN_QUOTES = "“”„‟"


def _typographic(line: str) -> Slip | None:
    """V007 where it also breaks the structure: “09:00-18:00”."""
    head, value, comment = _split(line)
    if value[:1] not in _OPEN_QUOTES or not value:
        return None
    inner = value.strip("“”„‟")
    return Slip(
        "V007", len(head) + 1, 1, "типографские кавычки: нужны обычные", head + quoted(inner) + comment
    )


def _colon(line: str) -> Slip | None:
    """V002: «: » in a value (or in a list's item that was meant as a text)."""
    head, value, comment = _split(line)
    if not value or value[0] in "\"'[{|>#":
        return None
    at = re.search(r":(\s|$)", value)
    if at is None or not head.rstrip().endswith(":"):
        return None
    column = len(head) + at.start() + 1
    text = "двоеточие с пробелом внутри текста: возьмите текст в кавычки"
    return Slip("V002", column, 1, text, head + quoted(value) + comment)


_NO_SPACE = re.compile(r"""^(\s*(?:-\s+)*[^\s:"'{}\[\]#][^:"'{}\[\]#]*):(?=[^\s:/])""")


def glued(lines: list[str], at: int) -> Iterator[tuple[int, Slip]]:
    """`mode:watch` on the line where the parser stumbled, or on the one before it."""
    for number in (at, at - 1):
        if not 0 <= number < len(lines):
            continue
        match = _NO_SPACE.match(lines[number])
        if match:
            repaired = f"{match.group()} {lines[number][match.end() :]}"
            yield number, Slip("V011", match.end(), 1, "после двоеточия нужен пробел", repaired)
            return
