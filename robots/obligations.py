"""What was begun is finished, whatever became of the robot that began it (users.md F13).

A task that was set is closed when its stage is left (S2.4) or its field filled (S2.2); while open it follows the card's
responsible (users.md F10), and once overdue its head is told who and why (S2.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

from robots import agreements, changes, intents, look, model, paths, task_care, words

MADE = frozenset({intents.WishState.DONE, intents.WishState.SENT, intents.WishState.UNKNOWN})


Due: TypeAlias = task_care.Due
Later: TypeAlias = task_care.Later


def owed(seen: look.Look, accepted: model.Visit | None, now: datetime) -> Iterator[Due | Later]:
    """What is owed for the tasks of this card, its accepted stay being `accepted`."""
    for row in seen.past:
        act = row.wish.act
        if not isinstance(act, intents.SetTask) or row.state not in MADE:
            continue
        task = seen.tasks.get(model.TaskId(row.made)) if row.made is not None else None
        there = agreements.move(row, act, accepted, seen)
        if there is not None:
            yield Due(row, "agreed", there, f"согласовано: задача «{act.title}» выполнена")
        if row.made is not None and (task is None or not task.open):
            if task is not None:  # closed by a person: of the task itself nothing is owed any more
                yield from task_care.ticked_off(seen, row, task, accepted, now)
            continue
        why = _to_close(seen, row, act, accepted)
        if why:
            made = model.TaskId(row.made) if row.made is not None else None
            yield Due(row, "close", intents.CloseTask(row.wish.key, made), why)
        elif task is not None:
            yield from _follow(seen, row, act, task)
            yield from task_care.put_off(seen, row, task)
            yield from _overdue(seen, row, act, task, now)


def _to_close(seen: look.Look, row: intents.Past, act: intents.SetTask, accepted: model.Visit | None) -> str:
    if act.closes is intents.TaskCloses.ON_LEAVE:
        left = (
            accepted is not None and row.wish.while_visit is not None and accepted.id != row.wish.while_visit
        )
        return f"стадия пройдена: задача «{act.title}» больше не нужна" if left else ""
    if act.closes is intents.TaskCloses.FILLED and act.closes_filled == paths.CLIENT:
        if paths.client_bound(seen):
            return f"клиент указан: задача «{act.title}» выполнена"
        return f"карточка закрыта: задача «{act.title}» больше не нужна" if seen.card.closed else ""
    if act.closes is intents.TaskCloses.FILLED and act.closes_filled is not None:
        value = seen.card.value(act.closes_filled)
        field = seen.directory.fields.get(seen.card.ref.kind, {}).get(act.closes_filled)
        person = field is not None and field.type is model.FieldType.USER
        filled = (
            seen.directory.active(model.UserId(value)) is not None
            if person and isinstance(value, int)
            else paths.filled(value)
        )
        return f"поле заполнено: задача «{act.title}» выполнена" if filled else ""
    return ""


def _follow(seen: look.Look, row: intents.Past, act: intents.SetTask, task: model.Task) -> Iterator[Due]:
    """The open task goes with the card, unless a person gave it to somebody else meanwhile."""
    wanted = seen.card.responsible
    if not act.follows_responsible or wanted is None or wanted == task.responsible:
        return
    given = _given(seen, row, act)
    if task.responsible != given or seen.directory.active(wanted) is None:
        return
    name = seen.directory.user_name(wanted)
    number = seen.change(changes.RESPONSIBLE)
    yield Due(
        row,
        f"responsible#{number}",
        intents.ReassignTask(row.wish.key, task.id, wanted),
        f"ответственный сменился: задача «{act.title}» переходит к {name}",
    )


def _given(seen: look.Look, row: intents.Past, act: intents.SetTask) -> model.UserId:
    """To whom we gave the task last."""
    given = [
        past.wish.act.responsible
        for past in seen.past
        if isinstance(past.wish.act, intents.ReassignTask) and _is_reassign(past, row) and past.state.happened
    ]
    return given[-1] if given else act.responsible


def _is_reassign(past: intents.Past, row: intents.Past) -> bool:
    return isinstance(past.wish.act, intents.ReassignTask) and past.wish.act.set_by == row.wish.key


def _overdue(
    seen: look.Look, row: intents.Past, act: intents.SetTask, task: model.Task, now: datetime
) -> Iterator[Due | Later]:
    if not act.overdue_to or task.deadline is None:
        return
    if task.deadline > now:
        yield Later(row, task.deadline)
        return
    calendar = seen.directory.calendar
    due = words.moment(task.deadline, calendar.timezone if calendar else "UTC")
    who = seen.directory.user_name(task.responsible)
    times = task_care.times_put_off(seen, row)
    again = f", переносили {words.count(times, 'раз', 'раза', 'раз')}" if times else ""
    text = (
        f"Просрочено: «{seen.card.title}» — {task.title}\n"
        f"Отвечает {who}, срок был {due}{again}. {paths.link(seen.card, seen.directory)}"
    )
    for user in act.overdue_to:
        tag = f"{seen.card.ref}/{row.wish.robot}/overdue/{user}"
        tail = f"overdue {task.deadline:%Y%m%dT%H%M}/{user}"
        yield Due(
            row,
            tail,
            intents.Notify(user, text, tag, can_wait=True),
            f"задача «{task.title}» просрочена: срок был {due}",
        )


def orphans(card: model.CardRef, past: tuple[intents.Past, ...]) -> Iterator[intents.Wish]:
    """The card was deleted: its robots' open tasks are closed (design.md «The sweep»)."""
    closed = {row.wish.act.set_by for row in past if isinstance(row.wish.act, intents.CloseTask)}
    for row in past:
        if isinstance(row.wish.act, intents.SetTask) and row.state in MADE and row.wish.key not in closed:
            made = model.TaskId(row.made) if row.made is not None else None
            yield intents.Wish(
                key=intents.WishKey(f"{row.wish.key}/orphan"),
                robot=row.wish.robot,
                digest="",
                card=card,
                cause=f"{row.wish.cause}/orphan",
                act=intents.CloseTask(row.wish.key, made),
                because=f"карточка удалена: задача «{row.wish.act.title}» больше не нужна",
                stands_on=row.wish.key,
            )
