"""A won deal goes on to the next department's pipeline (U6, S5.1): as a copy, or moved.

The copy is one saga, once per deal by default: won, reopened, won again gives no second one. Its own department's
fields (РОП first) are left out and filled anew by that pipeline's robots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from robots import intents, model, people
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.ONCE_PER_CARD


class How(StrEnum):
    COPY = "copy"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Options:
    pipeline: model.PipelineId
    stage: model.StageId
    shown: str
    how: How = How.COPY
    once_per_deal: bool = True
    """False: once per winning visit."""
    leave_out: frozenset[model.FieldCode] = frozenset()
    """What the target pipeline's robots fill (РОП first) and the reasons of failure, less `keep:`."""
    responsible: people.Person | None = None
    """None: the won deal's responsible."""
    if_reopened: tuple[base.ActSpec, ...] = ()


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    cause = "once" if options.once_per_deal else ask.visit.id
    earlier = _handed_over(ask, cause)
    if earlier is not None:
        yield base.Line(base.Outcome.ALREADY_DONE, f"уже передано в «{options.shown}»{_where(earlier)}")
        for spec in options.if_reopened:
            yield from base.embedded(ask, spec)
    elif options.how is How.MOVE:
        yield from _move(ask, options, cause)
    else:
        yield _copy(ask, options, cause)


def _handed_over(ask: base.Ask, cause: str) -> intents.Past | None:
    """The deal's earlier hand-over by this robot for another winning stay, if any. One that isn't over yet is this
    stay's now: its key is wished again, and binds it here."""
    return next(
        (
            row
            for row in ask.look.past
            if row.wish.robot == ask.robot.id
            and row.wish.cause == cause
            and isinstance(row.wish.act, intents.CopyDeal | intents.MoveStage)
            and row.wish.while_visit != ask.visit.id
            and row.state.final
            and row.state is not intents.WishState.SUPERSEDED
        ),
        None,
    )


def _where(row: intents.Past) -> str:
    return f" (сделка {row.made})" if row.made else ""


def _copy(ask: base.Ask, options: Options, cause: str) -> base.Answer:
    responsible = None
    if options.responsible is not None:
        found = people.resolve(options.responsible, ask.look, ask.roles)
        if found.user_id is None:
            return base.Line(base.Outcome.FAILED, f"некому передать: {found.why}")
        responsible = found.user_id
    act = intents.CopyDeal(options.pipeline, options.stage, options.leave_out, responsible=responsible)
    return base.Step(_fresh("copy", ask, cause), act, f"выиграна: копия в «{options.shown}»", cause=cause)


def _fresh(name: str, ask: base.Ask, cause: str) -> str:
    """A hand-over of an earlier winning stay that was called off before it was sent doesn't use up the key."""
    called_off = sum(
        row.wish.robot == ask.robot.id
        and row.wish.cause == cause
        and isinstance(row.wish.act, intents.CopyDeal | intents.MoveStage)
        and row.wish.while_visit != ask.visit.id
        and row.state is intents.WishState.SUPERSEDED
        for row in ask.look.past
    )
    return f"{name}#{called_off}" if called_off else name


def _move(ask: base.Ask, options: Options, cause: str) -> Iterator[base.Answer]:
    card = ask.look.card
    cleared: dict[model.FieldCode, model.Value] = {
        code: None for code in sorted(options.leave_out) if card.value(code) not in (None, "", ())
    }
    act = intents.MoveStage(options.pipeline, options.stage, only_from=card.stage)
    move = _fresh("move", ask, cause)
    yield base.Step(move, act, f"выиграна: передать в «{options.shown}»", cause=cause)
    if cleared:
        replaces = {code: card.value(code) for code in cleared}
        because = "поля прежнего отдела заполнят роботы нового"
        clear = _fresh("clear", ask, cause)
        yield base.Step(clear, intents.SetFields(cleared, replaces), because, move, cause=cause, lasting=True)
