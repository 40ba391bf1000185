"""`why`: the first line answers, the rest is what it rests on (users.md F23, F25; X3)."""

from __future__ import annotations

import pytest

from robots import intents, model, story
from tests.robots import builders

DEAL = model.CardRef(model.CardKind.DEAL, 4711)
ROBOT = "Продажи/Сделали предложение/task"
MORNING, LATER = builders.at("2026-02-20 14:10"), builders.at("2026-02-20 14:12")


def wish(act: intents.Act | None = None, *, cause: str = "h1", robot: str = ROBOT) -> intents.Wish:
    task = intents.SetTask("Получить ответ на КП", "", None, builders.IVANOV, None)
    return intents.Wish(
        key=intents.WishKey(f"{robot}/{DEAL}/{cause}/task"),
        robot=intents.RobotId(robot),
        digest="d",
        card=DEAL,
        cause=cause,
        act=act or task,
        because="сделка пришла на «Сделали предложение»",
    )


def past(state: intents.WishState, note: str = "", made: int | None = None) -> intents.Past:
    return intents.Past(wish(), state, MORNING, LATER, made, note)


def look(*lines: story.Line) -> story.Look:
    return story.Look(MORNING, model.StageId("C1:OFFER"), builders.SALES, lines)


def asked(
    *, looks: tuple[story.Look, ...] = (), rows: tuple[intents.Past, ...] = (), robot: str = ""
) -> story.Asked:
    return story.Asked(DEAL, looks, rows, builders.directory(), robot, {ROBOT: "on"}, "Europe/Moscow")


def test_a_card_never_seen_is_not_explained_away() -> None:
    """Nothing is known: the answer says so, and how long stories are kept."""
    told = story.tell(asked())
    assert (told.answer, told.reason, told.events) == (
        "Не знаем: сделка 4711 Voronka ещё не видела (история хранится 180 дней).",
        story.Reason.UNKNOWN,
        (),
    )


def test_a_task_that_was_set_is_the_answer() -> None:
    """The task stands in the portal: its number, moment and reason come first."""
    told = story.tell(asked(rows=(past(intents.WishState.DONE, made=5501),)))
    assert told.answer == (
        "Задача «Получить ответ на КП» (№ 5501): сделано 20.02 14:12. "
        "Почему: сделка пришла на «Сделали предложение»."
    )
    assert told.reason is story.Reason.HAPPENED


@pytest.mark.parametrize(
    ("state", "note", "reason", "answer"),
    [
        (
            intents.WishState.SUPERSEDED,
            "сделка ушла через 40 с, до взгляда робота",
            story.Reason.PASSED_BY,
            "Задача «Получить ответ на КП»: сделка ушла дальше (20.02 14:12). "
            "Сделка ушла через 40 с, до взгляда робота.",
        ),
        (
            intents.WishState.REFUSED,
            "нет прав на задачи",
            story.Reason.REFUSED,
            "Задача «Получить ответ на КП»: портал отказал (20.02 14:12). Нет прав на задачи.",
        ),
        (
            intents.WishState.HELD,
            "больше 30 задач в час",
            story.Reason.HELD,
            "Задача «Получить ответ на КП»: придержано, ждёт вас (20.02 14:12). Больше 30 задач в час.",
        ),
        (
            intents.WishState.DRY_RUN,
            "",
            story.Reason.OFF,
            "Задача «Получить ответ на КП»: не делалось, робот «Продажи/Сделали предложение/task» "
            "пока только смотрит (mode: watch). 20.02 14:12.",
        ),
    ],
)
def test_every_end_of_a_wish_has_its_sentence(
    state: intents.WishState, note: str, reason: story.Reason, answer: str
) -> None:
    """The reason class and the sentence follow the ledger's state."""
    told = story.tell(asked(rows=(past(state, note),)))
    assert (told.answer, told.reason) == (answer, reason)


def test_a_condition_that_said_no_is_quoted() -> None:
    """No wish was made: the last robot that had something to say speaks, with its place in the YAML."""
    lines = (
        story.Line(
            "Крупная сделка/notify", "filtered", "Сумма 5 000 ₽, нужно не меньше 1 000 000 ₽", "r.yaml:41:5"
        ),
        story.Line(ROBOT, "not_triggered", "стадия не менялась", "r.yaml:20:9"),
    )
    told = story.tell(asked(looks=(look(*lines),)))
    assert list(story.text(told, "Europe/Moscow")) == [
        "Сделка 4711, «Крупная сделка/notify»: условие не выполнено. "
        "Сумма 5 000 ₽, нужно не меньше 1 000 000 ₽ (20.02 14:10, стадия «Сделали предложение»).",
        "  20.02 14:10  «Сделали предложение» · Крупная сделка/notify: условие не выполнено. "
        "Сумма 5 000 ₽, нужно не меньше 1 000 000 ₽  [r.yaml:41:5]",
    ]
    assert told.reason is story.Reason.CONDITION


def test_asking_for_one_kind_hears_only_it() -> None:
    """`why 4711 --task`: other robots are silent, and a robot without a word says when it wasn't there."""
    lines = (story.Line("Крупная сделка/notify", "filtered", "мало", ""),)
    told = story.tell(asked(looks=(look(*lines),), robot="task"))
    assert (told.reason, told.events) == (story.Reason.NO_ROBOT_THEN, ())
    told = story.tell(asked(looks=(look(*lines),), robot="Продажи/Нет такой/task"))
    assert told.reason is story.Reason.NOT_IN_CONFIG


def test_trouble_of_the_last_cause_outweighs_what_went_well() -> None:
    """The refused task is the answer although the log entry after it was written."""
    entry = intents.Past(
        wish(intents.LogEntry("t", "x"), robot="Продажи/log"), intents.WishState.DONE, MORNING, LATER
    )
    told = story.tell(asked(rows=(past(intents.WishState.REFUSED, "нет прав"), entry)))
    assert told.reason is story.Reason.REFUSED
    assert len(told.events) == 2


def test_every_state_and_act_has_words() -> None:
    """A new state or act without words would show a code to people."""
    assert {state.value for state in intents.WishState} <= set(story.OUTCOMES)
    acts: list[intents.Act] = [
        intents.SetFields({}),
        intents.MoveStage(builders.SALES, model.StageId("A"), model.StageId("B"), back=True),
        intents.MoveStage(builders.SALES, model.StageId("A"), model.StageId("B")),
        intents.CloseTask(intents.WishKey("k"), None),
        intents.CloseTask(intents.WishKey("k"), model.TaskId(5)),
        intents.ReassignTask(intents.WishKey("k"), None, builders.IVANOV),
        intents.Notify(builders.IVANOV, "т", "tag"),
        intents.Comment("т"),
        intents.Say("chat58", "т"),
        intents.SendFile(builders.IVANOV, "т", "т"),
        intents.MakeDocument(3, "Счёт"),
        intents.CopyDeal(builders.DELIVERY, model.StageId("C2:NEW"), frozenset()),
        intents.Remember("x"),
    ]
    assert len({story.deed(act) for act in acts}) == len(acts)
