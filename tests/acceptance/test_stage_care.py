"""Care of stages, end to end: attempts and agreement before a silent client is given up. One portal and one daemon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance import driver
from tests.acceptance.driver import wait_for

SILENT = "Перестал выходить на связь"
YAML = (
    driver.PORTAL
    + """\
people:
  менеджер: {{field: Ответственный}}
  руководитель: {{head_of: менеджер, if_self: up, else: Орлов Сергей}}
pipelines:
  Продажи:
    mode: on
    if_missing: {{do: move_back, wait: 0 minutes}}
    stages:
      Перестал выходить на связь:
        to_enter: {{attempts: {{at_least: 2, on_days: 1, count: [звонок, "комментарий: недозвон"]}}, agreed_by: руководитель}}
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


def told(pair: driver.Pair, user: int, about: str) -> list[str]:
    return [text for text in pair.sandbox.notices(user) if about in text]


def missed(pair: driver.Pair, deal: int) -> None:
    """There is no telephony: the manager writes what came of his call."""
    comment = {"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "Недозвон"}
    pair.sandbox.ask("crm.timeline.comment.add", driver.IVANOV, fields=comment)


def test_a_silent_client_is_given_up_after_attempts_and_with_the_heads_consent(pair: driver.Pair) -> None:
    """S2.10, F16: too few attempts; then the head is asked by a task; done, it moves the deal."""
    portal = pair.sandbox
    deal = portal.deal(title="Молчун")
    wait_for(
        "the first look", lambda: pair.daemon.process_of("mirror", "show", "deal", str(deal)).returncode == 0
    )
    missed(pair, deal)
    portal.move(deal, SILENT)
    wait_for("the return", lambda: portal.stage(deal) == "Новый лид")
    wait_for("the word", lambda: told(pair, driver.IVANOV, "Молчун"))
    assert told(pair, driver.IVANOV, "Молчун")[-1].startswith(
        "Сделка «Молчун» вернулась. Попыток 1 из 2 (комментарий "
    )
    assert portal.tasks(deal) == []

    missed(pair, deal)
    portal.move(deal, SILENT)
    wait_for("the question", lambda: portal.task_lines(deal) == [f"open: Согласуйте: «{SILENT}» — Молчун"])
    wait_for("the return", lambda: portal.stage(deal) == "Новый лид")
    task = portal.tasks(deal)[0]
    assert int(task["responsibleId"]) == driver.HEAD
    wait_for("the word", lambda: told(pair, driver.IVANOV, "нужно согласие"))

    portal.ask("tasks.task.complete", driver.HEAD, taskId=task["id"])
    wait_for("the move", lambda: portal.stage(deal) == SILENT)
    assert len(portal.tasks(deal)) == 1
