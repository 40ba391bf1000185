"""When a message to an employee goes out: quiet hours, the digest, so many a day (users.md F14). Pure.

A message may be put off, never dropped: it keeps the moment from which it may go (`Wish.not_before`), and those whose
moment has come go to one person as one message (`bundle`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from robots import intents, model, people, schedule, words
from robots import look as looks

NONE = "none"
WORK_HOURS = "outside work hours"
BUNDLE = intents.RobotId("Voronka/сводка")
"""Whose wishes bundles are."""
REPORT = intents.RobotId("Voronka/отчёт")
OWN = frozenset({BUNDLE, REPORT})
"""Letters of Voronka itself: of many cards and none, no look is asked whether they are wanted, and no limit counts them."""
TOGETHER = 20
"""Messages in one bundle, at most."""
MORNING = time(9)
LATE = schedule.Duration(4, schedule.Unit.WORK_HOURS)
"""What is told so long after it happened is no news: it goes with others, in one message (users.md F3)."""
QUARTER = timedelta(minutes=15)
_IDLE_DAYS = 60


@dataclass(frozen=True, slots=True)
class Manners:
    """`notifications:` of the YAML."""

    quiet: str = NONE
    """`outside work hours`, `none`, or `22:00-08:00`."""
    at_most_per_day: int | None = None
    digest: tuple[tuple[people.Person, time], ...] = ()


PLAIN = Manners()


def timed(wish: intents.Wish, seen: looks.Look, manners: Manners, now: datetime) -> intents.Wish:
    """The wish with the moment before which it mustn't go, and that of its addressee's next digest."""
    act = wish.act
    if not isinstance(act, intents.Notify) or act.urgent:
        return wish
    calendar = seen.directory.calendar or schedule.round_the_clock("UTC")
    late = is_late(_happened(wish, seen), now, calendar)
    if not late and (manners is PLAIN or manners == PLAIN):
        return wish
    clock = _digest_of(act.to, seen, manners)
    digest = next_clock(now, clock, calendar) if clock is not None else None
    if act.can_wait and digest is not None:
        return replace(wish, not_before=digest, digest_at=digest)
    if late:
        return replace(wish, not_before=digest or together(now, manners, calendar), digest_at=digest)
    opens = loud(now, manners.quiet, calendar)
    return replace(wish, not_before=opens if opens > now else None, digest_at=digest)


def is_late(since: datetime | None, now: datetime, calendar: model.WorkCalendar) -> bool:
    if since is None or now - since <= timedelta(hours=LATE.amount):
        return False  # work hours pass no faster than hours, and are dear to count
    return now > schedule.after(since, LATE, calendar)


def together(now: datetime, manners: Manners, calendar: model.WorkCalendar) -> datetime:
    """When late messages of somebody without a digest go: at the next quarter of an hour that isn't quiet, so that those of
    one gap come as one. UTC."""
    quarter = datetime.fromtimestamp((now.timestamp() // QUARTER.seconds + 1) * QUARTER.seconds, UTC)
    return loud(quarter, manners.quiet, calendar)


def _happened(wish: intents.Wish, seen: looks.Look) -> datetime | None:
    """What it tells of, as far as that has a moment. None: a term of waiting, or a person's work over many cards."""
    if wish.calm or seen.care.robots:
        return None
    if wish.cause == "created":
        return seen.card.created if seen.first else seen.visit.entered
    if seen.changed and wish.cause.rpartition("#")[0] in seen.changed:
        return seen.card.updated  # the change is no younger
    if wish.cause == seen.visit.id:
        return seen.visit.entered
    return next((visit.entered for visit in seen.arrived if visit.id == wish.cause), None)


def _digest_of(user: model.UserId, seen: looks.Look, manners: Manners) -> time | None:
    for person, clock in manners.digest:
        try:
            found = people.resolve(person, seen, {}).user_id
        except looks.NotGathered:
            continue  # whoever stands in a client's field isn't worth a request of its own
        if found == user:
            return clock
    return None


def loud(now: datetime, quiet: str, calendar: model.WorkCalendar) -> datetime:
    """Now, or when the quiet hours end. UTC."""
    if quiet == NONE:
        return now
    if quiet == WORK_HOURS:
        return schedule.next_opening(now, calendar)
    begins, ends = (time.fromisoformat(part.strip().zfill(5)) for part in quiet.split("-"))
    here = now.astimezone(ZoneInfo(calendar.timezone))
    clock = here.time()
    silent = begins <= clock < ends if begins <= ends else clock >= begins or clock < ends
    if not silent:
        return now
    day = here.date() if clock < ends else here.date() + timedelta(days=1)
    return datetime.combine(day, ends, here.tzinfo).astimezone(UTC)


def next_clock(now: datetime, clock: time, calendar: model.WorkCalendar) -> datetime:
    """The next such time of a work day. UTC."""
    zone = ZoneInfo(calendar.timezone)
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(_IDLE_DAYS)):
        opens = schedule.next_opening(datetime.combine(day, time(), zone), calendar)
        moment = datetime.combine(day, clock, zone)
        if moment > now and opens.astimezone(zone).date() == day:
            return moment.astimezone(UTC)
    return schedule.next_opening(now + timedelta(days=1), calendar)


def over_the_cap(wish: intents.Wish, now: datetime, calendar: model.WorkCalendar) -> datetime:
    """When a message above the day's number goes: with the digest, else on the next work day's morning. UTC."""
    if wish.digest_at is not None and wish.digest_at > now:
        return wish.digest_at
    today = now.astimezone(ZoneInfo(calendar.timezone)).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), ZoneInfo(calendar.timezone))
    return next_clock(midnight, MORNING, calendar)


def bundles(
    wishes: Sequence[intents.Wish], due: datetime
) -> Iterator[tuple[intents.Wish, list[intents.Wish]]]:
    """Messages put off for one person, oldest first -> the wishes by which they go, each with those it carries."""
    for at in range(0, len(wishes), TOGETHER):
        part = list(wishes[at : at + TOGETHER])
        acts = [wish.act for wish in part if isinstance(wish.act, intents.Notify)]
        to = acts[0].to
        yield _bundle(to, acts, part, due), part


def _bundle(
    to: model.UserId, acts: Sequence[intents.Notify], part: Sequence[intents.Wish], due: datetime
) -> intents.Wish:
    slot = f"{due:%Y%m%dT%H%M%S}"
    if len(acts) == 1:
        text = acts[0].text
    else:
        lines = [f"{number}. {act.text}" for number, act in enumerate(acts, start=1)]
        said = words.count(len(acts), "сообщение", "сообщения", "сообщений")
        text = "\n".join([f"Сводка: {said}", *lines])
    return intents.Wish(
        key=intents.WishKey(f"{BUNDLE}/{to}/{slot}/{part[0].key}"),
        robot=BUNDLE,
        digest="",
        card=nobodys(to),
        cause=slot,
        act=intents.Notify(to, text, tag=f"{BUNDLE}/{to}/{slot}/{part[0].key}"[:200], urgent=True),
        because=f"сообщения, которые ждали своего часа: {len(acts)}",
    )


def nobodys(to: model.UserId) -> model.CardRef:
    """A chain of its own for each person: it belongs to no card, and no card's trouble holds it up."""
    return model.CardRef(model.CardKind.DEAL, -int(to))
