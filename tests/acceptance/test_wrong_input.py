"""What comes from outside and is wrong: doorbells, settings, secrets, ports, disks. A clear word or an honest status.

Doorbells go to one daemon that must be as well afterwards as before. A daemon that can't start says one sentence that a
person who knows no English can act on, and ends with the code of docs/harness.md.
"""

from __future__ import annotations

import os
import pathlib
import re
import resource
import socket
import sqlite3
import subprocess

import pytest
import requests

from tests.acceptance import driver
from tests.acceptance.conftest import Pair
from tests.acceptance.driver import wait_for

FIRST = "Взять в работу новый лид"
FORM = "application/x-www-form-urlencoded"


def rung(event: str = "ONCRMDEALUPDATE", number: object = 1, token: str = driver.TOKEN) -> dict[str, str]:
    return {"event": event, "data[FIELDS][ID]": str(number), "auth[application_token]": token}


def post(pair: Pair, body: object, portal: str = "127-0-0-1", kind: str = FORM) -> int:
    """The status of the answer to a doorbell."""
    return requests.post(
        f"http://127.0.0.1:{pair.daemon.port}/hooks/{portal}",
        data=body,  # type: ignore[arg-type]
        headers={"Content-Type": kind},
        timeout=10,
    ).status_code


def alive(pair: Pair) -> None:
    """It works as if nothing had come."""
    portal = pair.sandbox
    deal = portal.deal()
    wait_for("a task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])
    assert pair.daemon.is_ready()
    assert "Traceback" not in log(pair)


def log(pair: Pair) -> str:
    assert pair.daemon.process is not None
    return pair.daemon.process.output()


# ------------------------------------------------------------------ doorbells


def test_hooks_that_are_no_doorbells_are_refused_and_harm_nothing(shared: Pair) -> None:
    """R11, R13, R14: each kind of rubbish has its answer; never 500, and nothing of it is believed."""
    deep = "data" + "[x]" * 300
    answers = {
        "nothing": post(shared, b""),
        "no form": post(shared, "привет".encode()),
        "broken bytes": post(shared, b"\xff\xfe%zz&&&=%00", kind="text/plain"),
        "JSON": post(shared, b'{"event": "ONCRMDEALUPDATE"}', kind="application/json"),
        "deep": post(shared, {**rung(), deep: "1"}),
        "many fields": post(shared, "&".join(f"f{at}=1" for at in range(5000))),
        "huge": post(shared, b"event=ONCRMDEALUPDATE&x=" + b"x" * 200_000),
        "wrong token": post(shared, rung(token="чужой")),
        "no token": post(shared, {"event": "ONCRMDEALUPDATE", "data[FIELDS][ID]": "1"}),
        "other portal": post(shared, rung(), portal="romashka"),
        "unknown event": post(shared, rung(event="ONSOMETHINGNEW")),
        "no number": post(shared, rung(number="пять")),
        "a number too large": post(shared, rung(number=10**40)),
    }
    alive(shared)

    assert answers == {
        "nothing": 400,
        "no form": 400,
        "broken bytes": 400,
        "JSON": 400,
        "deep": 400,
        "many fields": 400,
        "huge": 413,
        "wrong token": 403,
        "no token": 403,
        "other portal": 404,
        "unknown event": 200,
        "no number": 200,
        "a number too large": 200,
    }


def test_a_doorbell_of_a_foreign_portal_moves_nothing(shared: Pair) -> None:
    """R13: with the right token, of a deal that isn't there: looked for, not found, forgotten."""
    body = {
        **rung(number=4_000_000),
        "auth[domain]": "evil.example",
        "auth[server_endpoint]": "https://evil/",
    }
    before = shared.daemon.json("ledger", "list")
    status = post(shared, body)
    wait_for("the queue is empty", lambda: shared.daemon.json("status")["inbox"] == 0)

    assert status in (200, 403)
    assert shared.daemon.json("ledger", "list") == before
    assert shared.daemon.json("problems") == []


def test_a_flood_of_forgeries_leaves_few_lines(shared: Pair) -> None:
    """R13: forgeries don't fill the disk with their own story."""
    before = log(shared).count("\n")
    assert {post(shared, rung(token="чужой")) for _ in range(200)} == {403}
    assert log(shared).count("\n") - before < 20


# ------------------------------------------------------------------ starting


@pytest.fixture
def lonely(tmp_path: pathlib.Path) -> driver.Daemon:
    """A daemon whose portal isn't there."""
    return driver.Daemon(tmp_path, driver.free_port(), driver.free_port())


def refused(daemon: driver.Daemon, code: int, **env: str) -> str:
    """What `voronka run` says, all of it, as it ends by itself."""
    made = subprocess.run(
        [str(driver.VORONKA), "run", str(daemon.file)],
        env={**os.environ, **daemon.env, **env},
        cwd=daemon.folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    said = made.stderr.replace(str(daemon.folder), "…")
    assert (made.returncode, made.stdout) == (code, ""), said
    assert "Traceback" not in said
    return said.strip().splitlines()[-1]


def test_an_unset_secret_is_asked_for(lonely: driver.Daemon) -> None:
    """F7: where it goes, and which command writes it."""
    assert refused(lonely, 4, B24_URL="") == (
        "не задан адрес входящего вебхука: переменная B24_URL или строка B24_URL=… в …/romashka.secrets "
        "(voronka connect)"
    )


def test_a_webhook_that_is_none_is_refused_without_being_shown(lonely: driver.Daemon) -> None:
    """R12: what was pasted may be a secret all the same."""
    said = [
        refused(lonely, 4, B24_URL=pasted)
        for pasted in (
            "https://romashka.bitrix24.ru/canary-secret",
            "canary-secret",
            "http://romashka.bitrix24.ru/rest/1/canary-secret/",
            "https://other.bitrix24.ru/rest/1/canary-secret/",
        )
    ]
    assert [re.sub(r":\d{4,}", "", each) for each in said] == [
        "адрес вебхука должен быть вида https://портал/rest/номер/код/",
        "адрес вебхука должен быть вида https://портал/rest/номер/код/",
        "нужен https; http бывает только на этой же машине и с insecure_http: true",
        "вебхук не от портала 127.0.0.1: в нём адрес other.bitrix24.ru",
    ]


def test_secrets_that_others_may_read_are_refused(lonely: driver.Daemon) -> None:
    """The sentence is the command that mends it."""
    kept = lonely.folder / "romashka.secrets"
    kept.write_text(f"B24_URL={lonely.env.pop('B24_URL')}\n", "utf-8")
    kept.chmod(0o644)
    assert refused(lonely, 6) == (
        "…/romashka.secrets: файл с секретами могут прочитать другие пользователи. "
        "Выполните: chmod 600 …/romashka.secrets"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("VORONKA_HTTP_PORT", "99999", "нужен номер порта от 0 до 65535, а там «99999»"),
        ("VORONKA_HTTP_PORT", "восемь", "нужен номер порта от 0 до 65535, а там «восемь»"),
        ("VORONKA_SETTLE_WINDOW", "-1", "нужно число секунд больше нуля, например 30, а там «-1»"),
        ("VORONKA_SETTLE_WINDOW", "nan", "нужно число секунд больше нуля, например 30, а там «nan»"),
        ("VORONKA_LOG_LEVEL", "LOUD", "нужно одно из DEBUG, INFO, WARNING, ERROR, а там «LOUD»"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    lonely: driver.Daemon, name: str, value: str, said: str
) -> None:
    """Before the heavy imports: it takes a third of a second."""
    assert refused(lonely, 4, **{name: value}) == f"{name}: {said}"


def test_a_port_that_is_taken(lonely: driver.Daemon) -> None:
    """The cure stands in the sentence."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", lonely.port))
        other.listen()
        assert refused(lonely, 6) == (
            f"не могу слушать 127.0.0.1:{lonely.port}: занят другой программой. "
            "Другой адрес и порт: VORONKA_HTTP_HOST, VORONKA_HTTP_PORT=8081"
        )


def test_files_that_are_no_store_of_ours(lonely: driver.Daemon) -> None:
    """A typo in a path must not cost somebody's accounts."""
    junk, accounts, folder = (lonely.folder / name for name in ("junk", "accounts", "folder"))
    junk.write_bytes(b"not a database" * 100)
    folder.mkdir()
    with sqlite3.connect(accounts) as books:
        books.execute("CREATE TABLE accounts (id)")
    books.close()
    said = [
        refused(lonely, 6, VORONKA_DATABASE_URL=url)
        for url in (
            f"sqlite:///{junk}",
            f"sqlite:///{accounts}",
            f"sqlite:///{folder}",
            "mysql://a:canary@b/c",
        )
    ]
    assert said == [
        "база не открывается: …/junk: это не база данных (file is not a database)",
        "база не открывается: …/accounts — база другой программы",
        "база не открывается: …/folder: это папка, а нужен файл (Is a directory)",
        "база не открывается: с базой вида mysql Voronka не работает, только sqlite:///… и postgresql://…",
    ]


def test_a_server_that_isnt_there(lonely: driver.Daemon) -> None:
    """Said in a sentence that names the server and not the password; a crew of workers doesn't try for ever."""
    port = driver.free_port()
    down = {"VORONKA_DATABASE_URL": f"postgresql://voronka:canary@127.0.0.1:{port}/sales"}
    sentence = (
        f"база не открывается: 127.0.0.1:{port}/sales: "
        "база не отвечает: сервер PostgreSQL выключен или недоступен"
    )
    assert refused(lonely, 6, **down).startswith(sentence)
    crew = lonely.start("--workers", "2", **down).process
    assert crew is not None
    assert (crew.child.wait(60), crew.output().count(sentence) > 0) == (6, True)
    assert "canary" not in crew.output()


def test_a_second_daemon_on_one_store(shared: Pair, tmp_path: pathlib.Path) -> None:
    """R9, X2: two would do everything twice; the first doesn't notice."""
    second = driver.Daemon(tmp_path, shared.sandbox.port, driver.free_port())
    said = refused(second, 6, VORONKA_DATABASE_URL=shared.daemon.env["VORONKA_DATABASE_URL"])
    alive(shared)

    assert said.startswith("база не открывается: с ")
    assert said.endswith(
        "уже работает другая Voronka; две делали бы всё дважды. Остановите её или дайте этой свою базу"
    )


# ------------------------------------------------------------------ the disk


def test_a_full_disk_is_a_503_and_red_and_outlived(pair: Pair) -> None:
    """R10: from one moment on no file of the daemon may grow, its log too; with room again it works without a restart."""
    portal, daemon = pair.sandbox, pair.daemon
    daemon.start().ready()
    deal = portal.deal()
    wait_for("the first task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])
    assert daemon.process is not None
    child = daemon.process.child.pid
    resource.prlimit(child, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    statuses = [post(pair, rung(number=100_000 + at)) for at in range(20)]
    red = [one["code"] for one in daemon.health()["reasons"]]
    missed = [portal.deal(title=f"Без места {at}") for at in range(5)]
    wait_for("still red", lambda: not daemon.is_ready())

    resource.prlimit(child, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    expected = [[f"open: {FIRST}"]] * 5
    wait_for("the missed", lambda: [portal.task_lines(each) for each in missed] == expected, 60)
    wait_for("green", daemon.is_ready, 60)

    assert set(statuses) == {503}
    assert red == ["store"]
    alive(pair)
