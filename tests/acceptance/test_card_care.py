"""Cards that people let lie, end to end: ticked-off tasks, deadlines put off. One portal and one daemon for all stories."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Pair]:
    made = driver.Pair(tmp_path_factory.mktemp("care"), YAML)
    try:
        made.daemon.start().ready()
        yield made
    finally:
        made.close()


def heads(pair: driver.Pair, user: int, about: str) -> list[str]:
    return [text.splitlines()[0] for text in pair.sandbox.notices(user) if about in text]


def test_a_task_ticked_off_and_a_deadline_put_off(pair: driver.Pair) -> None:
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


def _put_off(pair: driver.Pair, deal: int, task: int, until: str, times: int) -> None:
    wait_for("calm", pair.daemon.settled)
    pair.sandbox.ask("tasks.task.update", driver.SIDOROVA, taskId=task, fields={"DEADLINE": until})
    wait_for("remembered", lambda: _times(pair, deal) == times)


def _times(pair: driver.Pair, deal: int) -> int:
    rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    return sum("/put off " in row["key"] for row in rows)


def test_a_deal_for_which_nothing_is_planned(pair: driver.Pair) -> None:
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
    wait_for("the other one", lambda: heads(pair, driver.SIDOROVA, "Без задачи"))
