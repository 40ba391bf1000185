"""Tell people: `notify` and `tell` (at once). One live notice per card and robot: a repeat replaces it (users.md F14)."""

from __future__ import annotations

from dataclasses import dataclass

from robots import people, templates


@dataclass(frozen=True, slots=True)
class Options:
    to: tuple[people.Person, ...]
    text: templates.Template | None = None
    """None: the words of the occasion (`Ask.words["text"]`)."""
