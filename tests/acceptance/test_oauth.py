"""The daemon as a local application: installed while it runs, its tokens rotating under load, removed and installed anew."""

from __future__ import annotations

import pathlib
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connector.bitrix24 import tokens
from tests.acceptance import driver
from tests.acceptance.driver import wait_for

FIRST, SECOND = "Взять в работу новый лид", "Сделать КП"
ID, SECRET = "local.65f0c0ffee.12345678", "canary-client-secret-0001"
PORTAL = "127-0-0-1"


class Installed:
    """A portal with an application that isn't installed yet, and a daemon of that application."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.port, self.key = driver.free_port(), tokens.fresh_key()
        # Its outgoing webhook rings nowhere: doorbells come by event.bind alone.
        self.sandbox = driver.Sandbox(folder, daemon_port=driver.free_port())
        self.sandbox.lever(
            "POST",
            "apps",
            {
                "client_id": ID,
                "client_secret": SECRET,
                "user_id": driver.ROBOT,
                "install_url": f"http://127.0.0.1:{self.port}/install/{PORTAL}",
            },
        )
        self.daemon = driver.Daemon(folder, self.sandbox.port, self.port, **self.environment())

    def environment(self) -> dict[str, str]:
        return {
            "B24_URL": "",
            "B24_EVENTS_TOKEN": "",
            "B24_CLIENT_ID": ID,
            "B24_CLIENT_SECRET": SECRET,
            "VORONKA_TOKENS_KEY": self.key,
            "VORONKA_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "VORONKA_LOG_LEVEL": "DEBUG",
        }

    def install(self) -> dict[str, Any]:
        answer = self.sandbox.lever("POST", f"apps/{ID}/install")
        assert answer["status"] == 200, self.log()[-3000:]
        return dict(answer["auth"])

    def started(self) -> Installed:
        self.daemon.start()
        wait_for("word that it isn't installed", lambda: self.red() == "portal_app")
        self.install()
        self.daemon.ready()
        return self

    def red(self) -> str:
        """The code of the first reason; empty while it isn't up or is well."""
        try:
            reasons = self.daemon.health()["reasons"]
        except requests.ConnectionError:
            return ""
        return str(reasons[0]["code"]) if reasons else ""

    def said(self) -> str:
        return str(self.daemon.health()["reasons"][0]["text"])

    def asked(self) -> dict[str, int]:
        counts: dict[str, int] = self.sandbox.lever("GET", "apps")["counts"]
        return counts

    def bound(self) -> list[str]:
        (app,) = self.sandbox.lever("GET", "apps")["apps"]
        return [one["event"] for one in app["handlers"]]

    def log(self) -> str:
        return (self.daemon.folder / "daemon.log").read_text("utf-8", "replace")

    def close(self) -> None:
        self.daemon.kill()
        self.sandbox.close()


