"""Drives the installed command against a sandbox portal over real HTTP, as a user and a harness would.

Two processes: the sandbox (with its levers under /_sandbox/) and `voronka run`. The tests are people: they move deals,
write fields, pull levers, kill the daemon, and look at what stands in the portal in the end.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import requests

DEAL, CONTACT = 2, 3
IVANOV, SIDOROVA, HEAD = 3, 4, 2
ROBOT_SECRET, ROBOT = "robotsecret000001", 6
TOKEN = "sandbox-events-token"
SUBJECT, NEEDS, ROP, SHIPPING, LOSS_COMMENT = (f"UF_CRM_17473098{at}" for at in range(71, 76))
BUSY = re.compile(
    r'^voronka_(inbox_depth\{|wishes\{[^}]*state="(wished|sent|unknown)")[^}]*\} (?!0\.0$)', re.MULTILINE
)
VORONKA = pathlib.Path(sys.executable).with_name("voronka")

PORTAL = """\
version: 1
portal:
  kind: bitrix24
  address: "127.0.0.1:{port}"
  events: webhook
  insecure_http: true
"""
"""How each file begins."""
FUNNEL = (
    PORTAL
    + """\
people:
  менеджер: {{field: Ответственный}}
  руководитель: {{head_of: менеджер, if_self: up, else: Орлов Сергей}}
  РОП: {{field: РОП, else: руководитель}}
pipelines:
  Продажи:
    mode: on
    on_create:
      - fill:
          field: РОП
          with: руководитель
          also_if: dismissed
          if_nobody:
            task: {{title: Укажите руководителя отдела продаж, for: менеджер, closes: {{filled: РОП}}}}
      - duplicates:
          by: [телефон, e-mail]
          among: {{контакты: all, компании: all, лиды: open, сделки: open}}
          other_owner:
            - tell: [менеджер, владелец]
    every_task: {{creator: РОП, for: менеджер, closes: on_leave}}
    if_missing: {{do: move_back, wait: 0 minutes, checks: all earlier stages, not_when: {{moved: back, to: lost}}, at_most: 3 per day}}
    stages:
      Новый лид:
        to_leave: [Требования]
        task: {{title: Взять в работу новый лид, deadline: 2 work hours}}
      Обрабатываем запрос:
        to_leave: [Предмет сделки]
        task:
          title: "{{{{Контакт: Имя}}}}. Сделать КП"
          deadline: 1 work day
          checklist:
            - Уточните размеры
            - Посчитайте цену
      Сделали предложение:
        task: {{title: "{{{{Контакт: Имя}}}}. Получить ответ на КП", deadline: 2 work days}}
      Дорого: {{to_enter: [Комментарий при провале]}}
    on_won:
      - hand_over: {{to: Доставка / Новый заказ, copy: all, once: per deal}}
  Доставка:
    mode: on
    on_create:
      - fill: {{field: РОП, with: Орлов Сергей}}
      - duplicates:
          by: [телефон, e-mail]
          other_owner:
            - tell: [менеджер, владелец]
