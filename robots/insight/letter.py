"""A report as a message: what each reader's cards come to, counted in one walk, and said in a few lines (users.md F22).

Law: a reader's numbers are of his cards alone (`readers`), and so are the names in them. First what happened, then what
wants him, then the plan; of long lists the greatest few, the rest as a count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from robots import diary, intents, model, reports, tally, words
from robots.insight import (
    conversion,
    forecast,
    hearing,
    morning,
    papers,
    people,
    planwords,
    readers,
    rows,
    skipping,
)

S = reports.Section
FIRST = 5
"""Lines of a list that are said."""
MANY_TIMES, PUT_OFF_WITHIN = 3, 60 * rows.DAY
"""Put off so often within so long is worth a word."""


class Deed(NamedTuple):
    """What was done by robots in the report's time."""

    card: model.CardRef
    act: intents.Act
    key: intents.WishKey
    because: str = ""
    at: int = 0


OpenTask = morning.OpenTask


@dataclass(frozen=True)
class Ask:
    report: reports.Report
    slot: reports.Slot
    directory: model.Directory
    now: int
    zone: str
    deeds: Sequence[Deed] = ()
    tasks: Sequence[OpenTask] | None = None
    """None: the portal didn't say."""

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.now, UTC).astimezone(ZoneInfo(self.zone)).date()

    heard: hearing.Heard | None = None
    """None: the portal didn't say."""
    watched: Sequence[intents.Wish] = ()
    """What robots that only watch would have done."""

    @property
    def days(self) -> tuple[date, date]:
        """What the results are of: up to today, if the report goes in the afternoon, else up to yesterday."""
        last = self.last
        if S.MONTH in self.report.show:
            return last.replace(day=1), last
        if S.WEEK in self.report.show or not {S.DAY, S.CALLS} & set(self.report.show):
            return last - timedelta(days=last.weekday()), last
        return last, last

    @property
    def last(self) -> date:
        return self.slot.day if self.report.when.clock >= time(12) else self.slot.day - timedelta(days=1)

    @property
    def period(self) -> rows.Period:
        first, last = self.days
        return rows.Period(midnight(first, self.zone), midnight(last + timedelta(days=1), self.zone))

    @property
    def deeds_since(self) -> int:
        """Deadlines put off are counted over a longer time than the results."""
        longer = self.now - PUT_OFF_WITHIN if S.PUT_OFF in self.report.show else self.now
        return min(self.period.since, longer)

    @property
    def plan(self) -> forecast.Ask:
        """To the end of the month; in its last three days to the end of the next one: chances of so few days say nothing."""
        last = _month_end(self.today)
        if (last - self.today).days < 3:
            last = _month_end(last + timedelta(days=1))
        return forecast.Ask(self.now, midnight(last + timedelta(days=1), self.zone), self.today, last)

    @property
    def moment(self) -> morning.Moment:
        return morning.Moment(self.now, self.zone, self.directory)

    @property
    def oldest(self) -> int:
        """Cards closed before this moment change nothing in it."""
        return min(self.period.since, self.plan.oldest) if S.PLAN in self.report.show else self.period.since


def midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp())


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def written(lives: Iterable[rows.Life], ask: Ask) -> Mapping[model.UserId, papers.Paper]:
    """The text for each reader, with its tables where the report goes as a file."""
    found = readers.Readers(ask.report.to, ask.directory)
    about = _About(ask)
    named = found.always()
    sheaves = {user: _Sheaf(about, sees_all=True) for user in named}
    for life in lives:
        for user in found.of(life):
            sheaves.setdefault(user, _Sheaf(about)).add(life)
    said = _ALONE.get(about.show, _said)
    texts = {user: "\n".join(said(sheaf)) for user, sheaf in sorted(sheaves.items())}
    return {user: papers.Paper(text, sheaves[user].tables()) for user, text in texts.items() if text}


class _About:
    """What is the same for all readers."""

    def __init__(self, ask: Ask) -> None:
        self.ask, self.boards, self.period = ask, conversion.Boards(ask.directory), ask.period
        self.show = frozenset(ask.report.show)
        self.plan = ask.plan
        lists = (ask.heard.now, ask.heard.before) if ask.heard else ()
        self.called = frozenset(line.call.card for one in lists for line in one.lines)
        self.deeds: dict[model.CardRef, list[Deed]] = defaultdict(list)
        for deed in ask.deeds:
            self.deeds[deed.card].append(deed)
        self.tasks: dict[model.CardRef, list[OpenTask]] = defaultdict(list)
        for task in ask.tasks or ():
            self.tasks[task.card].append(task)
        self.watched: dict[model.CardRef, list[intents.Wish]] = defaultdict(list)
        for wish in ask.watched:
            self.watched[wish.card].append(wish)


