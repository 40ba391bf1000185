"""`reports:` of the YAML go out: each slot once, to each reader one message with the numbers of his cards (users.md F22).

Two things keep a slot from going twice: the notebook says which moment was the last served, and the message's key is made
of the report, its day and the reader, so that a crash between the two writes nothing anew. A report that is new waits for
its next slot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from connector import errors
from connector.loops import desk as desks
from connector.loops import pauses, supervisor
from robots import intents, model, reports, schedule
from robots.insight import calls, hearing, letter, papers, readers, rows

T = TypeVar("T")
NOTE = "reports"
"""Notebook, of a portal: {report: ISO moment}: slots up to then are served."""
PERIOD = 5.0
"""Seconds between two looks at the clock."""


class Numbers(Protocol):
    async def lives(
        self,
        portal: model.PortalId,
        since: int,
        people: Collection[str],
        report: Callable[[Iterator[rows.Life]], T],
    ) -> T:
        """Cards open or touched since then, with what stands in these fields of people."""
        ...

    async def deeds(self, portal: model.PortalId, since: datetime, until: datetime) -> Sequence[letter.Deed]:
        """What robots did in this time."""
        ...

    async def watched(
        self, portal: model.PortalId, since: datetime, until: datetime
    ) -> Sequence[intents.Wish]:
        """What robots that only watch would have done in this time."""
        ...

    async def add(
        self, portal: model.PortalId, wishes: Sequence[intents.Wish], at: datetime
    ) -> Sequence[intents.WishKey]: ...


class Portal(Protocol):
    """What the copy doesn't keep."""

    async def open_tasks(self) -> Sequence[letter.OpenTask]: ...

    async def made_calls(self, period: rows.Period) -> Sequence[calls.Call]: ...

    async def remarks(self, cards: Collection[model.CardRef]) -> Sequence[calls.Said]: ...


class Reporting:
    def __init__(self, desk: desks.Desk, numbers: Numbers, portal: Portal) -> None:
        self._desk, self._numbers, self._portal = desk, numbers, portal
        self._served: dict[str, str] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        async def step() -> float:
            await self.step()
            return max(PERIOD, self._desk.settings.poll)

        await supervisor.pulse(self._desk, "reports", step, stop)

    async def step(self) -> int:
        """Writes what is due; how many messages."""
        desk, now = self._desk, self._desk.clock.now()
        asked = desk.book.rules.reports
        served = self._served if self._served is not None else await self._read()
        kept = {one.name: served.get(one.name) or now.isoformat() for one in asked}
        written = 0
        for report in asked:
            manners, calendar = desk.book.rules.manners, _calendar(desk)
            slot = reports.due(report, datetime.fromisoformat(kept[report.name]), now, manners, calendar)
            if slot is not None:
                written += await self._serve(report, slot, now)
                kept[report.name] = slot.moment.isoformat()
        if kept != served:
            await desk.notebook.write(desk.id, NOTE, kept)
        self._served = kept
        return written

    async def _read(self) -> dict[str, str]:
        return dict(await self._desk.notebook.read(self._desk.id, NOTE) or {})

    async def _serve(self, report: reports.Report, slot: reports.Slot, now: datetime) -> int:
        desk = self._desk
        paused = pauses.Pauses(await desk.notebook.read(desk.id, pauses.NOTE)).why(reports.ROBOT, now)
        if why := paused or ("опоздал больше чем на двое суток" if reports.too_late(slot, now) else ""):
            desk.log.warning("report.skipped", report=report.name, reason=why)
            return 0
        made = await self._papers(report, slot, now)
        wishes = [reports.wish(report, slot, user, one.text, one.tables) for user, one in made.items()]
        await self._numbers.add(desk.id, wishes, now)
        desk.at("after_report")
        desk.log.info("report.written", report=report.name, count=len(wishes))
        return len(wishes)

    async def _papers(
        self, report: reports.Report, slot: reports.Slot, now: datetime
    ) -> Mapping[model.UserId, papers.Paper]:
        desk, numbers, directory = self._desk, self._numbers, self._desk.book.directory
        zone, seconds = _calendar(desk).timezone, int(now.timestamp())
        ask = letter.Ask(report, slot, directory, seconds, zone)
        show = frozenset(report.show)
        deeds: Sequence[letter.Deed] = ()
        if show & reports.OF_LEDGER:
            since, until = (datetime.fromtimestamp(at, UTC) for at in (ask.deeds_since, ask.period.until))
            deeds = await numbers.deeds(desk.id, since, until)
        tasks = await self._told(self._portal.open_tasks()) if show & reports.OF_TASKS else None
        heard = await self._told(self._heard(ask)) if reports.Section.CALLS in show else None
        watched: Sequence[intents.Wish] = ()
        if reports.Section.WATCHED in show:
            since, until = (datetime.fromtimestamp(at, UTC) for at in (ask.period.since, ask.period.until))
            watched = await numbers.watched(desk.id, since, until)
        ask = letter.Ask(report, slot, directory, seconds, zone, deeds, tasks, heard, watched)
        fields = readers.fields(report.to)
        return await numbers.lives(desk.id, ask.oldest, fields, partial(letter.written, ask=ask))

    async def _heard(self, ask: letter.Ask) -> hearing.Heard:
        """Today's list, and the list before with what was said of it since."""
        now, before = hearing.periods(ask.last, _calendar(self._desk))
        sample = ask.report.sample
        rule = calls.Rule(sample.per_person, sample.at_least)
        made = await self._portal.made_calls(rows.Period(before.since, now.until))
        picked = [line.call for period in (now, before) for line in calls.listen(made, period, rule).lines]
        said = await self._portal.remarks({call.card for call in picked if call.card is not None})
        marks = calls.marks(picked, said)
        return hearing.Heard(*(calls.listen(made, period, rule, marks) for period in (now, before)))

    async def _told(self, asked: Awaitable[T]) -> T | None:
        """None: the portal doesn't show it; the report goes without it and says so."""
        try:
            return await asked
        except (errors.Rejected, errors.Unreadable) as refused:
            self._desk.log.warning("portal.degraded", reason=str(refused))
            return None


def _calendar(desk: desks.Desk) -> model.WorkCalendar:
    return desk.book.directory.calendar or schedule.round_the_clock("UTC")
