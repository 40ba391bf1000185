"""A stage's task (S2.3, S2.4, S2.7): set on entry, closed on leaving, following the responsible.

Closing, following and the word about an overdue task are obligations (`robots.obligations`): they outlive the robot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from robots import choosing, intents, look, model, paths, people, schedule, templates, words
from robots import robot as robots_robot
from robots.kinds import base, task_spec

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_VISIT


@dataclass(frozen=True, slots=True)
class Options:
    task: task_spec.TaskSpec


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    yield set_task(ask, ask.robot.options.task)


def set_task(ask: base.Ask, spec: task_spec.TaskSpec, *, cause: str | None = None) -> base.Answer:
    """The task of `spec` for this card, or why it can't be set. Also the act of kinds that embed a task."""
    who = _who(ask, spec.responsible)
    if not who.somebody:
        return base.Line(base.Outcome.FAILED, f"некому поставить задачу: {who.why}")
    creator = people.resolve(spec.creator, ask.look, ask.roles) if spec.creator is not None else None
    act = intents.SetTask(
        title=templates.render(spec.title, ask.look),
        description=templates.render(spec.description, ask.look) if spec.description else "",
        creator=creator.user_id if creator else None,
        responsible=who.user if who.user is not None else intents.DRAWN,
        deadline=due(ask, spec.deadline) if spec.deadline is not None else None,
        checklist=_checklist(ask.look, spec.checklist),
        observers=_observers(ask, spec.observers),
        closes=spec.closes,
        closes_filled=spec.closes_filled,
        may_postpone=spec.may_postpone,
        follows_responsible=spec.follows_responsible and _is_responsible(spec.responsible),
        overdue_to=_observers(ask, spec.overdue_to),
        by_hand=_by_hand(ask, spec),
        postponed=_postponed(ask, spec),
    )
    return base.Step("task", act, because=_because(ask, act), cause=cause, pick=who.pick)


def _by_hand(ask: base.Ask, spec: task_spec.TaskSpec) -> intents.ByHand | None:
    told, after = _observers(ask, spec.by_hand_to), spec.by_hand_after
    return intents.ByHand(told, after.amount, after.unit.value) if told else None


def _postponed(ask: base.Ask, spec: task_spec.TaskSpec) -> intents.Postponed | None:
    told = _observers(ask, spec.postponed_to)
    return intents.Postponed(told, spec.postponed_times) if told else None


def _who(ask: base.Ask, person: people.Person) -> choosing.Choice:
    """Most tasks name one person; a queue is drawn from."""
    if not isinstance(person, people.Rule):
        found = people.resolve(person, ask.look, ask.roles)
        if found.user_id is not None:
            return choosing.Choice(found.why, found.user_id)
    return choosing.Chooser(ask.look, ask.now, ask.roles).choose_ahead(person)


def _because(ask: base.Ask, act: intents.SetTask) -> str:
    drawn = act.responsible == intents.DRAWN
    for_whom = intents.DRAWN_NAME if drawn else ask.look.directory.user_name(act.responsible)
    due = f", срок {words.moment(act.deadline, zone(ask))}" if act.deadline else ""
    return f"задача «{act.title}» для {for_whom}{due}"


def zone(ask: base.Ask) -> str:
    calendar = ask.look.directory.calendar
    return calendar.timezone if calendar else "UTC"


def due(ask: base.Ask, term: schedule.Duration) -> datetime:
    """From the entry to the stage; from now where that is past already (users.md F3)."""
    calendar = ask.look.directory.calendar or schedule.round_the_clock("UTC")
    counted = schedule.deadline(ask.visit.entered, term, calendar)
    return counted if counted > ask.now else schedule.deadline(ask.now, term, calendar)


def _checklist(seen: look.Look, checklist: task_spec.Checklist) -> tuple[str, ...]:
    items = checklist.items
    if not items and checklist.by is None:
        return ()
    if checklist.by is not None:
        value = paths.read(checklist.by, seen)
        key = value if isinstance(value, int | str) and not isinstance(value, bool) and value != "" else None
        items = (*items, *(checklist.branches.get(key, ()) if key is not None else checklist.empty))
    rendered = (templates.render(item, seen) for item in items)
    return tuple(item for item in rendered if item)


def _observers(ask: base.Ask, persons: tuple[people.Person, ...]) -> tuple[model.UserId, ...]:
    if not persons:
        return ()
    found = (people.resolve(person, ask.look, ask.roles).user_id for person in persons)
    return tuple(dict.fromkeys(user for user in found if user is not None))


def _is_responsible(person: people.Person) -> bool:
    """A task for «менеджер» follows the card; one for РОП or for a named employee doesn't."""
    return isinstance(person, people.InField) and person.path.code == paths.Virtual.RESPONSIBLE
