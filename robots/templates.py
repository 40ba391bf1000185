"""«{{Контакт: Имя}}»: a closed placeholder grammar. Names are checked at load; no loops, no calls, no Jinja.

An empty placeholder takes the punctuation after it along (users.md F30): «{{Контакт: Имя}}. Получить ответ на КП» of a
deal without a contact is «Получить ответ на КП».

    slot = "{{" option { "|" ("иначе" | "else") ":" option } "}}"      option = name | "text" | 'text' | «text»
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from robots import look as robots_look
from robots import model, paths


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder: its alternatives in order (`| иначе: …`); a str is a literal in quotes."""

    options: tuple[paths.Path | str, ...]
    source: str
    """As written, for messages."""


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Slot, ...]

    @property
    def literal(self) -> bool:
        return all(isinstance(part, str) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a text; `offset` and `length` count characters from its beginning."""

    offset: int
    length: int
    message: str
    name: str = ""
    """The unknown name, where that is the mistake: the loader looks for a similar one."""


class UnknownName(Exception):
    """Raised by a resolver: there is no such field. Its text is the message to the admin, if it has one."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(message or f"нет поля «{name}»")
        self.name = name


class BadTemplate(Exception):
    """Every mistake of one text at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


Resolve = Callable[[str], paths.Path]

_BRACES = re.compile(r"\{\{|\}\}")
_ELSE = re.compile(r"\s*(?:иначе|else)\s*:\s*", re.IGNORECASE)
_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'|«([^»]*)»""")
_TAKEN_ALONG = re.compile(r"[^\S\n]*[.,;:!?…]*[^\S\n]*(?:(?<!\s)[-–—]|(?<=\s)[-–—](?=\s))?[^\S\n]*")
"""Of dashes only one glued to the placeholder or standing alone: « -5 %» keeps its minus."""
_LINE_END_SPACES = re.compile(r"[^\S\n]+(?=\n)")
_NO_VALUE = re.compile(r"[\s.?\-–—_]*")
_DIRECTIONS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Invisible marks that could turn the text around them; joiners of emoji stay."""


def literal(text: str) -> Template:
    return Template((text,) if text else ())


def parse(text: str, resolve: Resolve) -> Template:
    """Raises BadTemplate with every mistake. `resolve` gets a name as written, its spaces folded."""
    parts: list[str | Slot] = []
    problems: list[Problem] = []
    for offset, piece, inside in _split(text, problems):
        if not inside:
            parts.append(piece)
            continue
        slot = _slot(piece, offset, resolve, problems)
        if slot:
            parts.append(slot)
    if problems:
        raise BadTemplate(tuple(sorted(problems, key=lambda one: one.offset)))
    return Template(tuple(parts))


def _split(text: str, problems: list[Problem]) -> Iterator[tuple[int, str, bool]]:
    """(offset, text, is it inside braces); the braces themselves are dropped."""
    opened: int | None = None
    done = 0
    for brace in _BRACES.finditer(text):
        at = brace.start()
        if brace.group() == "{{":
            if opened is not None:
                problems.append(_unclosed(text, opened, at))
            elif at > done:
                yield done, text[done:at], False
            opened = at
        elif opened is None:
            problems.append(Problem(at, 2, "лишние скобки «}}»: перед ними нет «{{»"))
            done = brace.end()
        else:
            yield opened + 2, text[opened + 2 : at], True
            opened, done = None, brace.end()
    if opened is not None:
        problems.append(_unclosed(text, opened, len(text)))
    elif done < len(text):
        yield done, text[done:], False


def _unclosed(text: str, opened: int, until: int) -> Problem:
    start = text[opened:until].split("\n")[0][:40]
    return Problem(opened, len(start), f"скобки не закрыты: «{start}», нужно «}}}}»")


def _slot(inside: str, offset: int, resolve: Resolve, problems: list[Problem]) -> Slot | None:
    if not inside.strip():
        problems.append(
            Problem(offset - 2, len(inside) + 4, "пустые скобки: впишите имя поля, например {{Контакт: Имя}}")
        )
        return None
    options: list[paths.Path | str] = []
    for at, written in _alternatives(inside):
        keyword = _ELSE.match(written)
        if at and keyword is None:
            message = f"после «|» нужно «иначе: …», а тут «{written.strip()}»"
            problems.append(Problem(offset + at, len(written), message))
            continue
        skipped = keyword.end() if at and keyword else 0
        option = _option(written[skipped:], offset + at + skipped, resolve, problems)
        if option is not None:
            options.append(option)
    return Slot(tuple(options), "{{" + inside + "}}")


def _alternatives(inside: str) -> Iterator[tuple[int, str]]:
    """The pieces between bars; a bar inside quotes isn't one."""
    start, quote = 0, ""
    for at, char in enumerate(inside):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'«" and _opens_literal(inside[start:at]):
            quote = "»" if char == "«" else char
        elif char == "|":
            yield start, inside[start:at]
            start = at + 1
    yield start, inside[start:]


