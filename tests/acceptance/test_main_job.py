"""The main job, end to end: a webhook rings, the funnel is worked, once. The installed command, real HTTP."""

from __future__ import annotations

import time

from tests.acceptance import driver
from tests.acceptance.conftest import Pair
from tests.acceptance.driver import wait_for

FIRST = "Взять в работу новый лид"


def settle(pair: Pair) -> None:
    """Until nothing is dirty and nothing waits to be sent: two sweeps without a new effect."""
    before = None
    for _ in range(40):
        counts = [row["state"] for row in pair.daemon.json("ledger", "list")]
        if counts == before and not {"wished", "sent", "unknown"} & set(counts):
            return
        before = counts
        time.sleep(1.2)
    raise AssertionError(f"never settled: {before}")


def test_a_new_deal_gets_its_head_and_its_task(shared: Pair) -> None:
    """U3, U5, S2.1, S2.3: РОП from the department, the task from him to the manager, bound to the deal."""
    portal = shared.sandbox
    deal = portal.deal()
    wait_for("РОП", lambda: portal.card(deal)[driver.ROP] == driver.HEAD)
    wait_for("the task", lambda: portal.task_lines(deal))

    assert portal.task_lines(deal) == [f"open: {FIRST}"]
    task = portal.tasks(deal)[0]
    assert (task["createdBy"], task["responsibleId"]) == (str(driver.HEAD), str(driver.IVANOV))


def test_a_missing_field_brings_the_deal_back_once(shared: Pair) -> None:
    """S2.8: one return, one notice, the old task still open, no task of the refused stage."""
    portal = shared.sandbox
    deal = portal.deal(by=driver.SIDOROVA, title="Балкон")
    wait_for("the first task", lambda: portal.task_lines(deal))
    portal.move(deal, "Обрабатываем запрос", by=driver.SIDOROVA)
    wait_for("the return", lambda: portal.stage(deal) == "Новый лид")
    settle(shared)

    assert portal.task_lines(deal) == [f"open: {FIRST}"]
    told = [text for text in portal.notices(driver.SIDOROVA) if "Балкон" in text]
    assert [text.splitlines()[0] for text in told] == ["Сделка «Балкон» вернулась: не заполнено «Требования»"]
    rows = portal.lever("GET", f"items/2/{deal}")["history"]
    assert len(rows) == 3, rows


def test_the_next_stage_closes_the_old_task_and_sets_its_own_with_a_checklist(shared: Pair) -> None:
    """S2.4, S2.7."""
    portal = shared.sandbox
    maria = portal.contact("Мария", "+7 916 111-11-11")
    deal = portal.deal(contactIds=[maria])
    wait_for("the first task", lambda: portal.task_lines(deal))
    portal.write(deal, **{driver.NEEDS: "окно 2 на 2"})
    portal.move(deal, "Обрабатываем запрос")
    wait_for("the second task", lambda: len(portal.tasks(deal)) == 2)
    settle(shared)

    assert portal.task_lines(deal) == [f"closed: {FIRST}", "open: Мария. Сделать КП"]
    items = portal.ask("task.checklistitem.getlist", TASKID=portal.tasks(deal)[1]["id"])
    titles = [item["TITLE"] for item in items]
    assert [title for title in titles if title.startswith(("Уточните", "Посчитайте"))] == [
        "Уточните размеры",
        "Посчитайте цену",
    ]


def test_stages_flown_through_get_no_tasks(shared: Pair) -> None:
    """A→B→C at once: A's task is closed, C's is set, B's never was wanted; A→B→A changes nothing."""
    portal = shared.sandbox
    fields = {driver.NEEDS: "окно", driver.SUBJECT: "окна"}
    deal = portal.deal(**fields)
    there_and_back = portal.deal(**fields)
    wait_for("the first tasks", lambda: portal.task_lines(deal) and portal.task_lines(there_and_back))
    portal.move(deal, "Обрабатываем запрос")
    portal.move(deal, "Сделали предложение")
    wait_for("the last task", lambda: any("Получить ответ" in line for line in portal.task_lines(deal)))
    settle(shared)

    open_tasks = [line for line in portal.task_lines(deal) if line.startswith("open")]
    assert open_tasks == ["open: Получить ответ на КП"]


def test_a_deal_dragged_back_is_never_trapped(shared: Pair) -> None:
    """users.md F2a."""
    portal = shared.sandbox
    deal = portal.deal(**{driver.NEEDS: "окно"})
    wait_for("the first task", lambda: portal.task_lines(deal))
    portal.move(deal, "Обрабатываем запрос")
    wait_for("the second task", lambda: len(portal.tasks(deal)) == 2)
    portal.move(deal, "Новый лид")
    settle(shared)

    assert portal.stage(deal) == "Новый лид"
    assert not [text for text in portal.notices(driver.IVANOV) if f"/{deal}/" in text]


