"""A won deal goes on to the next department's pipeline (U6, S5.1): as a copy, or moved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from robots import model, people
from robots.kinds import base


class How(StrEnum):
    COPY = "copy"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Options:
    pipeline: model.PipelineId
    stage: model.StageId
    shown: str
    how: How = How.COPY
    once_per_deal: bool = True
    """False: once per winning visit."""
    leave_out: frozenset[model.FieldCode] = frozenset()
    """What the target pipeline's robots fill (РОП first) and the reasons of failure, less `keep:`."""
    responsible: people.Person | None = None
    """None: the won deal's responsible."""
    if_reopened: tuple[base.ActSpec, ...] = ()
