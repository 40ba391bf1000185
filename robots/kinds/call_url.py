"""Tell another program: one signed POST to an address that the file allows. Class C: at most once, an unknown one is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, outside, templates
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


@dataclass(frozen=True, slots=True)
class Options:
    url: str
    """As written: no values of the card stand in it."""
    data: tuple[tuple[str, templates.Template], ...] = ()
    secret: str = ""
    seconds: int = outside.SECONDS


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    data = {name: templates.render(value, ask.look) for name, value in options.data}
    act = intents.CallUrl(options.url, data, options.secret, options.seconds)
    yield base.Step("call", act, f"сообщить на {outside.host(options.url)}")
