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
    changed = daemon.folder / "proposed.yaml"
    stands = [[portal.card(deal), portal.task_lines(deal)] for deal in pair.deals]
    wished = daemon.listed("ledger", "list")
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
    assert [[portal.card(deal), portal.task_lines(deal)] for deal in pair.deals] == stands
    assert daemon.listed("ledger", "list") == wished
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


def test_a_leaver_is_replaced_after_the_count_and_it_can_be_undone(pair: Pair) -> None:
    """F10: counts and the YAML's lines first; then the card, the field and the tasks go to another; undo returns them."""
    portal, daemon = pair.sandbox, pair.daemon
    hers = pair.deals[2]
    shown = daemon.run("person", "Сидорова Ольга")
    assert shown.splitlines()[:5] == [
        "Сидорова Ольга",
        "  отвечает: 1 открытая карточка",
        "  в поле «РОП»: 3 открытые карточки",
        "  на нём 1 задача робота",
        "  имя стоит в romashka.yaml:13: - fill: {field: РОП, with: Сидорова Ольга}",
    ]
    asked = daemon.process_of("person", "Сидорова Ольга", "--replace-by", "Иванов Пётр")
    assert (asked.returncode, asked.stdout) == (6, "")
    assert asked.stderr.splitlines()[-2].startswith("Передать: 3 карточки → Иванов Пётр 3")
    assert people(pair) == [("3", "4", ["3"]), ("3", "4", ["3"]), ("4", "4", ["4"])]

    daemon.run("person", "Сидорова Ольга", "--replace-by", "Иванов Пётр", "--yes", "3")
    wait_for("all of hers", lambda: people(pair) == [("3", "3", ["3"])] * 3)
    wait_for("calm", daemon.settled)
    assert portal.task_lines(hers) == ["open: Взять в работу"]
    assert "открытых карточек и задач роботов за ним нет" in daemon.run("person", "Сидорова Ольга")

    daemon.run("undo", "--robot", "Voronka/person", "--since", "1h", "--yes", "3")
    wait_for("hers again", lambda: people(pair)[2] == ("4", "4", ["4"]))
    wait_for("calm", daemon.settled)


def test_a_dismissal_is_told_to_the_head(pair: Pair) -> None:
    """The portal rings no bell for it: the daemon sees it in the list of employees, and says what hangs on her."""
    portal, daemon = pair.sandbox, pair.daemon
    portal.lever("POST", f"users/{driver.SIDOROVA}", {"active": False})
    assert daemon.process is not None
    daemon.process.stop()
    daemon.start().ready()
    told = wait_for(
        "the head", lambda: [text for text in portal.notices(driver.HEAD) if "сотрудник уволен" in text]
    )
    assert told[0].splitlines()[:2] == [
        "Сидорова Ольга: сотрудник уволен, роботы его теперь пропускают.",
        "За ним: 3 открытые карточки, 1 задача робота.",
    ]


def people(pair: Pair) -> list[tuple[str, str, list[str]]]:
    """Of each deal: who is responsible, who is РОП, on whom its open tasks are."""
    found = []
    for deal in pair.deals:
        card, tasks = pair.sandbox.card(deal), pair.sandbox.tasks(deal)
        hang = [str(task["responsibleId"]) for task in tasks if task["status"] != "5"]
        found.append((str(card["assignedById"]), str(card[driver.ROP]), hang))
    return found
