"""Names as people see them to what the portal calls them: matching, look-alike letters, «did you mean».

Folding: case, spaces, ё/е, then Latin letters that look Russian (said, for the admin can't see it). An id always works.
A name that fits several things is an error that lists their ids. A miss is a value; who asked knows the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rapidfuzz import fuzz, process

T = TypeVar("T")

_ALIKE = str.maketrans("ABCEHKMOPTXYaceopxykm", "АВСЕНКМОРТХУасеорхукм")
_ODD = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def fold(text: str) -> str:
    """Case, spaces, ё and the kind of dash don't tell names apart."""
    plain = _ODD.sub("", text).casefold().replace("ё", "е").replace("–", "-").replace("—", "-")
    return " ".join(plain.split())


def fold_alike(text: str) -> str:
    return fold(text.translate(_ALIKE))


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a name wasn't understood, for `problems.Problem`."""

    text: str
    hint: str = ""
    notes: tuple[str, ...] = ()
    code: str = "V012"


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    value: T
    odd: str = ""
    """«первая буква латинская «O»»: understood, but the spelling is wrong."""
    name: str = ""
    """The portal's spelling."""


@dataclass(frozen=True, slots=True)
class Several(Generic[T]):
    values: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A thing with the names and ids under which it may be written."""

    value: T
    names: tuple[str, ...]
    ids: tuple[str, ...] = ()


def match(written: str, candidates: Sequence[Candidate[T]]) -> Found[T] | Several[T] | None:
    by_id = [one for one in candidates if written.strip() in one.ids]
    if len(by_id) == 1:
        return Found(by_id[0].value, "", by_id[0].names[0] if by_id[0].names else "")
    for how in (fold, fold_alike):
        wanted = how(written)
        fitting = [one for one in candidates if any(how(name) == wanted for name in one.names)]
        if len(fitting) > 1:
            exact = [one for one in fitting if written.strip() in one.names]
            return (
                _found(written, exact[0]) if len(exact) == 1 else Several(tuple(one.value for one in fitting))
            )
        if fitting:
            return _found(written, fitting[0])
    return None


def _found(written: str, candidate: Candidate[T]) -> Found[T]:
    name = next((one for one in candidate.names if fold(one) == fold(written)), None)
    if name is not None:
        return Found(candidate.value, "", name)
    name = next(one for one in candidate.names if fold_alike(one) == fold_alike(written))
    return Found(candidate.value, odd_letter(written, name), name)


_ORDER = (
    "первая",
    "вторая",
    "третья",
    "четвёртая",
    "пятая",
    "шестая",
    "седьмая",
    "восьмая",
    "девятая",
    "десятая",
)


def odd_letter(written: str, name: str) -> str:
    """Where `written` has a Latin letter in the place of a Russian one of `name`."""
    left, right = " ".join(written.split()), " ".join(name.split())
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other and one.isascii() and one.isalpha() and not other.isascii():
            which = _ORDER[at] if at < len(_ORDER) else f"{at + 1}-я"
            return f"{which} буква латинская «{one}»"
    return ""


def suggest(written: str, known: Iterable[str]) -> str:
    """The likest known name, empty if none is like enough."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(fold_alike(name), name)
    found = process.extractOne(fold_alike(written), list(folded), scorer=fuzz.ratio, score_cutoff=60)
    return folded[found[0]] if found else ""


def miss(text: str, written: str, known: Sequence[str], listed: str = "") -> Miss:
    """`listed` titles the note with everything known: «стадии»."""
    guess = suggest(written, known)
    hint = f"может быть, «{guess}»?" if guess else ""
    shown = " · ".join(list(dict.fromkeys(known))[:30])
    notes = (f"{listed}: {shown}",) if listed and shown else ()
    return Miss(text, hint, notes)
