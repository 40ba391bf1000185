"""Cards that people gave into a robot's care although they are older than the robot (`enroll`, users.md F4).

An enrolled card meets the robot as if it had just come to where it stands: the causes are the live ones, so that what was
done once is not done again, and whoever enrolls twice gets nothing twice. What is done so is *calm*: no cause for others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from robots import intents, look, model, occasions, robot


def asked(
    robots: Sequence[robot.Robot], seen: look.Look, accepted: model.Visit | None
) -> Iterator[occasions.Occasion]:
    """Occasions of the enrolled card's robots, in the file's order. Robots of a state keep a card once given to them."""
    kept = {row.wish.robot for row in seen.past if row.wish.calm and row.wish.digest}
    if not (seen.care.robots or kept):
        return
    visit = accepted or seen.visit
    for each in sorted(robots, key=lambda one: one.order):
        if each.mode is robot.Mode.OFF or each.card is not seen.card.ref.kind:
            continue
        if each.pipeline is not None and each.pipeline != seen.card.pipeline:
            continue
        held = each.id in kept and isinstance(each.trigger, robot.Always)
        cause = _cause(each.trigger, visit) if held or each.id in seen.care.robots else ""
        if cause:
            yield occasions.Occasion(occasions.duty_of(each), cause, visit)


def _cause(trigger: robot.Trigger, visit: model.Visit) -> str:
    """Empty: such a robot waits for something to happen, and nothing did."""
    match trigger:
        case robot.Entered(stage, semantic):
            there = stage in (None, visit.stage) and semantic in (None, visit.semantic)
            return visit.id if there else ""
        case robot.Created():
            return "created"
        case robot.Always():
            return "state"
        case _:
            return ""


def as_met(robot_id: intents.RobotId, seen: look.Look) -> look.Look:
    """The look as the robot sees it: an enrolled card isn't older than the robot. Terms run from its activation still."""
    known = seen.activations.get(robot_id)
    if known is None:
        return seen
    young = replace(known, card=0, row=0)
    return replace(seen, activations={**seen.activations, robot_id: young})
