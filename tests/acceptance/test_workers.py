"""Two daemons, one PostgreSQL, one portal: whoever holds the portal may die or freeze at any moment (R9)."""

from __future__ import annotations

import os
import pathlib
import random
import re
import signal
import time
from collections.abc import Iterator

import pytest
import requests

from tests.acceptance import driver
from tests.acceptance.driver import wait_for
from tests.contract import postgres_server

LEASE = 2.0
FIRST, SECOND = "Взять в работу новый лид", "Сделать КП"


class Crew:
    """The first daemon holds the portal; doorbells go to the second."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.database = postgres_server.fresh(empty=True)
        ports = [driver.free_port(), driver.free_port()]
        self.portal = driver.Sandbox(folder, daemon_port=ports[1])
        self.daemons = []
        for number, port in enumerate(ports):
            home = folder / f"worker{number}"
            home.mkdir()
            env = {"VORONKA_DATABASE_URL": self.database, "VORONKA_LEASE": str(LEASE)}
            self.daemons.append(driver.Daemon(home, self.portal.port, port, **env))
        self.daemons[0].start().ready()
        self.daemons[1].start().ready()

    def close(self) -> None:
        for daemon in self.daemons:
            daemon.kill()
        self.portal.close()
        postgres_server.drop(self.database)

    def standby(self, number: int) -> bool:
        return "standby" in [note["code"] for note in self.daemons[number].health()["notes"]]

    def tell(self, number: int, what: signal.Signals) -> None:
        process = self.daemons[number].process
        assert process is not None
        os.kill(process.child.pid, what)

    def hustle(self, dice: random.Random, deals: list[int], seconds: float) -> None:
        """People at work: deals come and are moved on."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if dice.random() < 0.4:
                deals.append(self.portal.deal(**{driver.NEEDS: "окно"}))
            elif deals and self.portal.stage(deal := dice.choice(deals)) == "Новый лид":
                self.portal.move(deal, "Обрабатываем запрос")
            time.sleep(0.1)

    def finish(self, deals: list[int]) -> dict[int, list[str]]:
        """Everything is moved on and worked; what stands in the portal then."""
        for deal in deals:
            if self.portal.stage(deal) == "Новый лид":
                self.portal.move(deal, "Обрабатываем запрос")
        wait_for("all the work", lambda: all(self._worked(deal) for deal in deals), 60)
        time.sleep(3)
        return {deal: [line for line in self.portal.task_lines(deal) if "open" in line] for deal in deals}

    def _worked(self, deal: int) -> bool:
        return self.portal.task_lines(deal)[-1:] == [f"open: {SECOND}"]

    def doubled(self, deals: list[int]) -> dict[int, list[str]]:
        return {deal: lines for deal in deals if len(lines := self.portal.task_lines(deal)) > 2}


