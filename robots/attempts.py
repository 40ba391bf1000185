"""Attempts to reach a client (S2.10; users.md F16): what of a card's feed counts as one, and whether they are enough.

Only what was done counts: a planned call is none. Older ones than `RECENT` tell of another silence. Where there is no
telephony, a comment with one of the marks («недозвон») is an attempt as good as a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from robots import look, words

RECENT = timedelta(days=30)
MARK = "недозвон"
NAMES = {
    look.Reached.CALL: "звонок",
    look.Reached.LETTER: "письмо",
    look.Reached.MESSAGE: "сообщение",
    look.Reached.TODO: "дело",
    look.Reached.COMMENT: "комментарий",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`attempts: {at_least: 3, on_days: 2, count: [...]}`."""

    at_least: int = 3
    on_days: int = 1
    kinds: frozenset[look.Reached] = frozenset(look.Reached)
    marks: tuple[str, ...] = (MARK,)
    """What a comment must contain, in lower case."""


def counted(rule: Rule, made: Iterable[look.Attempt], now: datetime) -> tuple[look.Attempt, ...]:
    """Those that count, oldest first."""
    found = [one for one in made if now - RECENT <= one.at <= now and _counts(rule, one)]
    return tuple(sorted(found, key=lambda one: one.at))


def _counts(rule: Rule, one: look.Attempt) -> bool:
    if one.how is look.Reached.COMMENT and not any(mark in one.text.casefold() for mark in rule.marks):
        return False
    return one.how in rule.kinds


def enough(rule: Rule, found: Sequence[look.Attempt], zone: str) -> bool:
    return len(found) >= rule.at_least and len(_days(found, zone)) >= rule.on_days


def _days(found: Sequence[look.Attempt], zone: str) -> list[str]:
    """«20.02», each day once."""
    return list(dict.fromkeys(f"{one.at.astimezone(ZoneInfo(zone)):%d.%m}" for one in found))


def lacking(rule: Rule, found: Sequence[look.Attempt], zone: str, *, card: str) -> str:
    """What to say to the manager. `card`: «сделке», «лиде»."""
    listed = ", ".join(f"{NAMES[one.how]} {_days([one], zone)[0]}" for one in found[-rule.at_least :])
    shown = f" ({listed})" if listed else ""
    if len(found) < rule.at_least:
        said = f"Попыток {len(found)} из {rule.at_least}{shown}."
    else:
        days = words.count(rule.on_days, "разный день", "разных дня", "разных дней")
        said = f"Попыток {len(found)}{shown}, а нужно хотя бы в {days}."
    if look.Reached.COMMENT in rule.kinds and rule.marks:
        said += f" Не дозвонились? Напишите в {card} комментарий «{rule.marks[0]}»."
    return said
