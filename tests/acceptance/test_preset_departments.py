"""The preset `departments` taken by an admin and lived in: three pipelines, of which `connect` makes the third (S5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance import driver, taken
from tests.acceptance.driver import wait_for

WELL = "Заказ получен — узнать, всё ли хорошо"
ANSWERS = ("delivery_head=Орлов Сергей", "departments=three", "service_head=Сидорова Ольга")
OVER = """\
pipelines:
  Продажи:
    every_task: {closed_by_hand: {after: 0 minutes}}
    without_task:
      steps: [{after: 0 minutes, notify: менеджер}]
      except: [Новый лид, Сделали предложение, Отправили счёт, Получили оплату, Отправили заказ]
    stale:
      steps: [{after: 0 minutes, notify: менеджер}]
      close: {after: 0 minutes}
      except: [Новый лид, Обрабатываем запрос, Сделали предложение, Получили ответ, Получили оплату, Отправили заказ]
    stages:
      Сделали предложение:
        task: {title: Получить ответ на КП, deadline: 2 work days}
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[taken.Taken]:
    made = taken.Taken(tmp_path_factory.mktemp("departments"), "departments", *ANSWERS, over=OVER)
    try:
        yield made
    finally:
        made.close()


def test_what_the_portal_lacked_was_shown_and_made(pair: taken.Taken) -> None:
    """F20: the field of postponed deals and the third department's whole pipeline; nothing of the first two."""
    assert pair.told == [
        "поле «Вернуться к клиенту» в сделке (дата)",
        "поле «Теги» в сделке (метки)",
        f"воронка «Сопровождение» со стадиями: {WELL}, Доволен — предложить ещё, Купил снова, Больше не нужно",
    ]
    assert list(pair.sandbox.stages["Сопровождение"]) == [
        WELL,
        "Доволен — предложить ещё",
        "Купил снова",
        "Больше не нужно",
    ]


def copy_of(pair: taken.Taken, title: str, pipeline: str) -> dict[str, Any]:
    """The deal of that title in the next department's pipeline, once it is there."""
    number = pair.sandbox.categories[pipeline]

    def found() -> list[dict[str, Any]]:
        return [one for one in pair.sandbox.deals() if (one["title"], one["categoryId"]) == (title, number)]

    (copy,) = wait_for(f"«{title}» in «{pipeline}»", found)
    return pair.sandbox.card(copy["id"])


def test_a_deal_goes_through_three_departments(pair: taken.Taken) -> None:
    """S5.1: each has its own copy, its own РОП and task; what was won stays won with its own manager."""
    portal = pair.sandbox
    maria = portal.contact("Мария", "+7 916 222-22-22")
    deal = portal.deal(title="Окна", contactIds=[maria], opportunity=90000)
    wait_for("РОП", lambda: portal.card(deal)[driver.ROP] == driver.HEAD)
    portal.move(deal, "Клиент получил заказ")
    second = copy_of(pair, "Окна", "Доставка")
    wait_for("its РОП", lambda: portal.card(second["id"])[driver.ROP] == 1)
    wait_for("its task", lambda: portal.task_lines(second["id"]))
    portal.move(second["id"], "Доставлено", pipeline="Доставка")
    third = copy_of(pair, "Окна", "Сопровождение")
    wait_for("its РОП", lambda: portal.card(third["id"])[driver.ROP] == driver.SIDOROVA)
    wait_for("its task", lambda: portal.task_lines(third["id"]))
    wait_for("calm", pair.daemon.settled)

    assert portal.task_lines(second["id"]) == ["closed: Мария. Принять заказ у продаж"]
    assert portal.task_lines(third["id"]) == ["open: Мария. Узнать, всё ли хорошо с заказом"]
    assert (third["assignedById"], third["contactIds"]) == (driver.SIDOROVA, [maria])
    assert (third["opportunity"], portal.stage(third["id"])) == (90000, WELL)
    won = [portal.card(one) for one in (deal, second["id"])]
    assert [portal.names[one["stageId"]] for one in won] == ["Клиент получил заказ", "Доставлено"]
    assert [one["assignedById"] for one in won] == [driver.IVANOV] * 2
    assert len([one for one in portal.deals() if one["title"] == "Окна"]) == 3


def test_a_postponed_deal_rests_and_a_silent_one_ends_with_consent(pair: taken.Taken) -> None:
    """S5.2: no reminder stage; the head is asked once, and only then the deal is lost."""
    portal = pair.sandbox
    later: dict[str, Any] = {pair.code("Вернуться к клиенту"): "2099-09-01"}
    postponed = portal.deal(title="До осени", stage="Отправили счёт", **later)
    silent = portal.deal(title="Молчит", stage="Отправили счёт")
    wait_for("the question", lambda: portal.tasks(silent))
    assert portal.task_lines(silent) == ["open: Согласуйте: «Другое» — Молчит"]
    assert portal.tasks(silent)[0]["responsibleId"] == str(driver.HEAD)
    assert portal.stage(silent) == "Отправили счёт"

    portal.ask("tasks.task.complete", driver.HEAD, taskId=portal.tasks(silent)[0]["id"])
    wait_for("the end", lambda: portal.stage(silent) == "Другое")
    wait_for("calm", pair.daemon.settled)
    assert (portal.stage(postponed), portal.tasks(postponed)) == ("Отправили счёт", [])


def test_a_deal_left_without_work_is_asked_about(pair: taken.Taken) -> None:
    """S5.4: the task ticked off while the deal stays; the deal for which nothing is planned at all."""
    portal = pair.sandbox
    ticked = portal.deal(title="Галочка", stage="Сделали предложение", by=driver.SIDOROVA)
    bare = portal.deal(title="Пустая", stage="Обрабатываем запрос", by=driver.SIDOROVA)
    wait_for("the task", lambda: portal.task_lines(ticked) == ["open: Получить ответ на КП"])
    assert portal.tasks(ticked)[0]["createdBy"] == str(driver.HEAD)
    portal.ask("tasks.task.complete", driver.SIDOROVA, taskId=portal.tasks(ticked)[0]["id"])
    wait_for(
        "both questions",
        lambda: pair.told_to(driver.SIDOROVA, "Галочка") and pair.told_to(driver.SIDOROVA, "Пустая"),
    )

    assert pair.told_to(driver.SIDOROVA, "Галочка") == ["«Галочка»: задача закрыта, а сделка на месте"]
    assert pair.told_to(driver.SIDOROVA, "Пустая") == ["«Пустая»: нет ни задачи, ни дела"]
    assert portal.tasks(bare) == []
