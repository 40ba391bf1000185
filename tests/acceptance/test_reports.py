"""A report comes by itself (users.md F22): to each reader his own numbers, once, whatever restarts."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance import driver
from tests.acceptance.driver import wait_for

DIRECTOR, ROBOT = 1, 6
MOSCOW = ZoneInfo("Europe/Moscow")
YAML = (
    driver.PORTAL
    + """\
calendar: {{from: holidays, timezone: Europe/Moscow, hours: "00:00-23:59", holidays: нет, week: {{сб: "00:00-23:59", вс: "00:00-23:59"}}}}
people:
  менеджер: {{field: Ответственный}}
reports:
  - {{name: Итог, send: [менеджер, Орлов Сергей], at: "SOON", show: [итоги дня, без задачи, план оплат]}}
pipelines:
  Продажи:
    mode: on
    on_create:
      - log: пришла
"""
)


@pytest.fixture
def pair(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[driver.Pair]:
    """With `as:` of the report where a test wants it."""
    hour = datetime.now(UTC).astimezone(MOSCOW)
    text = YAML.replace("SOON", f"{hour:%H:%M}").replace(
        "план оплат]", f"план оплат]{getattr(request, 'param', '')}"
    )
    made = driver.Pair(tmp_path_factory.mktemp("reports"), text)
    try:
        yield made
    finally:
        made.close()


def told(pair: driver.Pair, user: int) -> list[str]:
    return [text for text in pair.sandbox.notices(user) if text.startswith("Итог")]


def served(pair: driver.Pair) -> bool:
    """The loop has seen the report and waits for its next hour."""
    with sqlite3.connect(pair.daemon.folder / "voronka.sqlite") as store:
        return bool(store.execute("SELECT 1 FROM notes WHERE name = 'reports'").fetchall())


def as_if_it_had_stood_since_yesterday(pair: driver.Pair) -> None:
    yesterday = json.dumps({"Итог": (datetime.now(UTC) - timedelta(hours=20)).isoformat()})
    with sqlite3.connect(pair.daemon.folder / "voronka.sqlite") as store:
        store.execute("UPDATE notes SET value = ? WHERE name = 'reports'", (yesterday,))


def test_a_report_comes_to_each_reader_once(pair: driver.Pair) -> None:
    """Ivanov sees his two deals, Sidorova hers, the director all three; killed and started again, nobody gets it twice."""
    portal, daemon = pair.sandbox, pair.daemon
    daemon.start().ready()
    for who in (driver.IVANOV, driver.IVANOV, driver.SIDOROVA):
        portal.deal(title="Окна", by=who)
    wait_for("the deals are seen", lambda: len(daemon.json("ledger", "list")) == 3 and daemon.settled())
    wait_for("the report is known", lambda: served(pair))
    readers = (driver.IVANOV, driver.SIDOROVA, DIRECTOR)
    assert [told(pair, user) for user in readers] == [[], [], []]

    for _ in range(2):  # the second time as after a crash that left the notebook behind
        assert daemon.process is not None
        daemon.process.stop()
        as_if_it_had_stood_since_yesterday(pair)
        daemon.start().ready()
        wait_for("the reports", lambda: all(told(pair, user) for user in readers))
    daemon.kill()
    daemon.start().ready()
    wait_for("the daemon rests", daemon.settled)

    rows = [row for row in daemon.json("ledger", "list") if row["robot"] == "Voronka/отчёт"]
    assert sorted(row["state"] for row in rows) == ["done"] * 3
    assert [[text.splitlines()[1].split(", ")[1] for text in told(pair, user)] for user in readers] == [
        ["в работе 2"],
        ["в работе 1"],
        ["в работе 3"],
    ]
    assert "без задачи 1 (Сидорова" in told(pair, driver.SIDOROVA)[0]
    assert "Прогноз по " in told(pair, DIRECTOR)[0]


@pytest.mark.parametrize("pair", [", as: xlsx"], indirect=True)
def test_a_report_comes_as_a_book_once(pair: driver.Pair) -> None:
    """F22: though the portal took Ivanov's and its answer was cut off, and the daemon was killed; only his own cards in it."""
    portal, daemon = pair.sandbox, pair.daemon
    daemon.start().ready()
    for who in (driver.IVANOV, driver.IVANOV, driver.SIDOROVA):
        portal.deal(title="Окна", by=who)
    wait_for("the deals are seen", lambda: len(daemon.json("ledger", "list")) == 3 and daemon.settled())
    wait_for("the report is known", lambda: served(pair))
    assert daemon.process is not None
    daemon.process.stop()
    as_if_it_had_stood_since_yesterday(pair)
    portal.fault("commit_then_reset", "im.v2.File.upload", times=1)
    daemon.start().ready()

    def books() -> list[tuple[int, int]]:
        """(reader, how many cards without a task his book lists) of every file that was sent."""
        chats = portal.lever("GET", "state/notices")["chats"].values()
        found = [(set(chat["members"]), said["file"]) for chat in chats for said in chat["messages"]]
        return sorted((min(members - {ROBOT}), bare(file)) for members, file in found if file)

    def states() -> list[str]:
        return [row["state"] for row in daemon.json("ledger", "list") if row["robot"] == "Voronka/отчёт"]

    wait_for("the reports", lambda: states() == ["done"] * 3)
    daemon.kill()
    daemon.start().ready()
    wait_for("the daemon rests", daemon.settled)
    assert "reset" in str(portal.struck())
    assert books() == [(DIRECTOR, 3), (driver.IVANOV, 2), (driver.SIDOROVA, 1)]
    assert [told(pair, user) for user in (driver.IVANOV, driver.SIDOROVA, DIRECTOR)] == [[], [], []]


def bare(file: list[str]) -> int:
    """Lines under the head of «Без задачи», the book's second sheet."""
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(file[1]))) as parts:
        return parts.read("xl/worksheets/sheet2.xml").decode().count("<row ") - 1
