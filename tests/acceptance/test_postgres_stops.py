"""PostgreSQL goes down and comes back every few seconds while people work (R9): nothing is lost, nothing is done twice."""

from __future__ import annotations

import itertools
import os
import pathlib
import random
import signal
import time
from collections.abc import Iterator

import pytest
import requests

from tests.acceptance import driver
from tests.acceptance.driver import wait_for
from tests.contract import postgres_server

FIRST, SECOND = "Взять в работу новый лид", "Сделать КП"
ROUNDS = int(os.environ.get("VORONKA_PG_STOPS", "4"))
HOW = (signal.SIGINT, signal.SIGQUIT)
"""Every connection is cut off; the second leaves the server to recover from its log as after a crash."""


class Beside:
    """A server of this test's own, since it is stopped."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.server = postgres_server.Server().start()
        port = driver.free_port()
        self.portal = driver.Sandbox(folder, daemon_port=port)
        env = {"VORONKA_DATABASE_URL": self.server.dsn, "VORONKA_LEASE": "2"}
        self.daemon = driver.Daemon(folder, self.portal.port, port, **env)
        self.daemon.start().ready()

    def close(self) -> None:
        self.daemon.kill()
        self.portal.close()
        self.server.close()

    def ring(self) -> int:
        """A doorbell of a deal, by hand; the status."""
        form = {
            "event": "ONCRMDEALUPDATE",
            "data[FIELDS][ID]": "1",
            "auth[application_token]": driver.TOKEN,
            "auth[domain]": f"127.0.0.1:{self.portal.port}",
        }
        answer = requests.post(f"http://127.0.0.1:{self.daemon.port}/hooks/127-0-0-1", data=form, timeout=20)
        assert answer.status_code == 200 or answer.headers["Retry-After"], answer.headers
        return answer.status_code

    def hustle(self, dice: random.Random, deals: list[int], seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if dice.random() < 0.4:
                deals.append(self.portal.deal(**{driver.NEEDS: "окно"}))
            elif deals and self.portal.stage(deal := dice.choice(deals)) == "Новый лид":
                self.portal.move(deal, "Обрабатываем запрос")
            time.sleep(0.1)


@pytest.fixture
def beside(tmp_path: pathlib.Path) -> Iterator[Beside]:
    made = Beside(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_a_base_that_stops_again_and_again_loses_and_doubles_nothing(beside: Beside) -> None:
    """Doorbells get an honest 503 while it is down; the same process goes on by itself when it is back."""
    dice, deals = random.Random(11), list[int]()
    assert beside.daemon.process is not None
    worker = beside.daemon.process.child.pid
    beside.hustle(dice, deals, 2)
    for how in itertools.islice(itertools.cycle(HOW), ROUNDS):
        beside.server.stop(how)
        assert beside.ring() == 503
        beside.hustle(dice, deals, 1)
        beside.server.start()
        wait_for("a doorbell is kept again", lambda: beside.ring() == 200, 30)
        beside.hustle(dice, deals, 2)
    for deal in deals:
        if beside.portal.stage(deal) == "Новый лид":
            beside.portal.move(deal, "Обрабатываем запрос")
    wait_for(
        "all the work",
        lambda: all(beside.portal.task_lines(deal)[-1:] == [f"open: {SECOND}"] for deal in deals),
        90,
    )
    wait_for("calm", beside.daemon.settled, 60)
    titles = {deal: sorted(line.split(": ")[1] for line in beside.portal.task_lines(deal)) for deal in deals}
    whole = (
        sorted([FIRST, SECOND]),
        [SECOND],
    )  # a deal moved while nobody could see was never in its first stage
    assert {deal: found for deal, found in titles.items() if found not in whole} == {}
    assert beside.daemon.process.child.pid == worker
    assert beside.daemon.process.child.poll() is None, "the same life goes on"
