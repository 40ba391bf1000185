"""The kinds of robots: one module each, and the table by which the engine finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from robots.kinds import (
    base,
    comment,
    duplicates,
    fill_field,
    hand_over,
    log,
    move,
    notify,
    set_fields,
    stage_task,
)

KINDS: Mapping[str, base.Kind] = {
    "comment": cast(base.Kind, comment),
    "duplicates": cast(base.Kind, duplicates),
    "fill": cast(base.Kind, fill_field),
    "hand_over": cast(base.Kind, hand_over),
    "log": cast(base.Kind, log),
    "move": cast(base.Kind, move),
    "notify": cast(base.Kind, notify),
    "set": cast(base.Kind, set_fields),
    "task": cast(base.Kind, stage_task),
}
