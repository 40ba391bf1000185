"""The compiled form of a task, shared by `stage_task` and by the kinds that embed one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from robots import intents, model, paths, people, schedule, templates

AT_ONCE = schedule.Duration(0, schedule.Unit.MINUTES)


@dataclass(frozen=True, slots=True)
class Checklist:
    """Items, or branches `by` a field: option id (or text) -> items; `empty` where the field is not filled."""

    items: tuple[templates.Template, ...] = ()
    by: paths.Path | None = None
    branches: Mapping[int | str, tuple[templates.Template, ...]] = field(default_factory=dict)
    empty: tuple[templates.Template, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """Everything a task is made of (S2.3); people unresolved, texts unrendered."""

    title: templates.Template
    responsible: people.Person
    creator: people.Person | None = None
    """None: the robot's user."""
    description: templates.Template | None = None
    deadline: schedule.Duration | None = None
    checklist: Checklist = field(default_factory=Checklist)
    observers: tuple[people.Person, ...] = ()
    closes: intents.TaskCloses = intents.TaskCloses.ON_LEAVE
    closes_filled: model.FieldCode | None = None
    may_postpone: bool = True
    follows_responsible: bool = True
    overdue_to: tuple[people.Person, ...] = ()
    by_hand_to: tuple[people.Person, ...] = ()
    by_hand_after: schedule.Duration = AT_ONCE
    postponed_to: tuple[people.Person, ...] = ()
    postponed_times: int = 3
