"""Reports go out by themselves, each slot once (users.md F22): a real store, a portal in memory, a hand on the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from connector import errors
from connector.bootstrap import reporting as numbers
from connector.loops import desk as desks
from connector.loops import pauses, reporting
from robots import intents, limits, model, notices, paths, people, reports
from robots.insight import calls, letter, rows
from tests.connector.loops import world as worlds
from tests.connector.loops.world import PORTAL, World
from tests.robots import builders

S = reports.Section
MANAGER = people.InField(paths.Path(paths.Owner.CARD, paths.Virtual.RESPONSIBLE, "Ответственный"))
MONDAY = reports.When(time(9), frozenset({0}))
FIRST = builders.at("2026-03-02 08:00")


class Desk:
    """What a portal says of tasks and calls, or its refusal."""

    def __init__(self) -> None:
        self.open: list[letter.OpenTask] = []
        self.calls: list[calls.Call] = []
        self.said: list[calls.Said] = []
        self.refusal: errors.PortalError | None = None

    async def open_tasks(self) -> Sequence[letter.OpenTask]:
        if self.refusal is not None:
            raise self.refusal
        return self.open

    async def made_calls(self, period: rows.Period) -> Sequence[calls.Call]:
        if self.refusal is not None:
            raise self.refusal
        return [call for call in self.calls if call.at in period]

    async def remarks(self, cards: Collection[model.CardRef]) -> Sequence[calls.Said]:
        return [one for one in self.said if one.card in cards]


class Office:
    """A portal whose people get reports."""

    def __init__(self, world: World) -> None:
        self.world, self.desk = world, Desk()
        self.loop = self._made()

    def _made(self) -> reporting.Reporting:
        return reporting.Reporting(self.world.worker.desk, numbers.Numbers(self.world.store), self.desk)

    def restart(self) -> None:
        self.loop = self._made()

    def wants(self, *asked: reports.Report) -> None:
        shelf = self.world.worker.desk.shelf
        book = shelf.book
        rules = replace(book.rules, reports=asked)
        shelf.book = desks.Book(rules, book.directory, book.activations)

    async def until(self, moment: str) -> int:
        """The clock goes on to that moment; how many messages the loop wrote then."""
        left = builders.at(moment) - self.world.clock.now()
        await self.world.pass_time(left.total_seconds())
        written = await self.loop.step()
        await self.world.carry_out()
        return written

    async def told(self) -> list[tuple[model.UserId, str]]:
        """(reader, the first line) of what the portal was given."""
        rows = await self.world.store.ledger.rows(PORTAL, states=[intents.WishState.DONE])
        acts = [row.wish.act for row in rows if row.wish.robot == reports.ROBOT]
        return [(act.to, act.text.splitlines()[0]) for act in acts if isinstance(act, intents.Notify)]


def weekly(*show: reports.Section, name: str = "Понедельник") -> reports.Report:
    return reports.Report(name, (MANAGER,), MONDAY, show or (S.WEEK,))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with worlds.opened(tmp_path) as world:
        await world.worker.begin()
        for number, who in ((1, builders.IVANOV), (2, builders.SIDOROVA)):
            world.deal(number, responsible=who)
        await world.ring(*(model.CardRef(model.CardKind.DEAL, number) for number in (1, 2)))
        await world.look()
        made = Office(world)
        made.wants(weekly())
        await made.loop.step()
        yield made


MARCH_16 = [(builders.IVANOV, "Понедельник, 09.03–15.03"), (builders.SIDOROVA, "Понедельник, 09.03–15.03")]


async def test_each_reader_gets_his_once(office: Office) -> None:
    """Not before its hour, not again later, not again after a restart; the next week's is another one."""
    assert await office.until("2026-03-16 08:59") == 0
    assert await office.until("2026-03-16 09:00") == 2
    assert await office.told() == MARCH_16
    office.restart()
    assert await office.until("2026-03-16 12:00") == 0
    assert await office.told() == MARCH_16
    assert await office.until("2026-03-23 09:00") == 2
    assert len(await office.told()) == 4


async def test_a_crash_after_the_messages_were_written_doubles_none(office: Office) -> None:
    """The notebook wasn't written yet: the slot is served again, and finds its own words already there."""
    before = await office.world.store.notebook.read(PORTAL, reporting.NOTE)
    await office.until("2026-03-16 09:00")
    await office.world.store.notebook.write(PORTAL, reporting.NOTE, before)
    office.world.deal(3, responsible=builders.IVANOV)
    await office.world.ring(model.CardRef(model.CardKind.DEAL, 3))
    await office.world.look()
    office.restart()
    await office.until("2026-03-16 09:05")
    assert await office.told() == MARCH_16


