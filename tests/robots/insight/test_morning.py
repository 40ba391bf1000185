"""The morning list as its reader gets it (users.md F14)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time

from robots import model, paths, people, reports
from robots.insight import letter, morning, rows
from tests.robots import builders
from tests.robots.insight import lives

S = reports.Section
MANAGER = people.InField(paths.Path(paths.Owner.CARD, paths.Virtual.RESPONSIBLE, "Ответственный"))
HEAD = people.HeadOf(MANAGER)
MONDAY = 301
"""2 November 2026 as days of `lives`."""
IVANOV, OLGA = builders.IVANOV, builders.SIDOROVA


def task(
    card: int, due: float | None, title: str = "Позвонить", who: model.UserId = IVANOV
) -> morning.OpenTask:
    deadline = None if due is None else lives.day(MONDAY) + int(due * 3600)
    return morning.OpenTask(model.CardRef(model.CardKind.DEAL, card), who, deadline, title)


def told(
    seen: Sequence[rows.Life],
    *tasks: morning.OpenTask,
    to: tuple[people.Person, ...] = (MANAGER,),
    clock: time = time(9),
    known: bool = True,
) -> dict[model.UserId, list[str]]:
    """Deadlines are hours of Monday, by Moscow."""
    slot = reports.Slot(date(2026, 11, 2), builders.at("2026-11-02 09:00"))
    now = lives.day(MONDAY) + clock.hour * 3600
    ask = letter.Ask(
        reports.morning(to, clock), slot, lives.DIRECTORY, now, "Europe/Moscow", (), tasks if known else None
    )
    return {user: one.text.splitlines() for user, one in letter.written(seen, ask).items()}


def deal(number: int, who: model.UserId = IVANOV) -> rows.Life:
    return lives.deal(number, ("Новый лид", MONDAY - 3), who=who)


def test_what_is_due_in_the_order_of_its_terms() -> None:
    """Overdue first; what is due tomorrow (by the clock of the people, not of the server) isn't said, nor what is left on a
    deal that is lost."""
    lost = lives.deal(4, ("Новый лид", MONDAY - 3), ("Дорого", MONDAY - 1), who=IVANOV)
    lists = told(
        [deal(1), deal(2), deal(3), lost],
        task(4, 12, "Забытая"),
        task(1, 18, "Отправить счёт"),
        task(1, -37, "Получить ответ на КП"),
        task(2, 23.9, "До полуночи"),
        task(2, 24, "После полуночи"),
        task(2, None, "Без срока"),
    )
    address = f"https://{lives.DIRECTORY.address}/crm/deal/details"
    assert lists == {
        IVANOV: [
            "Доброе утро! Просрочено 1, без задачи 1, сегодня срок у 2.",
            f"1. Получить ответ на КП, срок был 31.10 11:00: {address}/1/",
            f"2. Отправить счёт, до 18:00: {address}/1/",
            f"3. До полуночи, до 23:54: {address}/2/",
        ]
    }


def test_to_each_his_own_and_to_nobody_an_empty_list() -> None:
    """A head sees whose task it is; whoever has nothing due has no message; one who is both has one."""
    seen = [deal(1), deal(2, OLGA)]
    tasks = (task(1, 11), task(2, 30, who=OLGA))
    assert list(told(seen, *tasks)) == [IVANOV]
    both = (task(1, 11), task(2, 12, who=OLGA))
    assert [line.split(": ")[0] for line in told(seen, *both, to=(HEAD,))[builders.PETROVA]] == [
        "Доброе утро! Сегодня срок у 2.",
        "1. Позвонить, до 11:00, Иванов Пётр",
        "2. Позвонить, до 12:00, Сидорова Ольга",
    ]
    assert {user: len(lines) for user, lines in told(seen, *both, to=(MANAGER, HEAD)).items()} == {
        builders.PETROVA: 3,
        IVANOV: 2,
        OLGA: 2,
    }


def test_where_the_portal_hides_tasks_nothing_is_said() -> None:
    """A card whose tasks aren't known isn't a card without a task."""
    assert told([deal(1)], known=False) == {}


def test_of_a_long_list_ten() -> None:
    """The rest is a number; at noon nobody is wished a good morning."""
    lines = told([deal(1)], *(task(1, 14 + hour / 10) for hour in range(13)), clock=time(13))[IVANOV]
    assert (lines[0], len(lines), lines[-1]) == ("Добрый день! Сегодня срок у 13.", 12, "и ещё 3")
