"""The days of a manager, a head of sales, a support engineer and an admin on `rop-funnel`. One portal for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance import driver, taken
from tests.acceptance.driver import wait_for

FIRST = "Взять в работу новый лид и принять решение о дальнейшем сотрудничестве"
SECOND = "Мария. Уточнить необходимую информацию и сделать КП"
OVER = """\
pipelines:
  Продажи:
    if_missing: {wait: 0 minutes}
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[taken.Taken]:
    made = taken.Taken(tmp_path_factory.mktemp("days"), "rop-funnel", "returns=move_back", over=OVER)
    try:
        yield made
    finally:
        made.close()


def test_a_manager_s_day(pair: taken.Taken) -> None:
    """S2.1, S2.3, S2.8, F2: a task from his head; a move too early comes back with what to fill; filled, it goes on."""
    portal = pair.sandbox
    deal = portal.deal(title="Окна", contactIds=[portal.contact("Мария", "+7 916 000-00-01")])
    wait_for("the task", lambda: portal.task_lines(deal) == [f"open: {FIRST}"])
    assert portal.tasks(deal)[0]["createdBy"] == str(driver.HEAD)

    portal.move(deal, "Обрабатываем запрос")
    wait_for("the return", lambda: portal.stage(deal) == "Новый лид")
    wait_for("the word", lambda: pair.told_to(driver.IVANOV, "«Окна»"))
    assert pair.told_to(driver.IVANOV, "«Окна»") == ["Сделка «Окна» вернулась: не заполнено «Требования»"]

    needs: dict[str, Any] = {driver.NEEDS: "окно 2 на 2"}
    portal.write(deal, **needs)
    portal.move(deal, "Обрабатываем запрос")
    wait_for("the next task", lambda: portal.task_lines(deal) == [f"closed: {FIRST}", f"open: {SECOND}"])


def test_a_head_of_sales_day(pair: taken.Taken) -> None:
    """S2.9, F17: no loss without its reason; reopened, the old reason is gone and he hears of it."""
    portal = pair.sandbox
    deal = portal.deal(title="Двери")
    wait_for("the head", lambda: portal.card(deal)[driver.ROP] == driver.HEAD)
    portal.move(deal, "Дорого")
    wait_for("the return", lambda: portal.stage(deal) == "Новый лид")
    reason: dict[str, Any] = {driver.LOSS_COMMENT: "просит скидку сорок процентов"}
    portal.write(deal, **reason)
    portal.move(deal, "Дорого")
    wait_for("its task closed", lambda: portal.task_lines(deal) == [f"closed: {FIRST}"])

    portal.move(deal, "Обрабатываем запрос")
    wait_for("the word", lambda: pair.told_to(driver.HEAD, "«Двери»"))
    wait_for("no reason", lambda: not portal.card(deal)[driver.LOSS_COMMENT])
    assert pair.told_to(driver.HEAD, "«Двери»") == ["«Двери» снова в работе: Обрабатываем запрос"]


def test_a_support_engineer_s_day(pair: taken.Taken) -> None:
    """F23: a link read out by the client is enough for the deal's whole story, and asking changes nothing."""
    portal, daemon = pair.sandbox, pair.daemon
    deal = portal.deal(title="Почему")
    wait_for("the task", lambda: portal.task_lines(deal))
    wait_for("calm", daemon.settled)
    before = (portal.card(deal), portal.tasks(deal))
    story = daemon.run("why", f"https://127.0.0.1:{portal.port}/crm/deal/details/{deal}/")

    assert [part for part in ("РОП", FIRST, "Петрова Анна") if part not in story] == []
    assert (portal.card(deal), portal.tasks(deal)) == before


def test_an_admin_s_day(pair: taken.Taken) -> None:
    """F6, F12, F25: what stands is what the file says; one word stops everything, another goes on and says what was missed."""
    portal, daemon = pair.sandbox, pair.daemon
    assert "роботы те же" in daemon.run("plan", str(daemon.file))
    daemon.run("stop")
    deal = portal.deal(title="На паузе")
    wait_for("the refusal", lambda: ended(pair, deal) == {"superseded"})
    assert (portal.task_lines(deal), portal.card(deal)[driver.ROP]) == ([], None)

    assert "Пропущено и не делается" in daemon.run("resume")
    after = portal.deal(title="После паузы")
    wait_for("the task", lambda: portal.task_lines(after) == [f"open: {FIRST}"])
    assert portal.task_lines(deal) == []


def ended(pair: taken.Taken, deal: int) -> set[str]:
    return {row["state"] for row in pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")}
