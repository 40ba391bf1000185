"""What watching robots would have done, told to people (F5)."""

from __future__ import annotations

from robots import diary, intents, model
from tests.robots import builders
from tests.robots.builders import IVANOV, SIDOROVA

NEW, OFFER = builders.stage("Новый лид").id, builders.stage("Сделали предложение").id


def wish(
    number: int, act: intents.Act, robot: str = "Продажи/task", because: str = "так надо"
) -> intents.Wish:
    card = model.CardRef(model.CardKind.DEAL, number)
    key = intents.WishKey(f"{robot}/{number}")
    return intents.Wish(key, intents.RobotId(robot), "d", card, "c", act, because, dry_run=True)


def task(to: model.UserId) -> intents.SetTask:
    return intents.SetTask("Позвонить", "", None, to, None)


def test_a_week_of_watching() -> None:
    """Tasks by person, returns apart from moves with their reasons, the busiest robot first, silent checks left out."""
    back = intents.MoveStage(builders.SALES, NEW, OFFER, back=True)
    told = diary.of(
        [
            wish(1, task(IVANOV)),
            wish(2, task(IVANOV)),
            wish(2, task(SIDOROVA)),
            wish(3, back, "Продажи/gate", "не заполнено «Сумма»"),
            wish(4, back, "Продажи/gate", "не заполнено «Сумма»"),
            wish(5, back, "Продажи/gate", "не заполнено «Требования»"),
            wish(5, intents.MoveStage(builders.SALES, OFFER, NEW), "Продажи/move"),
            wish(9, intents.Remember("дублей нет"), "Продажи/duplicates"),
        ],
        builders.directory(),
    )
    assert told.cards == 5
    assert [(share.sort, share.count, share.said, share.people) for share in told.shares] == [
        ("returns", 3, "3 возврата на прежнюю стадию", ""),
        ("tasks", 3, "3 задачи", "Иванов Пётр 2, Сидорова Ольга 1"),
        ("moves", 1, "1 перевод на другую стадию", ""),
    ]
    assert told.robots == (
        ("Продажи/gate", "3 возврата на прежнюю стадию"),
        ("Продажи/task", "3 задачи"),
        ("Продажи/move", "1 перевод на другую стадию"),
    )
    assert told.returns == (("не заполнено «Сумма»", 2), ("не заполнено «Требования»", 1))
    assert list(diary.said(told)) == [
        "Роботы только смотрели. По 5 карточкам они сделали бы:",
        "— 3 возврата на прежнюю стадию",
        "— 3 задачи (Иванов Пётр 2, Сидорова Ольга 1)",
        "— 1 перевод на другую стадию",
        "Чаще всего возвращали бы (2): не заполнено «Сумма»",
        "Подробно: voronka diary   Включить: mode: on",
    ]


def test_without_returns_nothing_is_said_of_them() -> None:
    """One card, one task."""
    told = diary.of([wish(1, task(IVANOV))], builders.directory())
    assert list(diary.said(told)) == [
        "Роботы только смотрели. По 1 карточке они сделали бы:",
        "— 1 задача (Иванов Пётр 1)",
        "Подробно: voronka diary   Включить: mode: on",
    ]


def test_nothing_watched_nothing_told() -> None:
    """An empty diary is empty, and no message is sent."""
    assert diary.of([], builders.directory()) == diary.Diary(0, (), (), ())
    assert list(diary.said(diary.Diary(0, (), (), ()))) == []
