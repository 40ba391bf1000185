"""A timetable's slots, and robots that they call: once a slot, those cards that are concerned then."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from robots import conditions, decision, look, slots
from robots import robot as r
from robots.kinds import log
from tests.robots import builders, rules
from tests.robots.config import reading
from tests.robots.world import World

ID = "Утром/log"
TEN = slots.Slots((time(10),), work_days=True)


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=builders.MOSCOW)


def shown(moment: datetime | None, zone: Any = builders.MOSCOW) -> str:
    return f"{moment.astimezone(zone):%a %d.%m.%Y %H:%M}" if moment else ""


def row(text: str, at: str, count: int = 3) -> list[str]:
    """The next slots of a cron line."""
    made, moment, found = slots.cron(text), moscow(at), []
    assert isinstance(made, slots.Slots), made
    for _ in range(count):
        ahead = slots.following(made, moment, builders.calendar())
        assert ahead is not None
        assert slots.latest(made, ahead, builders.calendar()) == ahead
        assert slots.latest(made, ahead - timedelta(seconds=1), builders.calendar()) != ahead
        moment = ahead
        found.append(shown(moment))
    return found


@pytest.mark.parametrize(
    ("line", "ahead"),
    [
        ("0 10 * * *", ["Fri 06.03.2026 10:00", "Sat 07.03.2026 10:00", "Sun 08.03.2026 10:00"]),
        ("30 9,16 * * 1-5", ["Fri 06.03.2026 16:30", "Mon 09.03.2026 09:30", "Mon 09.03.2026 16:30"]),
        ("0 9 1,15 * *", ["Sun 15.03.2026 09:00", "Wed 01.04.2026 09:00", "Wed 15.04.2026 09:00"]),
        ("0 9 13 * 5", ["Fri 13.03.2026 09:00", "Fri 20.03.2026 09:00", "Fri 27.03.2026 09:00"]),
        ("0 9 29 2 *", ["Tue 29.02.2028 09:00"]),
        ("0 8-18/5 * * 0", ["Sun 08.03.2026 08:00", "Sun 08.03.2026 13:00", "Sun 08.03.2026 18:00"]),
        ("0 23/1 * * 7", ["Sun 08.03.2026 23:00", "Sun 15.03.2026 23:00", "Sun 22.03.2026 23:00"]),
    ],
)
def test_cron_as_cron_has_it(line: str, ahead: list[str]) -> None:
    """From Friday 6 March 2026, 09:31 in Moscow."""
    assert row(line, "2026-03-06 09:31", len(ahead)) == ahead


def test_slips_of_a_cron_line_are_said() -> None:
    """A field too few, a number out of range, too often."""
    assert [
        slots.cron(one)
        for one in ("0 10 * *", "0 25 * * *", "0 10 * * пн", "*/15 * * * *", "0 9-8 * * *", "0/0 1 * * *")
    ] == [
        "в строке cron пять полей: минута, час, число, месяц, день недели",
        "часы: не понимаю «25», здесь от 0 до 23",
        "дни недели: не понимаю «пн», здесь от 0 до 7",
        "это 96 раз в день, а можно не чаще 24: каждый раз читаются все карточки воронки",
        "часы: не понимаю «9-8», здесь от 0 до 23",
        "минуты: не понимаю «0/0», здесь от 0 до 59",
    ]


def test_work_days_and_the_last_day_of_a_month() -> None:
    """Holidays of the portal's calendar are none; the last day is the 28th, the 30th or the 31st."""
    friday, calendar = moscow("2026-03-06 10:00"), builders.calendar()
    last = slots.Slots((time(12),), days=frozenset({slots.LAST}))
    assert [
        shown(slots.following(TEN, friday, calendar)),
        shown(slots.following(last, moscow("2026-02-01 00:00"), calendar)),
        shown(slots.following(last, moscow("2026-02-28 12:00"), calendar)),
    ] == ["Tue 10.03.2026 10:00", "Sat 28.02.2026 12:00", "Tue 31.03.2026 12:00"]


def test_a_clock_that_summer_time_skips_or_repeats_comes_once() -> None:
    """Berlin: 29 March 2026 has no 02:30, 25 October has two."""
    half = slots.Slots((time(2, 30),))
    berlin = builders.calendar(timezone="Europe/Berlin")
    for day, before in (
        (29, datetime(2026, 3, 28, 12, tzinfo=UTC)),
        (25, datetime(2026, 10, 24, 12, tzinfo=UTC)),
    ):
        first = slots.following(half, before, berlin)
        assert first is not None
        second = slots.following(half, first, berlin)
        assert second is not None
        assert (first.astimezone(builders.MOSCOW).day, second - first > timedelta(hours=22)) == (day, True)


