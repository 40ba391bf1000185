"""A person leaves (users.md F10): what of a card is his, and the acts that give it to somebody else. Pure.

His are the card he is responsible for, the fields in which he is written, and the robots' open tasks that hang on him. A task
that follows its card needs no act of its own: it is owed as soon as the card has another responsible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from robots import intents, model, words

ROBOT = intents.RobotId("Voronka/person")
RESPONSIBLE = model.FieldCode("assignedById")


@dataclass(frozen=True, slots=True)
class Found:
    """What of one card is his; `tasks` that follow the card are in `going_along`."""

    card: model.Card
    responsible: bool = False
    fields: tuple[model.FieldCode, ...] = ()
    tasks: tuple[tuple[intents.WishKey, model.TaskId], ...] = ()
    going_along: int = 0

    @property
    def anything(self) -> bool:
        return self.responsible or bool(self.fields or self.tasks)


def found(
    card: model.Card,
    past: Sequence[intents.Past],
    tasks: Mapping[model.TaskId, model.Task | None],
    who: model.UserId,
    directory: model.Directory,
) -> Found:
    """`tasks`: the robots' tasks of the card as they stand in the portal."""
    known = directory.fields.get(card.ref.kind.value, {})
    mine = card.responsible == who
    hanging, along = [], 0
    for row in past:
        task = tasks.get(model.TaskId(row.made)) if row.made is not None else None
        act = row.wish.act
        if not isinstance(act, intents.SetTask) or task is None or not task.open or task.responsible != who:
            continue
        if mine and act.follows_responsible:
            along += 1
        else:
            hanging.append((row.wish.key, task.id))
    named = tuple(code for code in sorted(known) if _names(card, known[code], who))
    return Found(card, mine, named, tuple(hanging), along)


def acts(one: Found, who: model.UserId, to: model.UserId) -> Iterator[tuple[str, intents.Act]]:
    """(the key's tail, the act). Values that somebody changes meanwhile are left as they are."""
    card = one.card
    values = {code: _instead(card.value(code), who, to) for code in one.fields}
    if one.responsible:
        values[RESPONSIBLE] = int(to)
    if values:
        was: dict[model.FieldCode, model.Value] = {code: card.value(code) for code in values}
        if one.responsible:
            was[RESPONSIBLE] = int(who)
        yield "fields", intents.SetFields(values, was, guarded=True)
    for key, task in one.tasks:
        yield f"task {task}", intents.ReassignTask(key, task, to, only_from=who)


def dealt(count: int, to: Sequence[model.UserId]) -> list[model.UserId]:
    """Who gets each of so many cards: in turns, so that shares differ by one at most."""
    return [to[at % len(to)] for at in range(count)]


def named(texts: Mapping[str, str], name: str) -> Iterator[str]:
    """«romashka.yaml:14: except: [Сидорова Ольга]»: lines of the YAML that name him, in either order."""
    parts = [re.escape(part) for part in name.split()]
    orders = {r"\s+".join(parts), r"\s+".join(reversed(parts))}
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(orders))})(?!\w)", re.IGNORECASE)
    for path, text in texts.items():
        file = re.split(r"[\\/]", path)[-1]
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line.partition(" #")[0]):
                yield f"{file}:{number}: {line.strip()}"


def told(user: model.User, cards: int, tasks: int, places: Sequence[str]) -> str:
    """The message of a dismissal, in the day that it is seen."""
    on = [words.count(cards, "открытая карточка", "открытые карточки", "открытых карточек")] if cards else []
    on += [words.count(tasks, "задача робота", "задачи роботов", "задач роботов")] if tasks else []
    lines = [f"{user.full_name}: сотрудник уволен, роботы его теперь пропускают."]
    lines += [f"За ним: {', '.join(on)}."] if on else []
    lines += [f"Имя стоит в {place}" for place in places]
    return "\n".join([*lines, f"Передать: voronka person '{user.full_name}' --replace-by 'Имя Фамилия'"])


def to_tell(user: model.User, directory: model.Directory) -> model.UserId | None:
    """The nearest working head over him; else whose webhook it is."""
    for department in directory.over(user):
        head = directory.active(department.head)
        if head is not None and head.id != user.id:
            return head.id
    me = directory.active(directory.me)
    return me.id if me is not None else None


def _names(card: model.Card, field: model.Field, who: model.UserId) -> bool:
    if field.type is not model.FieldType.USER or field.read_only or not field.code.startswith("UF_"):
        return False
    value = card.value(field.code)
    return who in value if isinstance(value, tuple) else value == who


def _instead(value: model.Value, who: model.UserId, to: model.UserId) -> model.Value:
    """In a list he is replaced in his place; whoever stands there already isn't named twice."""
    if not isinstance(value, tuple):
        return int(to)
    return tuple(dict.fromkeys(int(to) if one == who else one for one in value))
