"""Occasions that nobody makes by moving a card: a date that comes, an hour of a timetable, a call. One portal and one daemon for all stories."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.acceptance import driver
from tests.acceptance.driver import wait_for

MEETING = "UF_CRM_MEETING"
YAML = (
    driver.PORTAL
    + """\
people:
  менеджер: {{field: Ответственный}}
pipelines:
  Продажи:
    mode: on
    stages:
      Сделали предложение:
        task: {{title: Получить ответ, for: менеджер, deadline: 2 work days}}
robots:
  - name: Скоро встреча
    when: {{date: {{field: Встреча, before: 2 hours}}}}
    pipeline: Продажи
    do:
      - tell: {{to: менеджер, text: "Через два часа: {{{{Название}}}}"}}
  - name: Сверка
    when: {{schedule: "SLOT * * *"}}
    pipeline: Продажи
    if: {{Название: {{contains: сверить}}}}
    do:
      - log: Сверено
  - name: Оплата
    when: {{webhook: oplata}}
    pipeline: Продажи
    do:
      - move: Получили оплату
      - comment: Оплачено
  - name: Клиент пишет
    when: {{incoming: [письмо, звонок]}}
    pipeline: Продажи
    do:
      - log: "Ответить: {{{{Название}}}}"
  - name: Ответ есть
    when: {{task: {{is: done, title: ответ}}}}
    pipeline: Продажи
    do:
      - move: Получили ответ
  - name: Деньги
    when: invoice_paid
    pipeline: Продажи
    do:
      - move: Получили оплату
calendar: {{from: portal, timezone: UTC}}
"""
)


KEYS = {"TRIGGER_OPLATA": "canary-of-1c"}


class Pair(driver.Pair):
    """With a deal older than the robots."""

    def __init__(self, folder: pathlib.Path) -> None:
        # Long enough for the daemon and the new deals to be there before.
        self.slot = (datetime.now(UTC) + timedelta(seconds=100)).replace(second=0, microsecond=0)
        super().__init__(folder, YAML.replace("SLOT", f"{self.slot.minute} {self.slot.hour}"))
        label = {"EDIT_FORM_LABEL": {"ru": "Встреча"}, "LIST_COLUMN_LABEL": {"ru": "Встреча"}}
        self.sandbox.ask(
            "crm.deal.userfield.add",
            1,
            fields={"FIELD_NAME": MEETING, "USER_TYPE_ID": "datetime", **label},
        )
        self.fresh = self.other = 0
        """Born after the daemon and before the slot."""
        self.checked = self.sandbox.deal(title="Давно пора сверить")
        self.old = deal(self.sandbox, "Давняя", soon(30))


def deal(portal: driver.Sandbox, title: str, meeting: str) -> int:
    fields: dict[str, Any] = {MEETING: meeting}
    return portal.deal(title=title, **fields)


def soon(seconds: float) -> str:
    """A meeting of which its robot says so many seconds from now."""
    return (datetime.now(UTC) + timedelta(hours=2, seconds=seconds)).isoformat(timespec="seconds")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("triggers"))
    try:
        made.daemon.start(**KEYS).ready()
        made.fresh, made.other = (made.sandbox.deal(title=one) for one in ("Тоже сверить", "Другая"))
        yield made
    finally:
        made.close()


def told(pair: Pair, title: str) -> list[str]:
    return [text for text in pair.sandbox.notices(driver.IVANOV) if text.endswith(f": {title}")]


def test_a_date_that_comes_is_told_though_the_deal_is_older_than_the_robot(pair: Pair) -> None:
    """And one that was put off isn't; after a kill it is told once all the same."""
    portal = pair.sandbox
    fresh = deal(portal, "Новая", soon(4))
    late = deal(portal, "Отложенная", soon(20))
    wait_for("the new one", lambda: told(pair, "Новая"))
    later: dict[str, Any] = {MEETING: soon(3600)}
    portal.write(late, **later)
    wait_for("calm", pair.daemon.settled)
    pair.daemon.kill()
    pair.daemon.start(**KEYS).ready()
    wait_for("the old one", lambda: told(pair, "Давняя"), 60)
    wait_for("calm", pair.daemon.settled)

    assert (told(pair, "Новая"), told(pair, "Давняя"), told(pair, "Отложенная")) == (
        ["Через два часа: Новая"],
        ["Через два часа: Давняя"],
        [],
    )
    states = [
        row["state"]
        for one in (fresh, pair.old)
        for row in pair.daemon.json("ledger", "list", "--card", f"deal:{one}")
    ]
    assert states == ["done", "done"]