@pytest.fixture
def crew(tmp_path: pathlib.Path) -> Iterator[Crew]:
    made = Crew(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_any_takes_the_doorbell_and_the_holder_does_the_work(crew: Crew) -> None:
    """The one that waits is ready too: its doorbells wake the other at once, long before a sweep would."""
    assert (crew.standby(0), crew.standby(1)) == (False, True)
    deal = crew.portal.deal(**{driver.NEEDS: "окно"})
    wait_for("the first task", lambda: crew.portal.task_lines(deal) == [f"open: {FIRST}"], 10)
    assert crew.daemons[0].json("status")["running"]


def test_when_the_holder_is_killed_the_other_takes_over(crew: Crew) -> None:
    """kill -9 amid the work: the other has the portal within the lease, nothing is doubled or lost."""
    dice, deals = random.Random(9), []
    crew.hustle(dice, deals, 3)
    crew.daemons[0].kill()
    crew.hustle(dice, deals, 1)
    wait_for("the takeover", lambda: not crew.standby(1), LEASE + 3)
    crew.hustle(dice, deals, 1)
    assert crew.finish(deals) == {deal: [f"open: {SECOND}"] for deal in deals}
    assert crew.doubled(deals) == {}


def test_a_holder_frozen_past_its_lease_doubles_nothing(crew: Crew) -> None:
    """SIGSTOP amid the work, three times, for longer than a lease; SIGCONT while the other is at work on the same cards."""
    dice, deals, holder = random.Random(10), [], 0
    for _ in range(3):
        crew.hustle(dice, deals, 2)
        crew.tell(holder, signal.SIGSTOP)
        if holder == 0:
            wait_for("the takeover", lambda: not crew.standby(1), LEASE + 4)
        crew.hustle(dice, deals, LEASE)
        crew.tell(holder, signal.SIGCONT)
        crew.hustle(dice, deals, 1)
        wait_for("one waits", lambda: crew.standby(0) != crew.standby(1), 10)
        holder = 1 if crew.standby(0) else 0
    assert crew.finish(deals) == {deal: [f"open: {SECOND}"] for deal in deals}
    assert crew.doubled(deals) == {}


def test_a_stop_hands_over_at_once(crew: Crew) -> None:
    """SIGTERM gives the lease back: the other needn't wait for its end."""
    process = crew.daemons[0].process
    assert process is not None
    assert process.stop() == 0
    wait_for("the takeover", lambda: not crew.standby(1), LEASE)
    deal = crew.portal.deal(**{driver.NEEDS: "окно"})
    wait_for("the first task", lambda: crew.portal.task_lines(deal) == [f"open: {FIRST}"], 10)


def test_a_crew_of_one_command_survives_its_holder(tmp_path: pathlib.Path) -> None:
    """`run --workers 2`: one port for both; kill -9 of the one that holds the portal, the other goes on, a third comes."""
    database, port = postgres_server.fresh(empty=True), driver.free_port()
    portal = driver.Sandbox(tmp_path, daemon_port=port)
    crew = driver.Daemon(tmp_path, portal.port, port, VORONKA_DATABASE_URL=database, VORONKA_LEASE=str(LEASE))
    try:
        crew.start("--workers", "2").ready()
        first = portal.deal(**{driver.NEEDS: "окно"})
        wait_for("the first task", lambda: portal.task_lines(first) == [f"open: {FIRST}"], 20)
        one, other = pids(crew)
        os.kill(one, signal.SIGKILL)
        os.kill(other, signal.SIGSTOP)  # whichever of them held the portal, nobody does now
        time.sleep(LEASE)
        os.kill(other, signal.SIGCONT)
        second = portal.deal(**{driver.NEEDS: "окно"})
        wait_for("the second task", lambda: portal.task_lines(second) == [f"open: {FIRST}"], 30)
        assert len(pids(crew)) == 3
        assert portal.task_lines(first) == [f"open: {FIRST}"]
    finally:
        stopped = crew.process.stop(20) if crew.process else None
        portal.close()
        postgres_server.drop(database)
    assert stopped == 0


def test_workers_do_not_outlive_the_program_that_started_them(tmp_path: pathlib.Path) -> None:
    """kill -9 of the parent: nobody is left who works the portal and whom nobody would stop."""
    database, port = postgres_server.fresh(empty=True), driver.free_port()
    portal = driver.Sandbox(tmp_path, daemon_port=port)
    crew = driver.Daemon(tmp_path, portal.port, port, VORONKA_DATABASE_URL=database, VORONKA_LEASE=str(LEASE))
    try:
        crew.start("--workers", "2").ready()
        assert crew.process is not None
        crew.process.child.kill()
        wait_for("nobody answers", lambda: not answers(port), 15)
        assert '"daemon.orphaned"' in crew.process.output()
    finally:
        crew.kill()
        portal.close()
        postgres_server.drop(database)


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=5).ok
    except requests.ConnectionError:
        return False


def pids(crew: driver.Daemon) -> list[int]:
    """Of every worker that the crew ever started."""
    assert crew.process is not None
    return [int(found) for found in re.findall(r"запущен \(pid (\d+)\)", crew.process.output())]
