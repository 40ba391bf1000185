"""Cards that people let lie, end to end: ticked-off tasks, deadlines put off. One portal and one daemon for all stories."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance import driver
from tests.acceptance.driver import wait_for

YAML = (
    driver.PORTAL
    + """\
people:
  менеджер: {{field: Ответственный}}
leads:
  mode: on
  triage:
    - name: свои
      if: {{E-mail: {{contains: "@romashka.ru"}}}}
      move: Некачественный лид
    - name: офферы
      if: {{any: [{{Название: {{contains: реклама}}}}, {{Название: {{contains: вакансия}}}}]}}
      comment: Не по теме
      move: Некачественный лид
    - name: на потом
      if: {{Название: {{contains: осенью}}}}
      task: {{title: Вернуться к клиенту, for: менеджер, deadline: 90 days}}
pipelines:
  Продажи:
    mode: on
    every_task:
      closed_by_hand: {{after: 0 minutes, notify: менеджер}}
      postponed: {{times: 2, notify: Петрова Анна}}
    without_task:
      steps: [{{after: 0 minutes, notify: менеджер}}]
      except: [Новый лид, Сделали предложение, Получили ответ, Отправили счёт, Получили оплату, Отправили заказ]
    stages:
      Получили ответ:
        task: {{title: Отправить счёт, deadline: 4 work days}}
"""
)


OLD = (
    ("Своя почта, реклама", "buh@romashka.ru"),
    ("Ваша реклама", ""),
    ("Вакансия", ""),
    ("Окна осенью", ""),
)


class Pair(driver.Pair):
    """With a backlog of leads older than the robots."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(folder, YAML)
        self.old = [lead(self.sandbox, title, email) for title, email in (*OLD, ("Окна", "m@client.ru"))]


def lead(portal: driver.Sandbox, title: str, email: str = "") -> int:
    fm = [{"typeId": "EMAIL", "valueType": "WORK", "value": email}] if email else []
    fields = {"title": title, "assignedById": driver.IVANOV, "fm": fm}
    return int(portal.ask("crm.item.add", driver.IVANOV, entityTypeId=1, fields=fields)["item"]["id"])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("care"))
    try:
        made.daemon.start().ready()
        yield made
    finally:
        made.close()


def heads(pair: Pair, user: int, about: str) -> list[str]:
    return [text.splitlines()[0] for text in pair.sandbox.notices(user) if about in text]


def test_a_task_ticked_off_and_a_deadline_put_off(pair: Pair) -> None:
    """F21, S5.4: put off twice, then ticked off while the deal stays; moved on, its next one is asked about no more."""
    portal = pair.sandbox
    deal = portal.deal(title="Тянут", stage="Получили ответ", by=driver.SIDOROVA)
    wait_for("the task", lambda: portal.task_lines(deal) == ["open: Отправить счёт"])
    task = int(portal.tasks(deal)[0]["id"])
    _put_off(pair, deal, task, "2099-03-02T18:00:00+03:00", 1)
    _put_off(pair, deal, task, "2099-03-03T18:00:00+03:00", 2)
    wait_for("the head", lambda: heads(pair, driver.HEAD, "Тянут"))
    assert heads(pair, driver.HEAD, "Тянут") == ["«Тянут»: срок переносили 2 раза — Отправить счёт"]
    assert heads(pair, driver.SIDOROVA, "Тянут") == []

    portal.ask("tasks.task.complete", driver.SIDOROVA, taskId=task)
    wait_for("the question", lambda: heads(pair, driver.SIDOROVA, "Тянут"))
    assert heads(pair, driver.SIDOROVA, "Тянут") == ["«Тянут»: задача закрыта, а сделка на месте"]


def _put_off(pair: Pair, deal: int, task: int, until: str, times: int) -> None:
    wait_for("calm", pair.daemon.settled)
    pair.sandbox.ask("tasks.task.update", driver.SIDOROVA, taskId=task, fields={"DEADLINE": until})
    wait_for("remembered", lambda: _times(pair, deal) == times)


def _times(pair: Pair, deal: int) -> int:
    rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    return sum("/put off " in row["key"] for row in rows)


def test_a_deal_for_which_nothing_is_planned(pair: Pair) -> None:
    """S5.4: an open todo of its manager's is a plan; once it is done, he is asked what comes next."""
    portal = pair.sandbox
    deal = portal.deal(title="Без задачи", by=driver.SIDOROVA)
    due = {"deadline": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "title": "Позвонить"}
    todo = portal.ask("crm.activity.todo.add", driver.SIDOROVA, ownerTypeId=2, ownerId=deal, **due)["id"]
    portal.move(deal, "Обрабатываем запрос", by=driver.SIDOROVA)
    portal.deal(title="Пустая", stage="Обрабатываем запрос", by=driver.SIDOROVA)
    wait_for("the bare one", lambda: heads(pair, driver.SIDOROVA, "Пустая"))
    wait_for("calm", pair.daemon.settled)
    assert heads(pair, driver.SIDOROVA, "Пустая") == ["«Пустая»: нет ни задачи, ни дела"]
    assert heads(pair, driver.SIDOROVA, "Без задачи") == []

    portal.ask("crm.activity.update", driver.SIDOROVA, id=todo, fields={"COMPLETED": "Y"})
    portal.write(deal, by=driver.SIDOROVA, opportunity=100)  # of an activity alone the portal needn't ring
    wait_for("the other one", lambda: heads(pair, driver.SIDOROVA, "Без задачи"))


def copied(pair: Pair, number: int) -> bool:
    return pair.daemon.process_of("mirror", "show", "lead", str(number)).returncode == 0


def stages(pair: Pair) -> list[str]:
    asked = (pair.sandbox.ask("crm.item.get", entityTypeId=1, id=one) for one in pair.old)
    return [answer["item"]["stageId"] for answer in asked]


def test_a_backlog_of_leads_is_sorted_by_saved_rules(pair: Pair) -> None:
    """S1.4, S3.2: nothing by itself; counts per rule; each lead by the first rule that fits; and back again by `undo`."""
    daemon, junk = pair.daemon, "JUNK"
    wait_for("the copy", lambda: all(copied(pair, one) for one in pair.old))
    assert stages(pair) == ["NEW"] * 5
    asked = daemon.process_of("enroll", "Лиды/triage/*")
    assert asked.returncode == 6
    assert [line.strip() for line in asked.stderr.splitlines() if "triage" in line] == [
        "«Лиды/triage/*»: просмотрено открытых карточек 5, под роботов попадут 4.",
        "Лиды/triage/свои: 1 закрытие карточки",
        "Лиды/triage/офферы: 2 закрытия карточек, 2 записи в карточках",
        "Лиды/triage/на потом: 1 задача",
    ]

    daemon.run("enroll", "Лиды/triage/*", "--yes", "4")
    wait_for("the sorting", lambda: stages(pair) == [junk, junk, junk, "NEW", "NEW"])
    fresh = lead(pair.sandbox, "Реклама на радио")
    wait_for("a new one", lambda: _stage(pair, fresh) == junk)
    wait_for("calm", daemon.settled)

    daemon.run("undo", "--robot", "Лиды/triage/свои", "--since", "2h", "--yes", "1")
    wait_for("it is back", lambda: stages(pair) == ["NEW", junk, junk, "NEW", "NEW"])


def _stage(pair: Pair, number: int) -> str:
    return str(pair.sandbox.ask("crm.item.get", entityTypeId=1, id=number)["item"]["stageId"])
