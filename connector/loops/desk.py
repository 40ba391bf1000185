"""What every loop of one portal is given, and the rules in force (replaced as a whole when the YAML changes)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from connector import ports
from connector.loops import care, config, holding
from connector.loops import health as healths
from robots import decision, intents, look, model
from robots import robot as robots_robot


@dataclass(frozen=True)
class Book:
    """The rules in force, the portal's dictionaries they were compiled against, and from when each robot acts."""

    rules: decision.Rules
    directory: model.Directory
    activations: Mapping[intents.RobotId, look.Activation] = field(default_factory=dict)

    @cached_property
    def loaded(self) -> Mapping[intents.RobotId, str]:
        """Robots whose wishes may go out -> the digest of their text. A robot that only watches sends nothing."""
        on = robots_robot.Mode.ON
        robots = {robot.id: robot.digest for robot in self.rules.robots if robot.mode is on}
        return {**robots, **{gate.id: gate.digest for gate in self.rules.gates if gate.mode is on}}


class Shelf:
    """Holds the book; a look takes it once and keeps to it."""

    def __init__(self, book: Book) -> None:
        self.book = book


def nothing_happens(_point: str) -> None:
    """No crash is asked for at any point."""


@dataclass(frozen=True)
class Desk:
    id: model.PortalId
    portal: ports.Portal
    inbox: ports.Inbox
    mirror: ports.Mirror
    notebook: ports.Notebook
    ledger: ports.Ledger
    clock: ports.Clock
    shelf: Shelf
    settings: config.LoopSettings
    health: healths.Health
    state: healths.PortalState
    log: Any
    """A structlog logger bound to the portal."""
    at: Callable[[str], None] = nothing_happens
    """Called at named points; a crash trial dies there."""
    care: care.Register = field(default_factory=care.Register)
    """Cards that people give into robots' care."""
    meter: holding.Meter = field(default_factory=holding.Meter)
    """What was sent lately, for limits and for people's peace."""

    @property
    def book(self) -> Book:
        return self.shelf.book
