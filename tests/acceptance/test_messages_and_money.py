"""Calls and meetings, letters and SMS, calls of an address, invoices, own triggers: end to end, on one portal beside one daemon."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

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
    stages:
      Обрабатываем запрос:
        on_enter:
          - call: {{title: "Позвонить: {{{{Контакт: Имя}}}}", deadline: 2 work hours}}
          - todo: {{title: Проверить адрес, for: Петрова Анна}}
          - observers: {{add: менеджер, remove: Петрова Анна}}
"""
)
FEED = ["ID", "SUBJECT", "TYPE_ID", "RESPONSIBLE_ID", "ORIGIN_ID", "COMMUNICATIONS"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Pair]:
    made = driver.Pair(tmp_path_factory.mktemp("messages"), YAML)
    try:
        made.daemon.start().ready()
        yield made
    finally:
        made.close()


def activities(pair: driver.Pair, deal: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pair.sandbox.ask(
        "crm.activity.list", filter={"OWNER_TYPE_ID": 2, "OWNER_ID": deal}, select=FEED, order={"ID": "ASC"}
    )
    return rows


def states(pair: driver.Pair, deal: int) -> list[tuple[str, str]]:
    rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    return [(row["act"]["act"], row["state"]) for row in rows]


def test_a_call_and_a_todo_are_planned_once(pair: driver.Pair) -> None:
    """S1.5: though the portal made the call and its answer was cut off; observers are added and taken away."""
    portal = pair.sandbox
    contact = portal.contact("Мария", "+7 916 000-00-01")
    deal = portal.deal(title="Звонок", contactIds=[contact], observers=[1, driver.HEAD])
    portal.fault("commit_then_reset", "crm.activity.add", times=1)
    portal.move(deal, "Обрабатываем запрос")
    wait_for("both", lambda: len(activities(pair, deal)) == 2)
    wait_for("calm", pair.daemon.settled)

    found = sorted(activities(pair, deal), key=lambda row: row["TYPE_ID"])
    assert [(row["SUBJECT"], row["TYPE_ID"], row["RESPONSIBLE_ID"]) for row in found] == [
        ("Позвонить: Мария", "2", str(driver.IVANOV)),
        ("Проверить адрес", "6", str(driver.HEAD)),
    ]
    assert found[0]["COMMUNICATIONS"][0]["ENTITY_ID"] == str(contact)
    assert sorted(portal.card(deal)["observers"]) == [1, driver.IVANOV]
    assert sorted(states(pair, deal)) == [("PlanActivity", "done")] * 2 + [("SetFields", "done")]
    assert ["commit_then_reset"] in [one[:1] for one in portal.struck()]
