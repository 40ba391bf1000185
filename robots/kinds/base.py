"""What every robot kind is: the question it is asked, the answers it may give.

A kind is one module of this package: `Options` (compiled from the YAML, everything resolved to the portal's ids), the
constants LASTING and OCCASION, and `decide(ask) -> Iterator[Answer]`, a pure generator. The engine (`robots.answers`)
turns a `Step` into a keyed wish and a `Line` into the trace. Acts that others embed (a task inside `fill`, notices
inside `duplicates`) are `ActSpec`s and answered by the same functions.

What lives for one question only is a NamedTuple: a frozen dataclass takes 3 to 5 times as long to make, and its making
was a third of a look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from robots import intents, look, model
from robots import robot as robots_robot


class Outcome(StrEnum):
    """The closed list of admin-experience.md, as far as a decision itself can end in it."""

    NOTHING_TO_DO = "nothing_to_do"
    WAITING = "waiting"
    FILTERED = "filtered"
    NOT_TRIGGERED = "not_triggered"
    BLOCKED = "blocked"
    SUPERSEDED = "superseded"
    TOO_LATE = "too_late"
    PAUSED = "paused"
    ALREADY_DONE = "already_done"
    HELD = "held"
    WISHED = "wished"
    FAILED = "failed"


class Step(NamedTuple):
    """One act wished for. `name` is the last part of its key; `after` names the step of the same answer it stands on."""

    name: str
    act: intents.Act
    because: str
    after: str | None = None
    not_after: datetime | None = None
    cause: str | None = None
    """Where the kind's own cause differs from the trigger's (a state's change number, a planned moment)."""
    lasting: bool = False
    """Not superseded by the card's moving on, whatever the kind's LASTING says."""
    pick: intents.Pick | None = None
    """Whom the act is about (`intents.DRAWN` in it) is drawn when it is recorded."""


class Line(NamedTuple):
    """Why nothing was wished (or when it will be): one line of the trace."""

    outcome: Outcome
    reason: str
    wake_at: datetime | None = None


Answer = Step | Line


class Ask(NamedTuple):
    """The question put to a kind: is there something to do for this card, now, because of `cause`?"""

    robot: robots_robot.Robot
    look: look.Look
    now: datetime
    cause: str
    visit: model.Visit
    """The stay that the trigger is about (the left one for `Left`)."""
    roles: Mapping[str, model.UserId | None] = MappingProxyType({})
    """People that only this occasion knows: `owner` of a duplicate's client."""
    words: Mapping[str, str] = MappingProxyType({})
    """Texts that only this occasion knows, for embedded acts without a text of their own."""
    kinds: Mapping[str, Kind] = MappingProxyType({})
    """The registry, for kinds that embed others (an import would be a circle)."""
    inside: str = ""
    """The kind that embeds this one."""


@dataclass(frozen=True, slots=True)
class ActSpec:
    """An act embedded in another kind's options: the kind's name and its compiled options."""

    kind: str
    options: Any


def embedded(ask: Ask, spec: ActSpec) -> Iterator[Answer]:
    """What an embedded act answers to the same question; its steps are named after its kind."""
    robot = replace(ask.robot, kind=spec.kind, options=spec.options)
    inner = ask._replace(robot=robot, inside=ask.robot.kind)
    for answer in ask.kinds[spec.kind].decide(inner):
        yield answer._replace(name=f"{spec.kind} {answer.name}") if isinstance(answer, Step) else answer


def standing(ask: Ask, cause: str, step: str) -> tuple[str, bool]:
    """(the step's name, is it wished already). A wish that was called off before it was sent, by a reload say, doesn't
    use up its key: the next one is `step#1`."""
    rows = [row for row in ask.look.past if row.wish.robot == ask.robot.id and row.wish.cause == cause]
    mine = [row for row in rows if row.wish.key.rpartition("/")[2].partition("#")[0] == step]
    off = sum(row.state is intents.WishState.SUPERSEDED for row in mine)
    return f"{step}#{off}" if off else step, len(mine) > off


class Kind(Protocol):
    """The face of a module in this package."""

    LASTING: robots_robot.Lasting
    OCCASION: robots_robot.Occasion

    def decide(self, ask: Ask) -> Iterator[Answer]: ...
