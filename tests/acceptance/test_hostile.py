"""Strangers, secrets and foreign hosts against the installed daemon (R11-R13).

Canaries stand for what must never be shown: the webhook's code, the events' token, the mail server's password, a client's
phone and e-mail. One daemon at DEBUG goes through every fault; afterwards everything it ever said is searched.
"""

from __future__ import annotations

import http.client
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.acceptance import driver, outside
from tests.acceptance.conftest import Pair
from tests.acceptance.driver import wait_for

FIRST = "Взять в работу новый лид"
PHONE, EMAIL, PASSWORD = "+79161230077", "kanareyka@mail-of-client.ru", "pochtovyy-parol-5521"
FAULTS = (
    "refuse",
    "commit_then_reset",
    "commit_then_502",
    "commit_then_504",
    "commit_then_truncated",
    "commit_then_html_200",
    "commit_then_nonjson",
    "reset_before_commit",
    "hang_never_commit",
    "hang_commit_later",
    "query_limit_503",
    "overload_503",
    "expired_token_401",
    "internal_500",
    "redirect_302",
    "operation_limit_429",
    "type_drift",
    "invisible_in_lists",
    "event_drop",
    "event_double",
    "event_delay",
    "event_wrong_token",
    "event_foreign_portal",
)
SECRETS = {
    "the webhook's code": driver.ROBOT_SECRET,
    "the events' token": driver.TOKEN,
    "the mail server's password": PASSWORD,
}
PERSONAL = {
    "a phone": PHONE,
    "a phone without its plus": PHONE[1:],
    "a phone's digits": PHONE[2:],
    "an e-mail": EMAIL,
}


@pytest.fixture
def watched(tmp_path: pathlib.Path) -> Iterator[Pair]:
    """At DEBUG, with alerts that can't be delivered."""
    made = Pair(tmp_path, VORONKA_LOG_LEVEL="DEBUG")
    alerts = 'alerts: {to: ["mailto:admin@romashka.ru"], when: [access_lost, portal_unreachable, stopped]}\n'
    made.daemon.file.write_text(made.daemon.file.read_text("utf-8") + alerts, "utf-8")
    made.daemon.env["VORONKA_SMTP_URL"] = f"smtp://robot:{PASSWORD}@127.0.0.1:1"
    try:
        yield made
    finally:
        made.close()


def told(pair: Pair) -> dict[str, str]:
    """Everything that the daemon and the commands beside it say to anybody."""
    daemon = pair.daemon
    assert daemon.process is not None
    child = daemon.process.child.pid
    pages = {path: requests.get(f"http://127.0.0.1:{daemon.port}{path}", timeout=5).text
             for path in ("/metrics", "/health/ready", "/health/live")}  # fmt: skip
    commands = {}
    for name in ("status", "problems", "doctor"):
        for form in ((), ("--json",)):
            made = daemon.process_of(name, *form)
            commands[" ".join((name, *form))] = made.stdout + made.stderr
    return {
        "log": daemon.process.output(),
        "ps": pathlib.Path(f"/proc/{child}/cmdline").read_text("utf-8"),
        **pages,
        **commands,
    }


def kept(pair: Pair) -> str:
    """All bytes of the database, its log of writes included."""
    files = sorted(pair.daemon.folder.glob("voronka.sqlite*"))
    return "".join(path.read_bytes().decode("latin-1") for path in files)


def leaks(said: dict[str, str], canaries: dict[str, str]) -> list[str]:
    return [
        f"{what} in {where}"
        for where, text in said.items()
        for what, value in canaries.items()
        if value in text
    ]


