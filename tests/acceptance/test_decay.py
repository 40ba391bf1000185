"""The robot is ill itself: whom it tells outside the portal, what `doctor` says, and what it lets go of with the years."""

from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.acceptance import driver, outside
from tests.acceptance.conftest import Pair
from tests.acceptance.driver import wait_for

ALERTS = """\
alerts: {{to: ["mailto:admin@romashka.ru", "PING"], when: [access_lost, portal_unreachable, stopped, many_failures, disk]}}
"""


@pytest.fixture
def world() -> Iterator[outside.Outside]:
    with outside.Outside() as made:
        yield made


def with_alerts(pair: Pair, world: outside.Outside) -> None:
    text = pair.daemon.file.read_text("utf-8")
    alerts = ALERTS.format().replace("PING", world.bell.url)
    pair.daemon.file.write_text(text + alerts, "utf-8")

    pair.daemon.env["VORONKA_SMTP_URL"] = world.post.url


def examined(pair: Pair) -> dict[str, str]:
    """Code -> level, as `doctor --json` says."""
    made = pair.daemon.process_of("doctor", str(pair.daemon.file), "--json")
    assert made.returncode in (0, 1), made.stderr
    found: list[dict[str, Any]] = json.loads(made.stdout)
    levels = {one["code"]: one["level"] for one in found}
    assert made.returncode == ("bad" in levels.values()), made.stdout
    return levels


def test_a_revoked_webhook_is_told_outside_the_portal_once(pair: Pair, world: outside.Outside) -> None:
    """F18: one letter when access is lost, one when it is back, one when the daemon is stopped; the switch hears it too."""
    with_alerts(pair, world)
    portal, daemon = pair.sandbox, pair.daemon
    daemon.start().ready()
    wait_for("a beat", lambda: ("/ping/id", "") in world.bell.calls)
    portal.lever("POST", "webhooks", {"secret": driver.ROBOT_SECRET, "revoked": True})
    wait_for("the letter", lambda: world.post.letters)
    wait_for("the switch", lambda: any(path == "/ping/id/fail" for path, _ in world.bell.calls))
    portal.lever("POST", "webhooks", {"secret": driver.ROBOT_SECRET, "revoked": False})
    wait_for("green", daemon.is_ready)
    wait_for("it is over", lambda: len(world.post.letters) == 2)
    assert daemon.process is not None
    assert daemon.process.stop() == 0

    name = "Voronka, 127-0-0-1"
    assert world.post.subjects == [
        f"{name}: нет доступа к порталу",
        f"{name}: прошло: нет доступа к порталу",
        f"{name}: робот остановлен",
    ]
    assert set(world.post.to) == {"admin@romashka.ru"}
    letters = "\n".join(str(letter.get_content()) for letter in world.post.letters)
    assert "Портал не принимает вебхук" in letters
    assert driver.ROBOT_SECRET not in letters + str(world.bell.calls)


def test_doctor_knows_well_from_ill(pair: Pair) -> None:
    """Each illness is its own line, with what to do; a well installation is 0."""
    daemon, portal = pair.daemon, pair.sandbox
    before = examined(pair)
    daemon.start().ready()
    deal = portal.deal()
    wait_for("a task", lambda: portal.tasks(deal))
    well = examined(pair)
    portal.lever("POST", "webhooks", {"secret": driver.ROBOT_SECRET, "scopes": ["crm", "user", "user_basic"]})
    poor = examined(pair)
    portal.lever("POST", "webhooks", {"secret": driver.ROBOT_SECRET, "revoked": True})
    revoked = daemon.process_of("doctor", str(daemon.file))
    daemon.file.write_text(daemon.file.read_text("utf-8").replace("on_won:", "on_wonn:"), "utf-8")
    broken = examined(pair)

    assert before["daemon"] == "bad"
    assert {code: level for code, level in well.items() if level != "ok"} == {"alerts": "note"}
    assert {"sweep", "events", "clock", "disk", "wal", "scopes", "admin"} <= set(well)
    assert poor["scopes"] == "bad"
    assert broken["config"] == "bad"
    assert revoked.returncode == 1
    assert "✗ Портал не принимает вебхук" in revoked.stdout
    assert driver.ROBOT_SECRET not in revoked.stdout + revoked.stderr


def test_doctor_sees_secrets_that_others_may_read(pair: Pair) -> None:
    """The file's rights come before everything that would use it."""
    secrets = pair.daemon.file.with_suffix(".secrets")
    secrets.write_text("B24_EVENTS_TOKEN=abc\n", "utf-8")
    secrets.chmod(0o644)
    made = pair.daemon.process_of("doctor", str(pair.daemon.file))

    assert made.returncode == 1
    assert f"chmod 600 {secrets}" in made.stdout


def test_old_words_go_and_what_was_done_stays_done(pair: Pair) -> None:
    """A store half a year old: at the start the story goes, keys stay, and no robot does anything again."""
    daemon, portal = pair.daemon, pair.sandbox
    daemon.start().ready()
    deals = [portal.deal(title=f"Давняя {at}") for at in range(5)]
    wait_for("their tasks", lambda: all(portal.tasks(deal) for deal in deals))
    needs: dict[str, Any] = {driver.NEEDS: "есть"}
    for deal in deals:
        portal.write(deal, **needs)
        portal.move(deal, "Обрабатываем запрос")
    wait_for("the next tasks", lambda: all(len(portal.tasks(deal)) == 2 for deal in deals))
    wait_for("settled", daemon.settled)
    lines = [portal.task_lines(deal) for deal in deals]
    assert daemon.process is not None
    daemon.process.stop()
    keys, looks = aged(daemon.folder / "voronka.sqlite")

    daemon.start().ready()
    wait_for("the clearing", lambda: "retention.done" in output(pair))
    for deal in deals:
        portal.write(deal, opportunity=1)
    wait_for("settled again", daemon.settled)
    after, left = stored(daemon.folder / "voronka.sqlite")

    assert looks > 0
    assert left < looks
    assert keys <= after
    assert [portal.task_lines(deal) for deal in deals] == lines
    assert "Traceback" not in output(pair)


def aged(path: pathlib.Path) -> tuple[set[str], int]:
    """Everything in the journal becomes a year older, and no clearing was ever made: (keys, looks)."""
    year = 365 * 86_400 * 1_000_000
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE looks SET at = at - ?", (year,))
        raw.execute("UPDATE ledger SET wished_at = wished_at - ?, done_at = done_at - ?", (year, year))
        raw.execute("DELETE FROM notes WHERE name = 'retention'")
        raw.commit()
    return stored(path)


def stored(path: pathlib.Path) -> tuple[set[str], int]:
    with contextlib.closing(sqlite3.connect(path)) as raw:
        keys = {row[0] for row in raw.execute("SELECT key FROM ledger")}
        return keys, raw.execute("SELECT count(*) FROM looks").fetchone()[0]


def output(pair: Pair) -> str:
    assert pair.daemon.process is not None
    return pair.daemon.process.output()


def test_the_sweeps_age_is_measured(shared: Pair) -> None:
    """Prometheus can alarm on a portal that nobody goes round."""
    text = requests.get(f"http://127.0.0.1:{shared.daemon.port}/metrics", timeout=5).text
    ages = [float(line.split()[-1]) for line in text.splitlines() if line.startswith("voronka_sweep_age")]

    assert len(ages) == 1
    assert 0 <= ages[0] < 60
