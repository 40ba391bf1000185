"""Read-outs beside a daemon's store: what harnesses and support staff get from the installed program (docs/harness.md)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector import ports
from connector.bootstrap import notes
from connector.cli import exits
from connector.store import api
from robots import intents, model
from tests.connector.cli import beside
from tests.robots import builders

ROMASHKA = model.PortalId("romashka")
DEAL = model.CardRef(model.CardKind.DEAL, 4711)
ROBOT = intents.RobotId("Продажи/Новый лид/task")
S = intents.WishState


def wish(step: str, act: intents.Act) -> intents.Wish:
    return intents.Wish(
        key=intents.WishKey(f"{ROBOT}/{DEAL}/h1/{step}"),
        robot=ROBOT,
        digest="d",
        card=DEAL,
        cause="h1",
        act=act,
        because="сделка пришла на «Новый лид»",
    )


async def a_day(url: str) -> None:
    """One deal was looked at, its task set as № 5501, a notice refused by the portal."""
    task = wish("task", intents.SetTask("Взять в работу", "", None, builders.IVANOV, None))
    notice = wish("notify", intents.Notify(builders.PETROVA, "Новый лид", "t"))
    visit = model.Visit(
        model.VisitId("h1"), builders.SALES, model.StageId("C1:NEW"), model.Semantic.WORK, builders.NOW, 1
    )
    card = builders.card(id=4711, stage="Новый лид")
    async with api.open_store(url, daemon=True) as store:
        await store.notebook.write(
            notes.HERE, notes.PORTALS, {"romashka": {"address": "romashka.bitrix24.ru"}}
        )
        await store.notebook.write(ROMASHKA, notes.NAMES, notes.names(builders.directory()))
        await store.notebook.write(ROMASHKA, notes.ROBOTS, {"robots": {ROBOT: "on"}, "broken": []})
        await store.notebook.write(
            ROMASHKA, notes.ACCEPTED, {"hash": "3f9a", "at": "2026-03-02", "texts": {}}
        )
        looked = ports.Looked(
            dirty=ports.Dirty(ports.Thing(ports.Kind.DEAL, 4711), 1, ports.Lane.LIVE),
            ref=DEAL,
            look_id="look1",
            at=builders.NOW,
            memory=ports.Memory(card=card, visit=visit, accepted=visit),
            arrived=(visit,),
            wishes=(task, notice),
            trace=(ports.TraceLine(ROBOT, "wished", "пришла на «Новый лид»", "r.yaml:20:9", task.key),),
            config="3f9a",
        )
        await store.mirror.record(ROMASHKA, [looked])
        later = builders.NOW + timedelta(seconds=2)
        await store.ledger.sending(ROMASHKA, [task.key], later)
        await store.ledger.end(ROMASHKA, [ports.End(task.key, S.DONE, later, made=5501)])
        await store.ledger.sending(ROMASHKA, [notice.key], later)
        await store.ledger.end(ROMASHKA, [ports.End(notice.key, S.REFUSED, later, note="нет прав на im")])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return beside.filled(tmp_path_factory.mktemp("store"), a_day)


def told(ran: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(ran.stdout)


def pick(rows: Sequence[dict[str, Any]], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in keys) for row in rows]


def test_the_ledger_as_json(url: str) -> None:
    """Every row with its state, what it made, and the portal's words."""
    rows = told(beside.voronka(url, "ledger", "list", "--json"))
    assert pick(rows, "card", "state", "made", "note") == [
        ("deal:4711", "done", 5501, ""),
        ("deal:4711", "refused", None, "нет прав на im"),
    ]
    assert rows[0]["act"]["act"] == "SetTask"
    assert (
        told(beside.voronka(url, "ledger", "list", "--json", "--state", "refused", "--card", "deal:4711"))
        == rows[1:]
    )


def test_the_mirror_as_json(url: str) -> None:
    """The card as it was last seen; one never seen is code 1 and no output."""
    seen = told(beside.voronka(url, "mirror", "show", "deal", "4711", "--json"))
    assert (seen["card"]["ref"], seen["visit"]["id"]) == ({"kind": "deal", "id": 4711}, "h1")
    missing = beside.voronka(url, "mirror", "show", "deal", "1", "--json")
    assert (missing.returncode, missing.stdout) == (exits.Code.FINDINGS, "")


def test_why_answers_first(url: str) -> None:
    """F23: by link, by task number; the first line is the answer, the place in the YAML stands behind the act."""
    link = beside.voronka(url, "why", "https://romashka.bitrix24.ru/crm/deal/details/4711/", "--task")
    assert link.stdout.splitlines() == [
        "Задача «Взять в работу» (№ 5501): сделано 02.03 10:00. Почему: сделка пришла на «Новый лид».",
        "  02.03 10:00  Продажи/Новый лид/task: задача «Взять в работу» № 5501: сделано. "
        "Сделка пришла на «Новый лид»  [r.yaml:20:9]",
        "  02.03 10:00  Продажи/Новый лид/task: уведомление сотруднику: портал отказал. Нет прав на im",
    ]
    by_task = told(beside.voronka(url, "why", "task", "5501", "--json"))
    assert (by_task["reason"], len(by_task["events"])) == ("сделано", 1)


def test_problems_and_retry(url: str) -> None:
    """What failed is listed with code 1; `retry` wishes it again, and then there is nothing more to retry."""
    listed = beside.voronka(url, "problems", "--json")
    assert listed.returncode == exits.Code.FINDINGS
    assert pick(told(listed), "kind", "card", "state", "why") == [
        ("wish", "deal:4711", "refused", "нет прав на im")
    ]
    assert told(beside.voronka(url, "retry", "deal", "4711", "--json")) == {"retried": 1, "looked": 0}
    assert beside.voronka(url, "retry").stdout == "Повторять нечего.\n"
    assert beside.voronka(url, "problems").stdout == "Проблем нет.\n"


def test_status_of_a_daemon_that_is_not_there(url: str) -> None:
    """A stopped daemon is code 1, with what is known of its robots."""
    ran = beside.voronka(url, "status")
    assert ran.returncode == exits.Code.FINDINGS
    assert ran.stdout.splitlines()[:2] == [
        "romashka.bitrix24.ru: не запущена",
        "  роботы: работают 1; настройка 3f9a",
    ]


def test_where_nothing_ever_ran(tmp_path: Path) -> None:
    """No database: said with the command that makes one, and none is made by asking."""
    file = tmp_path / "none.sqlite"
    ran = beside.voronka(f"sqlite:///{file}", "status")
    assert (ran.returncode, file.exists()) == (exits.Code.CONFIG, False)
    assert ran.stderr == f"Voronka здесь ещё не работала: базы {file} нет. Запустите: voronka run ФАЙЛ\n"
