"""A problem of the YAML and how it is shown: place, plain words, quoted line, caret, what to type instead.

The codes are for people to name over the telephone and for tests; `TITLES` is their list in docs and in SARIF.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from robots import robot


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


TITLES: Mapping[str, str] = {
    "V001": "строка с {{ }} без кавычек",
    "V002": "двоеточие внутри текста без кавычек",
    "V003": "запятая внутри текста в [ ] или { }",
    "V004": "решётка обрезала текст",
    "V005": "табуляция вместо пробелов",
    "V006": "неразрывный пробел или невидимый знак",
    "V007": "типографские кавычки",
    "V008": "текст начинается со служебного знака",
    "V009": "после «-» нет пробела",
    "V010": "файл не в UTF-8",
    "V011": "нарушено строение файла",
    "V012": "такого имени нет в портале",
    "V013": "ключ повторяется",
    "V014": "якоря, ссылки, метки и несколько документов не поддерживаются",
    "V015": "файл слишком большой",
    "V016": "незнакомый ключ",
    "V017": "не то значение",
    "V018": "не хватает ключа",
    "V019": "непонятный срок",
    "V020": "ошибка в {{ }}",
    "V021": "имя подходит к нескольким",
    "V022": "у двух роботов одно имя",
    "V023": "люди ссылаются друг на друга по кругу",
    "V024": "заготовка",
    "V025": "нет файла с текстом",
    "V026": "не все значения списка учтены",
    "V027": "имя и человека, и поля",
    "V028": "придёт позже",
    "V029": "старое слово",
    "V030": "уволенный сотрудник",
    "V031": "рабочее время",
    "V032": "оргструктура не видна",
    "V033": "не сказано, кого нет",
    "V034": "ошибка в формуле",
    "V035": "коды могут совпасть",
    "V036": "REST портала этого не даёт",
    "V037": "наружу так нельзя",
}


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    mark: robot.Mark
    text: str
    """One plain sentence without a full stop."""
    hint: str = ""
    """Stands after the carets."""
    suggestion: str = ""
    """The line as it should be typed."""
    notes: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    span: int = 1
    """How many characters the carets underline."""

    @property
    def order(self) -> tuple[str, int, int, str]:
        return self.mark.file, self.mark.line, self.mark.column, self.code


def tidy(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """In the file's order, each once."""
    return tuple(sorted(dict.fromkeys(found), key=lambda one: one.order))


_LABEL = {Severity.ERROR: "", Severity.WARNING: "предупреждение: ", Severity.INFO: "к сведению: "}
_LONGEST_LINE = 160


def render(problem: Problem, sources: Mapping[str, str]) -> str:
    """As admin-experience shows «An error»; without the source the quoted line is left out."""
    mark = problem.mark
    head = f"{mark}  {problem.code}  {_LABEL[problem.severity]}{problem.text}"
    quoted = _line(sources.get(mark.file, ""), mark.line)
    number = str(mark.line)
    pad = " " * len(number)
    lines = [head]
    if quoted.strip():
        shown, column = _window(quoted, mark.column)
        room = max(1, min(problem.span, len(shown) - column + 1))
        caret = f"{pad} | {' ' * (column - 1)}{'^' * room} {problem.hint}".rstrip()
        lines += [f"{pad} |", f"{number} | {shown}", caret]
    elif problem.hint:
        lines.append(f"{pad} = {problem.hint}")
    if problem.suggestion:
        lines.append(f"{pad} = напишите:  {problem.suggestion.strip()}")
    lines += [f"{pad} = {note}" for note in problem.notes]
    return "\n".join(lines)


def render_all(found: Iterable[Problem], sources: Mapping[str, str]) -> str:
    return "\n\n".join(render(problem, sources) for problem in found)


def _line(text: str, number: int) -> str:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _window(line: str, column: int) -> tuple[str, int]:
    """The line without tabs and control characters, cut around the place if it is very long."""
    clean = "".join(char if char.isprintable() else " " for char in line)
    column = max(1, min(column, len(clean) + 1))
    if len(clean) <= _LONGEST_LINE:
        return clean, column
    start = max(0, min(column - 60, len(clean) - _LONGEST_LINE))
    return clean[start : start + _LONGEST_LINE], column - start
