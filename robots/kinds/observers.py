"""Add observers to the card, beside those whom it has. Nobody is taken away: people add themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, model, people, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_VISIT
FIELD = model.FieldCode("observers")


@dataclass(frozen=True, slots=True)
class Options:
    add: tuple[people.Person, ...]


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    value = ask.look.card.value(FIELD)
    present = value if isinstance(value, tuple) else () if value is None else (value,)
    new: list[model.UserId] = []
    for person in ask.robot.options.add:
        found = people.resolve(person, ask.look, ask.roles)
        if found.user_id is None:
            yield base.Line(base.Outcome.FAILED, f"некого добавить наблюдателем: {found.why}")
        elif found.user_id not in (*present, *new):
            new.append(found.user_id)
    if not new:
        yield base.Line(base.Outcome.NOTHING_TO_DO, "наблюдатели уже есть")
        return
    names = words.quoted(ask.look.directory.user_name(user) for user in new)
    act = intents.SetFields({FIELD: (*present, *new)}, {FIELD: value})
    yield base.Step("observers", act, f"наблюдатели: {names}")
