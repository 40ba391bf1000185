"""Move the card to another stage or pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, model
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_VISIT


@dataclass(frozen=True, slots=True)
class Options:
    pipeline: model.PipelineId
    stage: model.StageId
    shown: str
    """«Продажи / Отправили счёт»."""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    card = ask.look.card
    if (card.pipeline, card.stage) == (options.pipeline, options.stage):
        yield base.Line(base.Outcome.NOTHING_TO_DO, f"карточка уже в «{options.shown}»")
        return
    act = intents.MoveStage(options.pipeline, options.stage, only_from=card.stage)
    yield base.Step("move", act, f"перевести в «{options.shown}»")
