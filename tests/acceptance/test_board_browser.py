"""The board in a real browser: a person drags a deal with the mouse, and the robots answer before his eyes.

The system's Chromium is driven (the Makefile sees to it); nothing is skipped where there is none: the tests fail.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright import sync_api

from tests.acceptance import driver
from tests.acceptance.conftest import Pair
from tests.acceptance.driver import wait_for

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000
"""Milliseconds for which the robots' answer is waited for."""
FIRST, NEXT = "Новый лид", "Обрабатываем запрос"


class Person:
    """Somebody at the board; what the browser complained of is kept."""

    def __init__(self, page: sync_api.Page, sandbox: driver.Sandbox) -> None:
        self.page, self.sandbox, self.complaints = page, sandbox, list[str]()
        self.address = f"http://127.0.0.1:{sandbox.port}"
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", self._failed)

    def _heard(self, message: sync_api.ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _failed(self, request: sync_api.Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # a poll cut off by leaving the page is none
            self.complaints.append(f"{request.url}: {request.failure}")

    def board(self) -> None:
        self.page.goto(f"{self.address}/board/?pipeline={self.sandbox.categories['Продажи']}")

    def column(self, stage: str) -> sync_api.Locator:
        return self.page.locator(f'.column[data-stage="{self.sandbox.stages["Продажи"][stage]}"]')

    def card(self, deal: int) -> sync_api.Locator:
        return self.page.locator(f'.card[data-id="{deal}"]')

    def in_column(self, stage: str, deal: int) -> sync_api.Locator:
        return self.column(stage).locator(f'.card[data-id="{deal}"]')

    def drag(self, deal: int, stage: str) -> None:
        """By hand: takes the card, carries it over the column, lets go."""
        self.card(deal).hover()
        self.page.mouse.down()
        box = self.column(stage).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y, steps=12)
        self.page.mouse.move(x + 2, y + 2)
        self.page.mouse.up()


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("no browser for the board's tests: install the package 'chromium'", pytrace=False)
    with sync_api.sync_playwright() as player:
        launched = player.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def person(browser: sync_api.Browser, shared: Pair) -> Iterator[Person]:
    page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="ru-RU")
    page.set_default_timeout(PATIENCE)
    yield Person(page, shared.sandbox)
    page.close()


def test_a_deal_dragged_by_hand_gets_its_next_task(person: Person) -> None:
    """Dropped in the next column it stays there; its card page shows the robots' new task open and the old one done."""
    portal = person.sandbox
    maria = portal.contact("Мария", "+7 916 222-22-22")
    fields: dict[str, Any] = {driver.NEEDS: "окно 2 на 2", "contactIds": [maria]}
    deal = portal.deal(title="Эркер", **fields)
    wait_for("the first task", lambda: portal.task_lines(deal))
    person.board()
    sync_api.expect(person.in_column(FIRST, deal)).to_be_visible(timeout=PATIENCE)
    person.drag(deal, NEXT)

    sync_api.expect(person.in_column(NEXT, deal)).to_be_visible(timeout=PATIENCE)
    wait_for("the move in the portal", lambda: portal.stage(deal) == NEXT)
    sync_api.expect(person.card(deal).locator(".chief")).to_have_text("РОП: Петрова", timeout=PATIENCE)
    person.card(deal).click()
    open_task = person.page.locator(".task:not(.done) h3")
    sync_api.expect(open_task).to_have_text("Мария. Сделать КП", timeout=PATIENCE)
    done = person.page.locator(".task.done h3")
    sync_api.expect(done).to_have_text("Взять в работу новый лид", timeout=PATIENCE)
    sync_api.expect(person.page.locator(".stages button.on")).to_have_text(NEXT)
    sync_api.expect(person.page.locator(".checks li span")).to_have_text(
        ["Уточните размеры", "Посчитайте цену"]
    )
    assert person.complaints == []


def test_a_deal_that_lacks_a_field_comes_back_by_itself(person: Person) -> None:
    """Dragged on with «Требования» empty it returns without a reload, and the bell of its manager tells why."""
    portal = person.sandbox
    deal = portal.deal(title="Лоджия")
    wait_for("the first task", lambda: portal.task_lines(deal))
    person.board()
    person.page.locator("select[name=user]").select_option(str(driver.IVANOV))
    sync_api.expect(person.page.locator("select[name=user]")).to_have_value(str(driver.IVANOV))
    person.drag(deal, NEXT)
    wait_for("both moves", lambda: len(portal.lever("GET", f"items/2/{deal}")["history"]) == 3)

    sync_api.expect(person.in_column(FIRST, deal)).to_be_visible(timeout=PATIENCE)
    bell = person.page.locator(".bell")
    told = re.compile("Сделка «Лоджия» вернулась: не заполнено «Требования»")
    sync_api.expect(bell.locator(".pop")).to_contain_text(told, timeout=PATIENCE)
    bell.locator("summary").click()
    bell.get_by_role("link", name="Открыть сделку").first.click()
    sync_api.expect(person.page.locator("h1")).to_have_text("Лоджия")
    assert person.complaints == []
