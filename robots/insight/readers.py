"""Whose card is whose: by `people:` of the YAML, for a life instead of a look (users.md F22).

A reader sees the cards for which he is the person that `send:` names: a manager his own, a head those of his people; an
employee named by name sees all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from robots import look, model, paths, people
from robots.insight import rows

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def fields(persons: Sequence[people.Person]) -> frozenset[str]:
    """Codes of the cards' fields in which these people stand."""
    return frozenset(code for person in persons for code in _codes(person))


def _codes(person: people.Person | None) -> Iterator[str]:
    match person:
        case people.InField(path, otherwise):
            if not isinstance(path.code, paths.Virtual):
                yield str(path.code)
            yield from _codes(otherwise)
        case people.HeadOf(of=of, otherwise=otherwise):
            yield from _codes(of)
            yield from _codes(otherwise)
        case people.ByPipeline(by, otherwise):
            for _, one in by:
                yield from _codes(one)
            yield from _codes(otherwise)


class Readers:
    """Remembers each answer: thousands of cards have a few dozen people between them."""

    def __init__(self, persons: Sequence[people.Person], directory: model.Directory) -> None:
        self._persons, self._directory = persons, directory
        self._known: dict[tuple[object, ...], frozenset[model.UserId]] = {}

    def of(self, life: rows.Life) -> frozenset[model.UserId]:
        alike = (life.ref.kind, life.place.pipeline, life.responsible, life.held)
        if (found := self._known.get(alike)) is None:
            seen = _seen(life, self._directory)
            users = (people.resolve(person, seen, {}).user_id for person in self._persons)
            found = self._known[alike] = frozenset(user for user in users if user is not None)
        return found

    def always(self) -> frozenset[model.UserId]:
        """Those named by name: they read even where there is nothing to tell."""
        named = (one.user for one in self._persons if isinstance(one, people.Employee))
        return frozenset(user for user in named if self._directory.active(user))


def _seen(life: rows.Life, directory: model.Directory) -> look.Look:
    """As much of a look as people are found by."""
    held = {model.FieldCode(code): found[0] if len(found) == 1 else found for code, found in life.held}
    place = life.place
    card = model.Card(
        life.ref, place.pipeline, place.stage, place.semantic, "", life.responsible, _EVER, _EVER, fields=held
    )
    stay = model.Visit(model.VisitId(""), place.pipeline, place.stage, place.semantic, _EVER)
    return look.Look(card, directory, stay)
