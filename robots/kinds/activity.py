"""Plan a call to the client, a meeting or another activity («дело») for an employee (S1.5).

Where there is nobody to call (no phone, no client) it becomes a plain activity with the same words: the manager sees it
all the same. Nothing closes it but a person: unlike a stage's task it tells of an agreement with the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from robots import intents, look, model, people, schedule, templates, words
from robots import robot as robots_robot
from robots.kinds import base, stage_task

LASTING = robots_robot.Lasting.WHILE_THERE
OCCASION = robots_robot.Occasion.PER_VISIT
TERM = schedule.Duration(1, schedule.Unit.WORK_DAYS)
_PHONE = model.FieldCode("phone")


@dataclass(frozen=True, slots=True)
class Options:
    what: intents.Activity
    title: templates.Template
    responsible: people.Person
    term: schedule.Duration = TERM
    text: templates.Template | None = None


class _Whom(NamedTuple):
    client: model.ClientRef | None = None
    phone: str = ""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    who = people.resolve(options.responsible, ask.look, ask.roles)
    title = templates.render(options.title, ask.look)
    if who.user_id is None:
        yield base.Line(base.Outcome.FAILED, f"некому запланировать: {who.why}")
        return
    if not title:
        yield base.Line(base.Outcome.FAILED, "нечего планировать: название пусто")
        return
    what, whom = _what(options.what, ask.look)
    act = intents.PlanActivity(
        what=what,
        title=title,
        text=templates.render(options.text, ask.look) if options.text else "",
        responsible=who.user_id,
        at=stage_task.due(ask, options.term),
        client=whom.client,
        phone=whom.phone,
    )
    yield base.Step(options.what.value, act, _because(ask, options.what, act))


def _because(ask: base.Ask, asked: intents.Activity, act: intents.PlanActivity) -> str:
    name, when = ask.look.directory.user_name(act.responsible), words.moment(act.at, stage_task.zone(ask))
    lacking = "" if act.what is asked else f" ({asked.said} некому: у карточки нет телефона клиента)"
    return f"{act.what.said} «{act.title}» для {name}, {when}{lacking}"


def _what(asked: intents.Activity, seen: look.Look) -> tuple[intents.Activity, _Whom]:
    if asked is intents.Activity.TODO:
        return asked, _Whom()
    whom = _whom(seen)
    if whom is None or (asked is intents.Activity.CALL and not whom.phone):
        return intents.Activity.TODO, _Whom()
    return asked, whom


def _whom(seen: look.Look) -> _Whom | None:
    """The first client with a phone, else the first one; a lead without clients is the client himself."""
    clients = seen.need_clients()
    client = next((one for one in clients if one.phones), clients[0] if clients else None)
    if client is not None:
        return _Whom(client.ref, client.phones[0] if client.phones else "")
    if seen.card.ref.kind is not model.CardKind.LEAD:
        return None
    value = seen.card.value(_PHONE)
    own = value[0] if isinstance(value, tuple) and value else value
    return _Whom(None, own if isinstance(own, str) else "")
