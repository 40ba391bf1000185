"""From when a robot acts: a watermark, not a clock. What lies at or below it is past (design.md «First start»)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector import ports
from robots import decision, intents, look, model

NOTE = "activations"


async def ensure(
    portal_id: model.PortalId,
    portal: ports.Portal,
    notebook: ports.Notebook,
    rules: decision.Rules,
    directory: model.Directory,
    now: datetime,
) -> Mapping[intents.RobotId, look.Activation]:
    """Every robot's and gate's activation; those seen for the first time begin at the portal's newest ids."""
    written: dict[str, Any] = dict(await notebook.read(portal_id, NOTE) or {})
    fresh = {robot: kind for robot, kind in _kinds(rules, directory).items() if robot not in written}
    if fresh:
        marks = await portal.watermarks()
        written |= {
            robot: {"at": now.isoformat(), "card": marks.cards.get(kind, 0), "row": marks.rows.get(kind, 0)}
            for robot, kind in fresh.items()
        }
        await notebook.write(portal_id, NOTE, written)
    return {
        intents.RobotId(robot): look.Activation(datetime.fromisoformat(one["at"]), one["card"], one["row"])
        for robot, one in written.items()
    }


def _kinds(rules: decision.Rules, directory: model.Directory) -> dict[intents.RobotId, model.CardKind]:
    kinds = {robot.id: robot.card for robot in rules.robots}
    for gate in rules.gates:
        pipeline = directory.pipeline(gate.pipeline)
        lead = gate.pipeline == model.LEADS
        kinds[gate.id] = pipeline.kind if pipeline else model.CardKind.LEAD if lead else model.CardKind.DEAL
    return kinds