async def test_a_report_that_is_new_waits_for_its_next_slot(office: Office) -> None:
    """Written into the file on Monday at ten, it isn't sent for this morning."""
    await office.until("2026-03-16 10:00")
    office.wants(weekly(), weekly(name="Новый"))
    assert await office.until("2026-03-16 10:01") == 0
    assert await office.until("2026-03-23 09:00") == 4


async def test_the_morning_list_comes_on_work_mornings_to_whom_it_concerns(office: Office) -> None:
    """F14: on Friday to Ivanov, whose task is due; on Saturday to nobody; on Monday he is late, and Sidorova has her own."""
    friday, monday = builders.at("2026-03-13 15:00"), builders.at("2026-03-16 15:00")
    cards = [model.CardRef(model.CardKind.DEAL, number) for number in (1, 2)]
    office.wants(reports.morning((MANAGER,), time(9)))
    await office.loop.step()
    office.desk.open = [
        letter.OpenTask(card, who, int(at.timestamp()), "Позвонить")
        for card, who, at in zip(cards, (builders.IVANOV, builders.SIDOROVA), (friday, monday), strict=True)
    ]
    assert await office.until("2026-03-13 09:00") == 1
    assert await office.until("2026-03-14 09:00") == 0
    assert await office.until("2026-03-16 09:00") == 2
    assert await office.told() == [
        (builders.IVANOV, "Доброе утро! Сегодня срок у 1."),
        (builders.IVANOV, "Доброе утро! Просрочено 1."),
        (builders.SIDOROVA, "Доброе утро! Сегодня срок у 1."),
    ]


async def test_the_week_of_robots_that_only_watch(office: Office) -> None:
    """F5: on Monday, of the whole last week; where they would have done nothing, no message."""
    office.wants(reports.watching(people.Employee(builders.PETROVA)))
    await office.loop.step()
    act = intents.SetTask("Взять", "", None, builders.IVANOV, None)
    plain = intents.Wish(
        intents.WishKey("robot/a"),
        worlds.ROBOT,
        "d1",
        model.CardRef(model.CardKind.DEAL, 1),
        "h1",
        act,
        "так надо",
        dry_run=True,
    )
    live = replace(
        plain, key=intents.WishKey("robot/b"), dry_run=False, act=intents.LogEntry("Робот", "готово")
    )
    await office.until("2026-03-11 12:00")
    await office.world.store.hands.add(PORTAL, [plain, live], office.world.clock.now())
    await office.world.ring(plain.card)
    await office.world.look()
    await office.world.carry_out()
    assert await office.until("2026-03-16 09:00") == 1
    assert await office.until("2026-03-23 09:00") == 0
    rows = await office.world.store.ledger.rows(PORTAL, states=[intents.WishState.DONE])
    (text,) = [row.wish.act.text for row in rows if row.wish.robot == reports.ROBOT]  # type: ignore[union-attr]
    assert text.splitlines() == [
        "Роботы только смотрели. По 1 карточке они сделали бы:",
        "— 1 задача (Иванов Пётр 1)",
        "Подробно: voronka diary   Включить: mode: on",
    ]


async def test_after_a_stop_the_last_one_comes_late_or_not_at_all(office: Office) -> None:
    """Down over Monday morning: it comes at once; down for three days: nobody wants it, and the log says so."""
    office.restart()
    assert await office.until("2026-03-16 15:00") == 2
    assert await office.until("2026-03-26 10:00") == 0
    assert await office.until("2026-03-30 09:00") == 2


async def test_a_pause_of_everything_stops_reports_too(office: Office) -> None:
    """What fell into it isn't sent afterwards."""
    await office.world.store.notebook.write(PORTAL, pauses.NOTE, {"*": {"by": "Иванов"}})
    assert await office.until("2026-03-16 09:00") == 0
    await office.world.store.notebook.write(PORTAL, pauses.NOTE, {})
    assert await office.until("2026-03-16 10:00") == 0
    assert await office.told() == []


async def test_numbers_of_tasks_and_of_the_ledger(office: Office) -> None:
    """Open tasks are the portal's, deeds are the ledger's; a portal that hides tasks doesn't stop the report."""
    card = model.CardRef(model.CardKind.DEAL, 1)
    office.desk.open = [letter.OpenTask(card, builders.IVANOV, int(FIRST.timestamp()))]
    await office.until("2026-03-12 10:00")
    act = intents.LogEntry("Робот", "готово")
    wish = intents.Wish(intents.WishKey("robot/1"), worlds.ROBOT, "", card, "h1", act, "так надо")
    await office.world.store.hands.add(PORTAL, [wish], office.world.clock.now())
    await office.world.ring(card)
    await office.world.look()
    await office.world.carry_out()
    office.wants(weekly(S.OVERDUE, S.NO_TASK, S.ROBOTS))
    await office.until("2026-03-16 09:00")
    assert await texts(office, "20260316") == {
        builders.IVANOV: ["Нужны вы: просрочено задач 1 (Иванов Пётр 1)", "Роботы: 1 запись в карточке."],
        builders.SIDOROVA: ["Нужны вы: без задачи 1 (Сидорова Ольга 1)", "Роботы: ничего не делали."],
    }
    office.desk.refusal = errors.NoScope("прав на задачи нет")
    await office.until("2026-03-23 09:00")
    said = await texts(office, "20260323")
    assert said[builders.SIDOROVA][1].startswith("О задачах портал сейчас не ответил")


