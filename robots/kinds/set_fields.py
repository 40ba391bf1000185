"""Write values into the card or into its contact and company: `set`, and `clear`, which is a set to nothing.

What stands so already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from robots import intents, model, paths, people, templates
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


Wanted = model.Value | templates.Template | people.Person


@dataclass(frozen=True, slots=True)
class Assignment:
    field: model.FieldCode
    name: str
    value: Wanted
    owner: paths.Owner = paths.Owner.CARD


@dataclass(frozen=True, slots=True)
class Options:
    assignments: tuple[Assignment, ...]


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    """One act for each thing that is written to."""
    for owner in paths.Owner:
        mine = [one for one in ask.robot.options.assignments if one.owner is owner]
        if mine:
            yield from _written(ask, owner, mine)


def _written(ask: base.Ask, owner: paths.Owner, mine: Sequence[Assignment]) -> Iterator[base.Answer]:
    present = _present(ask, owner)
    if present is None:
        yield base.Line(base.Outcome.FAILED, _NOBODY[owner])
        return
    values: dict[model.FieldCode, model.Value] = {}
    names = []
    for assignment in mine:
        value = _value(ask, assignment.value)
        if isinstance(value, base.Line):
            yield value
        elif _blank(present.get(assignment.field)) != _blank(value):
            values[assignment.field] = value
            names.append(f"«{assignment.name}»")
    if not values:
        yield base.Line(base.Outcome.NOTHING_TO_DO, "поля уже такие")
        return
    replaces = {code: present.get(code) for code in values}
    because = f"записать {', '.join(names)}"
    client = _client(ask, owner)
    if client is None:
        yield base.Step("set", intents.SetFields(values, replaces), because)
    else:
        yield base.Step(f"set {owner}", intents.SetClient(client.ref, values, replaces), because)


_NOBODY = {
    paths.Owner.CONTACT: "контакт к карточке не привязан: записать некуда",
    paths.Owner.COMPANY: "компания к карточке не привязана: записать некуда",
}


def _present(ask: base.Ask, owner: paths.Owner) -> Mapping[model.FieldCode, model.Value] | None:
    if owner is paths.Owner.CARD:
        return ask.look.card.fields
    client = _client(ask, owner)
    return client.fields if client is not None else None


def _client(ask: base.Ask, owner: paths.Owner) -> model.Client | None:
    """The first of several contacts: the primary one."""
    if owner is paths.Owner.CARD:
        return None
    return ask.look.contact() if owner is paths.Owner.CONTACT else ask.look.company()


def _value(ask: base.Ask, wanted: Wanted) -> model.Value | base.Line:
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
