"""What `undo` takes back, and what it leaves (users.md F12)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from robots import intents, model, undoing
from tests.robots import builders

KEY = intents.WishKey("Продажи/task/deal:1/h1/task")
CARD = builders.card(fields={"Предмет сделки": "окна"})
OFFER, NEW = builders.stage("Сделали предложение").id, builders.stage("Новый лид").id
TASK = intents.SetTask("Позвонить", "", None, builders.IVANOV, None)
SET = intents.SetFields(
    {builders.SUBJECT: "окна", builders.DEMANDS: "узнать"}, {builders.SUBJECT: "", builders.DEMANDS: "?"}
)
HERE = intents.MoveStage(builders.SALES, NEW, only_from=OFFER)
Fate = undoing.Fate


def judged(act: intents.Act, **known: Any) -> tuple[undoing.Fate | None, intents.Act | None]:
    facts = undoing.Facts(
        act=act,
        set_by=KEY,
        made=known.pop("made", 7),
        card=known.pop("card", CARD),
        stood=known.pop("stood", True),
        touched=known.pop("touched", "untouched"),
        directory=builders.directory(),
        **known,
    )
    return undoing.judge(facts)


@pytest.mark.parametrize(
    ("touched", "made", "fate", "back"),
    [
        ("untouched", 7, Fate.TASK_DELETED, intents.TakeBack(KEY, intents.Made.TASK, 7)),
        ("begun", 7, Fate.TASK_CLOSED, intents.CloseTask(KEY, model.TaskId(7))),
        ("over", 7, Fate.TASK_KEPT, None),
        ("untouched", None, Fate.TASK_KEPT, None),
    ],
)
def test_a_task_goes_only_if_nobody_touched_it(
    touched: str, made: int | None, fate: undoing.Fate, back: intents.Act | None
) -> None:
    """A task that somebody began is closed, not deleted: his words stay."""
    assert judged(TASK, touched=touched, made=made) == (fate, back)


def test_of_a_card_only_values_that_are_still_ours_return() -> None:
    """«Требования» was written by a person since. What is written back is guarded once more on its way."""
    fate, back = judged(SET)
    assert fate is Fate.FIELDS_BACK
    assert back == intents.SetFields({builders.SUBJECT: ""}, {builders.SUBJECT: "окна"}, guarded=True)


@pytest.mark.parametrize(
    "known",
    [{"card": builders.card(fields={"Предмет сделки": "двери"})}, {"card": None}],
    ids=["another value", "a deleted card"],
)
def test_nothing_of_ours_is_left(known: dict[str, Any]) -> None:
    """And what was there before isn't known: nothing is guessed."""
    assert judged(SET, **known) == (Fate.FIELDS_KEPT, None)
    assert judged(dataclasses.replace(SET, replaces={})) == (Fate.FIELDS_KEPT, None)


def test_a_card_returns_where_it_stands_as_it_was_put() -> None:
    """From the stage it was taken from, into its pipeline."""
    back = intents.MoveStage(builders.SALES, OFFER, only_from=NEW)
    assert judged(HERE) == (Fate.MOVED_BACK, back)
    assert judged(HERE, stood=False) == (Fate.MOVE_KEPT, None)
    assert judged(HERE, card=builders.card(stage="Дорого")) == (Fate.MOVE_KEPT, None)
    assert judged(HERE, card=None) == (Fate.MOVE_KEPT, None)


def test_a_gates_return_stays() -> None:
    """The stage asks for its fields still; and a stage that is gone can't be returned to."""
    assert judged(dataclasses.replace(HERE, back=True)) == (Fate.NEVER, None)
    assert judged(dataclasses.replace(HERE, only_from=model.StageId("C9:GONE"))) == (Fate.NEVER, None)


@pytest.mark.parametrize(
    ("act", "fate", "what"),
    [
        (intents.Notify(builders.IVANOV, "Текст", "t"), Fate.NOTICE, intents.Made.NOTICE),
        (intents.Comment("Текст"), Fate.RECORD, intents.Made.COMMENT),
        (intents.LogEntry("Заголовок", "Текст"), Fate.RECORD, intents.Made.RECORD),
    ],
    ids=["notice", "comment", "record"],
)
def test_words_are_removed_by_their_number(act: intents.Act, fate: undoing.Fate, what: intents.Made) -> None:
    """One without a number can't be named to the portal, so it isn't promised."""
    assert judged(act) == (fate, intents.TakeBack(KEY, what, 7))
    assert judged(act, made=None) == (Fate.NEVER, None)


def test_a_task_given_over_goes_back_to_whose_it_was() -> None:
    """If it is on the heir still: asked on its way. Of one that followed its card nothing of the kind is known."""
    given = intents.ReassignTask(KEY, model.TaskId(7), builders.IVANOV, only_from=builders.SIDOROVA)
    back = intents.ReassignTask(KEY, model.TaskId(7), builders.SIDOROVA, only_from=builders.IVANOV)
    assert judged(given) == (Fate.TASK_RETURNED, back)
    assert judged(back) == (Fate.TASK_RETURNED, given)
    assert judged(dataclasses.replace(given, only_from=None)) == (Fate.NEVER, None)


def test_what_was_taken_back_comes_again() -> None:
    """The undoing was the mistake: the task is set anew as it was wished; a check remembered needs nothing."""
    gone = intents.TakeBack(KEY, intents.Made.TASK, 7)
    assert judged(gone, taken=TASK) == (Fate.TASK_AGAIN, TASK)
    assert judged(intents.CloseTask(KEY, model.TaskId(7)), taken=TASK) == (Fate.TASK_AGAIN, TASK)
    assert judged(intents.CloseTask(KEY, model.TaskId(7))) == (Fate.NEVER, None)
    assert judged(intents.Remember("проверено")) == (None, None)


def test_the_count_is_said_in_words() -> None:
    """What will be done, what won't and why; in one order, nothing of noughts."""
    counts = {Fate.NEVER: 2, Fate.TASK_DELETED: 871, Fate.TASK_CLOSED: 1, Fate.FIELDS_BACK: 0}
    assert list(undoing.lines(counts)) == [
        "удалить 871 задачу: никто не трогал",
        "закрыть 1 задачу: есть комментарий, отметка или другой статус",
        "отменить нельзя 2 действия: передача, конвертация, закрытие и передача задач, правка клиента, письма и SMS, счета: "
        "сделайте это руками",
    ]


def test_undone_once_undone_twice() -> None:
    """A deed whose taking back was taken back stands again, and may be taken back anew."""
    deed = "r/deal:1/h1/task"
    first = f"undo 1/{deed}"
    second = f"undo 2/{first}"
    third = f"undo 3/{deed}"

    def over(*keys: str) -> set[str]:
        return set(undoing.undone([intents.WishKey(key) for key in keys]))

    assert over(deed) == set()
    assert over(deed, first) == {deed}
    assert over(deed, first, second) == {first}
    assert over(deed, first, second, third) == {deed, first}
    assert [undoing.is_undo(key) for key in (deed, first)] == [False, True]