@pytest.fixture
def app(tmp_path: pathlib.Path) -> Iterator[Installed]:
    made = Installed(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_tokens_of_two_seconds_under_load(app: Installed) -> None:
    """The main story of 40 deals while the access token ends every two seconds: 0 lost, 0 doubled, each refresh token
    used once; and no letter of a token in the log, the database or a read-out."""
    app.sandbox.lever("POST", "oauth", {"lifetime": 2})
    portal = app.started().sandbox
    wait_for("the events", lambda: "ONCRMDEALMOVETOCATEGORY" in app.bound())
    deals: list[int] = []
    for _ in range(40):
        deals.append(portal.deal(**{driver.NEEDS: "окно"}))
        time.sleep(0.3)
        if len(deals) > 10:
            portal.move(deals[len(deals) - 11], "Обрабатываем запрос")
    lines = [[f"closed: {FIRST}", f"open: {SECOND}"]] * 30 + [[f"open: {FIRST}"]] * 10
    wait_for("all the work", lambda: [portal.task_lines(deal) for deal in deals] == lines, 60)
    assert [portal.card(deal)[driver.ROP] for deal in deals] == [driver.HEAD] * 40
    wait_for("nothing to do", app.daemon.settled)

    asked = app.asked()
    assert asked["refresh_token"] >= 5
    assert set(asked) == {"refresh_token"}, asked
    assert app.daemon.is_ready()
    tasks = [task for task in portal.tasks() if task["title"].startswith(FIRST)]
    assert len(tasks) == 40
    _no_secret(app, *(SECRET, app.key))


def _no_secret(app: Installed, *secrets: str) -> None:
    """R12. Tokens are 70 or 32 hexadecimal digits; nothing else of ours is as long."""
    status = app.daemon.run("status", "--json") if app.daemon.is_ready() else ""
    database = (app.daemon.folder / "voronka.sqlite").read_bytes().decode("latin-1")
    for text in (app.log(), status, database):
        assert [secret for secret in secrets if secret in text] == []
        assert re.findall(r"[0-9a-f]{70}", text) == []
    assert "auth=" not in app.log()


def test_a_move_to_another_pipeline_rings(app: Installed) -> None:
    """What no outgoing webhook is told of: with a sweep of an hour only the application's event can bring it."""
    app.daemon.env["VORONKA_SWEEP_PERIOD"] = "3600"
    portal = app.started().sandbox
    wait_for("the events", lambda: "ONCRMDEALMOVETOCATEGORY" in app.bound())
    deal = portal.deal(**{driver.NEEDS: "окно", driver.SUBJECT: "окна"})
    wait_for("the task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])
    portal.move(deal, "Новый заказ", pipeline="Доставка")
    wait_for("its end", lambda: portal.task_lines(deal) == [f"closed: {FIRST}"])


def test_removed_and_installed_again(app: Installed) -> None:
    """ONAPPUNINSTALL: red with what to do, tokens erased, nothing asked of the portal; a forged one changes nothing; the
    next installation heals without a restart, and what happened meanwhile is worked."""
    portal = app.started().sandbox
    wait_for("the events", lambda: "ONAPPUNINSTALL" in app.bound())
    hook = f"http://127.0.0.1:{app.port}/hooks/{PORTAL}"
    forged = {"event": "ONAPPUNINSTALL", "auth[application_token]": "f" * 32}
    assert requests.post(hook, data=forged, timeout=5).status_code == 403
    time.sleep(1.5)
    assert app.daemon.is_ready()

    assert portal.lever("POST", f"apps/{ID}/uninstall") == {"statuses": [200]}
    wait_for("red", lambda: app.red() == "portal_closed")
    assert "удалено из портала, его ключи стёрты" in app.said()
    assert "voronka connect --app" in app.said()
    before = portal.requests()["requests"]
    deal = portal.deal(**{driver.NEEDS: "окно"})
    time.sleep(3)
    assert portal.requests()["requests"] == before
    assert requests.post(hook, data={**forged, "event": "ONCRMDEALADD"}, timeout=5).status_code == 403

    app.install()
    wait_for("green", app.daemon.is_ready)
    wait_for("the task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])
    wait_for("the events", lambda: len(app.bound()) == 13)


def test_forged_installations_change_nothing(app: Installed) -> None:
    """R13: a stranger's tokens, another authorization server, no form at all; the application works on."""
    app.started()
    install = f"http://127.0.0.1:{app.port}/install/{PORTAL}"
    form = {
        "event": "ONAPPINSTALL",
        "auth[access_token]": "a" * 70,
        "auth[refresh_token]": "b" * 70,
        "auth[application_token]": "c" * 32,
        "auth[server_endpoint]": f"http://127.0.0.1:{app.sandbox.port}/rest/",
    }
    evil = {**form, "auth[server_endpoint]": "https://evil.example/rest/"}
    statuses = [
        requests.post(install, data=data, timeout=30).status_code for data in (form, evil, {"x": "y"})
    ]
    assert statuses == [403, 403, 400]
    assert requests.post(f"{install}x", data=form, timeout=5).status_code == 404
    time.sleep(1.5)
    assert app.daemon.is_ready()
    deal = app.sandbox.deal()
    wait_for("the task", lambda: app.sandbox.task_lines(deal) == [f"open: {FIRST}"])


@pytest.mark.parametrize("old", ["refused", "kept"])
def test_killed_between_new_tokens_and_their_writing(app: Installed, old: str) -> None:
    """Where the portal takes the old refresh token again, nothing happened; where not, a sentence says what was lost and
    what to do, and an installation heals."""
    app.sandbox.lever("POST", "switches", {"old_refresh_token": old})
    app.started()
    app.daemon.kill()
    app.sandbox.lever("POST", "oauth", {"expire": True})
    app.daemon.start(VORONKA_CRASH_AT="token_answered").died()
    app.daemon.start()
    if old == "refused":
        wait_for("red", lambda: app.red() == "portal_app" and "Ключи приложения потеряны" in app.said(), 60)
        assert "Переустановите приложение" in app.said()
        app.install()
    app.daemon.ready(60)
    deal = app.sandbox.deal()
    wait_for("the task", lambda: app.sandbox.task_lines(deal) == [f"open: {FIRST}"])


def test_from_nothing_to_a_working_application(app: Installed) -> None:
    """`connect --app` opens a door, says what to enter in the portal, waits for it, proves what came (a stranger's form
    too), writes the YAML and the secrets; `check` and `run` work on them without a variable of the environment."""
    daemon, portal = app.daemon, app.sandbox
    text = daemon.file.read_text("utf-8")
    daemon.file.unlink()
    door = f"http://127.0.0.1:{app.port}"
    options = ["--app", "--address", f"127.0.0.1:{portal.port}", "--insecure-http", "--public-url", door]
    more = ["--file", str(daemon.file), "--pipeline", "Продажи", "--yes", "--wait", "60"]
    given = {name: value for name, value in daemon.env.items() if name != "VORONKA_TOKENS_KEY"}
    connecting = driver.Process(
        [str(driver.VORONKA), "connect", *options, *more], daemon.folder / "connect.log", given
    )
    wait_for("the instructions", lambda: "Жду портал" in connecting.output())
    assert f"{door}/install/{PORTAL}" in connecting.output()
    forged = {"auth[refresh_token]": "b" * 70, "auth[application_token]": "c" * 32}
    assert requests.post(f"{door}/install/{PORTAL}", data=forged, timeout=5).status_code == 200
    app.install()
    assert connecting.child.wait(60) == 0, connecting.output()

    kept = daemon.file.with_suffix(".secrets")
    written = kept.read_text("utf-8")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [line for line in written.splitlines() if line.startswith("B24_CLIENT_ID")] == [
        f"B24_CLIENT_ID={ID}"
    ]
    assert re.findall(r"[0-9a-f]{70}", written + connecting.output()) == []
    assert SECRET not in connecting.output()
    daemon.env = {name: value for name, value in daemon.env.items() if not name.startswith("B24_")}
    del daemon.env["VORONKA_TOKENS_KEY"], daemon.env["VORONKA_PUBLIC_URL"]
    daemon.run("check", str(daemon.file))
    daemon.file.write_text(text, "utf-8")
    daemon.start().ready()
    wait_for("the events", lambda: len(app.bound()) == 13)
    deal = portal.deal()
    wait_for("the task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])
