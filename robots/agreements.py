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


def question(gate: robot.Gate, stay: model.Visit, seen: look.Look) -> Iterator[intents.Past]:
    """The rows of this gate's question about a stay, newest last."""
    for row in seen.past:
        act = row.wish.act
        if (
            isinstance(act, intents.SetTask)
            and act.moves_to == (gate.pipeline, gate.stage)
            and row.wish.robot == gate.id
            and row.wish.while_visit == stay.id
        ):
            yield row


def given(gate: robot.Gate, stay: model.Visit, seen: look.Look) -> bool:
    return any(is_done(row, seen) for row in question(gate, stay, seen))


def is_done(row: intents.Past, seen: look.Look) -> bool:
    """By a person: what we close ourselves the ledger knows, and the look doesn't read it any more."""
    task = seen.tasks.get(model.TaskId(row.made)) if row.made is not None else None
    return row.state in MADE and task is not None and not task.open


def task(
    gate: robot.Gate, who: model.UserId, stay: model.Visit, seen: look.Look, now: datetime
) -> intents.SetTask:
    """What is asked of `who`."""
    accusative, noun, itself = _CARDS[seen.card.ref.kind]
    there, here = stage_name(seen, gate.pipeline, gate.stage), stage_name(seen, stay.pipeline, stay.stage)
    by = seen.directory.user_name(seen.card.moved_by or seen.card.responsible)
    text = (
        f"{by} хочет перевести {accusative} «{seen.card.title}» на стадию «{there}».\n"
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
        moves_to=(gate.pipeline, gate.stage),
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
