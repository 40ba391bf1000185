"""What people hold in their hands: pause, enroll, undo, held, diary (X8), typed as they type them. One portal for all."""

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
    stages:
      Новый лид:
        task: {{title: Взять в работу, for: менеджер, deadline: 2 work hours}}
  Доставка:
    mode: watch
    on_create:
      - fill: {{field: РОП, with: Орлов Сергей}}
robots:
  - name: Отмена
    when: created
    pipeline: Продажи
    mode: on
    if: {{Требования: отмена}}
    do:
      - task: {{title: Разобрать, for: менеджер, closes: by_hand}}
      - set: {{Предмет сделки: окна}}
"""
)
MARKED = {driver.NEEDS: "отмена"}
BOTH = ["open: Взять в работу", "open: Разобрать"]
TASK = "Продажи/Новый лид/task"


class Pair(driver.Pair):
    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(folder, YAML)
        self.old = [self.sandbox.deal(title=f"Старая {n}", by=by) for n, by in enumerate((3, 3, 4))]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("people"))
    try:
        made.daemon.start().ready()
        yield made
    finally:
        made.close()


def test_older_cards_are_taken_into_care_after_the_count_is_typed(pair: Pair) -> None:
    """F4: counts per person first, nothing without the count; then each card once, however often it is said."""
    portal, daemon = pair.sandbox, pair.daemon
    wait_for("the copy", lambda: all(seen(pair, deal) for deal in pair.old))
    assert [portal.task_lines(deal) for deal in pair.old] == [[], [], []]
    asked = daemon.process_of("enroll", TASK)
    assert (asked.returncode, asked.stdout) == (6, "")
    assert asked.stderr.splitlines()[:3] == [
        f"«{TASK}»: просмотрено открытых карточек 3, под роботов попадут 3.",
        f"  {TASK}: 3 задачи",
        "      Иванов Пётр 2, Сидорова Ольга 1",
    ]
    assert daemon.process_of("enroll", TASK, "--yes", "4").returncode == 6

    assert daemon.run("enroll", TASK, "--yes", "3", "--quiet").startswith("Начато: карточек 3.")
    wait_for("the tasks", lambda: all(portal.task_lines(deal) for deal in pair.old))
    wait_for("calm", daemon.settled)
    assert [portal.task_lines(deal) for deal in pair.old] == [["open: Взять в работу"]] * 3
    assert daemon.run("enroll", TASK).startswith("Делать нечего")


def seen(pair: Pair, deal: int) -> bool:
    return pair.daemon.process_of("mirror", "show", "deal", str(deal)).returncode == 0


def test_an_accident_is_undone_where_nobody_touched_it(pair: Pair) -> None:
    """F12: untouched tasks go, begun ones are closed, finished ones stay; the field returns unless people changed it;
    and all of it comes back if the undoing was the mistake."""
    portal, daemon = pair.sandbox, pair.daemon
    fresh, begun, over = (portal.deal(title=title, **MARKED) for title in ("Свежая", "Начатая", "Готовая"))
    for deal in (fresh, begun, over):
        wait_for(
            "robots", lambda number=deal: sorted(portal.task_lines(number)) == BOTH and subject(pair, number)
        )
    wait_for("calm", daemon.settled)
    task = {deal: number_of(pair, deal, "Разобрать") for deal in (begun, over)}
    said = {"POST_MESSAGE": "звоню"}
    portal.ask("task.commentitem.add", driver.IVANOV, TASKID=task[begun], FIELDS=said)
    portal.ask("tasks.task.complete", driver.IVANOV, taskId=task[over])
    portal.write(over, **{driver.SUBJECT: "двери"})
    wait_for("calm", daemon.settled)

    asked = daemon.process_of("undo", "--robot", "Отмена*", "--since", "1h")
    assert asked.returncode == 6
    assert sorted(asked.stderr.splitlines()[2:7]) == [
        "  вернуть 2 значения: с тех пор их никто не менял",
        "  закрыть 1 задачу: есть комментарий, отметка или другой статус",
        "  не трогать 1 задачу: уже закрыты или удалены",
        "  не трогать 1 значение: потом их меняли",
        "  удалить 1 задачу: никто не трогал",
    ]
    daemon.run("undo", "--robot", "Отмена*", "--since", "1h", "--yes", "4")
    wait_for("the fields", lambda: not (subject(pair, fresh) or subject(pair, begun)))
    wait_for("calm", daemon.settled)
    assert [own_tasks(pair, deal) for deal in (fresh, begun, over)] == [[], ["closed"], ["closed"]]
    assert subject(pair, over) == "двери"
    assert "Отменять нечего." in daemon.run("undo", "--robot", "Отмена*", "--since", "1h")

    daemon.run("resume")
    portal.write(fresh, title="Свежая снова")
    wait_for("calm", daemon.settled)
    assert not subject(pair, fresh), "what a person undid isn't done again at the next look"

    daemon.run("undo", "--back", "--robot", "Отмена*", "--since", "1h", "--yes", "4")
    wait_for("the task again", lambda: own_tasks(pair, fresh) == ["open"])
    wait_for("calm", daemon.settled)
    assert [subject(pair, deal) for deal in (fresh, begun, over)] == ["окна", "окна", "двери"]
    daemon.run("resume")


def subject(pair: Pair, deal: int) -> str:
    return str(pair.sandbox.card(deal)[driver.SUBJECT] or "")


def number_of(pair: Pair, deal: int, title: str) -> int:
    return next(int(task["id"]) for task in pair.sandbox.tasks(deal) if task["title"] == title)


def own_tasks(pair: Pair, deal: int) -> list[str]:
    return [line.split(":")[0] for line in pair.sandbox.task_lines(deal) if line.endswith("Разобрать")]


def states(pair: Pair, deal: int) -> list[tuple[str, str]]:
    rows = pair.daemon.json("ledger", "list", "--card", f"deal:{deal}")
    return [(row["act"]["act"], row["state"]) for row in rows]


def test_a_paused_robot_does_nothing_and_what_it_missed_is_counted(pair: Pair) -> None:
    """F3: resume skips what was missed and prints its count; it isn't done behind anybody's back."""
    portal, run = pair.sandbox, pair.daemon.run
    said = run("pause", TASK, "--by", "Иванов", "--reason", "проверяем")
    assert said.splitlines()[0] == f"На паузе (Иванов): {TASK}."
    deal = portal.deal(title="На паузе")
    wait_for("the end of the wish", lambda: states(pair, deal) == [("SetTask", "superseded")])
    assert "на паузе" in (answer := run("why", "deal", str(deal)).splitlines()[0])
    assert answer.endswith("Робот на паузе (Иванов: проверяем).")

    assert run("pause").splitlines()[1].split() == [
        TASK.split()[0],
        "лид/task",
        "Иванов",
        "проверяем",
        "пока",
        "не",
        "включат",
    ]
    assert run("resume", TASK).splitlines() == [
        "Роботы снова работают.",
        "Пропущено и не делается: 1 задача.",
    ]
    assert run("resume") == "На паузе ничего нет.\n"
    assert portal.task_lines(deal) == []


def test_everything_stops_at_once_and_is_caught_up_if_wanted(pair: Pair) -> None:
    """F12: one word for all robots; --catch-up does what is still wanted, and only that."""
    portal, run = pair.sandbox, pair.daemon.run
    run("stop")
    stays, leaves = portal.deal(title="Осталась"), portal.deal(title="Ушла")
    for deal in (stays, leaves):
        wait_for(
            "the end of the wish", lambda number=deal: states(pair, number) == [("SetTask", "superseded")]
        )
    portal.move(leaves, "Обрабатываем запрос")

    assert "Наверстаю, что ещё нужно: 2 задачи." in run("resume", "--catch-up")
    wait_for("the task", lambda: portal.task_lines(stays) == ["open: Взять в работу"])
    wait_for("calm", pair.daemon.settled)
    assert portal.task_lines(leaves) == []
    assert states(pair, leaves) == [("SetTask", "superseded")]


def test_a_name_that_no_robot_has_is_refused(pair: Pair) -> None:
    """A typing slip must not pass for a pause."""
    assert pair.daemon.process_of("pause", "Продажи/Новый лид/tusk").returncode == 3