def test_secrets_and_people_are_in_nothing_that_is_said(watched: Pair) -> None:
    """R12: every fault in turn at DEBUG, a revoked webhook, refused commands whose text names the client."""
    portal, daemon = watched.sandbox, watched.daemon
    emails = [{"VALUE": EMAIL, "VALUE_TYPE": "WORK"}]
    client = portal.contact("Мария", PHONE)
    portal.ask("crm.contact.update", id=client, fields={"EMAIL": emails})
    portal.contact("Двойник", PHONE, by=driver.SIDOROVA)
    daemon.start().ready()
    text = f"Ошибка у клиента {PHONE} {EMAIL}"
    said_there: dict[str, Any] = {driver.SUBJECT: text, "contactIds": [client]}
    for kind in FAULTS:
        portal.fault(kind, "*", times=1)
        portal.deal(title=f"{kind} {PHONE} {EMAIL}", **said_there)
    portal.fault(
        "some_commands_failed", "tasks.task.add", times=2, params={"code": "ERROR_CORE", "text": text}
    )
    portal.deal(title="Отказ", contactIds=[client])
    wait_for("all faults", lambda: {one[0] for one in portal.struck()} >= set(FAULTS), 60)
    portal.lever("DELETE", "faults")
    wait_for("worked", daemon.settled, 60)
    portal.lever("POST", "webhooks", {"secret": driver.ROBOT_SECRET, "revoked": True})
    wait_for("red", lambda: not daemon.is_ready())
    log = daemon.process.output if daemon.process is not None else str
    wait_for("an alert failed", lambda: '"alert.failed"' in log())
    said = told(watched) | {"database": kept(watched)}
    # A refusal's words are a person's to read, and a card's title is kept as the portal has it.
    theirs = {"problems", "problems --json", "database"}
    quiet = {where: text for where, text in said.items() if where not in theirs}

    assert len(said["log"]) > 20_000
    assert len(said["database"]) > 50_000
    assert leaks(said, SECRETS) == []
    assert leaks(quiet, PERSONAL) == []
    assert "Traceback" not in said["log"]


def test_a_redirect_leads_nowhere(pair: Pair) -> None:
    """R13: a portal (or who pretends to be it) that sends us to another host gets no call there, and no secret."""
    with outside.Outside() as world:
        host = world.bell.url.split("//")[1].split("/")[0]
        pair.daemon.start().ready()
        pair.sandbox.fault("redirect_302", "*", times=5, params={"host": host})
        deal = pair.sandbox.deal()
        wait_for("the faults", lambda: len(pair.sandbox.struck()) == 5)
        wait_for("the work", lambda: pair.sandbox.task_lines(deal) == [f"open: {FIRST}"], 60)

        assert world.bell.calls == []


PATHS = (
    "/hooks/127-0-0-1",
    "/hooks/romashka",
    "/hooks/..%2f..%2fetc",
    "/hooks/%00",
    "/hooks/" + "x" * 4000,
    "/hooks/",
    "/install/127-0-0-1",
    "/static/../../settings.py",
    "/static/%2e%2e/app.py",
    "/health/ready?x=" + "y" * 2000,
    "/metrics/",
    "//evil.example/",
    "/%ff%fe",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


def asked(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> int:
    """As it is written: nothing is tidied on the way."""
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        conn.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            conn.putheader(name, value)
        if body is not None:
            conn.putheader("Content-Length", str(len(body)))
        conn.endheaders(body)
        return conn.getresponse().status
    finally:
        conn.close()


def test_no_probe_makes_a_500_or_an_effect(shared: Pair) -> None:
    """Methods, paths, hosts and forgeries: each has an answer below 500, and the ledger is as it was."""
    daemon = shared.daemon
    wait_for("settled", daemon.settled)
    before = daemon.json("ledger", "list")
    forged = b"event=ONCRMDEALUPDATE&data[FIELDS][ID]=1&auth[application_token]=forged"
    swapped = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4"}
    statuses = {
        (method, path): asked(daemon.port, method, path, headers, forged if method == "POST" else None)
        for headers in ({}, swapped)
        for method in METHODS
        for path in PATHS
    }
    home = asked(daemon.port, "GET", "/", swapped)
    bad = {key: status for key, status in statuses.items() if status >= 500 or status < 200}
    believed = {
        key: status for key, status in statuses.items() if key[1].startswith("/hooks") and status < 400
    }

    assert (bad, believed, home) == ({}, {}, 403)
    assert daemon.json("ledger", "list") == before
    assert daemon.is_ready()
