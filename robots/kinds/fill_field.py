"""Fill a field with a person (S2.1, S2.2): РОП, by the fixed user, the pipeline or the head of the department."""

from __future__ import annotations

from dataclasses import dataclass

from robots import model, people
from robots.kinds import task_spec


@dataclass(frozen=True, slots=True)
class Options:
    field: model.FieldCode
    field_name: str
    person: people.Person
    also_if_dismissed: bool = False
    if_nobody: task_spec.TaskSpec | None = None
