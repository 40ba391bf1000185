"""Robots in the making: paths made of names, one of each, broken ones told apart, the digest of what makes them act.

A robot is broken if any node it is made of is faulty; the others load (admin-experience «One bad robot»).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any

from robots import conditions, intents, model, robot
from robots.config import (
    compile_acts,
    compile_conditions,
    compile_limits,
    compile_queues,
    nodes,
    problems,
    shape_checks,
)
from robots.config.context import Context, Scope
from robots.kinds import assign


@dataclass(frozen=True, slots=True)
class Broken:
    """A robot that can't be loaded, and the first reason."""

    id: intents.RobotId
    mark: robot.Mark
    why: str


@dataclass(frozen=True, slots=True)
class Pin:
    """What a robot is, whatever its present name: for `voronka.lock` (users.md F13)."""

    kind: str
    pipeline: model.PipelineId | None
    stage: model.StageId | None
    about: str = ""
    """What else tells it from its like: the event and the act's own name."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file an act stands: the path before its label, what starts it, what it depends on."""

    path: str
    trigger: robot.Trigger
    scope: Scope
    modes: tuple[nodes.Node | None, ...] = ()
    """Modes around it, the outermost first."""
    condition: conditions.Condition | None = None
    limits: tuple[nodes.Node | None, ...] = ()
    """Likewise."""
    around: tuple[nodes.Node | None, ...] = ()
    """Nodes outside the act that it is made of as well."""


class Maker:
    def __init__(self, context: Context) -> None:
        self.context = context
        self.robots: list[robot.Robot] = []
        self.gates: list[robot.Gate] = []
        self.broken: list[Broken] = []
        self.bodies: dict[intents.RobotId, nodes.Node] = {}
        self._taken: dict[str, robot.Mark] = {}

    def acts(self, node: nodes.Node | None, place: Place) -> None:
        """A robot for each act under a key."""
        for act in compile_acts.acts(node):
            self.act(act, place)

    def act(self, act: compile_acts.Act, place: Place, label: str = "") -> None:
        options = compile_acts.options(act, place.scope)
        own = nodes.get(act.body, "if")
        extra = compile_conditions.compile_condition(own, place.scope) if own is not None else None
        robot_id = intents.RobotId(f"{place.path}/{label or act.label}")
        if not self._free(robot_id, act.node):
            return
        if self._is_broken(robot_id, act.node, (act.node, act.body, *place.around)):
            return
        standing = compile_queues.standing(options, place.trigger)
        stands = standing is not None or (act.kind in _STATES and _of_creation(place.trigger))
        made = robot.Robot(
            id=robot_id,
            kind=act.kind,
            options=standing or options,
            card=place.scope.kind,
            pipeline=place.scope.pipeline.id if place.scope.pipeline else None,
            trigger=robot.Always() if stands else place.trigger,
            mark=act.node.mark,
            digest="",
            mode=mode_of(*place.modes, nodes.get(act.body, "mode")),
            condition=both(place.condition, extra),
            order=len(self.robots),
            was=_was(nodes.get(act.body, "was")),
            limits=compile_limits.rates(*place.limits, nodes.get(act.body, "limits")),
            urgent=shape_checks.flag(nodes.get(act.body, "urgent"), default=False),
        )
        self.bodies[made.id] = act.body
        self.robots.append(made)

    def gate(self, gate: robot.Gate, made_of: Iterable[nodes.Node | None], node: nodes.Node) -> None:
        if self._free(gate.id, node) and not self._is_broken(gate.id, node, made_of):
            self.gates.append(gate)

    def _free(self, robot_id: str, node: nodes.Node) -> bool:
        first = self._taken.setdefault(robot_id, node.mark)
        if first is node.mark:
            return True
        text = f"робот «{robot_id}» уже есть: строка {first.line}"
        self.context.error(node, "V022", text, "дайте этому name:")
        return False

    def _is_broken(self, robot_id: str, node: nodes.Node, made_of: Iterable[nodes.Node | None]) -> bool:
        faulty = [one.mark for part in made_of if part is not None for one in nodes.walk(part) if one.faulty]
        if not faulty:
            return False
        why = self._why(faulty)
        self.broken.append(Broken(intents.RobotId(robot_id), node.mark, why))
        return True

    def _why(self, faulty: list[robot.Mark]) -> str:
        """The first error at those places; a mistake inside a text stands a little further on its line."""
        errors = [one for one in self.context.found if one.severity is problems.Severity.ERROR]
        exact = [one.text for one in errors if one.mark in faulty]
        lines = {(mark.file, mark.line) for mark in faulty}
        near = [one.text for one in errors if (one.mark.file, one.mark.line) in lines]
        return next(iter(exact + near), "рядом ошибка, из-за которой его нельзя прочесть")

    def finish(self) -> None:
        """Digests come last: hand_over learns of other robots at the end."""
        self.robots = [replace(one, digest=digest(one)) for one in self.robots]
        self.gates = [replace(one, digest=digest(one)) for one in self.gates]

    def pins(self) -> Mapping[intents.RobotId, Pin]:
        made = {one.id: _pin(one) for one in self.robots}
        for gate in self.gates:
            made[gate.id] = Pin("required_fields", gate.pipeline, gate.stage, gate.id.rpartition("/")[2])
        return made


_STATES = frozenset({"fill", "duplicates", "validate"})
"""Kinds that look at a state and make causes of their own."""


def _of_creation(trigger: robot.Trigger) -> bool:
    return isinstance(trigger, robot.Created)


def _was(node: nodes.Node | None) -> intents.RobotId | None:
    return intents.RobotId(nodes.text(node)) if node is not None else None


def _pin(one: robot.Robot) -> Pin:
    stage = one.trigger.stage if isinstance(one.trigger, robot.Entered | robot.Left) else None
    if isinstance(one.options, assign.Options):
        stage = one.options.stage or stage
    event = type(one.trigger).__name__.casefold()
    return Pin(one.kind, one.pipeline, stage, f"{event} {one.id.rpartition('/')[2]}")


def mode_of(*written: nodes.Node | None) -> robot.Mode:
    """The innermost word, but what is off around a robot is off."""
    modes = [robot.Mode(nodes.text(one)) for one in written if nodes.text(one) in {"on", "watch", "off"}]
    if robot.Mode.OFF in modes:
        return robot.Mode.OFF
    return modes[-1] if modes else robot.Mode.ON


def both(one: conditions.Condition | None, other: conditions.Condition | None) -> conditions.Condition | None:
    if one is None or other is None:
        return one or other
    return conditions.All((one, other))


def digest(thing: robot.Robot | robot.Gate) -> str:
    """A short hash of everything that makes it act as it does: neither its place nor its order in the file."""
    return hashlib.sha256(canonical(thing).encode()).hexdigest()[:12]


_IGNORED = frozenset({"mark", "digest", "order", "was", "urgent", "limits"})


def canonical(value: Any) -> str:
    """One text for equal values, on every machine: sets and mappings in order."""
    render: Callable[[Any], str] = canonical
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if is_dataclass(value) and not isinstance(value, type):
        inside = (
            f"{one.name}={render(getattr(value, one.name))}"
            for one in fields(value)
            if one.name not in _IGNORED
        )
        return f"{type(value).__name__}({','.join(inside)})"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{render(key)}:{render(one)}" for key, one in value.items())) + "}"
    if isinstance(value, frozenset | set):
        return "{" + ",".join(sorted(map(render, value))) + "}"
    if isinstance(value, tuple | list):
        return "(" + ",".join(map(render, value)) + ")"
    return repr(value)
