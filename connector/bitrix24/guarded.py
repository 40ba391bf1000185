"""Writes that ride behind a question, and one question for many of them. Pure.

A guarded write is two commands: a list that finds the card where it must still stand, and an update of what it found. Of
those that ride in one request, the ones that want the same of cards that stand alike ask together: the k-th update writes
to the k-th card found, so the list's own answer tells which update was whose. A card that isn't there is in no place of
the list, and what is left over of the updates refers to nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector import errors
from connector.bitrix24 import parsing, phpquery, values

FOUND = "found"
"""What the update calls the list."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Of a group of two commands, made by `pair`."""

    alike: Hashable
    """Equal for groups that may ask together."""
    id: int
    """The card's."""


def pair(where: phpquery.Params, write: phpquery.Command) -> list[phpquery.Command]:
    """`where` has an "@id" among its filter; `write` is told the card by reference."""
    return [phpquery.Command("crm.item.list", where, name=FOUND), nth(write, 0)]


def question(asked: phpquery.Command, ids: Sequence[int]) -> phpquery.Command:
    """The list, asked for all of them."""
    where = {**asked.params["filter"], "@id": list(ids)}
    return replace(asked, params={**asked.params, "filter": where})


def nth(write: phpquery.Command, at: int) -> phpquery.Command:
    """The update of the card in that place of the list, from 0."""
    return replace(write, params={**write.params, "id": phpquery.Ref(FOUND, "items", at, "id")})


def places(found: Any) -> Mapping[int, int]:
    """card id -> its place in the list's answer. Raises errors.Unreadable."""
    rows = parsing.rows_of(found, "items")
    return {values.required_id(row.get("id")): at for at, row in enumerate(rows)}


def place(found: Any, guard: Guard) -> int | None:
    """Of its card; None where it wasn't found, or nobody can tell."""
    try:
        return places(found).get(guard.id)
    except errors.Unreadable:
        return None
