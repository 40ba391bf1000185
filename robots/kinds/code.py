"""Give the card a code once, where the field is empty: «ЗК-4711», «Д-2026-K7QX».

No dice: letters come of the card and the robot, so a look made twice makes the same code. Another card of the portal has
another one as long as the pattern holds `{{ID}}`, or five `#` for some thousands of cards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from robots import intents, model, paths, templates
from robots import robot as robots_robot
from robots.kinds import base

LASTING = robots_robot.Lasting.EVERY_VISIT
OCCASION = robots_robot.Occasion.ONCE_PER_CARD
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs that nobody mistakes for one another on the phone."""


@dataclass(frozen=True, slots=True)
class Options:
    field: model.FieldCode
    field_name: str
    pattern: templates.Template
    """`#` is a letter or digit."""


def decide(ask: base.Ask) -> Iterator[base.Answer]:
    options: Options = ask.robot.options
    present = ask.look.card.value(options.field)
    if paths.filled(present):
        yield base.Line(base.Outcome.NOTHING_TO_DO, f"«{options.field_name}» уже заполнено")
        return
    made = _made(templates.render(options.pattern, ask.look), f"{ask.robot.id}/{ask.look.card.ref}")
    if not made:
        yield base.Line(base.Outcome.FAILED, "код пуст: в образце только пустые поля")
        return
    act = intents.SetFields({options.field: made}, {options.field: present})
    yield base.Step("code", act, f"«{options.field_name}» = {made}", cause="once")


def _made(pattern: str, seed: str) -> str:
    number = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=32).digest())
    made = []
    for char in pattern:
        if char == "#":
            number, at = divmod(number, len(ALPHABET))
            made.append(ALPHABET[at])
        else:
            made.append(char)
    return "".join(made).strip()
