"""An invoice of the deal with its products, and then the deal to the stage that waits for the money (S1.7).

Once per deal: a deal that comes back to the stage gets no second invoice. The move stands on the invoice: where that was
refused, the deal stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, model, people, schedule, templates
from robots import robot as robots_robot
from robots.kinds import base, stage_task

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_VISIT
ONCE = "once"


@dataclass(frozen=True, slots=True)
class Target:
    pipeline: model.PipelineId
    stage: model.StageId
    shown: str


@dataclass(frozen=True, slots=True)
class Options:
    title: templates.Template
    responsible: people.Person | None = None
    """None: the deal's own."""
    pay_within: schedule.Duration | None = None
    move: Target | None = None


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    earlier = _earlier(ask)
    if earlier is not None:
        number = f" (№ {earlier.made})" if earlier.made else ""
        yield base.Line(base.Outcome.ALREADY_DONE, f"счёт уже выставлен{number}")
        return
    responsible = None
    if options.responsible is not None:
        found = people.resolve(options.responsible, ask.look, ask.roles)
        if found.user_id is None:
            yield base.Line(base.Outcome.FAILED, f"некому вести счёт: {found.why}")
            return
        responsible = found.user_id
    title = templates.render(options.title, ask.look)
    until = stage_task.due(ask, options.pay_within) if options.pay_within is not None else None
    step, _ = base.standing(ask, ONCE, "invoice")
    act = intents.MakeInvoice(title or f"Счёт по сделке {ask.look.card.ref.id}", responsible, until)
    yield base.Step(step, act, f"счёт «{act.title}»", cause=ONCE)
    yield from _moved(ask, options.move, step)


def _moved(ask: base.Ask, to: Target | None, invoice: str) -> Iterator[base.Answer]:
    card = ask.look.card
    if to is None or (card.pipeline, card.stage) == (to.pipeline, to.stage):
        return
    step, _ = base.standing(ask, ONCE, "move")
    act = intents.MoveStage(to.pipeline, to.stage, only_from=card.stage)
    yield base.Step(step, act, f"счёт выставлен: в «{to.shown}»", after=invoice, cause=ONCE)


def _earlier(ask: base.Ask) -> intents.Past | None:
    """The deal's invoice of an earlier stay; one that isn't over yet is this stay's now."""
    return next(
        (
            row
            for row in ask.look.past
            if row.wish.robot == ask.robot.id
            and isinstance(row.wish.act, intents.MakeInvoice)
            and row.wish.while_visit != ask.visit.id
            and row.state.final
            and row.state is not intents.WishState.SUPERSEDED
        ),
        None,
    )