def morning(**rest: Any) -> decision.Rules:
    options = log.Options(builders.template("Утро"), "Робот")
    return decision.Rules((rules.robot(ID, "log", options, r.Scheduled(TEN, **rest.pop("how", {})), **rest),))


def at(world: World, moment: str) -> World:
    world.now = moscow(moment)
    return world


def test_each_slot_once_and_the_card_wakes_for_the_next() -> None:
    """Looked at however often; what nobody was there for is made up for within a day, the last slot only."""
    world = at(World(morning(), now=moscow("2026-03-05 12:00")), "2026-03-05 12:00").work()
    assert (world.acts(), shown(world.wake_at)) == ([], "Fri 06.03.2026 10:00")
    at(world, "2026-03-06 10:00").work().after(hours=3).work()
    assert (world.acts(), shown(world.wake_at)) == (["write: Утро"], "Tue 10.03.2026 10:00")

    at(world, "2026-03-12 15:00").work()  # two slots were missed
    assert [row.wish.cause for row in world.ledger.values()] == [
        "slot 2026-03-06T07:00:00+00:00",
        "slot 2026-03-12T07:00:00+00:00",
    ]
    later = at(World(morning(), now=moscow("2026-03-05 12:00")).work(), "2026-03-09 15:00").look()
    assert later.told(ID) == [("too_late", "было 06.03.2026 10:00"), ("waiting", "жду 10.03.2026 10:00")]


def test_a_slot_is_for_those_who_are_concerned_then() -> None:
    """A condition that comes true at noon is no news of ten o'clock; neither is a card born at noon."""
    wants = conditions.Test(builders.path("Требования"), conditions.Op.FILLED)
    world = World(morning(condition=wants), now=moscow("2026-03-05 12:00")).work()
    at(world, "2026-03-06 10:00").look()
    assert world.told(ID)[0][0] == "filtered"
    assert at(world, "2026-03-06 12:00").set(Требования="окно").work().acts() == []
    assert at(world, "2026-03-10 10:00").work().acts() == ["write: Утро"]

    assert World(morning(), now=moscow("2026-03-06 12:00")).work().acts() == []


def test_a_new_robot_has_no_slots_of_yesterday_and_closed_cards_are_left_alone() -> None:
    """Both unless it is said otherwise."""
    begun = look.Activation(moscow("2026-03-06 11:00"), card=9999, row=9999)
    world = World(morning(), now=moscow("2026-03-05 12:00"), activation=begun)
    assert at(world, "2026-03-06 12:00").work().acts() == []
    assert at(world, "2026-03-10 10:00").work().acts() == ["write: Утро"]

    for how, acts in (({}, []), ({"closed": True}, ["write: Утро"])):
        closed = World(morning(how=how), now=moscow("2026-03-05 12:00")).work().move("Спам").work()
        assert at(closed, "2026-03-06 10:00").work().acts() == acts


LATE = """
    people:
      менеджер: {field: Ответственный}
    robots:
      - name: Оплата опаздывает
        when: {schedule: {on: рабочие дни, at: "11:00"}}
        pipeline: Продажи
        if: {Стадия: Отправили счёт, Предполагаемая дата закрытия: {older_than: 1 day}}
        do:
          - call: {title: Напомнить об оплате, for: менеджер, deadline: 2 work hours}
          - message: {email: {subject: Счёт ждёт оплаты, text: Напоминаем о счёте}}
"""


def test_while_a_payment_is_late_a_call_and_a_letter_come_at_their_hour_each_work_day() -> None:
    """S1.8: not before it is late, not on a holiday, not after the money has come."""
    maria = builders.contact()
    start = moscow("2026-03-03 12:00")
    world = World(
        reading.made(LATE).rules,
        now=start,
        stage="Отправили счёт",
        clients=(maria,),
        fields={"Предполагаемая дата закрытия": date(2026, 3, 4)},
    )
    world.work()
    seen = []
    for day in (4, 5, 6, 7, 8, 9, 10, 11):
        if day == 11:
            at(world, "2026-03-11 09:00").move("Получили оплату").work()
        before = len(world.acts())
        at(world, f"2026-03-{day:02} 11:00").work()
        seen += [(day, line) for line in world.acts()[before:]]
    assert seen == [(day, line) for day in (5, 6, 10) for line in ("call: Напомнить об оплате", "SendLetter")]
