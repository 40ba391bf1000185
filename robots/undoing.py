"""What can be taken back of what a robot did, and what can't (users.md F12). Pure.

A value returns only where the card still holds what the robot wrote, a move only where the card stands where it was put, a
task only if nobody touched it. The reverse of a reverse is the deed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from robots import intents, model, words

HEAD = "undo "
"""How the key of a wish that takes something back begins; the key of what it takes back follows the first slash."""


class Fate(StrEnum):
    TASK_DELETED = "task deleted"
    TASK_CLOSED = "task closed"
    TASK_KEPT = "task kept"
    TASK_AGAIN = "task set again"
    TASK_RETURNED = "task given back"
    FIELDS_BACK = "fields back"
    FIELDS_KEPT = "fields kept"
    MOVED_BACK = "moved back"
    MOVE_KEPT = "move kept"
    NOTICE = "notice removed"
    RECORD = "record removed"
    ACTIVITY = "activity removed"
    NEVER = "never"


FORMS: Mapping[Fate, tuple[str, tuple[str, str, str], str]] = {
    Fate.TASK_DELETED: ("удалить", ("задачу", "задачи", "задач"), "никто не трогал"),
    Fate.TASK_CLOSED: ("закрыть", ("задачу", "задачи", "задач"), "есть комментарий, отметка или другой статус"),
    Fate.TASK_KEPT: ("не трогать", ("задачу", "задачи", "задач"), "уже закрыты или удалены"),
    Fate.TASK_AGAIN: ("поставить снова", ("задачу", "задачи", "задач"), "та, что была убрана"),
    Fate.TASK_RETURNED: ("вернуть", ("задачу", "задачи", "задач"), "прежнему исполнителю, если её никому больше не отдали"),
    Fate.FIELDS_BACK: ("вернуть", ("значение", "значения", "значений"), "с тех пор их никто не менял"),
    Fate.FIELDS_KEPT: ("не трогать", ("значение", "значения", "значений"), "потом их меняли"),
    Fate.MOVED_BACK: ("вернуть", ("карточку", "карточки", "карточек"), "с тех пор не двигали"),
    Fate.MOVE_KEPT: ("не трогать", ("карточку", "карточки", "карточек"), "ушли дальше"),
    Fate.NOTICE: ("убрать", ("уведомление", "уведомления", "уведомлений"), "на телефонах push отозвать нельзя"),
    Fate.RECORD: ("удалить", ("запись", "записи", "записей"), "в ленте карточек"),
    Fate.ACTIVITY: ("удалить", ("дело", "дела", "дел"), "в ленте карточек: если никто не закрыл"),
    Fate.NEVER: (
        "отменить нельзя",
        ("действие", "действия", "действий"),
        "передача, конвертация, закрытие и передача задач, правка клиента, письма и SMS, счета: сделайте это руками",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one act now."""

    act: intents.Act
    set_by: intents.WishKey
    made: int | None
    card: model.Card | None
    """As last seen; None: deleted."""
    stood: bool
    """The card hasn't moved since."""
    touched: str
    """Of its task: `untouched`, `begun`, `over`."""
    directory: model.Directory
    taken: intents.Act | None = None
    """Where the act took something back: what that was."""


def judge(facts: Facts) -> tuple[Fate | None, intents.Act | None]:
    """(what becomes of it, the act that takes it back). No fate: it left nothing over there."""
    match facts.act:
        case intents.SetTask():
            return _task(facts)
        case intents.SetFields() as act:
            return _fields(facts, act)
        case intents.MoveStage() as act:
            return _move(facts, act)
        case intents.Notify() if facts.made is not None:
            return Fate.NOTICE, _removed(facts, intents.Made.NOTICE, facts.made)
        case intents.Comment() if facts.made is not None:
            return Fate.RECORD, _removed(facts, intents.Made.COMMENT, facts.made)
        case intents.LogEntry() if facts.made is not None:
            return Fate.RECORD, _removed(facts, intents.Made.RECORD, facts.made)
        case intents.PlanActivity() if facts.made is not None:
            return Fate.ACTIVITY, _removed(facts, intents.Made.ACTIVITY, facts.made)
        case intents.TakeBack() | intents.CloseTask() if isinstance(facts.taken, intents.SetTask):
            return Fate.TASK_AGAIN, facts.taken
        case intents.ReassignTask(key, task, to, only_from) if only_from is not None:
            return Fate.TASK_RETURNED, intents.ReassignTask(key, task, only_from, only_from=to)
        case intents.Remember():
            return None, None
        case _:
            return Fate.NEVER, None


def _removed(facts: Facts, what: intents.Made, number: int) -> intents.TakeBack:
    return intents.TakeBack(facts.set_by, what, number)


def _task(facts: Facts) -> tuple[Fate, intents.Act | None]:
    if facts.made is None or facts.touched == "over":
        return Fate.TASK_KEPT, None
    if facts.touched == "untouched":
        return Fate.TASK_DELETED, _removed(facts, intents.Made.TASK, facts.made)
    return Fate.TASK_CLOSED, intents.CloseTask(facts.set_by, model.TaskId(facts.made))


def _fields(facts: Facts, act: intents.SetFields) -> tuple[Fate, intents.Act | None]:
    card = facts.card
    mine = [
        code
        for code, value in act.values.items()
        if code in act.replaces and card is not None and card.value(code) == value
    ]
    if not mine:
        return Fate.FIELDS_KEPT, None
    back = intents.SetFields(
        values={code: act.replaces[code] for code in mine},
        replaces={code: act.values[code] for code in mine},
        guarded=True,
    )
    return Fate.FIELDS_BACK, back


def _move(facts: Facts, act: intents.MoveStage) -> tuple[Fate, intents.Act | None]:
    """A gate's return isn't taken back: the stage asks for its fields still."""
    card = facts.card
    home = next((one for one in facts.directory.pipelines if one.stage(act.only_from)), None)
    if act.back or home is None:
        return Fate.NEVER, None
    if card is None or (card.pipeline, card.stage) != (act.pipeline, act.stage) or not facts.stood:
        return Fate.MOVE_KEPT, None
    return Fate.MOVED_BACK, intents.MoveStage(home.id, act.only_from, only_from=act.stage)


def lines(counts: Mapping[Fate, int]) -> Iterator[str]:
    """«удалить 871 задачу: никто не трогал», in the order of FORMS."""
    for fate, (verb, forms, why) in FORMS.items():
        if counts.get(fate):
            yield f"{verb} {words.count(counts[fate], *forms)}: {why}"


# ---------------------------------------------------------------- which are undone already


def is_undo(key: str) -> bool:
    return key.startswith(HEAD)


def undone(keys: Collection[intents.WishKey]) -> frozenset[intents.WishKey]:
    """Of wishes that happened, those that were taken back, and whose taking back wasn't taken back in its turn."""
    takers: dict[str, list[str]] = {}
    for key in keys:
        if is_undo(key):
            takers.setdefault(key.partition("/")[2], []).append(key)

    def alive(key: str) -> bool:
        return not any(alive(taker) for taker in takers.get(key, ()))

    return frozenset(intents.WishKey(key) for key in takers if not alive(key))
