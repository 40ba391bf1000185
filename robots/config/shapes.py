"""Shapes: what may stand where in the file, as values. One declaration checks the tree, words the complaint, makes the schema.

`check` walks a tree along a shape and reports every misfit at its place; misfits make their node faulty. A shape is
about form alone: names of the portal, people and texts are looked at when robots are compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Lazy = Callable[[], "Shape"]


@dataclass(frozen=True)
class Text:
    """Any scalar. `what` is said where something else stands."""

    what: str = "текст"
    human: bool = False
    """A text for people: a comma may have cut it."""


@dataclass(frozen=True)
class Word:
    """One of listed words; `also` are other spellings of them."""

    options: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Flag:
    """true/false, and what people write for them."""


@dataclass(frozen=True)
class Number:
    least: int = 0


@dataclass(frozen=True)
class Term:
    """A duration in words."""


@dataclass(frozen=True)
class Pattern:
    """A scalar of a fixed look."""

    regex: str
    what: str
    example: str


@dataclass(frozen=True)
class Name:
    """A name of the portal or of people."""

    what: str


@dataclass(frozen=True)
class Anything:
    """Known and not looked into."""


@dataclass(frozen=True)
class ListOf:
    item: Shape | Lazy
    single: bool = True
    """One item may stand without the list."""
    at_least: int = 0


@dataclass(frozen=True)
class MapOf:
    """Names of people's own to one shape."""

    value: Shape | Lazy
    key: str = "имя"


@dataclass(frozen=True)
class Key:
    shape: Shape | Lazy
    about: str = ""
    required: bool = False
    later: bool = False
    """Known, taken without complaint, not obeyed yet."""
    was: tuple[str, ...] = ()
    """Old words for it, taken with a remark."""


@dataclass(frozen=True)
class Keys:
    """A mapping with known keys. `what` names it in complaints; `short` is the shape of a bare value instead of it."""

    keys: Mapping[str, Key]
    what: str
    short: Shape | Lazy | None = None
    others: Shape | Lazy | None = None
    """The shape of values under names of the portal beside the known keys."""


@dataclass(frozen=True)
class ByForm:
    """One shape for each form of node."""

    what: str
    scalar: Shape | Lazy | None = None
    sequence: Shape | Lazy | None = None
    mapping: Shape | Lazy | None = None


@dataclass(frozen=True)
class OneKey:
    """A mapping with exactly one of the known keys: an act."""

    keys: Mapping[str, Key]
    what: str
    bare: tuple[str, ...] = ()
    """Keys that may stand without a value, as a word."""


Shape = (
    Text | Word | Flag | Number | Term | Pattern | Name | Anything | ListOf | MapOf | Keys | ByForm | OneKey
)


def made(shape: Shape | Lazy) -> Shape:
    """Lazy shapes let acts contain acts."""
    if isinstance(
        shape,
        Text
        | Word
        | Flag
        | Number
        | Term
        | Pattern
        | Name
        | Anything
        | ListOf
        | MapOf
        | Keys
        | ByForm
        | OneKey,
    ):
        return shape
    return shape()
