"""S3.8: which of a day's calls the quality department listens to, and what it said. Chosen by a rule, always the same ones.

The choice within a person's calls goes by a digest of the call's id: neither the manager nor the listener can lean on it,
and a list made again is the same list.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from robots import model
from robots.insight import rows


class Mark(StrEnum):
    NONE = ""
    HEARD = "слушал"
    REMARK = "замечание"


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    at: int
    manager: model.UserId | None
    seconds: int
    card: model.CardRef | None = None
    record: str = ""
    """The recording's link; a call without one can't be listened to."""


@dataclass(frozen=True, slots=True)
class Rule:
    per_person: int = 3
    at_least: int = 30
    """Seconds: shorter ones are unanswered."""


@dataclass(frozen=True, slots=True)
class Said:
    """A listener's comment in a card: «слушал», «замечание: не назвал цену»."""

    card: model.CardRef
    at: int
    mark: Mark
    remark: str = ""


_SAID = re.compile(
    r"\s*(?P<word>(?:про)?слушала?|замечани[ея])\b[\s:.,—–-]*(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)


def marked(comment: str) -> tuple[Mark, str]:
    """What a comment says of a call; the mark stands at its beginning."""
    found = _SAID.match(comment)
    if found is None:
        return Mark.NONE, ""
    remark = " ".join(found["rest"].split())
    is_remark = found["word"].casefold().startswith("замеч")
    return (Mark.REMARK if is_remark else Mark.HEARD), remark


def marks(lines: Iterable[Call], said: Iterable[Said]) -> dict[str, tuple[Mark, str]]:
    """Call id -> the strongest and newest word on it: a comment speaks of its card's calls before it."""
    made: dict[str, tuple[Mark, str]] = {}
    order = sorted(said, key=lambda one: (one.mark is Mark.REMARK, one.at))
    for call in lines:
        for one in order:
            if one.card == call.card and one.at >= call.at:
                made[call.id] = (one.mark, one.remark)
    return made


@dataclass(frozen=True, slots=True)
class Line:
    call: Call
    mark: Mark
    remark: str


@dataclass(frozen=True, slots=True)
class CallList:
    lines: tuple[Line, ...]
    """By manager, then by time."""
    fit: int
    """Calls of the period that are long enough and recorded."""
    unrecorded: int


def listen(
    calls: Iterable[Call],
    period: rows.Period,
    rule: Rule,
    marks: Mapping[str, tuple[Mark, str]] | None = None,
) -> CallList:
    """`marks`: call id -> what was said of it before; a marked call stays in the list."""
    said, unrecorded = marks or {}, 0
    fit: dict[model.UserId | None, list[Call]] = defaultdict(list)
    for call in calls:
        if call.at in period and call.seconds >= rule.at_least:
            unrecorded += not call.record
            if call.record:
                fit[call.manager].append(call)
    picked: list[Call] = []
    for of_one in fit.values():
        of_one.sort(key=lambda call: (call.id not in said, _draw(call)))
        heard = sum(call.id in said for call in of_one)
        picked.extend(of_one[: max(rule.per_person, heard)])
    picked.sort(key=lambda call: (call.manager or 0, call.at, call.id))
    lines = tuple(Line(call, *said.get(call.id, (Mark.NONE, ""))) for call in picked)
    return CallList(lines, sum(map(len, fit.values())), unrecorded)


def _draw(call: Call) -> str:
    return hashlib.sha256(call.id.encode()).hexdigest()
