"""The morning list of one reader: what is overdue, what is due today, which cards have no task (users.md F14). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from robots import model, paths, words

MOST = 10
"""Lines that are said; the rest is a count."""
NOON = 12


class OpenTask(NamedTuple):
    """An open task of the portal that is bound to a card."""

    card: model.CardRef
    responsible: model.UserId | None
    deadline: int | None
    title: str = ""


class Moment(NamedTuple):
    """For when the list is, and where its people live."""

    now: int
    zone: str
    directory: model.Directory

    @property
    def tomorrow(self) -> int:
        here = datetime.fromtimestamp(self.now, UTC).astimezone(ZoneInfo(self.zone))
        return int((here.replace(hour=0, minute=0, second=0) + timedelta(days=1)).timestamp())

    def is_due(self, task: OpenTask) -> bool:
        """Today or before."""
        return task.deadline is not None and task.deadline < self.tomorrow


def said(due: Sequence[OpenTask], bare: int, moment: Moment, hour: int) -> Iterator[str]:
    """`bare`: cards without a task. Nothing is said where there is nothing."""
    late = sum((task.deadline or 0) <= moment.now for task in due)
    told = (("просрочено", late), ("без задачи", bare), ("сегодня срок у", len(due) - late))
    counts = [f"{what} {number}" for what, number in told if number]
    if not counts:
        return
    greeting = "Доброе утро!" if hour < NOON else "Добрый день!"
    first, *others = counts
    yield f"{greeting} {', '.join([first[0].upper() + first[1:], *others])}."
    several = len({task.responsible for task in due}) > 1
    for number, task in enumerate(sorted(due, key=_deadline)[:MOST], start=1):
        yield f"{number}. {_line(task, moment, several=several)}"
    if len(due) > MOST:
        yield f"и ещё {len(due) - MOST}"


def _deadline(task: OpenTask) -> tuple[int, str]:
    return task.deadline or 0, task.title


def _line(task: OpenTask, moment: Moment, *, several: bool) -> str:
    until = datetime.fromtimestamp(task.deadline or 0, UTC)
    late = (task.deadline or 0) <= moment.now
    hour = until.astimezone(ZoneInfo(moment.zone))
    when = f"срок был {words.moment(until, moment.zone)}" if late else f"до {hour:%H:%M}"
    who = f", {moment.directory.user_name(task.responsible)}" if several else ""
    return f"{task.title}, {when}{who}: {paths.link(task.card, moment.directory)}"
