"""The tables of a report that goes as a file: every card that its message counts, not the first five (users.md F22).

Law: no word of a client's stands in them (cards are links, people are employees), so that nothing in them wants forgetting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from robots import intents, model, paths, reports
from robots.insight import forecast

S = reports.Section
TITLES: Mapping[S, str] = {
    S.OVERDUE: "Просрочены задачи",
    S.NO_TASK: "Без задачи",
    S.PUT_OFF: "Срок переносили",
    S.SILENT: "Без движения",
}
MOST = 2000
"""Cards on a sheet, at most: a book of a whole portal is `voronka report --xlsx`'s; the rest is a number."""
_PLAN = ("карточка", "стадия", "сотрудник", "план", "сумма", "шанс, %")
_SUM, _CHANCE = 4, 5


class Paper(NamedTuple):
    """What one reader gets."""

    text: str
    tables: tuple[intents.Table, ...] = ()


class Listed(NamedTuple):
    """A card that wants somebody."""

    card: model.CardRef
    user: model.UserId | None


def tables(
    plan: forecast.Forecast | None,
    listed: Mapping[S, Sequence[Listed]],
    show: Sequence[S],
    directory: model.Directory,
) -> Iterator[intents.Table]:
    """In the order of `show`; `plan` is None where it isn't asked for, an empty list is a table with its head alone."""
    for section in show:
        if section is S.PLAN and plan is not None:
            yield _planned("План оплат", plan.planned, directory)
            yield _planned("План прошёл, сделка открыта", plan.overdue, directory)
        elif section in TITLES and section in listed:
            found = listed[section]
            lines = [(paths.link(one.card, directory), directory.user_name(one.user)) for one in found[:MOST]]
            yield _table(TITLES[section], ("карточка", "сотрудник"), lines, len(found))


def _planned(title: str, found: Sequence[forecast.Planned], directory: model.Directory) -> intents.Table:
    lines = [
        (
            paths.link(one.life.ref, directory),
            one.stage,
            directory.user_name(one.life.responsible),
            f"{one.life.planned:%d.%m.%Y}" if one.life.planned else "",
            "" if one.worth is None else f"{one.worth:f}",
            "" if one.chance is None else f"{100 * one.chance:.0f}",
        )
        for one in found[:MOST]
    ]
    return _table(title, _PLAN, lines, len(found), (_SUM, _CHANCE))


def _table(
    title: str,
    head: tuple[str, ...],
    lines: Sequence[tuple[str, ...]],
    whole: int,
    numbers: tuple[int, ...] = (),
) -> intents.Table:
    more = [(f"и ещё {whole - len(lines)}", *[""] * (len(head) - 1))] if whole > len(lines) else []
    return intents.Table(title, head, (*lines, *more), numbers)
