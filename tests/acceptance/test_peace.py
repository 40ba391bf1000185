"""People left in peace (X8): a flood above a limit is held, a message waits for a decent hour. One portal for all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connector.cli import diary
from tests.acceptance import driver
from tests.acceptance.driver import wait_for

YAML = (
    driver.PORTAL
    + """\
people:
  менеджер: {{field: Ответственный}}
notifications:
  quiet: "QUIET"
limits: {{notifications: 2 per hour}}
pipelines:
  Продажи:
    mode: on
    stages:
      Новый лид:
        task: {{title: Взять в работу, for: менеджер, deadline: 2 work hours}}
  Доставка:
    mode: watch
    on_create:
      - fill: {{field: РОП, with: Орлов Сергей}}
robots:
  - name: Поток
    when: created
    pipeline: Продажи
    mode: on
    if: {{Требования: поток}}
    do:
      - notify: {{to: менеджер, text: "Пришла «{{{{Название}}}}»", urgent: true}}
  - name: Ночью
    when: created
    pipeline: Продажи
    mode: on
    if: {{Требования: ночью}}
    do:
      - notify: {{to: менеджер, text: "Пришла «{{{{Название}}}}»"}}
"""
)


def around_now() -> str:
    """Quiet hours, whatever the portal's zone."""
    now = datetime.now(UTC)
    return f"{now - timedelta(hours=6):%H:%M}-{now + timedelta(hours=6):%H:%M}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Pair]:
    made = driver.Pair(tmp_path_factory.mktemp("peace"), YAML.replace("QUIET", around_now()))
    try:
        made.daemon.start().ready()
        yield made
    finally:
        made.close()


def states(pair: driver.Pair, deal: int) -> list[tuple[str, str]]:
    rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    return [(row["act"]["act"], row["state"]) for row in rows]


def ends(pair: driver.Pair, deals: list[int]) -> list[str]:
    return sorted(state for deal in deals for act, state in states(pair, deal) if act == "Notify")


def test_a_flood_above_the_limit_is_held_until_a_person_says(pair: driver.Pair) -> None:
    """F4: the rest is held, the card's other robots work on, the admin sees it and lets it go by its count."""
    portal, daemon = pair.sandbox, pair.daemon
    deals = [portal.deal(title=f"Поток {n}", **{driver.NEEDS: "поток"}) for n in range(4)]
    for deal in deals:
        wait_for("the task beside", lambda number=deal: portal.task_lines(number))
    wait_for("the letters", lambda: ends(pair, deals) == ["done", "done", "held", "held"])

    assert daemon.run("held").splitlines()[1:] == [
        "    Иванов Пётр 2",
        "Отпустить: voronka held --let-go   Снять: voronka held --drop",
    ]
    wait_for("the note", lambda: "voronka held" in daemon.process_of("status").stdout)
    assert daemon.process_of("held", "--let-go").returncode == 6
    assert daemon.run("held", "--let-go", "--yes", "2").startswith("Отпущено.")
    wait_for("the letters", lambda: ends(pair, deals) == ["done"] * 4)
    assert daemon.run("held") == "Ничего не придержано.\n"


def test_a_message_of_quiet_hours_waits_and_nothing_waits_for_it(pair: driver.Pair) -> None:
    """F14: kept until the hour is decent; the card's other work goes on, and it isn't a problem of anybody's."""
    portal, daemon = pair.sandbox, pair.daemon
    deal = portal.deal(title="Ночная", **{driver.NEEDS: "ночью"})
    wait_for("the task", lambda: portal.task_lines(deal) == ["open: Взять в работу"])
    wait_for("the letter's wait", lambda: ("Notify", "waiting") in states(pair, deal))
    assert "ждёт: 1" in daemon.process_of("status").stdout
    assert not [one for one in daemon.listed("problems") if one["card"] == f"deal:{deal}"]


def test_a_watching_robot_keeps_a_diary(pair: driver.Pair) -> None:
    """F5: what it would have done is counted, and nothing of it is in the portal."""
    portal, daemon = pair.sandbox, pair.daemon
    assert daemon.run("diary") == diary.NOTHING + "\n"
    deal = portal.deal(title="Доставить", pipeline="Доставка")
    wait_for("the look", lambda: states(pair, deal) == [("SetFields", "dry_run")])
    told = daemon.run("diary", "--since", "1h").splitlines()
    assert told[0].endswith("роботы только смотрели. По 1 карточке они сделали бы:")
    assert told[1:4] == [
        "  1 запись в поля",
        "Кто из роботов:",
        "  Доставка/on_create/fill РОП: 1 запись в поля",
    ]
    assert daemon.json("diary", "--robot", "Продажи/*")["shares"] == []
    assert not portal.card(deal)[driver.ROP]


def test_a_file_of_deals_waits_for_a_person(pair: driver.Pair) -> None:
    """F4: what the robots would do with an import is held, the admin is told once with what to do, and decides."""
    portal, daemon = pair.sandbox, pair.daemon
    deals = [portal.deal(title=f"Из файла {n}") for n in range(30)]
    wait_for("the last is held", lambda: states(pair, deals[-1]) == [("SetTask", "held")])
    wait_for("calm", daemon.settled)
    assert not portal.task_lines(deals[-1])
    told = [one for one in portal.notices(driver.IVANOV) if "Похоже на импорт" in one]
    assert [one.splitlines()[0] for one in told] == ["Похоже на импорт: больше 20 сделок за минуту"]

    shown = daemon.run("held")
    assert "похоже на импорт: новых карточек от одного человека больше 20 за минуту" in shown
    count = sum(states(pair, deal) == [("SetTask", "held")] for deal in deals)
    daemon.run("held", "--drop", "--yes", str(count))
    assert states(pair, deals[-1]) == [("SetTask", "superseded")]
    assert not portal.task_lines(deals[-1])