async def texts(office: Office, day: str) -> dict[model.UserId, list[str]]:
    """Of that day's slot: reader -> the lines below the first."""
    rows = await office.world.store.ledger.rows(PORTAL)
    acts = [row.wish.act for row in rows if row.wish.robot == reports.ROBOT and row.wish.cause == day]
    return {act.to: act.text.splitlines()[1:] for act in acts if isinstance(act, intents.Notify)}


async def test_no_day_s_number_holds_a_report(office: Office) -> None:
    """It was asked for in words: where a person may get one message a day and a robot sends one an hour, both come."""
    shelf = office.world.worker.desk.shelf
    book = shelf.book
    one_an_hour = {"notifications": limits.Rate(1, 3600)}
    rules = replace(book.rules, manners=notices.Manners(at_most_per_day=1), limits=one_an_hour)
    shelf.book = desks.Book(rules, book.directory, book.activations)
    office.wants(weekly(), weekly(name="Второй"))
    await office.loop.step()
    assert await office.until("2026-03-16 09:00") == 4
    assert len(await office.told()) == 4


async def test_the_list_of_calls_and_what_became_of_the_one_before(office: Office) -> None:
    """S3.8: on Monday those of Friday and the weekend, by the rule; of the list before, how many were heard and what was
    remarked; each reader those of his cards."""

    def call(number: int, moment: str, card: int = 1, seconds: int = 200) -> calls.Call:
        ref = model.CardRef(model.CardKind.DEAL, card)
        at = int(builders.at(moment).timestamp())
        return calls.Call(str(number), at, builders.IVANOV, seconds, ref, f"https://r/{number}")

    office.desk.calls = [
        call(1, "2026-03-12 10:00"),
        call(2, "2026-03-12 11:00", card=2),
        call(3, "2026-03-13 12:00"),
        call(4, "2026-03-14 12:00"),
        call(5, "2026-03-14 13:00", seconds=59),
        call(6, "2026-03-16 08:00"),
    ]
    first = model.CardRef(model.CardKind.DEAL, 1)
    heard_at = int(builders.at("2026-03-12 18:00").timestamp())
    office.desk.said = [calls.Said(first, heard_at, calls.Mark.REMARK, "не назвал цену")]
    sample = reports.Sample(per_person=5, at_least=60)
    office.wants(reports.Report("Звонки", (MANAGER,), MONDAY, (S.CALLS,), sample))
    await office.loop.step()
    await office.until("2026-03-16 09:00")
    said = await texts(office, "20260316")
    card = "карточка https://romashka.bitrix24.ru/crm/deal/details/1/"
    assert said[builders.IVANOV] == [
        "Послушать: 2 звонка.",
        f"— Иванов Пётр, 13.03 12:00, 3:20, {card}, запись https://r/3",
        f"— Иванов Пётр, 14.03 12:00, 3:20, {card}, запись https://r/4",
        "Из прошлого списка прослушано 1 из 1, замечаний 1.",
        f"— Иванов Пётр, 12.03 10:00, 3:20, {card}, запись https://r/1 — замечание: не назвал цену",
        "Послушали — напишите в карточке комментарий «слушал» или «замечание: …».",
    ]
    assert said[builders.SIDOROVA][:2] == [
        "Звонков с записью, которые стоит послушать, не было.",
        "Из прошлого списка прослушано 0 из 1, замечаний 0.",
    ]


async def test_a_report_as_a_file_goes_once_to_each_reader_with_his_cards(office: Office) -> None:
    """`as: xlsx`: its tables are of the reader's own cards; a restart writes no second one."""
    office.desk.open = []
    office.wants(replace(weekly(S.NO_TASK, name="Файл"), as_file=True))
    await office.loop.step()
    await office.until("2026-03-16 09:00")
    office.restart()
    await office.until("2026-03-16 12:00")
    rows = await office.world.store.ledger.rows(PORTAL)
    acts = [row.wish.act for row in rows if isinstance(row.wish.act, intents.SendFile)]
    assert [(act.to, act.name, [len(one.lines) for one in act.tables]) for act in acts] == [
        (builders.IVANOV, "Файл 16.03.2026", [1]),
        (builders.SIDOROVA, "Файл 16.03.2026", [1]),
    ]
