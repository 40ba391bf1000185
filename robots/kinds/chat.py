"""A message into a chat of staff: «пришла сделка» where a whole department reads it (S1.3, S3.5)."""

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
    dialog: str
    """As the portal names chats: «chat58», «sg12»."""
    text: templates.Template


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    text = templates.render(options.text, ask.look).strip()
    if text:
        act = intents.Say(options.dialog, text)
        yield base.Step("chat", act, f"сообщение в чат: {text.splitlines()[0]}")
    else:
        yield base.Line(base.Outcome.FAILED, "сообщение в чат пусто")
