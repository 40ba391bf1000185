"""Change numbers: a counter per card and field, raised in the look that saw the change.

A digest would swallow 1→2→1→2; a number makes each of them a cause of its own (design.md «Causes and keys»).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from robots import model

CONTACTS = "@contacts"
COMPANY = "@company"
COMMS = "@comms"
RESPONSIBLE = "@responsible"

IGNORED = frozenset(
    {"updatedTime", "updatedBy", "movedTime", "movedBy", "lastActivityTime", "lastActivityBy"}
)
"""Codes that every touch changes; no robot can mean them."""


def count(
    before: model.Card | None, card: model.Card, numbers: Mapping[str, int]
) -> tuple[dict[str, int], frozenset[str]]:
    """(numbers after this look, what changed in it). At the first look everything filled is change number 1."""
    changed = frozenset(_changed(before, card))
    return {**numbers, **{name: numbers.get(name, 0) + 1 for name in changed}}, changed


def count_comms(
    numbers: Mapping[str, int], changed: frozenset[str], before: str, digest: str
) -> tuple[dict[str, int], frozenset[str]]:
    """The same for phones and e-mails, once they are gathered; `digest` is empty where there are none."""
    if digest == before:
        return dict(numbers), changed
    return {**numbers, COMMS: numbers.get(COMMS, 0) + 1}, changed | {COMMS}


def _changed(before: model.Card | None, card: model.Card) -> Iterable[str]:
    old: Mapping[model.FieldCode, model.Value] = before.fields if before else {}
    for code in {*old, *card.fields} - IGNORED:
        if old.get(code) != card.fields.get(code):
            yield code
    if (before.contacts if before else ()) != card.contacts:
        yield CONTACTS
    if (before.company if before else None) != card.company:
        yield COMPANY
    if (before.responsible if before else None) != card.responsible:
        yield RESPONSIBLE