def test_at_the_hour_of_a_timetable_each_deal_that_fits_is_met_once(pair: Pair) -> None:
    """One older than the robot, one new; a deal that comes to fit afterwards waits for tomorrow."""
    portal = pair.sandbox
    fresh, other = pair.fresh, pair.other

    def causes(deal: int) -> list[tuple[str, str]]:
        rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
        return [(row["key"].split("/")[-2], row["state"]) for row in rows if row["act"]["act"] == "LogEntry"]

    wait_for("the hour", lambda: causes(pair.checked) and causes(fresh), 100)
    portal.write(other, title="Пора сверить")
    portal.write(fresh, title="Снова сверить")
    wait_for("calm", pair.daemon.settled)
    slot = f"slot {pair.slot.isoformat()}"
    assert (causes(pair.checked), causes(fresh), causes(other)) == ([(slot, "done")], [(slot, "done")], [])


def call(pair: Pair, deal: int, **said: Any) -> int:
    told = {"card": f"deal:{deal}", "token": KEYS["TRIGGER_OPLATA"], **said}
    return requests.post(
        f"http://127.0.0.1:{pair.daemon.port}/trigger/oplata", json=told, timeout=10
    ).status_code


def test_another_program_s_call_moves_the_deal_once_though_the_daemon_was_killed(pair: Pair) -> None:
    """What was answered 200 is done; the same call said again after the kill, by who heard no answer, is the same one."""
    portal = pair.sandbox
    deal, other = portal.deal(title="Ждём оплаты"), portal.deal(title="Чужая")
    wait_for("calm", pair.daemon.settled)
    assert (call(pair, other, token="guess"), call(pair, deal, key="pay-1")) == (403, 200)
    pair.daemon.kill()
    pair.daemon.start(**KEYS).ready()
    assert call(pair, deal, key="pay-1") == 200
    wait_for("the move", lambda: portal.stage(deal) == "Получили оплату")
    wait_for("calm", pair.daemon.settled)

    comments = portal.ask("crm.timeline.comment.list", filter={"ENTITY_TYPE": "deal", "ENTITY_ID": deal})
    assert [one["COMMENT"].partition(" · ")[0] for one in comments] == ["Оплачено"]
    assert portal.stage(other) == "Новый лид"
    assert "  Внешний вызов «oplata»\n" in pair.daemon.run("why", str(deal))
    for place in (
        pair.daemon.process.output() if pair.daemon.process else "",
        pair.daemon.run("ledger", "list", "--json"),
    ):
        assert KEYS["TRIGGER_OPLATA"] not in place


def test_a_client_s_letter_and_a_paid_invoice_are_news_once(pair: Pair) -> None:
    """Though the sandbox rang for neither of them; one letter bound to two deals is news of both."""
    portal = pair.sandbox
    contact = portal.contact("Мария", "+7 916 000-00-09")
    first, second = (portal.deal(title=title, contactIds=[contact]) for title in ("Первая", "Вторая"))
    invoice = int(
        portal.ask("crm.item.add", entityTypeId=31, fields={"title": "Счёт", "parentId2": first})["item"][
            "id"
        ]
    )
    line = {"VALUE": "m@mail.ru", "ENTITY_ID": contact, "ENTITY_TYPE_ID": 3, "TYPE": "EMAIL"}
    letter = {
        "TYPE_ID": 4,
        "DIRECTION": 1,
        "SUBJECT": "Вопрос",
        "COMPLETED": "Y",
        "RESPONSIBLE_ID": driver.IVANOV,
    }
    owner = {"OWNER_TYPE_ID": 2, "OWNER_ID": first, "COMMUNICATIONS": [line]}
    wait_for("calm", pair.daemon.settled)
    number = portal.ask("crm.activity.add", fields={**letter, **owner})
    portal.ask("crm.activity.binding.add", activityId=number, entityTypeId=2, entityId=second)
    portal.ask("crm.item.update", entityTypeId=31, id=invoice, fields={"stageId": "DT31_1:P"})
    wait_for("the money", lambda: portal.stage(first) == "Получили оплату")

    def logs(deal: int) -> list[str]:
        rows = portal.ask("crm.timeline.logmessage.list", entityTypeId=2, entityId=deal)["logMessages"]
        return [one["text"].partition(" · ")[0] for one in rows]

    wait_for("both letters", lambda: logs(first) and logs(second))
    wait_for("calm", pair.daemon.settled)
    assert (logs(first), logs(second)) == (["Ответить: Первая"], ["Ответить: Вторая"])
    assert portal.stage(second) == "Новый лид"


def test_a_task_that_a_person_did_moves_the_deal(pair: Pair) -> None:
    """What closes by itself as the deal moves on doesn't."""
    portal = pair.sandbox
    done, left = (portal.deal(title=title, stage="Сделали предложение") for title in ("Ответили", "Дальше"))
    wait_for("both tasks", lambda: portal.tasks(done) and portal.tasks(left))
    wait_for("calm", pair.daemon.settled)
    portal.ask("tasks.task.complete", driver.IVANOV, taskId=portal.tasks(done)[0]["id"])
    portal.move(left, "Отправили счёт")
    wait_for("the move", lambda: portal.stage(done) == "Получили ответ")
    wait_for("the end of the other task", lambda: portal.task_lines(left) == ["closed: Получить ответ"])
    wait_for("calm", pair.daemon.settled)
    assert portal.stage(left) == "Отправили счёт"