def test_a_won_deal_goes_on_to_the_next_department_once(shared: Pair) -> None:
    """U6, S5.1: the copy has the fields, the contact and the products; the next department's РОП; won stays won."""
    portal = shared.sandbox
    maria = portal.contact("Мария", "+7 916 222-22-22")
    fields = {driver.NEEDS: "окно", driver.SUBJECT: "окна", "opportunity": 90000, "currencyId": "RUB"}
    deal = portal.deal(title="Окна на Лесной", contactIds=[maria], **fields)
    rows = [{"productName": "Окно", "price": 45000, "quantity": 2}]
    portal.ask("crm.item.productrow.set", ownerType="D", ownerId=deal, productRows=rows)
    wait_for("РОП", lambda: portal.card(deal)[driver.ROP])
    portal.move(deal, "Клиент получил заказ")
    wait_for("the copy", lambda: _copies(portal, deal))
    portal.move(deal, "Сделали предложение")
    settle(shared)
    portal.move(deal, "Клиент получил заказ")
    settle(shared)

    assert len(_copies(portal, deal)) == 1
    copy = portal.card(_copies(portal, deal)[0]["id"])
    wait_for("the next department's head", lambda: portal.card(copy["id"])[driver.ROP] == 1)
    assert (copy["title"], copy["opportunity"], copy["contactIds"]) == ("Окна на Лесной", 90000, [maria])
    assert (copy[driver.SUBJECT], copy["stageId"]) == ("окна", portal.stages["Доставка"]["Новый заказ"])
    products = portal.ask("crm.item.productrow.list", filter={"=ownerType": "D", "=ownerId": copy["id"]})
    assert [(p["productName"], p["quantity"]) for p in products["productRows"]] == [("Окно", 2)]
    won = portal.card(deal)
    assert (portal.names[won["stageId"]], won["assignedById"]) == ("Клиент получил заказ", driver.IVANOV)
    assert not [
        text for text in portal.notices(driver.IVANOV) if "Окна на Лесной" in text and "похоже" in text
    ]


def _copies(portal: driver.Sandbox, deal: int) -> list[dict[str, object]]:
    title = portal.card(deal)["title"]
    number = portal.categories["Доставка"]
    return [item for item in portal.deals() if item["categoryId"] == number and item["title"] == title]


def test_a_refused_win_gives_no_copy(shared: Pair) -> None:
    """The gate comes before everything."""
    portal = shared.sandbox
    deal = portal.deal(title="Без требований")
    wait_for("the first task", lambda: portal.task_lines(deal))
    portal.move(deal, "Клиент получил заказ")
    wait_for("the return", lambda: portal.stage(deal) == "Новый лид")
    settle(shared)

    assert _copies(portal, deal) == []


def test_twins_are_found_once_and_own_clients_never(shared: Pair) -> None:
    """U4, S4.3, S4.5: a client who writes twice; a repeat sale; a contact bound after the deal."""
    portal = shared.sandbox
    first = portal.contact("Ольга", "+7 916 333-33-33", by=driver.IVANOV)
    elder = portal.deal(title="Ольга раз", contactIds=[first])
    again = portal.contact("Оля", "8 (916) 333-33-33", by=driver.SIDOROVA)
    younger = portal.deal(title="Ольга два", by=driver.SIDOROVA, contactIds=[again])
    wait_for("the word", lambda: [t for t in portal.notices(driver.SIDOROVA) if "Ольга два" in t])
    repeat = portal.deal(title="Пётр", contactIds=[portal.contact("Пётр", "+7 916 444-44-44")])
    late = portal.deal(title="Потом", by=driver.SIDOROVA)
    wait_for("the tasks", lambda: portal.task_lines(late) and portal.task_lines(repeat))
    portal.write(late, contactIds=[again])
    wait_for("the late word", lambda: [t for t in portal.notices(driver.SIDOROVA) if "«Потом»" in t])
    settle(shared)

    everybody = [*portal.notices(driver.IVANOV), *portal.notices(driver.SIDOROVA)]
    likely = [text.split(":")[0] for text in everybody if "похоже" in text]
    assert "«Ольга раз»" not in likely
    assert "«Пётр»" not in likely
    assert elder < younger


def test_a_lost_stage_asks_for_its_comment(shared: Pair) -> None:
    """S2.9."""
    portal = shared.sandbox
    deal = portal.deal(title="Дорогая")
    wait_for("the first task", lambda: portal.task_lines(deal))
    portal.move(deal, "Дорого")
    wait_for("the return", lambda: portal.stage(deal) == "Новый лид")
    portal.write(deal, **{driver.LOSS_COMMENT: "просит скидку сорок процентов"})
    portal.move(deal, "Дорого")
    wait_for("its task closed", lambda: portal.task_lines(deal) == [f"closed: {FIRST}"])

    assert portal.stage(deal) == "Дорого"


def test_why_answers_in_its_first_line(shared: Pair) -> None:
    """F23: support reads a link and gets a sentence."""
    portal = shared.sandbox
    deal = portal.deal(title="Почему")
    wait_for("the first task", lambda: portal.task_lines(deal))
    settle(shared)
    story = shared.daemon.run("why", f"https://{'127.0.0.1'}:{portal.port}/crm/deal/details/{deal}/")

    assert "РОП" in story
    assert FIRST in story
