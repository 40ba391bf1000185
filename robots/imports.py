"""New cards that come so fast that it looks like an import (users.md F4): which they are, and what is said. Pure.

Told apart by who made them: a campaign's morning has many hands, a file of 500 deals has one. What the robots wish of such
a card at its first look is held until a person says; whatever people do with it later is live work.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from robots import intents, limits, look, model

WORD = "created"
"""In `limits:`: so many new cards by one hand in that time are usual."""
CREATED_BY = model.FieldCode("createdBy")
RELOADED = "робот изменён или убран"
"""The note of a wish whose robot has another text since."""
CARDS = {
    model.CardKind.DEAL: ("сделки", "сделок"),
    model.CardKind.LEAD: ("лида", "лидов"),
}
"""«Больше 1 сделки, 20 сделок»."""


@dataclass(frozen=True, slots=True, order=True)
class Whose:
    """One hand; 0 where the portal doesn't say whose."""

    kind: model.CardKind
    by: int

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.by}"


def born(seen: look.Look) -> Whose | None:
    """Whose new card this is. None: it is older than the robots, seen before, or made by a robot of ours."""
    starts = [one.at for one in seen.activations.values()]
    if not seen.first or seen.origin_card is not None or not starts or seen.card.created < min(starts):
        return None
    by = seen.card.value(CREATED_BY)
    return Whose(seen.card.ref.kind, by if isinstance(by, int) else 0)


Birth = tuple[datetime, int]
"""When a card was made, and its number."""


def crowded(births: Sequence[Birth], at: datetime, rate: limits.Rate) -> bool:
    """More than the usual stand within the time before `at` or after it. `births` ascend, `at` is one of them."""
    span = timedelta(seconds=rate.seconds)
    before = bisect_right(births, at, key=_moment) - bisect_right(births, at - span, key=_moment)
    after = bisect_left(births, at + span, key=_moment) - bisect_left(births, at, key=_moment)
    return max(before, after) > rate.count


def _moment(birth: Birth) -> datetime:
    return birth[0]


def held(wishes: Sequence[intents.Wish], rate: limits.Rate) -> Iterator[intents.Wish]:
    """Not what a person set going, what is owed, and what is only watched."""
    why = f"похоже на импорт: новых карточек от одного человека больше {usual(rate)}"
    for wish in wishes:
        free = wish.calm or wish.dry_run or not wish.digest
        yield wish if free else replace(wish, held_as=why)


def goes_on(seen: look.Look) -> bool:
    """It was held, and its robot was changed before a person said anything: the next text waits for him as well."""
    return any(row.wish.held_as and row.note == RELOADED for row in seen.past)


def usual(rate: limits.Rate) -> str:
    return f"{rate.count} за {limits.SPANS.get(rate.seconds, f'{rate.seconds} с')}"


def told(whose: Whose, rate: limits.Rate, name: str) -> str:
    """To the admin and to whoever makes them."""
    one, many = CARDS[whose.kind]
    cards = one if rate.count % 10 == 1 and rate.count % 100 != 11 else many
    who = name or "кто-то"
    return (
        f"Похоже на импорт: больше {rate.count} {cards} за {limits.SPANS.get(rate.seconds, f'{rate.seconds} с')}\n"
        f"Их создаёт {who}. Что роботы сделали бы с такими карточками, придержано: ни задач, ни сообщений по ним нет.\n"
        "Это импорт, роботы не нужны: voronka held --drop\n"
        "Пусть работают и по ним: voronka held --let-go"
    )


def to_tell(whose: Whose, directory: model.Directory) -> list[model.UserId]:
    found = [directory.active(directory.me), directory.active(model.UserId(whose.by))]
    return list(dict.fromkeys(one.id for one in found if one is not None))
