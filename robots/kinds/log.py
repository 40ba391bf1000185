"""A record in the card's feed, signed «Робот Воронка» (users.md F11)."""

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
    title: str = "Робот Воронка"


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    text = templates.render(options.text, ask.look)
    if text:
        yield base.Step("log", intents.LogEntry(options.title, text), f"запись в карточке: {text}")
    else:
        yield base.Line(base.Outcome.FAILED, "запись пуста")
