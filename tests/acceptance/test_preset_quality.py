"""The preset `quality-control` taken by an admin and lived in: leads are triaged before managers see them (S3).

The quality department is Ivanov, the free manager of the sales department is Sidorova, the head of both is Petrova.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance import driver, taken
from tests.acceptance.driver import wait_for

DECISION = "Решение ОКК"
TWIN = (
    "По данному лиду найдено задвоение. Компания или Контакт: {name}, {link}, ответственный: {owner}. "
    "Прошу сконвертировать через Вкладку «Выбрать из списка»"
)
ATTACH = "Сконвертировать лид через «Выбрать из списка»: {title}"
ANSWERS = ("quality=Торговый дом", "director=Петрова Анна", "own_mail=@romashka.ru", "chat=CHAT")
OVER = """\
people:
  контролёр:
    round_robin: {except: [Орлов Сергей, Петрова Анна, Сидорова Ольга, Воронка Робот]}
    within: off
  свободный менеджер:
    by_load: {except: [Петрова Анна, Иванов Пётр]}
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[taken.Taken]:
    made = taken.Taken(tmp_path_factory.mktemp("quality"), "quality-control", *ANSWERS, over=OVER)
    try:
        yield made
    finally:
        made.close()


def has_controller(pair: taken.Taken, lead: int) -> bool:
    return bool(pair.lead_card(lead)["assignedById"] == driver.IVANOV)


def decided(pair: taken.Taken, title: str, decision: str, **lead: Any) -> int:
    """A lead that came to the quality department and of which it has decided."""
    number = pair.lead(title, **lead)
    wait_for("its controller", functools.partial(has_controller, pair, number))
    pair.write_lead(number, **pair.chosen(DECISION, decision, "lead"))
    return number


def lead_tasks(pair: taken.Taken, title: str) -> list[tuple[str, bool]]:
    """(whose, is it open) of the tasks of that title."""
    rows = [task for task in pair.sandbox.tasks() if task["title"] == title]
    return [(str(task["responsibleId"]), str(task["status"]) != "5") for task in rows]


def test_what_isn_t_a_client_s_never_reaches_the_people(pair: taken.Taken) -> None:
    """S3.2: own mail and off-topic words are rejected by the saved rules, with the reason; nothing is deleted."""
    own = pair.lead("Проверка почты", email="buh@romashka.ru")
    offer = pair.lead("Дешёвая реклама на радио")
    client = pair.lead("Окна на дачу", email="maria@client.ru")
    wait_for("both ends", lambda: [pair.lead_stage(one) for one in (own, offer)] == ["JUNK", "JUNK"])
    wait_for("calm", pair.daemon.settled)

    assert pair.comments(own) == ["Почта своей компании"]
    assert pair.comments(offer) == ["Предложение не по теме"]
    assert (pair.lead_stage(client), has_controller(pair, client)) == ("NEW", True)


def test_a_hot_lead_goes_to_a_free_manager_whole(pair: taken.Taken) -> None:
    """S3.1, S3.3, S3.5: deal, contact and company; the comment of the department; the head knows, and the department's chat."""
    phone, company = "+7 916 111-11-11", "ООО «Лес»"
    lead = decided(pair, "Горячий", "Горячий", phone=phone, name="Мария", companyTitle=company)
    deal = pair.deal_of("Горячий")
    wait_for("the end", lambda: pair.lead_stage(lead) == "CONVERTED")
    wait_for("the comment", lambda: pair.comments(lead) == ["Конвертация проведена в СКК"])
    wait_for("the head", lambda: pair.told_to(driver.HEAD, "Горячий"))

    wait_for("its manager", lambda: pair.deal_of("Горячий")["assignedById"] == driver.SIDOROVA)
    assert pair.sandbox.names[deal["stageId"]] == "Новый лид"
    assert len([one for one in pair.sandbox.deals() if one["title"] == "Горячий"]) == 1
    assert (len(deal["contactIds"]), bool(deal["companyId"])) == (1, True)
    assert pair.told_to(driver.HEAD, "Горячий") == ["«Горячий»: горячий лид ушёл в продажи"]
    wait_for("the chat", lambda: [text for text in pair.said_in_chat() if "«Горячий»" in text])
    assert [text.splitlines() for text in pair.said_in_chat() if "«Горячий»" in text] == [
        [
            "Сделка из лида «Горячий»",
            f"Сделка: {pair.page('deal', deal['id'])}",
            f"Лид: {pair.page('lead', lead)}",
        ]
    ]


def test_a_lead_without_a_deal_leaves_a_client_or_nothing(pair: taken.Taken) -> None:
    """S3.3: a contact and a company without a deal; so does a non-target one whose contacts are valid; others are rejected."""
    reached = {
        "name": "Пётр",
        "lastName": "Лесной",
        "phone": "8 916 222-22-22",
        "email": "petr@client.ru",
        "site": "les.ru",
    }
    unreached = {**reached, "name": "Иван", "phone": "8 916 222-22", "email": "ivan@client.ru"}
    plain = decided(pair, "Только клиент", "Без сделки", name="Анна", phone="+7 916 333-33-33")
    useful = decided(pair, "Полезный", "Нецелевой", **reached)
    useless = decided(pair, "Пустой", "Нецелевой", name="Олег", phone="+7 916 444-44-44")
    mistyped = decided(pair, "Опечатка", "Нецелевой", **unreached)
    leads = (plain, useful, useless, mistyped)
    ends = ["CONVERTED", "CONVERTED", "JUNK", "JUNK"]
    wait_for("the ends", lambda: [pair.lead_stage(one) for one in leads] == ends)
    wait_for("calm", pair.daemon.settled)

    names = [row["NAME"] for row in pair.sandbox.ask("crm.contact.list", select=["ID", "NAME"])]
    assert [one in names for one in ("Анна", "Пётр", "Олег", "Иван")] == [True, True, False, False]
    titles = {one["title"] for one in pair.sandbox.deals()}
    assert titles & {"Только клиент", "Полезный", "Пустой", "Опечатка"} == set()


def test_a_client_s_lead_goes_to_the_manager_who_leads_him(pair: taken.Taken) -> None:
    """S3.4: past the queue, with the comment that says what to do; nothing is converted behind his back. His own attaching of
    the client closes the matter."""
    vera = pair.sandbox.contact("Вера", "+7 916 555-55-55", by=driver.SIDOROVA)
    time.sleep(
        1.1
    )  # the portal's moments are whole seconds, and an earlier client is one of an earlier second
    lead = pair.lead("Снова Вера", phone="8 916 555-55-55")
    wait_for("her manager", lambda: pair.lead_card(lead)["assignedById"] == driver.SIDOROVA)
    wait_for("the comment", lambda: pair.comments(lead))
    wait_for("calm", pair.daemon.settled)

    assert pair.comments(lead) == [
        TWIN.format(name="Вера", link=pair.page("contact", vera), owner="Сидорова Ольга")
    ]
    assert (pair.lead_stage(lead), pair.told_to(driver.IVANOV, "Снова Вера")) == ("NEW", [])
    title = ATTACH.format(title="Снова Вера")
    assert lead_tasks(pair, title) == [(str(driver.SIDOROVA), True)]

    pair.write_lead(lead, by=driver.SIDOROVA, contactId=vera, stageId="CONVERTED")
    wait_for("the end of it", lambda: lead_tasks(pair, title) == [(str(driver.SIDOROVA), False)])
    wait_for("calm", pair.daemon.settled)
    assert len(pair.comments(lead)) == 1
