"""Write values into the card: `set`, and `clear`, which is a set to nothing. What stands so already is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, model, people, templates
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


@dataclass(frozen=True, slots=True)
class Assignment:
    field: model.FieldCode
    name: str
    value: model.Value | templates.Template | people.Person


@dataclass(frozen=True, slots=True)
class Options:
    assignments: tuple[Assignment, ...]


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    values: dict[model.FieldCode, model.Value] = {}
    names = []
    for assignment in ask.robot.options.assignments:
        value = _value(ask, assignment.value)
        if isinstance(value, base.Line):
            yield value
        elif _blank(ask.look.card.value(assignment.field)) != _blank(value):
            values[assignment.field] = value
            names.append(f"«{assignment.name}»")
    if not values:
        yield base.Line(base.Outcome.NOTHING_TO_DO, "поля уже такие")
        return
    replaces = {code: ask.look.card.value(code) for code in values}
    yield base.Step("set", intents.SetFields(values, replaces), f"записать {', '.join(names)}")


def _value(
    ask: base.Ask, wanted: model.Value | templates.Template | people.Person
) -> model.Value | base.Line:
    if isinstance(wanted, templates.Template):
        return templates.render(wanted, ask.look)
    if isinstance(wanted, people.Person):
        found = people.resolve(wanted, ask.look, ask.roles)
        return (
            found.user_id
            if found.user_id is not None
            else base.Line(base.Outcome.FAILED, f"некого записать: {found.why}")
        )
    return wanted


def _blank(value: model.Value) -> model.Value:
    """The portal keeps an unset value as null, an empty text or an empty list, as it likes."""
    return None if value in ("", ()) else value
