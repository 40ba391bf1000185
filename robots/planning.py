"""What a changed configuration would do (`plan`): robots added, changed, renamed, removed, and wishes of known cards.

A wish is the plan's if the new rules make it of the same look and the old ones don't. A robot that is new acts only on
what happens after it was taken, so that cards already there get nothing of it (`enroll` is for them). Pure: the shell
brings looks made of the copy.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from robots import decision, intents, look
from robots import robot as robots_robot
from robots.config import robot_maker

AHEAD_HOURS = 24
Thing = robots_robot.Robot | robots_robot.Gate


class Sign(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    REMOVED = "removed"


SHOWN: Mapping[Sign, str] = {Sign.ADDED: "+", Sign.CHANGED: "~", Sign.RENAMED: "~", Sign.REMOVED: "-"}
_PARTS: Mapping[str, str] = {
    "kind": "вид",
    "card": "вид карточек",
    "pipeline": "воронка",
    "trigger": "повод",
    "condition": "условие",
    "limits": "пределы",
    "to_leave": "что нужно заполнить",
    "to_enter": "что нужно заполнить",
    "policy": "что делать, если не заполнено",
}
_SHARED: Mapping[str, str] = {"limits": "limits", "manners": "notifications", "hands_off": "hands_off"}
"""What isn't a robot's own -> its key in the YAML."""
_SILENT = frozenset({"id", "mark", "digest", "order", "was"})


@dataclass(frozen=True, slots=True)
class Difference:
    sign: Sign
    robot: intents.RobotId
    said: str
    mark: str
    """Its place in the new file; of a removed one in the old."""


def differences(old: decision.Rules, new: decision.Rules) -> tuple[Difference, ...]:
    """In the order of the new file, the removed ones last."""
    before, after = _things(old), _things(new)
    left = {name: one for name, one in before.items() if name not in after}
    found = []
    for name, thing in after.items():
        if name in before:
            found += list(_changed(before[name], thing))
            continue
        was = _former(thing, left)
        if was is None:
            found.append(Difference(Sign.ADDED, name, _mode(thing), str(thing.mark)))
            continue
        del left[was]
        also = ", ".join(one.said for one in _changed(before[was], thing))
        said = f"переименован, был «{was}»" + (f"; {also}" if also else "")
        found.append(Difference(Sign.RENAMED, name, said, str(thing.mark)))
    gone = [Difference(Sign.REMOVED, name, "убран", str(one.mark)) for name, one in left.items()]
    shared = [
        Difference(Sign.CHANGED, intents.RobotId(f"{key}:"), "изменено для всех роботов", "")
        for name, key in _SHARED.items()
        if getattr(old, name) != getattr(new, name)
    ]
    return (*found, *gone, *shared)


def beginning(
    rules: decision.Rules, known: Mapping[intents.RobotId, look.Activation], now: datetime
) -> Mapping[intents.RobotId, look.Activation]:
    """Activations as they will be once the rules are taken: a new robot begins above everything that is there."""
    fresh = look.Activation(now, card=sys.maxsize, row=sys.maxsize)
    return dict.fromkeys(_things(rules), fresh) | dict(known)


@dataclass(frozen=True, slots=True)
class Effect:
    """Of one card at one moment. `unknown`: robots of which only a look at the portal can tell."""

    more: tuple[intents.Wish, ...] = ()
    fewer: tuple[intents.Wish, ...] = ()
    unknown: bool = False


def effect(old: decision.Rules, new: decision.Rules, seen: look.Look, now: datetime) -> Effect:
    """What the new rules wish of this card that the old ones don't, and the other way round."""
    was, will = decision.decide(old, seen, now), decision.decide(new, seen, now)
    if was.needs or will.needs:
        return Effect(unknown=True)
    before, after = _real(was), _real(will)
    return Effect(
        tuple(wish for key, wish in after.items() if key not in before),
        tuple(wish for key, wish in before.items() if key not in after),
    )


def _real(made: decision.Decision) -> dict[intents.WishKey, intents.Wish]:
    return {wish.key: wish for wish in made.wishes if not wish.dry_run}


def _things(rules: decision.Rules) -> dict[intents.RobotId, Thing]:
    """Robots and gates by name; several gates of one stage share it, and are told of as one."""
    found: dict[intents.RobotId, Thing] = {}
    things: tuple[Thing, ...] = (*rules.robots, *rules.gates)
    for one in things:
        found.setdefault(one.id, one)
    return found


def _changed(old: Thing, new: Thing) -> Iterator[Difference]:
    if type(old) is not type(new):
        yield Difference(Sign.CHANGED, new.id, "стал другим роботом", str(new.mark))
        return
    parts = [name for name in _unlike(old, new) if name != "mode"]
    said = [f"был {_WORDS[old.mode]}, теперь {_mode(new)}"] if old.mode is not new.mode else []
    named = dict.fromkeys(_PARTS.get(name, "что и как делает") for name in parts)
    said += [f"изменено: {', '.join(named)}"] if named else []
    if said:
        yield Difference(Sign.CHANGED, new.id, "; ".join(said), str(new.mark))


def _unlike(old: Thing, new: Thing) -> list[str]:
    names = [one.name for one in fields(old) if one.name not in _SILENT]
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _former(thing: Thing, left: Mapping[intents.RobotId, Thing]) -> intents.RobotId | None:
    """The robot that this one was under another name: said by `was:`, or alike in everything else."""
    was = thing.was if isinstance(thing, robots_robot.Robot) else None
    if was in left:
        return was
    digest = robot_maker.digest(thing)
    return next((name for name, one in left.items() if _named(one, thing.id) == digest), None)


def _named(one: Thing, name: intents.RobotId) -> str:
    return robot_maker.digest(replace(one, id=name))


_WORDS: Mapping[robots_robot.Mode, str] = {
    robots_robot.Mode.ON: "включён",
    robots_robot.Mode.WATCH: "только смотрит",
    robots_robot.Mode.OFF: "выключен",
}


def _mode(thing: Thing) -> str:
    return _WORDS[thing.mode]
