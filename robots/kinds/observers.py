"""Add observers to the card beside those whom it has, and take away those who are named; all others stay."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from robots import intents, model, people, words
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_VISIT
FIELD = model.FieldCode("observers")


@dataclass(frozen=True, slots=True)
class Options:
    add: tuple[people.Person, ...] = ()
    remove: tuple[people.Person, ...] = ()


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    value = ask.look.card.value(FIELD)
    present = value if isinstance(value, tuple) else () if value is None else (value,)
    options: Options = ask.robot.options
    new = yield from _named(ask, options.add, "добавить наблюдателем")
    gone = yield from _named(ask, options.remove, "убрать из наблюдателей")
    new = [user for user in new if user not in present and user not in gone]
    gone = [user for user in gone if user in present]
    if not new and not gone:
        yield base.Line(base.Outcome.NOTHING_TO_DO, "наблюдатели уже такие")
        return
    kept = (one for one in present if one not in gone)
    act = intents.SetFields({FIELD: (*kept, *new)}, {FIELD: value}, takes_away=bool(gone))
    said = [_said(ask, "наблюдатели", new)] if new else []
    said += [_said(ask, "больше не наблюдатели", gone)] if gone else []
    yield base.Step("observers", act, "; ".join(said))


def _named(
    ask: base.Ask, persons: tuple[people.Person, ...], verb: str
) -> Generator[base.Answer, None, list[model.UserId]]:
    """Whom these persons mean, each once; says whom nobody can find."""
    users: list[model.UserId] = []
    for person in persons:
        found = people.resolve(person, ask.look, ask.roles)
        if found.user_id is None:
            yield base.Line(base.Outcome.FAILED, f"некого {verb}: {found.why}")
        elif found.user_id not in users:
            users.append(found.user_id)
    return users


def _said(ask: base.Ask, verb: str, users: list[model.UserId]) -> str:
    return f"{verb}: {words.quoted(ask.look.directory.user_name(user) for user in users)}"
