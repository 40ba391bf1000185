"""Tell people: `notify` and `tell` (at once). One live notice per card and robot: a repeat replaces it (users.md F14)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, people, templates
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.PER_CHANGE


@dataclass(frozen=True, slots=True)
class Options:
    to: tuple[people.Person, ...]
    text: templates.Template | None = None
    """None: the words of the occasion (`Ask.words["text"]`)."""
    at_once: bool = False
    """`tell`: never left for the digest."""


DIGESTED = frozenset({"duplicates", "validate"})
"""Kinds whose messages are news for the digest, unless told at once (users.md F14)."""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    text = templates.render(options.text, ask.look) if options.text else ask.words.get("text", "")
    if not text:
        yield base.Line(base.Outcome.FAILED, "нечего сказать: текст пуст")
        return
    told = set()
    for person in options.to:
        found = people.resolve(person, ask.look, ask.roles)
        if found.user_id is None:
            yield base.Line(base.Outcome.FAILED, f"некому сообщить: {found.why}")
        elif found.user_id not in told:
            told.add(found.user_id)
            tag = f"{ask.look.card.ref}/{ask.robot.id}/{found.user_id}"
            waits = not options.at_once and ask.inside in DIGESTED
            act = intents.Notify(found.user_id, text, tag, can_wait=waits)
            name = ask.look.directory.user_name(found.user_id)
            yield base.Step(f"to {found.user_id}", act, f"сообщение для {name}: {text.splitlines()[0]}")
