"""A stage's task (S2.3, S2.4, S2.7): set on entry, closed on leaving, following the responsible."""

from __future__ import annotations

from dataclasses import dataclass

from robots.kinds import task_spec


@dataclass(frozen=True, slots=True)
class Options:
    task: task_spec.TaskSpec
