"""«По согласованию»: the card waits on its former stage until somebody agrees by doing a task (S2.10; users.md F16).

Law: one question for one stay of the card and one gate; the answer is the task itself. Done by a person, it moves the card;
left undone, it keeps the card where it is; and once the card leaves its stay otherwise the question is taken back. Comments
of a task aren't read: the new task card gives them to nobody (reference §6), so «Нет» is said by not doing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from robots import intents, look, model, paths, robot, schedule

TERM = schedule.Duration(1, schedule.Unit.WORK_DAYS)
MADE = frozenset({intents.WishState.DONE, intents.WishState.SENT, intents.WishState.UNKNOWN})
_CARDS = {model.CardKind.DEAL: ("сделку", "сделка", "сама"), model.CardKind.LEAD: ("лид", "лид", "сам")}


def questions(
    to: tuple[model.PipelineId, model.StageId], stay: model.Visit, seen: look.Look
) -> Iterator[intents.Past]:
    """The rows of all questions whether the card may go from this stay there."""
    for row in seen.past:
        act = row.wish.act
        if isinstance(act, intents.SetTask) and act.moves_to == to and row.wish.while_visit == stay.id:
            yield row


def pending(to: tuple[model.PipelineId, model.StageId], stay: model.Visit, seen: look.Look) -> bool:
    """Asked, and not answered yet."""
    return any(not row.state.final or _open(row, seen) for row in questions(to, stay, seen))


def _open(row: intents.Past, seen: look.Look) -> bool:
    task = seen.tasks.get(model.TaskId(row.made)) if row.made is not None else None
    return task is not None and task.open


def given(gate: robot.Gate, stay: model.Visit, seen: look.Look) -> bool:
    """What other robots asked isn't this gate's question: it may have been put to somebody else."""
    asked = questions((gate.pipeline, gate.stage), stay, seen)
    return any(row.wish.robot == gate.id and is_done(row, seen) for row in asked)


def is_done(row: intents.Past, seen: look.Look) -> bool:
    """By a person: what we close ourselves the ledger knows, and the look doesn't read it any more."""
    task = seen.tasks.get(model.TaskId(row.made)) if row.made is not None else None
    return row.state in MADE and task is not None and not task.open


def wanted_by_move(gate: robot.Gate, seen: look.Look) -> str:
    """The first line of a gate's question."""
    by = seen.directory.user_name(seen.card.moved_by or seen.card.responsible)
    accusative, _, _ = _CARDS[seen.card.ref.kind]
    there = stage_name(seen, gate.pipeline, gate.stage)
    return f"{by} хочет перевести {accusative} «{seen.card.title}» на стадию «{there}»."


def task(
    to: tuple[model.PipelineId, model.StageId],
    who: model.UserId,
    seen: look.Look,
    now: datetime,
    *,
    why: str,
    stay: model.Visit,
) -> intents.SetTask:
    """What is asked of `who`: may the card go from its stay `to` there; `why` is the first line."""
    _, noun, itself = _CARDS[seen.card.ref.kind]
    there, here = stage_name(seen, *to), stage_name(seen, stay.pipeline, stay.stage)
    text = (
        f"{why}\n"
        f"Согласны — завершите эту задачу: {noun} перейдёт {itself}.\n"
        f"Не согласны — напишите почему и не завершайте: {noun} останется на стадии «{here}».\n"
        f"{paths.link(seen.card, seen.directory)}"
    )
    calendar = seen.directory.calendar or schedule.round_the_clock("UTC")
    return intents.SetTask(
        title=f"Согласуйте: «{there}» — {seen.card.title}",
        description=text,
        creator=None,
        responsible=who,
        deadline=schedule.deadline(now, TERM, calendar),
        follows_responsible=False,
        moves_to=to,
    )


def move(
    row: intents.Past, act: intents.SetTask, accepted: model.Visit | None, seen: look.Look
) -> intents.MoveStage | None:
    """Agreed, and the card still stands in the stay that was asked about: where it goes."""
    if (
        act.moves_to is None
        or accepted is None
        or accepted.id != row.wish.while_visit
        or not is_done(row, seen)
    ):
        return None
    pipeline, stage = act.moves_to
    if (accepted.pipeline, accepted.stage) == act.moves_to:
        return None
    return intents.MoveStage(pipeline, stage, only_from=accepted.stage)


def stage_name(seen: look.Look, pipeline: model.PipelineId, stage: model.StageId) -> str:
    found = seen.directory.stage(pipeline, stage)
    return found.name if found else str(stage)
