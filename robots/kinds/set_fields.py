"""Write values into the card: `set`, and `clear`, which is a set to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from robots import model, people, templates


@dataclass(frozen=True, slots=True)
class Assignment:
    field: model.FieldCode
    name: str
    value: model.Value | templates.Template | people.Person


@dataclass(frozen=True, slots=True)
class Options:
    assignments: tuple[Assignment, ...]
