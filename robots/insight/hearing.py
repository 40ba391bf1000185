"""The list of calls in a report (S3.8): what to listen to, and what became of the list before. Words only, and days.

Marks are comments in the call's card that begin with «слушал» or «замечание: …».
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from robots import model, paths, schedule, words
from robots.insight import calls, rows

MOST = 30
"""Lines in one message."""
_IDLE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Heard:
    now: calls.CallList
    before: calls.CallList
    """With what was said of it since."""


def periods(last: date, calendar: model.WorkCalendar) -> tuple[rows.Period, rows.Period]:
    """The calls to hear and those of the list before: each from a work day up to `last` or to the next list, so that a
    Monday's has Friday in it and the weekend."""
    first = _work_day(last, calendar)
    before = _work_day(first - timedelta(days=1), calendar)
    return _seconds(first, last, calendar), _seconds(before, first - timedelta(days=1), calendar)


def _work_day(day: date, calendar: model.WorkCalendar) -> date:
    zone = ZoneInfo(calendar.timezone)
    for back in (day - timedelta(days=ago) for ago in range(_IDLE_DAYS)):
        opens = schedule.next_opening(datetime.combine(back, time(), zone), calendar)
        if opens.astimezone(zone).date() == back:
            return back
    return day


def _seconds(first: date, last: date, calendar: model.WorkCalendar) -> rows.Period:
    zone = ZoneInfo(calendar.timezone)
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return rows.Period(int(since.timestamp()), int(until.timestamp()))


def said(
    heard: Heard, mine: Collection[model.CardRef] | None, directory: model.Directory, zone: str
) -> Iterator[str]:
    """For a reader of these cards; None: of all, those of no card too."""
    lines = _of(heard.now.lines, mine)
    if not lines:
        yield "Звонков с записью, которые стоит послушать, не было."
    else:
        yield f"Послушать: {words.count(len(lines), 'звонок', 'звонка', 'звонков')}{_fit(heard.now, mine)}."
    yield from (_line(line, directory, zone) for line in lines[:MOST])
    if len(lines) > MOST:
        yield f"— и ещё {len(lines) - MOST}"
    before = _of(heard.before.lines, mine)
    if before:
        done = [line for line in before if line.mark is not calls.Mark.NONE]
        remarks = [line for line in done if line.mark is calls.Mark.REMARK]
        yield f"Из прошлого списка прослушано {len(done)} из {len(before)}, замечаний {len(remarks)}."
        yield from (_line(line, directory, zone) for line in remarks[:MOST])
    yield "Послушали — напишите в карточке комментарий «слушал» или «замечание: …»."


def _of(lines: Iterable[calls.Line], mine: Collection[model.CardRef] | None) -> list[calls.Line]:
    return [line for line in lines if mine is None or line.call.card in mine]


def _fit(found: calls.CallList, mine: Collection[model.CardRef] | None) -> str:
    """How many there were, which only he may know who sees them all."""
    if mine is not None:
        return ""
    silent = f", ещё {found.unrecorded} без записи" if found.unrecorded else ""
    return f" из {found.fit}{silent}"


def _line(line: calls.Line, directory: model.Directory, zone: str) -> str:
    call = line.call
    when = words.moment(datetime.fromtimestamp(call.at, UTC), zone)
    card = f", карточка {paths.link(call.card, directory)}" if call.card is not None else ""
    mark = f" — {line.mark}{': ' + line.remark if line.remark else ''}" if line.mark else ""
    length = f"{call.seconds // 60}:{call.seconds % 60:02}"
    return f"— {directory.user_name(call.manager)}, {when}, {length}{card}, запись {call.record}{mark}"
