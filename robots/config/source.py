"""The file's bytes and characters, before any parser: encoding, size, tabs, spaces that aren't spaces (users.md F1).

A line is repaired where it can be, so that the rest of the file is still checked; `Source.original` is what was typed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from robots import robot
from robots.config import problems

LARGEST = 1_000_000
"""Characters; a portal's whole file is some tens of thousands."""
LONGEST_LINE = 20_000

_ODD_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_INVISIBLE = "\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_ODD_INDENT = re.compile(rf"[ \t]*[{_ODD_SPACES}][ \t{_ODD_SPACES}]*")
_ODD_AFTER_DASH = re.compile(rf"( *)-[{_ODD_SPACES}]+")
_ODD_AFTER_KEY = re.compile(
    rf"( *(?:- +)*[^\s\"'#:{{}}\[\]][^\"'#:{{}}\[\]]*):[{_ODD_SPACES}][ {_ODD_SPACES}]*"
)
_INVISIBLE_CHAR = re.compile(f"[{_INVISIBLE}]")
_ODD_SPACE = re.compile(f"[{_ODD_SPACES}]")
_TAB = re.compile(r" *(?:- *)*\t[ \t]*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def decode(data: bytes, file: str) -> str | problems.Problem:
    """UTF-8 with or without a BOM; anything else is named and refused."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _encoding(file, "файл сохранён в UTF-16 («Юникод»). Сохраните в UTF-8")
    if len(data) > LARGEST * 4:
        return too_large(file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = len(data[: error.start].rpartition(b"\n")[2].decode("utf-8", errors="replace")) + 1
        if _looks_russian(data):
            text = "файл сохранён в ANSI (Windows-1251). Сохраните в UTF-8"
        else:
            text = "файл не читается как UTF-8. Сохраните его в UTF-8"
        return _encoding(file, text, line, column)


def _looks_russian(data: bytes) -> bool:
    high = [byte for byte in data if byte >= 0x80]
    return sum(byte >= 0xC0 or byte in b"\xa8\xb8\xab\xbb\x97\xb9" for byte in high) * 10 >= len(high) * 9


def _encoding(file: str, text: str, line: int = 1, column: int = 1) -> problems.Problem:
    note = "в Блокноте: Файл → Сохранить как → Кодировка: UTF-8"
    return problems.Problem("V010", robot.Mark(file, line, column), text, notes=(note,))


def too_large(file: str) -> problems.Problem:
    text = f"файл больше {LARGEST // 1_000_000} МБ: это не настройка роботов?"
    return problems.Problem("V015", robot.Mark(file, 1, 1), text)


@dataclass(frozen=True, slots=True)
class Checked:
    """Lines good enough for the parser, and what was wrong with them."""

    lines: tuple[str, ...]
    problems: tuple[problems.Problem, ...]


def check(text: str, file: str) -> Checked | problems.Problem:
    """Characters that look like others. A file past reading is one problem."""
    if len(text) > LARGEST:
        return too_large(file)
    found: list[problems.Problem] = []
    lines: list[str] = []
    body = _Body()
    for number, raw in enumerate(lines_of(text), 1):
        line = raw
        if len(line) > LONGEST_LINE:
            return problems.Problem("V015", robot.Mark(file, number, 1), "строка длиннее 20 000 знаков")
        inside = body.has(line)
        for problem, repaired in _line(line, file, number, inside=inside):
            found.append(problem)
            line = repaired
        lines.append(line)
    return Checked(tuple(lines), tuple(found))


def lines_of(text: str) -> list[str]:
    """Windows', old Macs' and everybody's line ends; a BOM in front says nothing."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


class _Body:
    """Which lines belong to a text after `|` or `>`: there spaces and signs mean themselves."""

    _OPENS = re.compile(r"^( *(?:- +)*)(?:.*?:\s+)?[|>][-+0-9]*\s*(?:#.*)?$")

    def __init__(self) -> None:
        self._deeper_than: int | None = None

    def has(self, line: str) -> bool:
        indent = len(line) - len(line.lstrip(" "))
        if self._deeper_than is not None:
            if not line.strip() or indent > self._deeper_than:
                return True
            self._deeper_than = None
        opened = self._OPENS.match(line)
        if opened and not line.lstrip().startswith("#"):
            self._deeper_than = indent
        return False


def bodies(lines: tuple[str, ...] | list[str]) -> list[bool]:
    """For each line whether it is inside a text after `|` or `>`."""
    body = _Body()
    return [body.has(line) for line in lines]


def _line(line: str, file: str, number: int, *, inside: bool) -> Iterator[tuple[problems.Problem, str]]:
    """(problem, the line repaired), one after the other."""
    control = _CONTROL.search(line)
    if control:
        line_ok = _CONTROL.sub("", line)
        yield _slip("V006", file, number, control, "в строке невидимый служебный знак", line_ok), line_ok
        line = line_ok
    if line.lstrip().startswith("#"):
        return
    tab = _TAB.match(line)
    if tab and not inside:
        line_ok = tab.group().expandtabs(2) + line[tab.end() :]
        yield _slip("V005", file, number, tab, "табуляция: отступы делают пробелами", line_ok), line_ok
        line = line_ok
    odd = _ODD_INDENT.match(line) or _ODD_AFTER_DASH.match(line)
    odd = odd or (None if inside else _ODD_AFTER_KEY.match(line))
    if odd:
        line_ok = _ODD_SPACE.sub(" ", odd.group()) + line[odd.end() :]
        place = _ODD_SPACE.search(line)
        yield (
            _slip("V006", file, number, place, "неразрывный пробел: нужен обычный", line_ok),
            line_ok,
        )
        line = line_ok
    hidden = _INVISIBLE_CHAR.search(line)
    if hidden:
        line_ok = _INVISIBLE_CHAR.sub("", line)
        yield _slip("V006", file, number, hidden, "в строке невидимый знак", line_ok), line_ok


def _slip(
    code: str, file: str, number: int, found: re.Match[str] | None, text: str, typed: str
) -> problems.Problem:
    column = found.start() + 1 if found else 1
    span = max(found.end() - found.start(), 1) if found else 1
    if found and found.re is _TAB:
        column = found.group().index("\t") + 1
        span = 1
    return problems.Problem(code, robot.Mark(file, number, column), text, suggestion=typed, span=span)
