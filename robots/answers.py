"""What one robot answers to one look: its condition is asked, then its kind; the acts wished for get keys and bounds.

The key is made of the cause (`robot/card/cause/step`), so that the same look twice wishes the same (design.md «Causes
and keys»). Facts that aren't gathered raise `look.NotGathered` before anything is answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from robots import conditions, fights, intents, kinds, occasions
from robots import look as looks
from robots import robot as robots_robot
from robots.kinds import base


def to(
    occasion: occasions.Occasion,
    look: looks.Look,
    now: datetime,
    known: Mapping[intents.WishKey, intents.Past],
) -> list[intents.Wish | base.Line]:
    """Wishes, and lines that say why not; `known` is what was wished for this card before."""
    robot = occasion.duty.robot
    if occasion.line is not None:
        return [occasion.line]
    if isinstance(robot.trigger, robots_robot.Changed) and not _as_said(robot.trigger, look, now):
        return [base.Line(base.Outcome.NOT_TRIGGERED, "поле изменилось, но не так")]
    if robot.condition is not None:
        refusal = _refusal(robot.condition, look, now)
        if refusal is not None:
            return [refusal]
    ask = base.Ask(robot, look, now, occasion.cause, occasion.visit, kinds=kinds.KINDS)
    answered: list[intents.Wish | base.Line] = []
    keys: dict[str, intents.WishKey] = {}
    for answer in occasion.duty.kind.decide(ask):
        if isinstance(answer, base.Line):
            answered.append(answer)
            continue
        wish = _wish(occasion, look, answer, keys)
        if wish.key not in known and fights.fighting(look, robot.id, wish.act, now):
            answered.append(_held(answer))
        else:
            keys[answer.name] = wish.key
            answered.append(wish)
    return answered


def _as_said(trigger: robots_robot.Changed, look: looks.Look, now: datetime) -> bool:
    """From such a value to such a one. A card seen for the first time was empty before."""
    before = look.before or replace(look.card, fields={}, responsible=None)
    return all(
        wanted is None or isinstance(conditions.evaluate(wanted, seen, now), conditions.Yes)
        for wanted, seen in ((trigger.was, replace(look, card=before)), (trigger.becomes, look))
    )


def _refusal(condition: conditions.Condition, look: looks.Look, now: datetime) -> base.Line | None:
    match conditions.evaluate(condition, look, now):
        case conditions.Yes():
            return None
        case conditions.No(failures):
            return base.Line(base.Outcome.FILTERED, "; ".join(conditions.explain(one) for one in failures))
        case conditions.Cannot() as cannot:
            return base.Line(base.Outcome.FAILED, f"не могу проверить условие: {cannot.why}")


def _held(step: base.Step) -> base.Line:
    reason = f"{step.because}: трижды за сутки записано и сразу исправлено: спорит с роботом портала?"
    return base.Line(base.Outcome.HELD, reason)


def _wish(
    occasion: occasions.Occasion, look: looks.Look, step: base.Step, keys: Mapping[str, intents.WishKey]
) -> intents.Wish:
    duty = occasion.duty
    robot, ref = duty.robot, look.card.ref
    cause = step.cause if step.cause is not None else occasion.cause
    return intents.Wish(
        key=intents.WishKey(f"{robot.id}/{ref}/{cause}/{step.name}"),
        robot=robot.id,
        digest=robot.digest,
        card=ref,
        cause=cause,
        act=_act(robot, step.act),
        because=step.because,
        stands_on=keys.get(step.after) if step.after else None,
        while_visit=occasion.visit.id if _is_bound(duty, step) else None,
        not_after=step.not_after,
        dry_run=duty.watches,
        depth=look.depth,
        pick=step.pick,
    )


def _act(robot: robots_robot.Robot, act: intents.Act) -> intents.Act:
    return replace(act, urgent=True) if robot.urgent and isinstance(act, intents.Notify) else act


def _is_bound(duty: occasions.Duty, step: base.Step) -> bool:
    """Wanted only while the stay lasts; a task to be closed on leaving names it in any case."""
    if duty.of_stay and not step.lasting:
        return True
    return isinstance(step.act, intents.SetTask) and step.act.closes is intents.TaskCloses.ON_LEAVE
