"""Whom a robot means: «РОП», «менеджер», «Петрова Анна», compiled from `people:`, and who that is for a card.

Sources: users.md F9 (the person and the field have one name), F10 (dismissed people); requirements.md S2.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from robots import model, paths


class IfSelf(StrEnum):
    UP = "up"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Employee:
    """A person named in the YAML."""

    user: model.UserId


@dataclass(frozen=True, slots=True)
class InField:
    """Whoever stands in a field of the card; empty or dismissed: `otherwise`."""

    path: paths.Path
    otherwise: Person | None = None


@dataclass(frozen=True, slots=True)
class HeadOf:
    """The head of somebody's department: of the user's departments in the portal's order the first that has one;
    the first active head going up who isn't the user himself (`if_self=up`); none: `otherwise`."""

    of: Person
    if_self: IfSelf = IfSelf.UP
    otherwise: Person | None = None


@dataclass(frozen=True, slots=True)
class ByPipeline:
    """One person for each pipeline, `otherwise` for the rest."""

    by: tuple[tuple[model.PipelineId, Person], ...]
    otherwise: Person | None = None


@dataclass(frozen=True, slots=True)
class Robot:
    """The webhook's owner, under whose name the robots act."""


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody whom only the occasion knows: «владелец» inside `duplicates`."""

    name: str


Person = Employee | InField | HeadOf | ByPipeline | Robot | Role
