"""How much one robot may do at once before a person is asked (users.md F4). Pure.

Counted are acts that were sent, per robot and sort, in the last so many seconds. What a person set going (`calm`) and
what was begun and must be finished (no digest) isn't.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from robots import intents, model, tally, words

SPANS = {60: "минуту", 3600: "час", 86_400: "сутки"}


@dataclass(frozen=True, slots=True)
class Rate:
    count: int
    seconds: int


DEFAULT: Mapping[str, Rate] = {
    "tasks": Rate(30, 3600),
    "moves": Rate(20, 3600),
    "closes": Rate(10, 86_400),
    "reassign": Rate(20, 3600),
    "notifications": Rate(100, 3600),
    "client messages": Rate(20, 3600),
    "created": Rate(20, 60),
}
"""Per portal and robot; `created` alone is of one person's new cards, whatever the robot (users.md F4)."""


def counted(wish: intents.Wish, directory: model.Directory, limits: Mapping[str, Rate]) -> tally.Sort | None:
    """The sort whose limit this wish counts against; None: it has none."""
    if wish.calm or not wish.digest or wish.dry_run:
        return None
    found = tally.sort(wish.act, directory)
    return found if found.value in limits else None


def said(sort: tally.Sort, rate: Rate) -> str:
    """«предел робота: 30 задач за час»."""
    return f"предел робота: {words.count(rate.count, *tally.FORMS[sort])} за {SPANS.get(rate.seconds, f'{rate.seconds} с')}"


def window(limits: Mapping[str, Rate]) -> timedelta:
    """How far back anything counts."""
    return timedelta(seconds=max((rate.seconds for rate in limits.values()), default=0))


def begins(now: datetime, rate: Rate) -> datetime:
    return now - timedelta(seconds=rate.seconds)
