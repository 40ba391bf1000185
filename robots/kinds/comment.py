"""A comment in the card's feed, where a person must answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, templates
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


@dataclass(frozen=True, slots=True)
class Options:
    text: templates.Template


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    text = templates.render(ask.robot.options.text, ask.look)
    if text:
        yield base.Step("comment", intents.Comment(text), f"комментарий: {text.splitlines()[0]}")
    else:
        yield base.Line(base.Outcome.FAILED, "комментарий пуст")
