"""Fill a field with a person (S2.1, S2.2): РОП, by the fixed user, the pipeline or the head of the department.

A state, not an event: the field is empty (or names a dismissed employee). The cause is the number of the change that
began the state, so that a field cleared anew is filled anew, and a repeated look wishes nothing. What Voronka filled
and nobody changed since follows a changed responsible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import changes, intents, model, people
from robots import robot as robots_robot
from robots.kinds import base, stage_task, task_spec

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


@dataclass(frozen=True, slots=True)
class Options:
    field: model.FieldCode
    field_name: str
    person: people.Person
    also_if_dismissed: bool = False
    if_nobody: task_spec.TaskSpec | None = None


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    card = ask.look.card
    present = card.value(options.field)
    responsible = ask.look.change(changes.RESPONSIBLE)
    state = _state(ask, present, responsible)
    if isinstance(state, base.Line):
        yield state
        return
    found = people.resolve(options.person, ask.look, ask.roles)
    if found.user_id is None:
        yield from _nobody(ask, state, found.why)
    elif found.user_id == present:
        yield base.Line(base.Outcome.NOTHING_TO_DO, f"«{options.field_name}» уже так: {found.why}")
    else:
        act = intents.SetFields({options.field: found.user_id}, {options.field: present})
        because = f"«{options.field_name}» = {ask.look.directory.user_name(found.user_id)}: {found.why}"
        yield base.Step("set", act, because, cause=f"{state}/responsible#{responsible}")


def _state(ask: base.Ask, present: model.Value, responsible: int) -> str | base.Line:
    """The cause if there is something to fill, the line that says why not otherwise."""
    options: Options = ask.robot.options
    number = ask.look.change(options.field)
    if not isinstance(present, int) or isinstance(present, bool) or present <= 0:
        return f"empty#{number}"
    if ask.look.directory.active(model.UserId(present)) is None:
        if options.also_if_dismissed:
            return f"dismissed#{number}"
        return base.Line(
            base.Outcome.NOTHING_TO_DO, f"«{options.field_name}» заполнено уволенным сотрудником"
        )
    ours = _our_last(ask, present)
    if ours is None:
        return base.Line(base.Outcome.NOTHING_TO_DO, f"«{options.field_name}» уже заполнено")
    if ours.wish.cause.endswith(f"responsible#{responsible}"):
        return base.Line(base.Outcome.ALREADY_DONE, f"«{options.field_name}» уже заполнено роботом")
    return f"filled#{number}"


def _our_last(ask: base.Ask, present: int) -> intents.Past | None:
    """Our own fill, if what stands in the field is still what it wrote and no person wrote anything since."""
    field = ask.robot.options.field
    rows = [
        row
        for row in ask.look.past
        if isinstance(row.wish.act, intents.SetFields) and field in row.wish.act.values and row.state.happened
    ]
    last = rows[-1] if rows else None
    if last is None or last.wish.robot != ask.robot.id or not isinstance(last.wish.act, intents.SetFields):
        return None
    number = last.wish.cause.split("/")[0].rsplit("#", 1)[-1]
    written_since = ask.look.change(field) - int(number)
    return last if last.wish.act.values[field] == present and written_since <= 1 else None


def _nobody(ask: base.Ask, state: str, why: str) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    if options.if_nobody is None:
        yield base.Line(base.Outcome.FAILED, f"«{options.field_name}»: некого поставить: {why}")
        return
    yield stage_task.set_task(ask, options.if_nobody, cause=state)