@dataclass
class _Sheaf:
    """One reader's counters."""

    about: _About
    sees_all: bool = False
    cards: set[model.CardRef] = field(default_factory=set)
    """Those of his with calls."""
    results: dict[model.PipelineId, people.Person] = field(default_factory=dict)
    lost: dict[model.PipelineId, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wants: dict[S, Counter[model.UserId | None]] = field(default_factory=lambda: defaultdict(Counter))
    due: list[OpenTask] = field(default_factory=list)
    batches: list[skipping.Batch] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    watched: list[intents.Wish] = field(default_factory=list)
    listed: dict[S, list[papers.Listed]] = field(default_factory=lambda: defaultdict(list))
    """For the tables of a file alone."""
    teller: forecast.Teller = field(init=False)

    def __post_init__(self) -> None:
        self.teller = forecast.Teller(self.about.ask.directory, self.about.plan)

    def add(self, life: rows.Life) -> None:
        about, ask = self.about, self.about.ask
        here = life.place.pipeline
        board = self.results.setdefault(here, people.Person(None))
        people.count(board, life, ask.directory, about.period, ask.now)
        if life.place.semantic is model.Semantic.LOST and (life.ended or 0) in about.period:
            self.lost[here][about.boards.name(life.place)] += 1
        if life.ref in about.called:
            self.cards.add(life.ref)
        self.deeds += [deed for deed in about.deeds.get(life.ref, ()) if deed.at in about.period]
        self.watched += about.watched.get(life.ref, ())
        if S.SKIPPED in about.show:
            found = [one for one in skipping.batches(life, about.boards) if one.at in about.period]
            self.batches += found
        if S.TODAY in about.show and not life.closed:
            self.due += filter(ask.moment.is_due, about.tasks.get(life.ref, ()))
        if life.ref.kind is model.CardKind.DEAL:
            if S.PLAN in about.show:
                self.teller.add(life)
            if not life.closed:
                self._wants(life)

    def tables(self) -> tuple[intents.Table, ...]:
        ask = self.about.ask
        if not ask.report.as_file:
            return ()
        plan = self.teller.told() if S.PLAN in self.about.show else None
        unknown = {S.OVERDUE, S.NO_TASK} if ask.tasks is None else set()
        listed = {section: self.listed[section] for section in papers.TITLES if section not in unknown}
        return tuple(papers.tables(plan, listed, ask.report.show, ask.directory))

    def _want(
        self, section: reports.Section, life: rows.Life, user: model.UserId | None, number: int = 1
    ) -> None:
        self.wants[section][user] += number
        if number and self.about.ask.report.as_file:
            self.listed[section].append(papers.Listed(life.ref, user))

    def _wants(self, life: rows.Life) -> None:
        about, now = self.about, self.about.ask.now
        self._want(S.SILENT, life, life.responsible, now - life.updated > people.SILENT)
        tasks = about.tasks.get(life.ref, ())
        self._want(S.NO_TASK, life, life.responsible, not tasks)
        for task in tasks:
            self._want(S.OVERDUE, life, task.responsible, task.deadline is not None and task.deadline <= now)
        times = Counter(_task_of(deed) for deed in about.deeds.get(life.ref, ()))
        del times[""]
        often = sum(number >= MANY_TIMES for number in times.values())
        self._want(S.PUT_OFF, life, life.responsible, often)


def _task_of(deed: Deed) -> str:
    """The key of the wish whose task was put off; empty of any other deed."""
    head, mark, _ = deed.key.rpartition("/put off ")
    return head if mark and isinstance(deed.act, intents.Remember) else ""


# ------------------------------------------------------------------------------------------------ the words


def _said(sheaf: _Sheaf) -> Iterator[str]:
    about = sheaf.about
    ask = about.ask
    first, last = ask.days
    days = f"{first:%d.%m}–{last:%d.%m}" if first != last else f"{last:%d.%m}"
    yield f"{ask.report.name}, {days}"
    if about.show & {S.DAY, S.WEEK, S.MONTH}:
        yield from _results(sheaf)
    if S.TODAY in about.show:
        yield from _today(sheaf)
    wanted = [text for section in ask.report.show if (text := _wanted(sheaf, section))]
    asked = about.show & {S.OVERDUE, S.NO_TASK, S.PUT_OFF, S.SKIPPED, S.SILENT}
    if wanted or asked:
        yield f"Нужны вы: {' · '.join(wanted)}" if wanted else "Ничего срочного нет."
    if ask.tasks is None and about.show & {S.OVERDUE, S.NO_TASK, S.TODAY}:
        yield "О задачах портал сейчас не ответил: просроченных и карточек без задачи в отчёте нет."
    yield from _robots(sheaf)
    if S.WATCHED in about.show:
        yield from _watched(sheaf)
    if S.CALLS in about.show:
        yield from _calls(sheaf)
    if S.PLAN in about.show:
        yield from planwords.said(sheaf.teller.told(), ask.directory, ask.today)


def _today(sheaf: _Sheaf) -> Iterator[str]:
    ask = sheaf.about.ask
    if ask.tasks is not None:
        bare = sheaf.wants[S.NO_TASK].total()
        yield from morning.said(sheaf.due, bare, ask.moment, ask.report.when.clock.hour)


def _watched(sheaf: _Sheaf) -> Iterator[str]:
    yield from diary.said(diary.of(sheaf.watched, sheaf.about.ask.directory))


_ALONE: Mapping[frozenset[S], Callable[[_Sheaf], Iterator[str]]] = {
    frozenset({S.TODAY}): _today,
    frozenset({S.WATCHED}): _watched,
}
"""Without a head of their own, and not sent where they say nothing."""


def _results(sheaf: _Sheaf) -> Iterator[str]:
    directory, boards = sheaf.about.ask.directory, sheaf.about.boards
    told = 0
    for pipeline in directory.pipelines:
        one = sheaf.results.get(pipeline.id)
        if one is None or not (one.arrived or one.open or one.won or one.lost):
            continue
        leads, told = pipeline.kind is model.CardKind.LEAD, told + 1
        money = model.Money(one.won_sum, directory.base_currency)
        won = "стали сделкой" if leads else "выиграно"
        worth = f" на {words.money(money)}" if one.won_sum else ""
        reasons = ", ".join(f"{name} {number}" for name, number in sheaf.lost[pipeline.id].most_common(3))
        why = f" ({reasons})" if reasons else ""
        lost = "отклонено" if leads else "потеряно"
        yield (
            f"{boards.pipeline(pipeline.id)}: пришло {one.arrived}, в работе {one.open}, "
            f"{won} {one.won}{worth}, {lost} {one.lost}{why}."
        )
        if one.unconverted:
            yield f"Без курса валюты {one.unconverted} из выигранных: их сумм здесь нет."
    if not told:
        yield "Карточек за это время не было."


_WANTED = {
    S.OVERDUE: "просрочено задач {}",
    S.NO_TASK: "без задачи {}",
    S.PUT_OFF: f"срок переносили {MANY_TIMES}+ раза: {{}}",
    S.SKIPPED: "прощёлкано за минуту: {}",
    S.SILENT: "не трогали 14 дней: {}",
}


def _wanted(sheaf: _Sheaf, section: reports.Section) -> str:
    if section not in _WANTED:
        return ""
    if section in (S.OVERDUE, S.NO_TASK) and sheaf.about.ask.tasks is None:
        return ""
    found = sheaf.wants[section]
    if section is S.SKIPPED:
        found = Counter(one.responsible for one in sheaf.batches)
    number = found.total()
    if not number:
        return ""
    names = tally.people(+found, sheaf.about.ask.directory, most=3)
    return f"{_WANTED[section].format(number)} ({names})"


def _robots(sheaf: _Sheaf) -> Iterator[str]:
    show, directory = sheaf.about.show, sheaf.about.ask.directory
    back = [one for one in sheaf.deeds if isinstance(one.act, intents.MoveStage) and one.act.back]
    if S.ROBOTS in show:
        done = tally.said(tally.count((one.act for one in sheaf.deeds if one not in back), directory))
        yield f"Роботы: {done or 'ничего не делали'}."
    if S.RETURNS in show:
        ((why, most),) = Counter(one.because for one in back).most_common(1) or [("", 0)]
        reason = f" Чаще всего ({most}): {why}" if most else ""
        cards = words.count(len(back), "карточка", "карточки", "карточек")
        yield (
            f"Возвращено на прежнюю стадию: {cards}.{reason}"
            if back
            else "Возвратов на прежнюю стадию не было."
        )


def _calls(sheaf: _Sheaf) -> Iterator[str]:
    ask = sheaf.about.ask
    if ask.heard is None:
        yield "О звонках портал сейчас не ответил: списка нет."
        return
    yield from hearing.said(ask.heard, None if sheaf.sees_all else sheaf.cards, ask.directory, ask.zone)
