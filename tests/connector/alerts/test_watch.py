"""Whom the robot tells when it is ill itself: one word when it comes, one when it is over, silence between (F18)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from connector import errors, ports
from connector.alerts import channels, watch
from robots import model
from tests.robots import builders

ROMASHKA = model.PortalId("romashka")
ALL = frozenset(watch.KINDS)
CLOSED = "Портал закрыл REST: «available only on commercial plans»"


@dataclass
class Trouble:
    code: str
    text: str


@dataclass
class Plan:
    to: tuple[str, ...] = ("mailto:admin@romashka.ru",)
    when: frozenset[str] = ALL


class Clock(ports.Clock):
    """The wall's hands may be set; the ticks may not."""

    def __init__(self) -> None:
        self.wall, self.ticks = builders.NOW, 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.wall, self.ticks = self.wall + timedelta(seconds=seconds), self.ticks + seconds


class Notebook(ports.Notebook):
    def __init__(self) -> None:
        self.notes: dict[str, Any] = {}
        self.broken = False

    async def read(self, portal: model.PortalId, name: str) -> Any | None:
        return self.notes.get(name)

    async def write(self, portal: model.PortalId, name: str, value: Any) -> None:
        if self.broken:
            raise errors.StoreError("на диске нет места")
        self.notes[name] = value


@dataclass
class Way(channels.Channel):
    """Words that got out, first lines only; `shut`: none does; `hangs`: the next one never ends."""

    words: list[str] = field(default_factory=list)
    whole: list[channels.Word] = field(default_factory=list)
    beats: int = 0
    tries: int = 0
    shut: bool = False
    hangs: asyncio.Event | None = None

    async def say(self, word: channels.Word, within: float = channels.TIMEOUT) -> None:
        self.tries += 1
        if self.hangs is not None:
            begun, self.hangs = self.hangs, None
            begun.set()
            await asyncio.Event().wait()
        if self.shut:
            raise channels.Undelivered("почтовый сервер недоступен: OSError")
        self.words.append(word.subject.removeprefix("Voronka, romashka: "))
        self.whole.append(word)

    async def beat(self) -> None:
        self.beats += 1


@dataclass
class World:
    """A daemon as its watch sees it; `born` begins its next life on the same notebook."""

    clock: Clock = field(default_factory=Clock)
    book: Notebook = field(default_factory=Notebook)
    way: Way = field(default_factory=Way)
    plan: Plan = field(default_factory=Plan)
    troubles: list[Trouble] = field(default_factory=list)
    failures: str = ""
    disk: str = ""
    why: str = ""
    aside: bool = False
    store_down: bool = False

    def __post_init__(self) -> None:
        self.born()

    def born(self) -> None:
        async def failures() -> str:
            if self.store_down:
                raise errors.StoreError("на диске нет места")
            return self.failures

        sight = watch.Sight(
            troubles=lambda: tuple(self.troubles),
            failures=failures,
            disk=lambda: self.disk,
            plan=lambda: self.plan,
            zone=lambda: "Europe/Moscow",
            why_stopped=lambda: self.why,
            aside=lambda: self.aside,
        )
        self.watch = watch.Watch(
            ROMASHKA,
            sight,
            self.book,
            self.clock,
            structlog.get_logger(),
            channels_for=self.ways,
            clean=lambda text: text.replace("+79161234567", "phone#1"),
        )

    def ways(self, to: Sequence[str]) -> tuple[channels.Channel, ...]:
        return (self.way,) if to else ()

    async def live(self, seconds: float) -> World:
        for _ in range(int(seconds / watch.STEP)):
            await self.watch.step()
            self.clock.pass_time(watch.STEP)
        return self


async def test_one_word_when_it_comes_and_one_when_it_is_over() -> None:
    """A lapsed tariff is a state, not ten thousand letters."""
    world = World()
    await world.live(60)
    world.troubles = [Trouble("portal_closed", CLOSED)]
    await world.live(3600)
    world.troubles = []
    await world.live(60)

    assert world.way.words == ["нет доступа к порталу", "прошло: нет доступа к порталу"]
    assert world.way.whole[0].text.splitlines()[:2] == [CLOSED, "С 02.03 10:01."]


async def test_what_passes_by_itself_wakes_nobody() -> None:
    """A portal that is silent for a minute is not worth a letter; for three it is."""
    world = World(troubles=[Trouble("portal_unreachable", "портал не отвечает")])
    await world.live(60)
    world.troubles = []
    await world.live(60)
    assert world.way.words == []

    world.troubles = [Trouble("sweep_late", "портал не обходили 150 с")]
    await world.live(180)
    assert world.way.words == ["портал не отвечает"]


async def test_a_restart_neither_repeats_nor_forgets() -> None:
    """What was told is in the notebook: the next life says only that it is over."""
    world = World(troubles=[Trouble("rights", "нет прав")])
    await world.live(30)
    world.born()
    await world.live(30)
    world.troubles = []
    world.born()
    await world.live(30)

    assert world.way.words == ["нет доступа к порталу", "прошло: нет доступа к порталу"]


