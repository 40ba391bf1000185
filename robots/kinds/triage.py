"""One saved rule of a triage: cards that meet it get its acts, once (S1.4, S3.2, S3.7).

The rule's condition is the robot's own; that the first rule which fits takes the card stands in the conditions of those
below it, so that each can be counted and undone by itself. New cards are sorted as they come, older ones by `enroll`.
What a person undid stays undone: a rule takes a card once. The move comes last: the card's stay ends with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.ONCE_PER_CARD

CAUSE = "triage"


@dataclass(frozen=True, slots=True)
class Options:
    name: str
    acts: tuple[base.ActSpec, ...]


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    if ask.look.card.closed:
        yield base.Line(base.Outcome.NOT_TRIGGERED, "карточка закрыта")
        return
    mine = [row for row in ask.look.past if row.wish.robot == ask.robot.id]
    if any(row.state is not intents.WishState.SUPERSEDED for row in mine):
        yield base.Line(base.Outcome.ALREADY_DONE, f"правило «{options.name}» её уже разбирало")
        return
    for spec in sorted(options.acts, key=lambda one: one.kind == "move"):
        for answer in base.embedded(ask, spec):
            if isinstance(answer, base.Line):
                yield answer
                continue
            name, _ = base.standing(ask, CAUSE, answer.name)
            because = f"правило «{options.name}»: {answer.because}"
            yield answer._replace(name=name, cause=CAUSE, because=because)
