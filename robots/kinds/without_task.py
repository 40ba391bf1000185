"""A card for which nothing is planned: a ladder of steps, each once for one gap (S5.4).

A plan is an open task or activity of the card, whoever set it. The gap begins as the last of them was done, at the earliest
as the card came to its stage; nothing is asked of the portal before the first step could be due. What is put off beyond
`FAR` is no plan («дело в 2030», users.md F21).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from robots import intents, model, schedule
from robots import robot as robots_robot
from robots.kinds import base, stale

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_CHANGE

FAR = timedelta(days=60)
AGAIN = timedelta(hours=1)
"""So soon a planned card is looked at again by itself: the portal needn't ring when a plan is done."""
_UNDER_WAY = frozenset({intents.WishState.WISHED, intents.WishState.SENT, intents.WishState.UNKNOWN})
_GAP = stale.Silence("bare", "нет ни задачи, ни дела")


@dataclass(frozen=True, slots=True)
class Options:
    steps: tuple[stale.Rung, ...]
    """The shortest wait first."""
    but: frozenset[model.StageId] = frozenset()
    """Stages in which nothing need be planned."""
    snooze: model.FieldCode | None = None
    """A date of the card: the gap begins on that day at the earliest."""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    activation = ask.look.activations.get(ask.robot.id)
    if ask.look.card.closed or activation is None:
        yield base.Line(base.Outcome.NOT_TRIGGERED, "карточка закрыта")
        return
    if ask.look.card.stage in options.but:
        yield base.Line(base.Outcome.FILTERED, "на этой стадии можно без задачи")
        return
    since = max(ask.visit.entered, activation.at)
    since = max(since, stale.snoozed(ask, options.snooze) or since)
    first = _first(ask, since)
    if first > ask.now:
        yield base.Line(base.Outcome.WAITING, "ещё рано спрашивать о задаче", first)
        return
    plans = ask.look.need_plans()
    planned = next((one for one in plans.ahead if one.until is None or one.until <= ask.now + FAR), None)
    if planned is not None or _under_way(ask):
        named = f"«{planned.title}»" if planned is not None else "задача робота"
        again = max(_first(ask, ask.now), ask.now + AGAIN)
        yield base.Line(base.Outcome.NOTHING_TO_DO, f"запланировано: {named}", again)
        return
    yield from stale.climb(ask, max(since, plans.done or since), options.steps, _GAP)


def _first(ask: base.Ask, since: datetime) -> datetime:
    """When the first step is due after a gap that began then."""
    calendar = ask.look.directory.calendar or schedule.round_the_clock("UTC")
    return schedule.after(since, ask.robot.options.steps[0].after, calendar)


def _under_way(ask: base.Ask) -> bool:
    """A task of ours that the portal may not show yet."""
    return any(isinstance(row.wish.act, intents.SetTask) and row.state in _UNDER_WAY for row in ask.look.past)
