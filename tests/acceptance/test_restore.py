"""A store put back from an old copy: it stands until told, then finds on the portal what it forgot; a second Voronka is named.

Each story is one admin's evening: the file is copied, work goes on, the disk dies, the copy is put back.
"""

from __future__ import annotations

import pathlib
import shutil
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from tests.acceptance import driver
from tests.acceptance.conftest import Pair
from tests.acceptance.driver import wait_for

FIRST, SECOND, THIRD = "Взять в работу новый лид", "Сделать КП", "Получить ответ на КП"
SUBJECT: dict[str, Any] = {driver.NEEDS: "окно", driver.SUBJECT: "окна"}


def store(daemon: driver.Daemon) -> pathlib.Path:
    return daemon.folder / "voronka.sqlite"


def backed_up(daemon: driver.Daemon) -> pathlib.Path:
    """As an admin does it beside a running daemon: SQLite's own backup."""
    to = daemon.folder / "backup.sqlite"
    with closing(sqlite3.connect(store(daemon))) as live, closing(sqlite3.connect(to)) as copy:
        live.backup(copy)
    return to


def put_back(daemon: driver.Daemon, copy: pathlib.Path) -> None:
    store(daemon).unlink()
    assert list(daemon.folder.glob("voronka.sqlite-*")) == []
    shutil.copyfile(copy, store(daemon))


def stopped(daemon: driver.Daemon) -> None:
    assert daemon.process is not None
    assert daemon.process.stop() == 0


def restarted(daemon: driver.Daemon, *options: str) -> driver.Daemon:
    daemon.process = driver.Process(
        [str(driver.VORONKA), "run", str(daemon.file), *options], daemon.folder / "daemon.log", daemon.env
    )
    return daemon


def notes(daemon: driver.Daemon) -> set[str]:
    return {note["code"] for note in daemon.health()["notes"]}


def copies(portal: driver.Sandbox, title: str) -> list[int]:
    number = portal.categories["Доставка"]
    return [
        int(item["id"]) for item in portal.deals() if item["categoryId"] == number and item["title"] == title
    ]


def made(portal: driver.Sandbox) -> list[tuple[str, str]]:
    """All that stands on the portal: tasks, and where each deal is."""
    tasks = [(f"task {task['id']}", f"{task['status']} {task['title']}") for task in portal.tasks()]
    return tasks + [(f"deal {item['id']}", item["stageId"]) for item in portal.deals()]


def restored(daemon: driver.Daemon, *, killed: bool) -> None:
    """The daemon has compared everything and works on as usual; the check outlives a crash."""
    restarted(daemon, "--after-restore").ready()
    if killed:
        daemon.kill()
        daemon.start().ready()
        assert "restoring" in notes(daemon)
    wait_for("the check to end", lambda: "restoring" not in notes(daemon), 60)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("killed", [False, True])
def test_an_old_copy_stands_until_told_and_then_forgets_nothing(pair: Pair, killed: bool) -> None:
    """Tasks, moves and a hand-over that the copy doesn't know: 0 doubled, 0 missing; what happened meanwhile is done."""
    portal, daemon = pair.sandbox, pair.daemon
    daemon.start().ready()
    early = portal.deal(title="Ранняя", **SUBJECT)
    won = portal.deal(title="Победа", **SUBJECT)
    wait_for("the first tasks", lambda: portal.task_lines(early) and portal.task_lines(won))
    wait_for("a settled daemon", daemon.settled)
    copy = backed_up(daemon)

    portal.move(early, "Обрабатываем запрос")
    portal.move(won, "Клиент получил заказ")
    late = portal.deal(title="Поздняя", **SUBJECT)
    wait_for("the second task", lambda: len(portal.task_lines(early)) == 2)
    wait_for("the hand-over", lambda: copies(portal, "Победа"))
    wait_for("the late deal's task", lambda: portal.task_lines(late))
    wait_for("a settled daemon", daemon.settled)
    stopped(daemon)
    put_back(daemon, copy)
    portal.move(early, "Сделали предложение")
    portal.move(late, "Обрабатываем запрос")
    before = made(portal)

    restarted(daemon)
    reasons = wait_for("red health", lambda: _red(daemon))
    time.sleep(3)
    assert [reason["code"] for reason in reasons] == ["restored"]
    assert "voronka run --after-restore" in reasons[0]["text"]
    assert made(portal) == before
    stopped(daemon)

    restored(daemon, killed=killed)
    wait_for("a settled daemon", daemon.settled)
    assert portal.task_lines(early) == [
        f"closed: {FIRST}",
        f"closed: {SECOND}",
        f"open: {THIRD}",
    ]
    assert portal.task_lines(late) == [f"closed: {FIRST}", f"open: {SECOND}"]
    assert portal.task_lines(won) == [f"closed: {FIRST}"]
    assert len(copies(portal, "Победа")) == 1
    assert notes(daemon) == set()

    portal.move(late, "Сделали предложение")
    wait_for("life as usual", lambda: portal.task_lines(late)[-1:] == [f"open: {THIRD}"])
    stopped(daemon)
    restarted(daemon).ready()


def _red(daemon: driver.Daemon) -> list[dict[str, str]]:
    try:
        found = daemon.health()
    except OSError:
        return []
    codes = [reason["code"] for reason in found["reasons"]]
    return [] if "starting" in codes else list(found["reasons"])


@pytest.mark.timeout(180)
def test_a_second_voronka_on_the_portal_is_named(pair: Pair, tmp_path: pathlib.Path) -> None:
    """Two computers, two stores, one portal: all is done twice, and both say so and what to do."""
    portal, daemon = pair.sandbox, pair.daemon
    daemon.start().ready()
    home = tmp_path / "ноутбук"
    home.mkdir()
    other = driver.Daemon(home, portal.port, driver.free_port())
    try:
        other.start().ready()
        deal = portal.deal()
        wait_for("both at work", lambda: portal.task_lines(deal) == [f"open: {FIRST}"] * 2)
        wait_for("the note", lambda: "portal_shared" in notes(daemon) & notes(other), 90)
        (said,) = [note["text"] for note in daemon.health()["notes"] if note["code"] == "portal_shared"]
        problems = [one["why"] for one in daemon.listed("problems") if one["kind"] == "shared"]
        checked = daemon.process_of("check", str(daemon.file)).stderr
    finally:
        other.kill()

    assert problems == [said]
    assert said in checked.replace("\n", " ")
    assert "с порталом работает ещё одна Voronka" in said
    assert "Остановите одну из двух" in said
