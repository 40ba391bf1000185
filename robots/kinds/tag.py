"""Add tags to a field of the card that holds many values, and take them away; all others stay (S1.4, S5.2).

Cards have no tags of their own over there (reference §5.1): a list or a string field with many values is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, model, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


@dataclass(frozen=True, slots=True)
class Tag:
    value: model.Scalar
    name: str
    """As people see it."""


@dataclass(frozen=True, slots=True)
class Options:
    field: model.FieldCode
    tags: tuple[Tag, ...]
    remove: bool = False


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    value = ask.look.card.value(options.field)
    present = value if isinstance(value, tuple) else () if value is None or value == "" else (value,)
    there = {_folded(one) for one in present}
    meant = [one for one in options.tags if (_folded(one.value) in there) is options.remove]
    if not meant:
        yield base.Line(base.Outcome.NOTHING_TO_DO, "метки уже такие")
        return
    asked = {_folded(one.value) for one in meant}
    wanted = (
        tuple(one for one in present if _folded(one) not in asked)
        if options.remove
        else (*present, *(one.value for one in meant))
    )
    act = intents.SetFields({options.field: wanted}, {options.field: value}, takes_away=options.remove)
    said = "снять метку" if options.remove else "метка"
    yield base.Step("tag", act, f"{said}: {words.quoted(one.name for one in meant)}")


def _folded(value: model.Scalar) -> str:
    """People write the same tag in their own letters."""
    return str(value).strip().casefold()
