"""What watching robots would have done, counted for people (users.md F5). Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from robots import intents, model, tally, words

MOST = 5
RETURNS = ("возврат на прежнюю стадию", "возврата на прежнюю стадию", "возвратов на прежнюю стадию")


@dataclass(frozen=True, slots=True)
class Share:
    """Acts of one sort. `said`: «214 задач»; `people`: «Иванов Пётр 61, …», empty where it is nobody's in particular."""

    sort: str
    count: int
    said: str
    people: str


@dataclass(frozen=True, slots=True)
class Diary:
    cards: int
    shares: tuple[Share, ...]
    robots: tuple[tuple[str, str], ...]
    """(robot, «214 задач»), the busiest first."""
    returns: tuple[tuple[str, int], ...]
    """Why cards would have been sent back, the most frequent first."""


def of(wishes: Sequence[intents.Wish], directory: model.Directory) -> Diary:
    """Checks that would have left nothing over there aren't counted."""
    mine = [wish for wish in wishes if tally.sort(wish.act) is not tally.Sort.NOTES]
    robots: defaultdict[str, list[intents.Act]] = defaultdict(list)
    for wish in mine:
        robots[wish.robot].append(wish.act)
    busiest = sorted(robots.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return Diary(
        cards=len({wish.card for wish in mine}),
        shares=tuple(_shares(mine, directory)),
        robots=tuple((robot, _said(acts, directory)) for robot, acts in busiest),
        returns=tuple(Counter(wish.because for wish in mine if _back(wish.act)).most_common(MOST)),
    )


def said(told: Diary) -> Iterator[str]:
    """For a message; nothing where nothing would have been done."""
    if not told.shares:
        return
    cards = words.count(told.cards, "карточке", "карточкам", "карточкам")
    yield f"Роботы только смотрели. По {cards} они сделали бы:"
    for share in told.shares:
        yield f"— {share.said}" + (f" ({share.people})" if share.people else "")
    if told.returns:
        why, number = told.returns[0]
        yield f"Чаще всего возвращали бы ({number}): {why}"
    yield "Подробно: voronka diary   Включить: mode: on"


def _shares(wishes: Sequence[intents.Wish], directory: model.Directory) -> Iterator[Share]:
    back = [wish for wish in wishes if _back(wish.act)]
    if back:
        yield Share("returns", len(back), words.count(len(back), *RETURNS), "")
    for sort in tally.ORDER:
        acts = [one.act for one in wishes if not _back(one.act) and tally.sort(one.act, directory) is sort]
        if acts:
            found = Counter(tally.person(act, None) for act in acts)
            del found[None]
            said = words.count(len(acts), *tally.FORMS[sort])
            yield Share(sort.value, len(acts), said, tally.people(found, directory))


def _said(acts: Sequence[intents.Act], directory: model.Directory) -> str:
    back = sum(map(_back, acts))
    others = tally.said(tally.count((act for act in acts if not _back(act)), directory))
    return ", ".join(filter(None, (words.count(back, *RETURNS) if back else "", others)))


def _back(act: intents.Act) -> bool:
    return isinstance(act, intents.MoveStage) and act.back
