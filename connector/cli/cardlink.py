"""Which card is meant: a link from the portal, `deal 4711`, `сделка 4711`, a bare number (users.md F23). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    DEAL = "deal"
    LEAD = "lead"
    TASK = "task"
    CARD = "card"
    """A bare number: a deal or a lead."""


@dataclass(frozen=True, slots=True)
class Meant:
    kind: Kind
    id: int
    host: str = ""
    """From a link: which portal."""


_WORDS: Mapping[str, Kind] = {
    "deal": Kind.DEAL,
    "сделка": Kind.DEAL,
    "сделке": Kind.DEAL,
    "lead": Kind.LEAD,
    "лид": Kind.LEAD,
    "task": Kind.TASK,
    "задача": Kind.TASK,
    "задаче": Kind.TASK,
}
_DETAILS = re.compile(r"/crm/(deal|lead)/(?:details|show)/(\d{1,18})(?:/|$|\?)")
_ITEM = re.compile(r"/crm/type/(1|2)/details/(\d{1,18})(?:/|$|\?)")
_TASK = re.compile(r"/tasks/task/view/(\d{1,18})(?:/|$|\?)")


def read(words: list[str]) -> Meant | None:
    """None: not understood."""
    text = " ".join(words).strip()
    if "/" in text:
        return _of_link(text)
    found = re.fullmatch(r"(?:([^\W\d]+)[\s:#№]*)?(\d{1,18})", text)
    if not found:
        return None
    word, number = found.groups()
    kind = Kind.CARD if not word else _WORDS.get(word.lower())
    return Meant(kind, int(number)) if kind else None


def _of_link(text: str) -> Meant | None:
    host = re.sub(r"^\w+://", "", text).split("/")[0].split(":")[0].lower()
    if found := _DETAILS.search(text):
        return Meant(Kind(found.group(1)), int(found.group(2)), host)
    if found := _ITEM.search(text):
        return Meant(Kind.LEAD if found.group(1) == "1" else Kind.DEAL, int(found.group(2)), host)
    if found := _TASK.search(text):
        return Meant(Kind.TASK, int(found.group(1)), host)
    return None
