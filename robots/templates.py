"""«{{Контакт: Имя}}»: a closed placeholder grammar. Names are checked at load; no loops, no calls, no Jinja.

An empty placeholder takes the punctuation after it along (users.md F30): «{{Контакт: Имя}}. Получить ответ на КП» of a
deal without a contact is «Получить ответ на КП».
"""

from __future__ import annotations

from dataclasses import dataclass

from robots import paths


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