"""
)


WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 16
PORTS = (16_000 + 1_000 * WORKER + (os.getpid() + at) % 1_000 for at in itertools.count())
"""Below the range from which connections going out take theirs, and each worker's own: what is free now is free yet
when the program that was given it comes to listen."""


def free_port() -> int:
    while True:
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port := next(PORTS)))
            return port


def wait_for(what: str, probe: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The probe's first truthy answer; its last one is in the message otherwise."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        last = probe()
        if last:
            return last
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s; last seen {last!r}")


class Process:
    """A child in a group of its own, its output in a file."""

    def __init__(self, args: list[str], log: pathlib.Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                args, stdout=out, stderr=out, env={**os.environ, **(env or {})}, start_new_session=True
            )

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def stop(self, seconds: float = 10.0) -> int:
        """SIGTERM; the exit code. R16: within 10 s."""
        self.child.terminate()
        return self.child.wait(seconds)

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")


class Sandbox:
    def __init__(
        self,
        folder: pathlib.Path,
        *,
        daemon_port: int,
        profile: str = "instant",
        host: str = "127.0.0.1",
    ) -> None:
        self.port, self.host = free_port(), host
        hooks = f"http://127.0.0.1:{daemon_port}/hooks/{host.replace('.', '-')}"
        args = [sys.executable, "-m", "sandbox", "bitrix24", "--host", host]
        args += ["--port", str(self.port), "--profile", profile]
        self.process = Process([*args, "--events-to", hooks, "--events-token", TOKEN], folder / "sandbox.log")
        self.session = requests.Session()
        wait_for("the sandbox", self._up)
        self.learn()

    def learn(self) -> None:
        """The portal's words as they stand now: `connect` may have made pipelines and stages."""
        self.categories = {
            row["name"]: row["id"] for row in self.ask("crm.category.list", entityTypeId=2)["categories"]
        }
        self.stages = {
            name: {row["NAME"]: row["STATUS_ID"] for row in self._stages(number)}
            for name, number in self.categories.items()
        }
        self.names = {code: name for rows in self.stages.values() for name, code in rows.items()}

    def _up(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return self.session.get(f"http://{self.host}:{self.port}/_sandbox/state", timeout=5).ok
        return False

    def _stages(self, number: int) -> list[dict[str, Any]]:
        entity = f"DEAL_STAGE_{number}" if number else "DEAL_STAGE"
        rows: list[dict[str, Any]] = self.ask("crm.status.list", filter={"ENTITY_ID": entity})
        return rows

    # levers

    def lever(self, verb: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(
            verb, f"http://{self.host}:{self.port}/_sandbox/{path}", json=body, timeout=30
        )
        assert answer.ok, f"{verb} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def ask(self, method: str, _user: int | None = None, **params: Any) -> Any:
        return self.lever("POST", "call", {"method": method, "params": params, "user_id": _user or ROBOT})[
            "result"
        ]

    # people

    def deal(
        self, *, pipeline: str = "Продажи", stage: str | None = None, by: int = IVANOV, **fields: Any
    ) -> int:
        number = self.categories[pipeline]
        given = {"categoryId": number, "assignedById": by, "title": "Окна", **fields}
        if stage:
            given["stageId"] = self.stages[pipeline][stage]
        return int(self.lever("POST", f"items/{DEAL}", {"user_id": by, "fields": given})["id"])

    def contact(self, name: str, *phones: str, by: int = IVANOV) -> int:
        written = [{"VALUE": phone, "VALUE_TYPE": "WORK"} for phone in phones]
        fields = {"NAME": name, "ASSIGNED_BY_ID": by, "PHONE": written}
        return int(self.ask("crm.contact.add", by, fields=fields))

    def write(self, deal: int, *, by: int = IVANOV, **fields: Any) -> None:
        self.lever("PATCH", f"items/{DEAL}/{deal}", {"user_id": by, "fields": fields})

    def move(self, deal: int, stage: str, *, pipeline: str = "Продажи", by: int = IVANOV) -> None:
        self.write(deal, by=by, stageId=self.stages[pipeline][stage], categoryId=self.categories[pipeline])

    # what stands in the portal

    def card(self, deal: int) -> dict[str, Any]:
        item: dict[str, Any] = self.ask("crm.item.get", entityTypeId=2, id=deal, useOriginalUfNames="Y")[
            "item"
        ]
        return item

    def stage(self, deal: int) -> str:
        return self.names[self.card(deal)["stageId"]]

    def deals(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.lever("GET", f"items/{DEAL}")
        return items

    def tasks(self, deal: int | None = None) -> list[dict[str, Any]]:
        """Tasks of a deal as (title, open) in order of creation."""
        chosen = {"UF_CRM_TASK": f"D_{deal}"} if deal is not None else {}
        found: list[dict[str, Any]] = []
        while True:
            page = self.ask(
                "tasks.task.list",
                filter={**chosen, ">ID": found[-1]["id"] if found else 0},
                order={"ID": "asc"},
                select=["ID", "TITLE", "STATUS", "CREATED_BY", "RESPONSIBLE_ID", "UF_CRM_TASK"],
                start=-1,
            )["tasks"]
            found += page
            if len(page) < 50:
                return found

    def task_lines(self, deal: int) -> list[str]:
        return [f"{'closed' if t['status'] == '5' else 'open'}: {t['title']}" for t in self.tasks(deal)]

    def notices(self, user: int) -> list[str]:
        """What an employee was told and still stands (a repeat replaces), oldest first."""
        rows = self.lever("GET", "state/notices")["notices"].values()
        return [row["text"] for row in sorted(rows, key=lambda row: row["id"]) if row["user_id"] == user]

    def fault(self, kind: str, *methods: str, **rest: Any) -> None:
        self.lever("POST", "faults", [{"kind": kind, "methods": list(methods), **rest}])

    def struck(self) -> list[list[str]]:
        found: list[list[str]] = self.lever("GET", "faults")["struck"]
        return found

    def requests(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.lever("GET", "state")["journal"]
        return counts

    def close(self) -> None:
        self.process.kill()


class Daemon:
    """`voronka run` on a file of its own; restartable on the same store."""

    def __init__(
        self, folder: pathlib.Path, sandbox_port: int, port: int, yaml: str = FUNNEL, **env: str
    ) -> None:
        self.folder, self.port = folder, port
        self.file = folder / "romashka.yaml"
        self.file.write_text(yaml.format(port=sandbox_port), "utf-8")
        self.env = {
            "B24_URL": f"http://127.0.0.1:{sandbox_port}/rest/{ROBOT}/{ROBOT_SECRET}/",
            "B24_EVENTS_TOKEN": TOKEN,
            "VORONKA_DATABASE_URL": f"sqlite:///{folder / 'voronka.sqlite'}",
            "VORONKA_HTTP_PORT": str(port),
            "VORONKA_HOME": str(folder),
            "VORONKA_SWEEP_PERIOD": "1",
            "VORONKA_SETTLE_WINDOW": "2",
            "VORONKA_REQUEST_TIMEOUT": "3",
            "VORONKA_LOG_LEVEL": "INFO",
            "NO_COLOR": "1",
            **env,
        }
        self.process: Process | None = None

    def start(self, *args: str, **env: str) -> Daemon:
        self.process = Process(
            [str(VORONKA), "run", str(self.file), *args], self.folder / "daemon.log", {**self.env, **env}
        )
        return self

    def ready(self, seconds: float = 30.0) -> Daemon:
        wait_for("the daemon", self.is_ready, seconds)
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.child.poll() is None, self.process.output()[-3000:]
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).ok
        return False

    def health(self) -> Any:
        """{ready, reasons, notes} as /health/ready says them."""
        return requests.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).json()

    def died(self, seconds: float = 30.0) -> None:
        """Waits for a planted crash."""
        assert self.process is not None
        self.process.child.wait(seconds)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()

    def run(self, *args: str, code: int = 0) -> str:
        """A command beside the daemon; its standard output."""
        made = self.process_of(*args)
        assert made.returncode == code, f"{args}: {made.returncode}\n{made.stdout}\n{made.stderr}"
        return made.stdout

    def process_of(self, *args: str) -> subprocess.CompletedProcess[str]:
        """The same, however it ended."""
        return subprocess.run(
            [str(VORONKA), *args],
            env={**os.environ, **self.env},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *args: str) -> Any:
        return json.loads(self.run(*args, "--json"))

    def listed(self, *args: str) -> Any:
        """The same of a command that ends with 1 where it lists something."""
        return json.loads(self.process_of(*args, "--json").stdout)

    def settled(self) -> bool:
        """Nothing waits to be looked at or to be sent."""
        text = requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=5).text
        return "voronka_inbox_depth{" in text and not BUSY.search(text)


class Pair:
    """A portal and a daemon beside it, for several stories."""

    def __init__(self, folder: pathlib.Path, yaml: str) -> None:
        port = free_port()
        self.sandbox = Sandbox(folder, daemon_port=port)
        self.daemon = Daemon(folder, self.sandbox.port, port, yaml)

    def close(self) -> None:
        self.daemon.kill()
        self.sandbox.close()
