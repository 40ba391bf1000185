"""Rules for the engine's stories, built by hand: the heart of the S2 funnel without the YAML."""

from __future__ import annotations

import dataclasses
from typing import Any

from robots import conditions, decision, intents, model, paths, people, schedule
from robots import robot as r
from robots.kinds import base, duplicates, fill_field, hand_over, notify, stage_task, task_spec
from tests.robots import builders

MANAGER = people.InField(builders.path("Ответственный"))
HEAD = people.HeadOf(MANAGER, people.IfSelf.UP, people.Employee(builders.SMIRNOV))
ROP = people.InField(paths.Path(paths.Owner.CARD, builders.ROP, "РОП"), HEAD)
MARK = r.Mark("romashka.yaml", 1, 1)


def robot(robot_id: str, kind: str, options: Any, trigger: r.Trigger, **rest: Any) -> r.Robot:
    return r.Robot(
        id=intents.RobotId(robot_id),
        kind=kind,
        options=options,
        card=model.CardKind.DEAL,
        pipeline=rest.pop("pipeline", builders.SALES),
        trigger=trigger,
        mark=MARK,
        digest="d1",
        **rest,
    )


def task(title: str, **rest: Any) -> task_spec.TaskSpec:
    return task_spec.TaskSpec(title=builders.template(title), responsible=MANAGER, creator=ROP, **rest)


def stage_robot(stage: str, title: str, **rest: Any) -> r.Robot:
    options = stage_task.Options(task(title, **rest))
    return robot(f"Продажи/{stage}/task", "task", options, r.Entered(builders.stage(stage).id))


def fill_rop(**rest: Any) -> r.Robot:
    nobody = task(
        "Укажите руководителя отдела продаж",
        closes=intents.TaskCloses.FILLED,
        closes_filled=builders.ROP,
        deadline=schedule.Duration(2, schedule.Unit.WORK_HOURS),
    )
    options = fill_field.Options(
        builders.ROP, "РОП", rest.pop("person", HEAD), also_if_dismissed=True, if_nobody=nobody
    )
    return robot("Продажи/on_create/fill РОП", "fill", options, r.Always(), **rest)


def duplicate_check(**rest: Any) -> r.Robot:
    tell = base.ActSpec("notify", notify.Options((MANAGER, people.Role("owner"))))
    options = duplicates.Options(other_owner=(tell,), **rest)
    return robot("Продажи/on_create/duplicates", "duplicates", options, r.Always())


def handing_over(**rest: Any) -> r.Robot:
    options = hand_over.Options(
        builders.DELIVERY,
        builders.stage("Новый заказ", pipeline=builders.DELIVERY).id,
        "Доставка / Новый заказ",
        leave_out=frozenset({builders.ROP, builders.LOST_COMMENT}),
        **rest,
    )
    return robot("Продажи/on_won/hand_over", "hand_over", options, r.Entered(None, model.Semantic.WON))


def filled(name: str, text: str = "") -> r.Requirement:
    return r.Requirement(conditions.Test(builders.path(name), conditions.Op.FILLED), name, text)


HARD = r.GatePolicy(do=r.GateDoes.MOVE_BACK, wait_seconds=0)


def gate(stage: str, *, leave: tuple[str, ...] = (), enter: tuple[str, ...] = (), **policy: Any) -> r.Gate:
    return r.Gate(
        id=intents.RobotId(f"Продажи/{stage}/required"),
        pipeline=builders.SALES,
        stage=builders.stage(stage).id,
        to_leave=tuple(filled(name) for name in leave),
        to_enter=tuple(filled(name) for name in enter),
        policy=dataclasses.replace(HARD, **policy),
        mark=MARK,
        digest="g1",
    )


def funnel(**policy: Any) -> decision.Rules:
    """РОП, tasks of three stages, required fields of two, the comment of a failure, hand-over."""
    return decision.Rules(
        robots=(
            fill_rop(),
            stage_robot("Новый лид", "Взять в работу новый лид"),
            stage_robot(
                "Обрабатываем запрос", "{{Контакт: Имя}}. Уточнить необходимую информацию и сделать КП"
            ),
            stage_robot("Сделали предложение", "{{Контакт: Имя}}. Получить ответ на КП"),
            handing_over(),
        ),
        gates=(
            gate("Новый лид", leave=("Требования",), **policy),
            gate("Обрабатываем запрос", leave=("Предмет сделки",), **policy),
            gate("Дорого", enter=("Комментарий при провале",), **policy),
        ),
    )
