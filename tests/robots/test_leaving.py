"""Stories of an employee who leaves: what is his on a card, and who gets it (users.md F10)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from robots import intents, leaving, model
from tests.robots import builders

WHO, HEIR, OTHER = builders.SIDOROVA, builders.IVANOV, builders.PETROVA
TASK = model.TaskId(9001)


def past(**rest: Any) -> intents.Past:
    act = intents.SetTask("Взять", "", OTHER, WHO, None, **rest)
    wish = intents.Wish(
        intents.WishKey("set"), intents.RobotId("r"), "d", builders.card().ref, "h1", act, "так надо"
    )
    return intents.Past(wish, intents.WishState.DONE, builders.NOW, builders.NOW, int(TASK))


def task(who: model.UserId = WHO, status: model.TaskStatus = model.TaskStatus.WAITING) -> model.Task:
    return model.Task(TASK, "Взять", who, OTHER, status)


def lines(*rows: intents.Past, seen: model.Task | None = None, **card: Any) -> list[str]:
    """What would be given over, as plain lines."""
    tasks = {TASK: seen} if seen is not None else {}
    found = leaving.found(builders.card(**card), rows, tasks, WHO, builders.directory())
    shown = []
    for tail, act in leaving.acts(found, WHO, HEIR):
        match act:
            case intents.SetFields(values, replaces, guarded=True):
                shown += [f"{code}: {replaces[code]} -> {value}" for code, value in values.items()]
            case intents.ReassignTask(key, number, to, only_from):
                shown.append(f"{tail}: {key} {number} {only_from} -> {to}")
    return shown


def test_the_card_and_the_field_are_given_over_with_what_stood_there() -> None:
    """So that undo can return them, and nobody's later hand is overwritten."""
    assert lines(responsible=WHO, fields={"РОП": int(WHO)}) == [
        f"{builders.ROP}: {WHO} -> {HEIR}",
        f"assignedById: {WHO} -> {HEIR}",
    ]


def test_what_is_somebody_elses_stays() -> None:
    """Neither card, field nor task: nothing is wished."""
    found = leaving.found(
        builders.card(responsible=OTHER, fields={"РОП": int(OTHER)}),
        [past()],
        {TASK: task(OTHER)},
        WHO,
        builders.directory(),
    )
    assert (found.anything, list(leaving.acts(found, WHO, HEIR))) == (False, [])


def test_a_task_goes_along_with_its_card_and_alone_where_it_would_stay() -> None:
    """One that follows the responsible needs no act; his task on another's card does, and so does one that never follows."""
    assert lines(past(), seen=task(), responsible=WHO) == [f"assignedById: {WHO} -> {HEIR}"]
    assert lines(past(), seen=task(), responsible=OTHER) == [f"task {TASK}: set {TASK} {WHO} -> {HEIR}"]
    assert lines(past(follows_responsible=False), seen=task(), responsible=WHO) == [
        f"assignedById: {WHO} -> {HEIR}",
        f"task {TASK}: set {TASK} {WHO} -> {HEIR}",
    ]


@pytest.mark.parametrize("seen", [None, task(OTHER), task(status=model.TaskStatus.DONE)])
def test_a_task_that_is_over_or_was_given_away_by_a_person_stays(seen: model.Task | None) -> None:
    """What people did with it meanwhile holds."""
    assert lines(past(), seen=seen, responsible=OTHER) == []


def test_cards_are_dealt_in_turns() -> None:
    """Nobody gets two more than another."""
    dealt = leaving.dealt(5, [HEIR, OTHER])
    assert (dealt.count(HEIR), dealt.count(OTHER)) == (3, 2)


def test_the_lines_that_name_him() -> None:
    """In either order of name and surname, not inside another name, not in a comment."""
    text = "a: Сидорова Ольга\nb: [ольга  сидорова]\nc: Сидорова Ольгаева\nd: x # Сидорова Ольга\n"
    assert list(leaving.named({"f.yaml": text}, "Сидорова Ольга")) == [
        "f.yaml:1: a: Сидорова Ольга",
        "f.yaml:2: b: [ольга  сидорова]",
    ]


def test_the_nearest_working_head_is_told() -> None:
    """Not the leaver himself, and not somebody who is gone; without heads the webhook's owner."""
    known = builders.directory()
    assert leaving.to_tell(known.users[WHO], known) == builders.PETROVA
    alone = dataclasses.replace(known, departments={}, me=HEIR)
    assert leaving.to_tell(known.users[WHO], alone) == HEIR
    assert leaving.told(known.users[WHO], 41, 38, ["romashka.yaml:14: дежурный"]).splitlines() == [
        "Сидорова Ольга: сотрудник уволен, роботы его теперь пропускают.",
        "За ним: 41 открытая карточка, 38 задач роботов.",
        "Имя стоит в romashka.yaml:14: дежурный",
        "Передать: voronka person 'Сидорова Ольга' --replace-by 'Имя Фамилия'",
    ]