def _opens_literal(before: str) -> bool:
    """A quote opens a text only at the beginning of an option: «Номер "1С"» is a field's name."""
    return not _ELSE.sub("", before, count=1).strip()


def _option(written: str, start: int, resolve: Resolve, problems: list[Problem]) -> paths.Path | str | None:
    stripped = written.strip()
    place = start + len(written) - len(written.lstrip()), max(len(stripped), 1)
    if not stripped:
        problems.append(Problem(*place, "после «|» или «иначе:» пусто: впишите поле или текст в кавычках"))
        return None
    quoted = _QUOTED.fullmatch(stripped)
    if quoted:
        return next(group for group in quoted.groups() if group is not None)
    if stripped[0] in "\"'«":
        problems.append(Problem(*place, f"кавычки не закрыты: {stripped}"))
        return None
    name = " ".join(stripped.split())
    try:
        return resolve(name)
    except UnknownName as unknown:
        problems.append(Problem(*place, str(unknown), unknown.name))
        return None


def paths_of(template: Template) -> tuple[paths.Path, ...]:
    """Every field that the text may show."""
    slots = (part for part in template.parts if isinstance(part, Slot))
    return tuple(option for slot in slots for option in slot.options if isinstance(option, paths.Path))


# --- rendering -----------------------------------------------------------------------------------------------------


def render(template: Template, look: robots_look.Look) -> str:
    """The text for one card. May raise `look.NotGathered`."""
    made: list[str] = []
    dropped = False
    for part in template.parts:
        if isinstance(part, Slot):
            shown = _value(part, look)
            dropped = not shown
            made.append(shown)
        else:
            made.append(_without_head(part) if dropped else part)
            dropped = False
    text = "".join(made)
    return (_LINE_END_SPACES.sub("", text) if "\n" in text else text).strip()


def _without_head(text: str) -> str:
    return _TAKEN_ALONG.sub("", text, count=1)


def _value(slot: Slot, look: robots_look.Look) -> str:
    for option in slot.options:
        shown = option if isinstance(option, str) else _shown(option, look)
        if shown.strip():
            return shown
    return ""


def _shown(path: paths.Path, look: robots_look.Look) -> str:
    value = paths.read(path, look)
    if value is None:
        return ""
    # Another kind of card than the robot was written for: its text has a gap there, as for an empty field.
    if isinstance(value, paths.Missing) or (isinstance(value, model.Money) and not paths.filled(value)):
        return ""
    text = clean(paths.display(path, value, look.directory, look.card.ref.kind))
    return "" if _NO_VALUE.fullmatch(text) else text


def clean(text: str) -> str:
    """A card's value for one line of text: what a client typed can neither break lines nor hide characters."""
    if text.isprintable():  # neither invisible marks nor control characters: nearly every value
        return " ".join(text.split())
    spaced = " ".join(_DIRECTIONS.sub("", text).split())
    return "".join(char for char in spaced if unicodedata.category(char) not in {"Cc", "Cs"})