async def test_a_word_that_didnt_get_out_is_said_later() -> None:
    """Ever more rarely, and once it gets out it is said once."""
    world = World(way=Way(shut=True), troubles=[Trouble("rights", "нет прав")])
    await world.live(600)
    tries = world.way.tries
    world.way.shut = False
    await world.live(1800)

    assert 4 <= tries <= 7
    assert world.way.words == ["нет доступа к порталу"]


async def test_the_beat_stops_while_something_is_wrong() -> None:
    """A dead man's switch: its silence is the alarm."""
    world = World()
    await world.live(1500)
    well = world.way.beats
    world.disk = "на диске с базой осталось 12 МБ"
    await world.live(1500)

    assert (well, world.way.beats, world.way.words) == (5, 5, ["диск"])


async def test_a_full_disk_is_told_though_nothing_can_be_noted() -> None:
    """The notebook refuses: the word goes out all the same, once in this life."""
    world = World()
    await world.live(10)
    world.book.broken = world.store_down = True
    await world.live(600)
    world.book.broken = world.store_down = False
    await world.live(30)

    assert world.way.words == ["диск", "прошло: диск"]


async def test_a_stop_is_told_with_its_reason() -> None:
    """A person who stopped it gets a plain word; what must be mended is named; the next life says that it works."""
    world = World(why="вебхук не от портала")
    await world.live(10)
    await world.watch.farewell()
    world.born()
    await world.live(10)

    assert world.way.words == ["робот остановлен", "прошло: робот остановлен"]
    assert world.way.whole[0].text.startswith("Voronka остановлена: вебхук не от портала")


async def test_a_server_that_hangs_doesnt_hold_up_the_stop() -> None:
    """R16: the word on its way is given up, the last one is said."""
    world, stop, begun = World(troubles=[Trouble("rights", "нет прав")]), asyncio.Event(), asyncio.Event()
    world.way.hangs = begun

    async def stopped() -> None:
        await begun.wait()
        stop.set()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(world.watch.run(stop))
        group.create_task(stopped())

    assert world.way.words == ["робот остановлен"]


async def test_a_watch_that_stumbles_goes_on() -> None:
    """A bug in what it looks at isn't the end of the daemon, nor of the watch."""
    world, stop, looked = World(), asyncio.Event(), asyncio.Event()

    class Broken(list[Trouble]):
        def __iter__(self) -> Iterator[Trouble]:
            looked.set()
            raise ZeroDivisionError

    world.troubles = Broken()

    async def stopped() -> None:
        await looked.wait()
        stop.set()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(world.watch.run(stop))
        group.create_task(stopped())

    assert world.way.words == ["робот остановлен"]


async def test_a_life_that_ended_without_a_word_is_told_of_by_the_next() -> None:
    """A computer that was off for a night; a crash of a minute isn't worth it."""
    world = World()
    await world.live(60)
    world.clock.pass_time(60)
    world.born()
    await world.live(60)
    assert world.way.words == []

    world.clock.pass_time(8 * 3600)
    world.born()
    await world.live(60)
    assert world.way.words == ["снова работает"]
    assert "С 02.03 10:02 она не работала" in world.way.whole[0].text


async def test_a_clock_set_back_silences_nothing() -> None:
    """R10: an hour back doesn't hold up a word, its second try, or the beat."""
    world = World(way=Way(shut=True), troubles=[Trouble("rights", "нет прав")])
    await world.live(10)
    world.clock.wall -= timedelta(hours=1)
    world.way.shut = False
    await world.live(60)
    assert world.way.words == ["нет доступа к порталу"]

    world.troubles = []
    await world.live(30)
    before = world.way.beats
    world.clock.wall -= timedelta(hours=1)
    await world.live(600)
    assert world.way.beats == before + 2


async def test_only_what_was_asked_for() -> None:
    """`when:` chooses the kinds; a start and a first sweep are nobody's alarm."""
    world = World(plan=Plan(when=frozenset({"disk"})))
    world.troubles = [Trouble("rights", "нет прав"), Trouble("starting", "запускаюсь")]
    await world.live(300)
    await world.watch.farewell()

    assert world.way.words == []


async def test_a_waiting_worker_is_silent() -> None:
    """Of two workers only the one that has the portal speaks, and its notes stay as they are."""
    world = World(troubles=[Trouble("rights", "нет прав")])
    await world.live(30)
    noted = dict(world.book.notes)
    world.aside = True
    world.troubles = []
    world.born()
    await world.live(300)
    await world.watch.farewell()

    assert (world.way.words, world.book.notes) == (["нет доступа к порталу"], noted)


async def test_words_hold_no_personal_data_and_no_crash() -> None:
    """What a portal or a crash says may hold anything: it is cleaned, or left in the log."""
    world = World(
        troubles=[
            Trouble("portal_rest", "портал закрыт: звонил +79161234567"),
            Trouble("loop_reconcile", "цикл упал: KeyError: 'Мария'"),
        ]
    )
    await world.live(200)
    said = "\n".join(word.text for word in world.way.whole)

    assert len(world.way.words) == 2
    assert ("+7916" in said, "Мария" in said, "phone#1" in said) == (False, False, True)
