"""Before and around the people: what a file would do (plan), what a card would get (try), who leaves (person). One portal."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

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
    on_create:
      - fill: {{field: РОП, with: Сидорова Ольга}}
    stages:
      Новый лид:
        task: {{title: Взять в работу, for: менеджер, deadline: 2 work hours}}
      Обрабатываем запрос:
        task: {{title: "{{{{Сделка: Название}}}}. Сделать КП", for: менеджер, deadline: 1 work day}}
"""
)
TASK = "Продажи/Новый лид/task"


class Pair(driver.Pair):
    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(folder, YAML)
        self.daemon.start().ready()
        self.deals = [self.sandbox.deal(title=f"Окна {n}", by=by) for n, by in enumerate((3, 3, 4))]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("go"))
    try:
        wait_for("tasks", lambda: all(made.sandbox.task_lines(deal) for deal in made.deals))
        wait_for("calm", made.daemon.settled)
        yield made
    finally:
        made.close()


def test_a_file_is_planned_before_it_is_taken(pair: Pair) -> None:
    """The difference of robots, the tasks that the removed one leaves, per person; and nothing is done by asking."""
    portal, daemon = pair.sandbox, pair.daemon
    assert "роботы те же" in daemon.run("plan", str(daemon.file))
    before, changed = portal.requests(), daemon.folder / "proposed.yaml"
    text = daemon.file.read_text("utf-8")
    task = "        task: {title: Взять в работу, for: менеджер, deadline: 2 work hours}\n"
    assert task in text
    text = text.replace(f"      Новый лид:\n{task}", "").replace("1 work day", "2 work days")
    changed.write_text(text.replace("- fill:", "- log: {text: пришла}\n      - fill:"), "utf-8")
    said = daemon.run("plan", str(changed), code=2)
    assert [line.split("  [")[0] for line in said.splitlines()[1:5]] == [
        "  + Продажи/on_create/log: включён",
        "  ~ Продажи/Обрабатываем запрос/task: изменено: что и как делает",
        f"  - {TASK}: убран",
        "      от него 3 открытые задачи (Иванов Пётр 2, Сидорова Ольга 1): закроются, когда сделка уйдёт со стадии",
    ]
    assert "voronka enroll" in said
    plain = daemon.process_of("plan", str(changed), "--json")
    assert plain.returncode == 2
    assert '"open_tasks": 3' in plain.stdout
    assert portal.requests().get("writes") == before.get("writes")
    changed.write_text(text.replace("Новый лид", "Новый лд").replace("Обрабатываем", "Обрабатывем"), "utf-8")
    assert daemon.process_of("plan", str(changed)).returncode in (4, 6)
    changed.unlink()


def test_one_card_is_tried_and_stays_as_it_is(pair: Pair) -> None:
    """What the robots would do with it if it moved, with the text that its manager would read."""
    portal, daemon = pair.sandbox, pair.daemon
    deal = pair.deals[0]
    said = daemon.run("try", "deal", str(deal), "--as-if", "стадия: Обрабатываем запрос")
    assert said.splitlines()[0] == "«Окна 0», стадия «Обрабатываем запрос»"
    assert "задача «Окна 0. Сделать КП» → Иванов Пётр" in said
    assert "закрытие задачи" in said
    assert "ничего бы не сделали" in daemon.run("try", "deal", str(deal))
    wrong = daemon.process_of("try", "deal", str(deal), "--as-if", "стадия: Обработка")
    assert (wrong.returncode, wrong.stdout) == (6, "")
    assert "нет такого: «Обработка»" in wrong.stderr
    wait_for("calm", daemon.settled)
    assert (portal.stage(deal), portal.task_lines(deal)) == ("Новый лид", ["open: Взять в работу"])
