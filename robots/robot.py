"""A robot: one rule compiled from the YAML, ready to be asked. And the moments at which rules are asked.

`options` is the frozen dataclass of the robot's kind (`robots.kinds.*`); everything in it is resolved to the portal's
ids, so that nothing is looked up by name after loading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from typing import Any

from robots import attempts, conditions, intents, limits, model, people, schedule, slots


class Mode(StrEnum):
    ON = "on"
    WATCH = "watch"
    """Decides as live; its wishes end as `dry_run`."""
    OFF = "off"


class Lasting(StrEnum):
    EVERY_VISIT = "every visit"
    """Acts for a stay already left as well (journal, notify)."""
    WHILE_THERE = "only while there"
    """For a stay already left it is superseded, without REST."""


class Occasion(StrEnum):
    ONCE_PER_CARD = "once per card"
    PER_VISIT = "per visit"
    PER_CHANGE = "per change"


@dataclass(frozen=True, slots=True)
class Created:
    """The card came into being (in this pipeline)."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The card's stay in a stage was accepted; `stage=None` is any stage of the pipeline."""

    stage: model.StageId | None
    semantic: model.Semantic | None = None
    """With `stage=None`: only stages of this meaning (`on_won`, `on_lost`)."""


@dataclass(frozen=True, slots=True)
class Left:
    stage: model.StageId | None


@dataclass(frozen=True, slots=True)
class Reopened:
    """From a final stage back into work."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A field got another value."""

    path_code: str
    """A field code, `@contacts` or `@comms`."""
    was: conditions.Condition | None = None
    """What the card was like before: it holds of the card of the last look."""
    becomes: conditions.Condition | None = None


@dataclass(frozen=True, slots=True)
class Always:
    """A state, looked at every time (РОП is empty); the kind makes its own cause."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The day (or the moment) written in a field has come, or is near, or is past by so much. Once for each value."""

    code: model.FieldCode
    shown: str
    """«Дата поставки»."""
    shift: schedule.Duration | None = None
    earlier: bool = True
    """`shift` is counted back from the date, else on from it."""
    at: time | None = None
    """The hour of that day; None: the field's own, or nine in the morning of a mere date."""
    closed: bool = False
    """Of closed cards as well."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A slot of a timetable has come."""

    slots: slots.Slots
    closed: bool = False
    """Of closed cards as well."""


@dataclass(frozen=True, slots=True)
class Happened:
    """There is news of that source (`happenings`)."""

    source: str


@dataclass(frozen=True, slots=True)
class TaskIs:
    """A task that a robot set for the card was done by a person, or its deadline passed while it is open."""

    overdue: bool
    title: str = ""
    """Folded; part of the task's title. Empty: any."""


Trigger = Created | Entered | Left | Reopened | Changed | Always | Reached | Scheduled | Happened | TaskIs


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the YAML; line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Robot:
    id: intents.RobotId
    kind: str
    """The key of `robots.kinds.KINDS`."""
    options: Any
    card: model.CardKind
    pipeline: model.PipelineId | None
    """None: cards of every pipeline."""
    trigger: Trigger
    mark: Mark
    digest: str
    """A short hash of everything that makes it act as it does."""
    mode: Mode = Mode.ON
    condition: conditions.Condition | None = None
    order: int = 0
    """Its place among the robots of one moment: the file's order."""
    was: intents.RobotId | None = None
    """Its former path (`was:`): the history under it is this robot's."""
    urgent: bool = False
    """Its messages go at any hour (users.md F14)."""
    limits: Mapping[str, limits.Rate] = field(default_factory=dict)
    """Of its own and its funnel's; they weigh more than the portal's."""


class GateDoes(StrEnum):
    TELL = "tell"
    MOVE_BACK = "move_back"


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """`if_missing`: what happens where a gate says no (users.md F2)."""

    do: GateDoes = GateDoes.TELL
    then_from: Any = None
    """A date: from that day on `then_do` (users.md F2); None: never."""
    then_do: GateDoes = GateDoes.MOVE_BACK
    wait_seconds: int = 120
    all_earlier: bool = True
    """A jump is checked against every stage jumped over, not the left one alone."""
    except_lost: bool = True
    except_won: bool = False
    except_moved_by: tuple[Any, ...] = ()
    """People (`robots.people.Person`) whose moves aren't judged."""
    at_most_per_day: int = 3
    admin: str = ""
    """Whom the manager may ask, in the text's last line."""


@dataclass(frozen=True, slots=True)
class Gate:
    """`required_fields` of one stage: what must hold to leave or to enter it. Gates are asked before all robots."""

    id: intents.RobotId
    pipeline: model.PipelineId
    stage: model.StageId
    to_leave: tuple[Requirement, ...] = ()
    to_enter: tuple[Requirement, ...] = ()
    policy: GatePolicy = field(default_factory=GatePolicy)
    mark: Mark = field(default_factory=lambda: Mark("", 0, 0))
    digest: str = ""
    mode: Mode = Mode.ON
    limits: Mapping[str, limits.Rate] = field(default_factory=dict)
    """Of its funnel."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """`filled: [path]` or `where: {…}`; `text` replaces the standard words to the manager."""

    condition: conditions.Condition
    shown: str
    """What is missing in people's words: «Сумма»."""
    text: str = ""
    attempts: attempts.Rule | None = None
    """It wants attempts to reach the client; `condition` then says whom it doesn't concern."""
    agreed_by: people.Person | None = None
    """It wants this person's agreement; `condition` likewise."""
