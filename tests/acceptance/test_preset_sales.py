"""The preset `sales-department` taken by an admin and lived in: from a lead to a paid deal (S1)."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance import driver, taken
from tests.acceptance.driver import wait_for

DECISION = "Решение по лиду"
OVER = """\
people:
  дежурный:
    round_robin: {except: Петрова Анна}
    within: off
"""
"""The stories are run at any hour of the day, and in working hours the queue would wait for them."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[taken.Taken]:
    answers = (
        "letters=email",
        "sender=Ромашка <info@romashka.ru>",
        "invoice=robot",
        "template=Счёт (Россия)",
    )
    made = taken.Taken(tmp_path_factory.mktemp("sales"), "sales-department", *answers, over=OVER)
    try:
        yield made
    finally:
        made.close()


def test_what_the_portal_lacked_was_shown_and_made(pair: taken.Taken) -> None:
    """F20: where a lead's decision is written."""
    assert pair.told == [
        "поле «Решение по лиду» в лиде (список: Целевой, Нецелевой, На будущее)",
        "поле «Вернуться к клиенту» в лиде (дата)",
    ]


def test_every_lead_has_its_manager_from_the_start(pair: taken.Taken) -> None:
    """S1.1: dealt out in turn; the new manager is told."""
    leads = [pair.lead(f"Заявка {number}") for number in range(4)]
    managers = {driver.IVANOV, driver.SIDOROVA}
    wait_for("all of them", lambda: {pair.lead_card(one)["assignedById"] for one in leads} <= managers)
    owners = sorted(pair.lead_card(one)["assignedById"] for one in leads)
    assert owners == [driver.IVANOV] * 2 + [driver.SIDOROVA] * 2
    wait_for("the words", lambda: len(pair.told_to(driver.IVANOV, "Заявка")) == 2)


def has_manager(pair: taken.Taken, lead: int) -> bool:
    return bool(pair.lead_card(lead)["assignedById"] != driver.HEAD)


def test_what_is_decided_of_a_lead_is_done_with_it(pair: taken.Taken) -> None:
    """S1.3, S1.4: a target lead becomes a deal, another one is rejected and stays, a third is put off with a task."""
    good, bad, later = (pair.lead(title) for title in ("Окна Марии", "Не к нам", "Осенью"))
    for lead, decision in ((good, "Целевой"), (bad, "Нецелевой"), (later, "На будущее")):
        wait_for("its manager", functools.partial(has_manager, pair, lead))
        pair.write_lead(lead, **pair.chosen(DECISION, decision, "lead"))
    wait_for("the ends", lambda: [pair.lead_stage(one) for one in (good, bad)] == ["CONVERTED", "JUNK"])
    wait_for("the task", lambda: pair.lead_tasks(later) == ["Вернуться к клиенту: Осенью"])
    assert pair.lead_stage(later) == "NEW"
    deal = pair.deal_of("Окна Марии")
    assert deal["assignedById"] == pair.lead_card(good)["assignedById"]

    wait_for("its call", lambda: pair.planned(deal["id"]))
    wait_for("its task", lambda: pair.sandbox.task_lines(deal["id"]))
    wait_for("calm", pair.daemon.settled)
    assert pair.planned(deal["id"]) == ["Первый звонок"]
    assert pair.sandbox.task_lines(deal["id"]) == ["open: Узнать, что нужно клиенту"]
    assert len([one for one in pair.sandbox.deals() if one["title"] == "Окна Марии"]) == 1


def test_a_deal_close_to_payment_is_watched_and_the_client_thanked(pair: taken.Taken) -> None:
    """S1.5, S1.8: a call and a letter in their own terms; the head hears of the late one; the client gets one letter."""
    portal = pair.sandbox
    maria = portal.contact("Мария", "+7 916 222-22-22")
    email = [{"VALUE": "maria@mail.ru", "VALUE_TYPE": "WORK"}]
    portal.ask("crm.contact.update", id=maria, fields={"EMAIL": email})
    deal = portal.deal(title="Счёт", stage="Сделали предложение", contactIds=[maria])
    wait_for("its call", lambda: pair.planned(deal) == ["Мария. Узнать ответ на КП"])
    portal.move(deal, "Отправили счёт")
    wait_for("both tasks", lambda: [line[:4] for line in portal.task_lines(deal)] == ["clos", "open", "open"])
    assert [task["title"] for task in portal.tasks(deal)][1:] == [
        "Мария. Позвонить об оплате счёта",
        "Мария. Написать об оплате счёта",
    ]
    wait_for("calm", pair.daemon.settled)
    late = {"DEADLINE": (datetime.now(UTC) - timedelta(minutes=5)).isoformat()}
    portal.ask("tasks.task.update", driver.HEAD, taskId=portal.tasks(deal)[1]["id"], fields=late)
    wait_for("the head", lambda: pair.told_to(driver.HEAD, "Счёт"))
    assert "Позвонить об оплате" in pair.told_to(driver.HEAD, "Счёт")[0]

    portal.move(deal, "Получили оплату")
    wait_for("the letter", lambda: f"Заказ {deal} оплачен" in pair.planned(deal))
    wait_for("calm", pair.daemon.settled)
    assert pair.planned(deal).count(f"Заказ {deal} оплачен") == 1


def bills(pair: taken.Taken, to: str) -> list[str]:
    """Subjects of letters with a file that went to the client."""
    mails = pair.sandbox.lever("GET", "state/timeline")["activities"]["mails"]
    return [one["subject"] for one in mails if one["to"] == [to] and one["files"]]


def test_a_client_who_answered_gets_an_invoice_and_the_deal_goes_under_control(pair: taken.Taken) -> None:
    """S1.7, S1.8: issued by the robot once, sent, and the deal is moved; without a sum the manager is asked to issue it."""
    portal = pair.sandbox
    anna = portal.contact("Анна", "+7 916 333-33-33")
    email = [{"VALUE": "anna@mail.ru", "VALUE_TYPE": "WORK"}]
    portal.ask("crm.contact.update", id=anna, fields={"EMAIL": email})
    full = portal.deal(title="С суммой", stage="Сделали предложение", opportunity=50_000, contactIds=[anna])
    bare = portal.deal(title="Без суммы", stage="Сделали предложение")
    for deal in (full, bare):
        wait_for("its call", functools.partial(pair.planned, deal))
        portal.move(deal, "Получили ответ")
    wait_for("the move", lambda: portal.stage(full) == "Отправили счёт")
    wait_for("the task", lambda: "open: Отправить счет на оплату" in portal.task_lines(bare))
    wait_for("the letter", lambda: bills(pair, "anna@mail.ru"))
    wait_for("calm", pair.daemon.settled)

    assert bills(pair, "anna@mail.ru") == [f"Счёт по заказу {full}"]
    made = portal.ask("crm.item.list", entityTypeId=31, select=["id", "parentId2", "opportunity"])["items"]
    assert [(one["parentId2"], one["opportunity"]) for one in made] == [(full, 50_000)]
    assert portal.stage(bare) == "Получили ответ"
