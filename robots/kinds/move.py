"""Move the card to another stage or pipeline; with `agreed_by` once somebody agrees by doing a task (F16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import agreements, intents, model, people
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
    agreed_by: people.Person | None = None


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    card = ask.look.card
    if (card.pipeline, card.stage) == (options.pipeline, options.stage):
        yield base.Line(base.Outcome.NOTHING_TO_DO, f"карточка уже в «{options.shown}»")
        return
    if options.agreed_by is not None:
        yield _ask(ask, options, options.agreed_by)
        return
    act = intents.MoveStage(options.pipeline, options.stage, only_from=card.stage)
    yield base.Step("move", act, f"перевести в «{options.shown}»")


def _ask(ask: base.Ask, options: Options, person: people.Person) -> base.Answer:
    """Its doing is watched by `robots.obligations`."""
    who = people.resolve(person, ask.look, ask.roles)
    if who.user_id is None:
        return base.Line(base.Outcome.FAILED, f"не у кого спросить согласия: {who.why}")
    to = (options.pipeline, options.stage)
    if agreements.pending(to, ask.visit, ask.look):
        return base.Line(base.Outcome.NOTHING_TO_DO, "согласие уже спрошено")
    why = f"Робот предлагает перевести «{ask.look.card.title}» в «{options.shown}»."
    task = agreements.task(to, who.user_id, ask.look, ask.now, why=why, stay=ask.visit)
    name = ask.look.directory.user_name(who.user_id)
    return base.Step("agree", task, f"спросить согласия ({name}): перевести в «{options.shown}»")
